/** A market folder into memory: the daily fields asked for, in the arena, read straight to where they stay. */
import { createHash } from 'node:crypto';
import { createReadStream, readvSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Arena, Matrix } from '../../core/arena.ts';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';
import type { FieldInfo, Market } from '../market.ts';
import { type ArrowLayout, damaged } from './arrow-layout.ts';
import { DailyFile } from './daily-file.ts';
import { readManifest, remake, type StoredManifest } from './manifest.ts';

export interface OpenOptions {
  /** Daily fields to load; all of them when left out. Minute fields are never loaded and may be named. */
  readonly fields?: Iterable<string> | undefined;
  /** Compare every file with its hash first: reads the whole market. */
  readonly verify?: boolean | undefined;
}

export async function openMarket(folder: string, arena: Arena, options: OpenOptions = {}): Promise<Market> {
  const manifest = await readManifest(folder);
  if (options.verify) await verifyFiles(folder, manifest);
  const wanted = options.fields ? [...options.fields].map((name) => fieldNamed(manifest, name)) : manifest.fields;
  const file = DailyFile.open(folder, manifest);
  try {
    const daily = new Map<string, Matrix>();
    for (const field of wanted) {
      if (field.kind !== 'b' && !daily.has(field.name)) daily.set(field.name, load(file, field, manifest, arena));
    }
    return { folder, manifest, daily };
  } finally {
    file.close();
  }
}

/** Throws when a file's content is not what was written. */
export async function verifyFiles(folder: string, manifest: StoredManifest): Promise<void> {
  for (const [path, { sha256 }] of Object.entries(manifest.files)) {
    const file = join(folder, path);
    const hash = createHash('sha256');
    try {
      await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
    } catch (cause) {
      throw new EvolveError('bad-market', `${file} cannot be read: ${fileProblem(cause)}. ${remake}`, { cause });
    }
    if (hash.digest('hex') !== sha256) throw damaged(file, 'its content is not what was written');
  }
}

function fieldNamed(manifest: StoredManifest, name: string): FieldInfo {
  const names = manifest.fields.map((field) => field.name);
  const field = manifest.fields[names.indexOf(name)];
  if (field) return field;
  const near = nearest(name, names);
  throw new EvolveError(
    'missing-field',
    `The market ${manifest.name} has no field ${name}.${near ? ` Did you mean ${near}?` : ` It has: ${names.join(', ')}.`}`,
  );
}

function load(file: DailyFile, field: FieldInfo, manifest: StoredManifest, arena: Arena): Matrix {
  const [rows, columns] = [manifest.calendar.length, manifest.symbols.length];
  if (field.kind === 'v') return repeated(file.cells(field), columns, arena);
  const { layout } = file;
  const matrix = arena.matrix(rows, columns);
  const column = layout.column(field.name, columns);
  const bytesOfRow = (t: number) =>
    new Uint8Array(arena.memory.buffer, matrix.address + t * matrix.stride, columns * 4);
  let first = 0;
  for (const batch of layout.batches) {
    readRows(layout, batch.positions[column] as number, first, batch.rows, bytesOfRow);
    first += batch.rows;
  }
  return field.kind === 'g' ? once(matrix, arena) : matrix;
}

/** The system scatters the rows to their places: no copy of ours in between. It takes 1024 places a call at most. */
function readRows(
  layout: ArrowLayout,
  position: number,
  first: number,
  count: number,
  bytesOfRow: (t: number) => Uint8Array,
): void {
  const rows = Array.from({ length: count }, (_, i) => bytesOfRow(first + i));
  let at = position;
  for (let i = 0; i < count; i += 512) {
    const places = rows.slice(i, i + 512);
    const bytes = places.reduce((sum, place) => sum + place.byteLength, 0);
    if (readvSync(layout.fd, places, at) !== bytes) throw damaged(layout.path, 'it is cut short');
    at += bytes;
  }
}

function repeated(values: Float32Array, columns: number, arena: Arena): Matrix {
  const matrix = arena.matrix(values.length, columns);
  for (const [t, value] of values.entries()) arena.row(matrix, t).fill(value);
  return matrix;
}

/** A grouping that never changes is kept as one row. */
function once(matrix: Matrix, arena: Arena): Matrix {
  const bytes = (t: number) =>
    Buffer.from(arena.memory.buffer as unknown as ArrayBuffer, matrix.address + t * matrix.stride, matrix.columns * 4);
  for (let t = 1; t < matrix.rows; t++) if (!bytes(t).equals(bytes(0))) return matrix;
  const one = arena.matrix(1, matrix.columns);
  arena.row(one, 0).set(arena.row(matrix, 0));
  arena.release(matrix.address);
  return { ...one, stride: 0, rows: matrix.rows };
}
