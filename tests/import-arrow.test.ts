/** Arrow files as other tools write them (tools/arrow-goldens.py) hold the same bars as the CSV beside them. */
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { lz4Frame } from '../data/import/lz4.ts';
import { imported, inputs } from './import-files.ts';

const golden = (name: string): string => join(packageRoot, 'tests', 'golden', 'arrow', name);
const hashOf = async (name: string): Promise<string> =>
  (await imported(inputs({}), { files: [golden(name)], name: 'same' })).report.hash;

describe('Arrow files', () => {
  test.each(['pandas-lz4.feather', 'dictionary.feather', 'decimal.arrows', 'polars-lz4.arrow'])('%s', async (name) => {
    expect(await hashOf(name)).toBe(await hashOf('bars.csv'));
  });

  test('zstd.feather, where Node can decompress it', async () => {
    if ('zstdDecompressSync' in zlib) expect(await hashOf('zstd.feather')).toBe(await hashOf('bars.csv'));
    else {
      await expect(hashOf('zstd.feather')).rejects.toThrow(
        'zstd.feather cannot be read as Arrow: it is compressed with zstd, which needs Node 22.15 or LZ4 instead. Write the file again.',
      );
    }
  });
});

describe('LZ4 frames', () => {
  // Magic, flags (version 1, independent blocks), block size, header checksum; then blocks; then the end mark.
  const frame = (...blocks: number[][]): Uint8Array =>
    Uint8Array.from([
      0x04,
      0x22,
      0x4d,
      0x18,
      0x60,
      0x40,
      0,
      ...blocks.flatMap((block) => [block.length, 0, 0, 0, ...block]),
      0,
      0,
      0,
      0,
    ]);

  test('a match may overlap what it writes', () => {
    // Three literals, then ten bytes from three back; two literals end the block.
    const block = [0x36, 97, 98, 99, 3, 0, 0x20, 33, 34];
    expect(Buffer.from(lz4Frame(frame(block))).toString()).toBe('abcabcabcabca!"');
  });

  test('that are cut short or refer before their start are refused', () => {
    expect(() => lz4Frame(frame([0x16, 97, 9, 0, 0x10, 98]))).toThrow('refers before its start');
    expect(() => lz4Frame(frame([0x50, 97]))).toThrow('ends inside its literals');
    expect(() => lz4Frame(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toThrow('no LZ4 frame');
  });
});
