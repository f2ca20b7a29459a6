/**
 * Minute reductions on disk, so that a pass over the bars is made once for a market and not once for every command.
 * A file is named after the market's content, the kernels and the expression: whoever changes one of them asks for
 * another file. Whatever goes wrong here costs time, never a result, so it is told and not thrown.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readvSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Arena, Matrix } from '../core/arena.ts';
import { makeFolder } from '../core/atomic-file.ts';
import { fileProblem } from '../core/failure.ts';
import { builtFile } from '../core/package-root.ts';

/** The system takes 1,024 stretches of memory a call at most. */
const rowsPerCall = 512;
const digestBytes = 32;
/** Of the budget, what is left when it was used up. */
const roomMade = 0.9;

export class ValueStore {
  readonly #folder: string;
  readonly #budget: number;
  readonly #arena: Arena;
  readonly #market: string;
  readonly #kernels: string;
  /** Bytes in the folder when it was looked through, and those written since. */
  #held: number | undefined;
  /** Why values are no longer written, once that has happened. */
  problem: string | undefined;

  /** Keeps at most `budget` bytes in the folder, the least recently used go first. */
  constructor(folder: string, budget: number, arena: Arena, marketHash: string) {
    this.#folder = folder;
    this.#budget = budget;
    this.#arena = arena;
    this.#market = marketHash;
    this.#kernels = createHash('sha256')
      .update(readFileSync(builtFile('operators', 'wasm', 'kernels.wasm')))
      .digest('hex');
  }

  /** Whether there is a file for it; what is in it shows when it is loaded. */
  has(key: string): boolean {
    return existsSync(this.#path(key));
  }

  /** Fills the matrix and says true when the value is there whole, to the bit. */
  load(key: string, matrix: Matrix): boolean {
    const path = this.#path(key);
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch {
      return false; // not kept, or not readable: it will be computed
    }
    try {
      const bytes = matrix.rows * matrix.columns * 4;
      if (fstatSync(file).size !== bytes + digestBytes) return false;
      const hash = createHash('sha256');
      this.#eachStretch(matrix, (rows, at) => {
        const read = readvSync(file, rows, at);
        for (const row of rows) hash.update(row);
        return read;
      });
      const digest = Buffer.alloc(digestBytes);
      readvSync(file, [digest], bytes);
      if (!digest.equals(hash.digest())) return false;
      utimesSync(path, new Date(), new Date());
      return true;
    } catch {
      return false;
    } finally {
      closeSync(file);
    }
  }

  save(key: string, matrix: Matrix): void {
    if (this.problem !== undefined) return;
    const path = this.#path(key);
    const partial = `${path}.${randomUUID().slice(0, 8)}`;
    let created = false;
    try {
      makeFolder(this.#folder);
      this.#makeRoom(matrix.rows * matrix.columns * 4);
      const file = openSync(partial, 'wx');
      created = true;
      try {
        const hash = createHash('sha256');
        this.#eachStretch(matrix, (rows, at) => {
          for (const row of rows) hash.update(row);
          return writevSync(file, rows, at);
        });
        writevSync(file, [hash.digest()], matrix.rows * matrix.columns * 4);
      } finally {
        closeSync(file);
      }
      renameSync(partial, path);
    } catch (error) {
      this.problem = `Values are no longer kept in ${this.#folder}: ${fileProblem(error)}.`;
      if (created) rmSync(partial, { force: true });
    }
  }

  #path(key: string): string {
    const name = createHash('sha256').update(`${this.#market}\n${this.#kernels}\n${key}`).digest('hex');
    return join(this.#folder, `${name.slice(0, 40)}.f32`);
  }

  /** Rows without their padding, one after the other. */
  #eachStretch(matrix: Matrix, move: (rows: Uint8Array[], at: number) => number): void {
    const width = matrix.columns * 4;
    for (let t = 0; t < matrix.rows; t += rowsPerCall) {
      const count = Math.min(rowsPerCall, matrix.rows - t);
      const rows = Array.from({ length: count }, (_, i) => {
        return new Uint8Array(this.#arena.memory.buffer, matrix.address + (t + i) * matrix.stride, width);
      });
      if (move(rows, t * width) !== count * width) throw new Error('a value was moved in part');
    }
  }

  /**
   * The folder is looked through once, and again only when what it held then and what was written since outgrow the
   * budget: it may hold tens of thousands of files, and a search writes dozens a round.
   */
  #makeRoom(bytes: number): void {
    this.#held = (this.#held ?? this.#files().reduce((sum, { size }) => sum + size, 0)) + bytes;
    if (this.#held <= this.#budget) return;
    const files = this.#files();
    let total = bytes + files.reduce((sum, { size }) => sum + size, 0);
    if (total > this.#budget) {
      // Some more than must go, or the next one would look through the folder again.
      for (const { path, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
        if (total <= roomMade * this.#budget) break;
        rmSync(path, { force: true });
        total -= size;
      }
    }
    this.#held = total;
  }

  #files(): { readonly path: string; readonly size: number; readonly mtimeMs: number }[] {
    return readdirSync(this.#folder).map((name) => {
      const path = join(this.#folder, name);
      const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
      return { path, size, mtimeMs };
    });
  }
}
