/**
 * Values worth keeping between batches, by canonical key, in the arena and under a budget. The least recently used go
 * first; values in use by a running batch are held and never go.
 */
import type { Arena, Matrix } from '../core/arena.ts';

interface Entry {
  readonly matrix: Matrix;
  readonly bytes: number;
  holders: number;
}

export class ValueCache {
  readonly #arena: Arena;
  readonly #budget: number;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  hits = 0;
  misses = 0;

  constructor(arena: Arena, budget: number) {
    this.#arena = arena;
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The value if it is kept, held until `letGo`. */
  hold(key: string): Matrix | undefined {
    const entry = this.#entries.get(key);
    if (!entry) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.holders++;
    return entry.matrix;
  }

  /** A held matrix to be filled by the caller; undefined when the budget has no room that could be freed. */
  make(key: string, rows: number, columns: number, bytes: number): Matrix | undefined {
    for (const [old, entry] of this.#entries) {
      if (this.#bytes + bytes <= this.#budget) break;
      if (entry.holders > 0) continue;
      this.#drop(old, entry);
    }
    if (this.#bytes + bytes > this.#budget) return undefined;
    const matrix = this.#arena.matrix(rows, columns);
    this.#entries.set(key, { matrix, bytes, holders: 1 });
    this.#bytes += bytes;
    return matrix;
  }

  letGo(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) entry.holders--;
  }

  /** Forgets a value that was never filled. */
  discard(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) this.#drop(key, entry);
  }

  #drop(key: string, entry: Entry): void {
    this.#arena.release(entry.matrix.address);
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
