/** Files that are written: whole or not at all, and never in the place of what is no file or is read. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { OutputFile } from '../evaluation/write-output.ts';

const place = mkdtempSync(join(tmpdir(), 'evolve-output-'));
afterAll(() => rmSync(place, { recursive: true }));
const at = (name: string): string => join(place, name);
let folders = 0;
function folder(): string {
  const path = at(`${folders++}`);
  mkdirSync(path);
  return path;
}

function written(path: string, text: string, overwrite = false, inputs: readonly string[] = []): void {
  const file = new OutputFile(path, { overwrite, inputs });
  file.write(Buffer.from(text));
  try {
    file.finish();
  } catch (error) {
    file.abandon();
    throw error;
  }
}

test('appears at the end, alone, and is replaced only when that is wanted', () => {
  const own = folder();
  const path = join(own, 'a.csv');
  const file = new OutputFile(path, { overwrite: false, inputs: [] });
  file.write(Buffer.from('one'));
  expect(existsSync(path)).toBe(false);
  file.finish();
  expect(() => written(path, 'two')).toThrow(`${path} already exists. Add --overwrite`);
  expect(readFileSync(path, 'utf8')).toBe('one');
  written(path, 'two', true);
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(readdirSync(own)).toEqual(['a.csv']);
});

test('of two that write the same new file, one is told that it came second', () => {
  const own = folder();
  const path = join(own, 'a.csv');
  const [first, second] = [1, 2].map(() => new OutputFile(path, { overwrite: false, inputs: [] })) as [
    OutputFile,
    OutputFile,
  ];
  second.write(Buffer.from('second'));
  first.write(Buffer.from('first'));
  second.finish();
  expect(() => first.finish()).toThrow(`${path} already exists`);
  first.abandon();
  expect(readFileSync(path, 'utf8')).toBe('second');
  expect(readdirSync(own)).toEqual(['a.csv']);
});

// Windows has no such nodes.
test.skipIf(process.platform === 'win32')('what is no regular file stays what it is, behind a link too', () => {
  const own = folder();
  const pipe = join(own, 'pipe');
  execFileSync('mkfifo', [pipe]);
  symlinkSync('pipe', join(own, 'link'));
  for (const name of ['pipe', 'link']) {
    for (const overwrite of [true, false]) {
      expect(() => written(join(own, name), 'x', overwrite)).toThrow(
        `Cannot write ${join(own, name)}: it is not a regular file. Name another.`,
      );
    }
  }
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  expect(() => written(own, 'x', true)).toThrow('it is a folder');
  // Somebody may make it while we compute.
  const late = join(own, 'late');
  const file = new OutputFile(late, { overwrite: true, inputs: [] });
  execFileSync('mkfifo', [late]);
  expect(() => file.finish()).toThrow('it is not a regular file');
  file.abandon();
  expect(readdirSync(own).sort()).toEqual(['late', 'link', 'pipe']);
});

test.skipIf(process.platform === 'win32')('a link stays one, and its target is written', () => {
  const own = folder();
  mkdirSync(join(own, 'far'));
  writeFileSync(join(own, 'far', 'target'), 'before');
  symlinkSync(join('far', 'target'), join(own, 'old'));
  symlinkSync(join('far', 'none'), join(own, 'fresh'));
  symlinkSync('fresh', join(own, 'twice'));
  symlinkSync('round', join(own, 'round'));
  expect(() => written(join(own, 'old'), 'x')).toThrow('already exists');
  written(join(own, 'old'), 'after', true);
  written(join(own, 'twice'), 'new');
  expect(readFileSync(join(own, 'far', 'target'), 'utf8')).toBe('after');
  expect(readFileSync(join(own, 'far', 'none'), 'utf8')).toBe('new');
  expect(readdirSync(join(own, 'far')).sort()).toEqual(['none', 'target']);
  for (const name of ['old', 'fresh', 'twice']) expect(lstatSync(join(own, name)).isSymbolicLink()).toBe(true);
  expect(() => written(join(own, 'round'), 'x', true)).toThrow('it is a link that leads back to itself');
});

test.skipIf(process.platform === 'win32')('what is read is not written over, by whatever name', () => {
  const own = folder();
  mkdirSync(join(own, 'market', 'deep'), { recursive: true });
  writeFileSync(join(own, 'market', 'market.json'), 'market');
  writeFileSync(join(own, 'scores.csv'), 'scores');
  symlinkSync('market', join(own, 'alias'));
  symlinkSync('scores.csv', join(own, 'link.csv'));
  const inputs = [join(own, 'market'), join(own, 'link.csv'), 'neg(CLOSE)', 'a\0b'];
  const refused = ['market/market.json', 'market/new', 'market/deep/new', 'alias/new', 'scores.csv', 'link.csv'];
  for (const name of refused) {
    expect(() => written(join(own, name), 'x', true, inputs), name).toThrow(EvolveError);
    expect(() => written(join(own, name), 'x', false, inputs), name).toThrow(/which this command reads|read by this/);
  }
  expect(readFileSync(join(own, 'market', 'market.json'), 'utf8')).toBe('market');
  expect(readFileSync(join(own, 'scores.csv'), 'utf8')).toBe('scores');
  // Beside them is not in them, and another name of the same content is another file.
  linkSync(join(own, 'scores.csv'), join(own, 'hard.csv'));
  for (const name of ['market.csv', 'market2', '..in', 'hard.csv']) written(join(own, name), 'x', true, inputs);
  expect(readFileSync(join(own, 'scores.csv'), 'utf8')).toBe('scores');
});

test('a file needs a name', () => {
  expect(() => written('', 'x')).toThrow('The file to write has no name. Give it one.');
});
