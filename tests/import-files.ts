/** Folders of input files for imports, and the markets they become as plain arrays. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach } from 'vitest';
import { Arena } from '../core/arena.ts';
import { importMarket } from '../data/import/import-market.ts';
import type { ImportOptions } from '../data/import/options.ts';
import type { ImportReport } from '../data/import/report.ts';
import type { MarketManifest } from '../data/market.ts';
import { readManifest } from '../data/store/manifest.ts';
import { MinuteReader } from '../data/store/minute.ts';
import { openMarket } from '../data/store/open.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export interface Inputs {
  readonly folder: string;
  /** The path of a file in it. */
  path(name: string): string;
  /** What lies in it now, hidden or not. */
  entries(): string[];
}

/** A temporary folder with these files; a name that ends in .gz is compressed. */
export function inputs(files: Readonly<Record<string, string | Uint8Array>>): Inputs {
  const folder = mkdtempSync(join(tmpdir(), 'evolve-import-'));
  folders.push(folder);
  const path = (name: string): string => join(folder, name);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path(name), name.endsWith('.gz') && typeof content === 'string' ? gzipSync(content) : content);
  }
  return { folder, path, entries: () => readdirSync(folder).sort() };
}

export interface Imported {
  readonly report: ImportReport;
  readonly manifest: MarketManifest;
  /** Cells of a daily field, date by date; of a market vector, one per date. */
  daily(name: string): number[][];
  /** Bars of a minute field on a date, bar by bar. */
  minute(name: string, t: number): number[][];
}

/** Imports into `market` in the folder and reads it back. */
export async function imported(from: Inputs, options: Omit<ImportOptions, 'out'>): Promise<Imported> {
  const out = from.path('market');
  const report = await importMarket({ ...options, out });
  return { report, ...(await readBack(out)) };
}

export async function readBack(out: string): Promise<Omit<Imported, 'report'>> {
  const manifest = await readManifest(out);
  const arena = new Arena(256 * 1024 ** 2);
  const market = await openMarket(out, arena);
  const daily = (name: string): number[][] => {
    const matrix = market.daily.get(name);
    if (!matrix) throw new Error(`the market has no ${name}`);
    return manifest.calendar.map((_, t) => Array.from(arena.row(matrix, t), short));
  };
  const minute = (name: string, t: number): number[][] => {
    const [M, N] = [manifest.minute?.starts.length ?? 0, manifest.symbols.length];
    const slab = new Float32Array(M * N).fill(Number.NaN);
    const read = readers.get(name);
    read?.(t, slab);
    return Array.from({ length: M }, (_, b) => Array.from(slab.subarray(b * N, (b + 1) * N), short));
  };
  const readers = new Map<string, (t: number, into: Float32Array) => void>();
  for (const field of manifest.fields.filter((candidate) => candidate.kind === 'b')) {
    const reader = await MinuteReader.open(out, manifest, [field.name]);
    readers.set(field.name, (t, into) => {
      reader.read(t, field.name, new Uint8Array(into.buffer));
      reader.close();
    });
  }
  return { manifest, daily, minute };
}

/** Float32 as a person would write it. */
const short = (value: number): number => Number(value.toPrecision(6));

export const none = Number.NaN;
