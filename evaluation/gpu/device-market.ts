/**
 * A market's matrices on a device. Fields, labels and the factors that are had already are uploaded once; in pieces,
 * where the device does not bind a whole one.
 */
import type { Matrix } from '../../core/arena.ts';
import { score } from '../../operators/gpu/cross-section.ts';
import { gpuKernels } from '../../operators/gpu/kernels.ts';
import type { Resident, ResidentMatrices } from '../../operators/gpu/resident.ts';
import type { Stage } from '../../operators/gpu/stage.ts';
import type { Dates, Numbered } from '../task.ts';

/** Columns of the widest value that a stage gives, were there few symbols. */
const widest = [...Object.values(gpuKernels).flatMap(({ stages }) => stages), ...score.pearson, ...score.rank].reduce(
  (most, { gives }) => (gives === 'cells' ? most : Math.max(most, gives)),
  0,
);

/** Rows from `start` on, of `x` and, beyond its `split` rows, of `y`. */
const stretch: Stage = {
  name: 'stretch',
  takes: ['x', 'y', 'start', 'split'],
  gives: 'cells',
  body: `
  const row = this.thread.y + start;
  if (row < split) return x[row][this.thread.x];
  return y[row - split][this.thread.x];`,
};

/** Rows of somebody's, which may be the whole of something that stays. */
export interface Lent {
  readonly resident: Resident;
  /** Whether the borrower is to release it. */
  readonly own: boolean;
}

export class DeviceMarket {
  readonly #residents: ResidentMatrices;
  readonly #memory: WebAssembly.Memory;
  readonly #kept = new Map<number, { readonly number: number; readonly pieces: readonly Resident[] }>();
  /** The most rows a matrix on the device has. */
  readonly rows: number;

  constructor(residents: ResidentMatrices, memory: WebAssembly.Memory, columns: number, largestBytes: number) {
    this.#residents = residents;
    this.#memory = memory;
    this.rows = Math.floor(largestBytes / 4 / Math.max(columns, widest));
  }

  /** Rows [from, to), no more than `rows` of them, of a matrix that stays as it is: for ever, or while it has its number. */
  async kept(matrix: Matrix | Numbered, { from, to }: Dates): Promise<Lent> {
    const pieces = await this.#piecesOf(matrix, 'number' in matrix ? matrix.number : 0);
    const [first, last] = [Math.floor(from / this.rows), Math.floor((to - 1) / this.rows)];
    const [x, y] = [pieces[first], pieces[last]];
    if (!x || !y) throw new Error(`rows ${from} to ${to} of a matrix of ${matrix.rows}`);
    const start = from - first * this.rows;
    if (x === y && start === 0 && to - from === x.rows) return { resident: x, own: false };
    return { resident: await this.#rows(x, y, start, to - from), own: true };
  }

  async #piecesOf(matrix: Matrix, number: number): Promise<readonly Resident[]> {
    const known = this.#kept.get(matrix.address);
    if (known?.number === number) return known.pieces;
    for (const piece of known?.pieces ?? []) this.#residents.release(piece);
    this.#kept.delete(matrix.address);
    const pieces: Resident[] = [];
    for (let from = 0; from < matrix.rows; from += this.rows) {
      pieces.push(await this.passing(matrix, { from, to: Math.min(matrix.rows, from + this.rows) }));
    }
    this.#kept.set(matrix.address, { number, pieces });
    return pieces;
  }

  /** Rows of one that does not, which are the caller's to release. */
  passing(matrix: Matrix, { from, to }: Dates): Promise<Resident> {
    const { address, stride, columns } = matrix;
    const cells = new Float32Array((to - from) * columns);
    for (let t = from; t < to; t++) {
      cells.set(new Float32Array(this.#memory.buffer, address + t * stride, columns), (t - from) * columns);
    }
    return this.#residents.upload({ rows: to - from, columns, cells });
  }

  /** The last rows of what is on the device. */
  async last(resident: Resident, rows: number): Promise<Lent> {
    if (resident.rows === rows) return { resident, own: false };
    return { resident: await this.#rows(resident, resident, resident.rows - rows, rows), own: true };
  }

  #rows(x: Resident, y: Resident, start: number, rows: number): Promise<Resident> {
    const numbers = { start, split: x.rows };
    return this.#residents.run([stretch], { series: { x, y }, numbers }, rows, x.columns);
  }
}
