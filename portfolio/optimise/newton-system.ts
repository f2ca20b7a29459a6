/**
 * The equations of a Newton step, in what they come to once the columns of names are eliminated: rows, rotated factors,
 * the cap and columns of slack. Slack is large where bounds leave names next to nothing to move by; eliminated as well it
 * would drown them in rounding, so it stays among the unknowns.
 */
import type { ActiveVariance } from './active-variance.ts';
import { Elimination } from './elimination.ts';
import type { InnerColumns } from './inner-columns.ts';

/** Where a step starts from. */
export interface NewtonPoint {
  /** The barrier's curvature of each column. */
  readonly theta: Float64Array;
  /** 1 over that of each row; 0 for those that must equal something. */
  readonly looseness: Float64Array;
  /** Of half the variance. */
  readonly worth: number;
  /** 1 over the cap on the variance, and over the curvature of what it leaves; undefined without one. */
  readonly cap: { readonly scale: number; readonly looseness: number } | undefined;
  readonly active: Float64Array;
  readonly exposed: Float64Array;
}

export class NewtonSystem {
  /** Rows, then factors, then the cap, then columns of slack. */
  readonly order: number;
  readonly #columns: InnerColumns;
  readonly #variance: ActiveVariance;
  readonly #matrix: Float64Array;
  readonly #mixed: Float64Array;
  readonly #touched: Int32Array;

  constructor(columns: InnerColumns, variance: ActiveVariance) {
    this.order = columns.rows + columns.factors + 1 + columns.slacks.length;
    this.#columns = columns;
    this.#variance = variance;
    this.#matrix = new Float64Array(this.order ** 2);
    this.#mixed = new Float64Array(this.order);
    this.#touched = new Int32Array(this.order);
  }

  at(point: NewtonPoint): Elimination {
    const [n, M] = [this.order, this.#matrix.fill(0)];
    const { rows, factors, slacks, starts, indices, entries } = this.#columns;
    this.#addNames(point);
    this.#rotate();
    for (let r = 0; r < rows; r++) M[r * n + r] = (M[r * n + r] as number) + (point.looseness[r] as number);
    const { worth, cap, exposed } = point;
    const last = rows + factors;
    for (let f = 0; f < factors; f++) {
      const at = rows + f;
      const x = (cap?.scale ?? 0) * (exposed[f] as number);
      M[at * n + at] = (M[at * n + at] as number) + 1 / worth;
      M[last * n + at] = (M[last * n + at] as number) - x / worth;
      M[last * n + last] = (M[last * n + last] as number) + (x * x) / worth;
    }
    M[last * n + last] = cap ? (M[last * n + last] as number) + cap.looseness : 1;
    for (const [s, c] of slacks.entries()) {
      const at = last + 1 + s;
      for (let e = starts[c] as number; e < (starts[c + 1] as number); e++) {
        M[at * n + (indices[e] as number)] = -(entries[e] as number);
      }
      M[at * n + at] = -(point.theta[c] as number);
    }
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) M[j * n + i] = M[i * n + j] as number;
    return new Elimination(M, n);
  }

  /** The columns' part, inverted: curvature of bounds, and one variance for all columns of a name; 0 for slack. */
  inverse(right: Float64Array, { theta, worth }: Pick<NewtonPoint, 'theta' | 'worth'>): Float64Array {
    const { blockStarts, names, signs, specific } = this.#columns;
    const out = new Float64Array(right.length);
    for (let b = 0; b + 1 < blockStarts.length; b++) {
      const [from, to] = [blockStarts[b] as number, blockStarts[b + 1] as number];
      const name = names[from] as number;
      if (name < 0) continue;
      const own = worth * (specific[name] as number);
      let [inverse, sum] = [0, 0];
      for (let c = from; c < to; c++) {
        const weight = 1 / (theta[c] as number);
        inverse += weight;
        sum += (signs[c] as number) * weight * (right[c] as number);
      }
      const common = (own * sum) / (1 + own * inverse);
      for (let c = from; c < to; c++) {
        out[c] = ((right[c] as number) - (signs[c] as number) * common) / (theta[c] as number);
      }
    }
    return out;
  }

  /** Rows, rotated factors and the cap's slope of steps of columns. */
  project(x: Float64Array, { cap, active }: Pick<NewtonPoint, 'cap' | 'active'>): Float64Array {
    const { rows, factors } = this.#columns;
    const out = new Float64Array(this.order);
    const activity = this.#columns.activity(x);
    out.set(activity.subarray(0, rows));
    out.set(this.#variance.rotate(activity.subarray(rows)), rows);
    let along = 0;
    for (let c = 0; c < x.length; c++) along += this.#columns.ownSlope(c, active) * (x[c] as number);
    out[rows + factors] = (cap?.scale ?? 0) * along;
    return out;
  }

  /** The transposed of `project`. */
  spread(step: Float64Array, { cap, active }: Pick<NewtonPoint, 'cap' | 'active'>): Float64Array {
    const { rows, factors } = this.#columns;
    const last = (cap?.scale ?? 0) * (step[rows + factors] as number);
    return this.#columns.priced(step).map((sum, c) => sum + last * this.#columns.ownSlope(c, active));
  }

  /** What the columns of each name add, in the lower triangle: by a pass over them, and a correction of rank one a name. */
  #addNames({ theta, worth, cap, active }: NewtonPoint): void {
    const { rows, factors, blockStarts, names, signs, starts, indices, entries, specific } = this.#columns;
    const [n, M, mixed, touched] = [this.order, this.#matrix, this.#mixed, this.#touched];
    const last = rows + factors;
    for (let b = 0; b + 1 < blockStarts.length; b++) {
      const [from, to] = [blockStarts[b] as number, blockStarts[b + 1] as number];
      const name = names[from] as number;
      if (name < 0) continue;
      const slope = (cap?.scale ?? 0) * (specific[name] as number) * (active[name] as number);
      let [count, inverse] = [0, 0];
      for (let c = from; c < to; c++) {
        const weight = 1 / (theta[c] as number);
        const sign = signs[c] as number;
        inverse += weight;
        const [first, end] = [starts[c] as number, starts[c + 1] as number];
        for (let e = first; e < end; e++) {
          const i = indices[e] as number;
          const x = weight * (entries[e] as number);
          for (let g = first; g <= e; g++) {
            const j = indices[g] as number;
            const at = i >= j ? i * n + j : j * n + i;
            M[at] = (M[at] as number) + x * (entries[g] as number);
          }
          if (mixed[i] === 0) touched[count++] = i;
          mixed[i] = (mixed[i] as number) + sign * x;
          M[last * n + i] = (M[last * n + i] as number) + x * sign * slope;
        }
        M[last * n + last] = (M[last * n + last] as number) + weight * slope * slope;
      }
      const own = worth * (specific[name] as number);
      const shrink = own / (1 + own * inverse);
      const mixedSlope = inverse * slope;
      for (let k = 0; k < count; k++) {
        const i = touched[k] as number;
        const x = shrink * (mixed[i] as number);
        if (x === 0) continue;
        for (let g = 0; g < count; g++) {
          const j = touched[g] as number;
          if (j <= i) M[i * n + j] = (M[i * n + j] as number) - x * (mixed[j] as number);
        }
        M[last * n + i] = (M[last * n + i] as number) - x * mixedSlope;
      }
      M[last * n + last] = (M[last * n + last] as number) - shrink * mixedSlope * mixedSlope;
      for (let k = 0; k < count; k++) mixed[touched[k] as number] = 0;
    }
  }

  /** From factors to the rotated ones, in the lower triangle. */
  #rotate(): void {
    const { rows: R, factors: K } = this.#columns;
    const [n, M] = [this.order, this.#matrix];
    const line = new Float64Array(K);
    for (let i = 0; i < K; i++) for (let j = 0; j < i; j++) M[(R + j) * n + R + i] = M[(R + i) * n + R + j] as number;
    // Columns of each row of factors and of the cap, then rows.
    for (let i = R; i <= R + K; i++) {
      for (let k = 0; k < K; k++) line[k] = M[i * n + R + k] as number;
      const turned = this.#variance.rotate(line);
      for (let k = 0; k < K; k++) M[i * n + R + k] = turned[k] as number;
    }
    for (let j = 0; j < R + K; j++) {
      for (let k = 0; k < K; k++) line[k] = M[(R + k) * n + j] as number;
      const turned = this.#variance.rotate(line);
      for (let k = 0; k < K; k++) M[(R + k) * n + j] = turned[k] as number;
    }
  }
}
