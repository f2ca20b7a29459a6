/**
 * One shared WebAssembly memory: the market, every worker's scratch and the caches live in it, so a worker reads
 * a panel without a copy and a kernel takes plain addresses.
 *
 * The thread that made the arena is the only one that allocates. Others are handed addresses.
 */
import { EvolveError } from './failure.ts';
import { mebibytes } from './memory-size.ts';

/** Date-major float32 rows. Missing is NaN, and so is everything between `columns` and the next multiple of 16. */
export interface Matrix {
  /** Byte address of the first row. */
  readonly address: number;
  /** Bytes from one row to the next; 0 when every row is the same one. */
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
}

/** Columns a kernel works on: padding is computed like any column, so it stays missing. */
export const padTo = (columns: number): number => Math.ceil(columns / 16) * 16;

const page = 65536;
/** Less than 256 MiB holds no market worth the name. */
const leastPages = 4096;
/** Kernels read whole vectors, so the last row of a slab may be read up to here past its end. */
const slack = 64;

/**
 * Bytes from one row to the next: whole cache lines, and an odd number of them. A power of two would put a whole
 * column into a few cache sets, and rolling kernels walk down columns.
 */
export function strideFor(columns: number): number {
  const lines = Math.ceil(columns / 16);
  return 64 * (lines % 2 === 0 ? lines + 1 : lines);
}

export class Arena {
  readonly memory: WebAssembly.Memory;
  /** Free spans by address, coalesced. */
  #free: { address: number; bytes: number }[] = [];
  #sizes = new Map<number, number>();
  #top: number;
  readonly #limit: number;

  /** `limit` bytes at most; address 0 is never handed out. */
  constructor(limit: number = 4 * 1024 ** 3) {
    this.#top = page; // kernels keep their constants below
    const reserved = reserve(Math.ceil(Math.min(limit, 4 * 1024 ** 3) / page));
    this.memory = reserved.memory;
    this.#limit = reserved.limit;
  }

  /** Bytes there can ever be. */
  get limit(): number {
    return this.#limit;
  }

  /** Bytes handed out and not given back. */
  get used(): number {
    return [...this.#sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** A span aligned to a cache line, its content undefined. */
  allocate(bytes: number): number {
    const size = Math.ceil((bytes + slack) / 64) * 64;
    const hole = this.#free.findIndex((span) => span.bytes >= size);
    let address: number;
    if (hole >= 0) {
      const span = this.#free[hole] as { address: number; bytes: number };
      address = span.address;
      if (span.bytes === size) this.#free.splice(hole, 1);
      else this.#free[hole] = { address: address + size, bytes: span.bytes - size };
    } else {
      address = this.#top;
      this.#grow(address + size);
      this.#top = address + size;
    }
    this.#sizes.set(address, size);
    return address;
  }

  release(address: number): void {
    const bytes = this.#sizes.get(address);
    if (bytes === undefined) throw new RangeError(`nothing is allocated at ${address}`);
    this.#sizes.delete(address);
    this.#free.push({ address, bytes });
    this.#free.sort((a, b) => a.address - b.address);
    this.#free = this.#free.reduce<{ address: number; bytes: number }[]>((spans, span) => {
      const last = spans.at(-1);
      if (last && last.address + last.bytes === span.address) last.bytes += span.bytes;
      else spans.push({ ...span });
      return spans;
    }, []);
  }

  /** A matrix of missing values. */
  matrix(rows: number, columns: number): Matrix {
    const stride = strideFor(columns);
    const address = this.allocate(rows * stride);
    this.floats(address, (rows * stride) / 4).fill(Number.NaN);
    return { address, stride, rows, columns };
  }

  /** The float32 cells from an address on. Valid until the arena is gone, also after it grows. */
  floats(address: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, count);
  }

  /** One row of a matrix, padding left out. */
  row(matrix: Matrix, row: number): Float32Array {
    return this.floats(matrix.address + row * matrix.stride, matrix.columns);
  }

  #grow(end: number): void {
    if (end > this.#limit) {
      throw new EvolveError(
        'out-of-memory',
        `This needs ${mebibytes(end)} of shared memory and ${mebibytes(this.#limit)} is the most there can be. Use fewer fields, dates or symbols.`,
      );
    }
    const pages = Math.ceil(end / page) - this.memory.buffer.byteLength / page;
    if (pages > 0) this.memory.grow(pages);
  }
}

/** As much address space as there is, up to the maximum: containers and old systems may not give 4 GiB at once. */
function reserve(maximum: number): { memory: WebAssembly.Memory; limit: number } {
  for (let pages = maximum; ; pages = Math.ceil(pages / 2)) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true }), limit: pages * page };
    } catch (cause) {
      if (pages > leastPages) continue;
      throw new EvolveError(
        'out-of-memory',
        `This machine cannot reserve ${mebibytes(pages * page)} of address space; check its limits (ulimit -v, the container's memory).`,
        { cause },
      );
    }
  }
}
