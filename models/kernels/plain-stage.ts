/** The memory of the plain kernels, and the kernels over it. Nothing in it outlives a call. */
import { readFileSync } from 'node:fs';
import { EvolveError } from '../../core/failure.ts';
import { builtFile } from '../../core/package-root.ts';

/** What models/kernels/assembly/plain.ts exports. Matrices are byte addresses. */
interface Kernels {
  packPanels(
    matrix: number,
    deep: number,
    across: number,
    depth: number,
    columns: number,
    start: number,
    packed: number,
  ): void;
  packedBytes(depth: number, columns: number): number;
  multiply(x: number, packed: number, out: number, rows: number, depth: number, columns: number, scratch: number): void;
  weightSums(inputs: number, outputs: number): number;
  scratchBytes(rows: number, outputs: number): number;
  addWeights(x: number, dY: number, rows: number, inputs: number, outputs: number, sums: number, scratch: number): void;
  finishWeights(sums: number, inputs: number, outputs: number, out: number): void;
  addSums(x: number, rows: number, channels: number, sums: number): void;
  addSquares(x: number, rows: number, channels: number, means: number, squares: number): void;
  addNormSums(x: number, dY: number, rows: number, channels: number, means: number, dots: number, sums: number): void;
  affine(x: number, count: number, table: number, tableEnd: number): void;
  normBack(x: number, dY: number, count: number, table: number, tableEnd: number): void;
  pool(x: number, rows: number, steps: number, channels: number, mean: number, max: number, min: number): void;
  poolGradient(
    x: number,
    rows: number,
    steps: number,
    channels: number,
    max: number,
    min: number,
    dMean: number,
    dMax: number,
    dMin: number,
    dX: number,
  ): void;
  scaleAll(
    record: number,
    symbols: number,
    count: number,
    channels: number,
    means: number,
    inverses: number,
    limit: number,
    out: number,
    stride: number,
  ): void;
  scaleSome(
    record: number,
    symbols: number,
    count: number,
    channels: number,
    places: number,
    width: number,
    means: number,
    inverses: number,
    limit: number,
    out: number,
    stride: number,
  ): void;
}

const page = 65536;
let compiled: WebAssembly.Module | undefined;

export class Stage {
  readonly kernels: Kernels;
  readonly #memory = new WebAssembly.Memory<ArrayBuffer>({ initial: 1 });
  /** Address 0 is never handed out. */
  #top = 64;

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(builtFile('models', 'kernels', 'plain.wasm')));
    const instance = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } });
    this.kernels = instance.exports as unknown as Kernels;
  }

  /** All that was taken may be taken again. */
  clear(): void {
    this.#top = 64;
  }

  /** Bytes from a cache line's start on, and a line to spare: kernels read and write whole vectors. */
  take(bytes: number): number {
    const address = this.#top;
    this.#top += 64 * (Math.ceil(bytes / 64) + 1);
    const pages = Math.ceil((this.#top - this.#memory.buffer.byteLength) / page);
    if (pages > 0) this.#grow(pages);
    return address;
  }

  takeFloats(count: number): number {
    return this.take(4 * count);
  }

  /** Sums in double precision, at zero. Kernels add to eight channels at a time. */
  takeSums(count: number): number {
    const address = this.take(8 * count);
    this.doubles(address, count).fill(0);
    return address;
  }

  /** Room for numbers, and they in it. */
  place(numbers: Float32Array): number {
    const address = this.takeFloats(numbers.length);
    this.put(address, numbers);
    return address;
  }

  placeDoubles(numbers: Float64Array): number {
    const address = this.take(8 * numbers.length);
    this.doubles(address, numbers.length).set(numbers);
    return address;
  }

  placeInts(numbers: Int32Array): number {
    const address = this.take(4 * numbers.length);
    new Int32Array(this.#memory.buffer, address, numbers.length).set(numbers);
    return address;
  }

  put(address: number, numbers: Float32Array): void {
    this.floats(address, numbers.length).set(numbers);
  }

  // Views are good until the next is taken: memory that grows leaves them empty.

  floats(address: number, count: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, count);
  }

  doubles(address: number, count: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, count);
  }

  #grow(pages: number): void {
    try {
      this.#memory.grow(pages);
    } catch (cause) {
      throw new EvolveError(
        'out-of-memory',
        `The memory of the dense kernels cannot grow to ${Math.ceil(this.#top / 1024 ** 2)} MiB. Use a layer of fewer inputs or outputs.`,
        { cause },
      );
    }
  }
}
