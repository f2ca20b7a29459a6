/**
 * A linear program with a quadratic risk, in its objective, under a cap, or both, by a primal-dual interior point method:
 * Newton's steps towards the point where what each bound and row leaves free, times its price, is one number, and that
 * number to 0, with Mehrotra's predictor and corrector. Columns of one name meet each other only in a few rows and in
 * one variance, so that a step costs a matrix of the size of rows and factors, which is small, and a pass over columns.
 *
 * Nothing is carried from one program to the next: a program has one answer, whatever came before it.
 */
import type { ActiveVariance } from './active-variance.ts';
import { Bounded } from './bounded.ts';
import type { PortfolioProgram } from './build-program.ts';
import { factorise, substitute } from './cholesky.ts';

export interface QuadraticGoal {
  /** One per column; minimised with half of `weight` times variance. */
  readonly cost: Float64Array;
  readonly weight: number;
  /** Most the variance may be; Infinity for no cap. */
  readonly cap: number;
}

interface InteriorPoint {
  /** Inside of all bounds, if by next to nothing. */
  readonly values: Float64Array;
  /** At the bounds that hold them, which moves rows by as little. */
  readonly snapped: Float64Array;
}

const mostSteps = 100;
/** Sum of products in shares of the objective, rows, and slopes along columns. */
const wished = { gap: 1e-9, rows: 1e-11 };
/** Good enough where rounding does not let it come closer. */
const enough = { gap: 1e-6, rows: 1e-8, slope: 1e-5 };
/** Products that grow this much do so because no values meet all rows. */
const hopeless = 1e6;
/** Products that are ahead of rows and slopes wait for them: near a bound there is no room to mend anything. */
const outOfTurn = 2;
/** A step ends this much of the way to the nearest bound. */
const reach = 0.995;
/** A column or a row with less between its bounds has no inside. */
const thin = 1e-13;
/** A value farther from its bound is not at it. */
const near = 1e-6;

/** Undefined where the method does not arrive, as where nothing is feasible. */
export function interiorPoint(
  program: PortfolioProgram,
  variance: ActiveVariance,
  offset: Float64Array,
  goal: QuadraticGoal,
): InteriorPoint | undefined {
  return new Iteration(program, variance, offset, goal).run();
}

class Iteration {
  readonly #program: PortfolioProgram;
  readonly #variance: ActiveVariance;
  readonly #goal: QuadraticGoal;
  readonly #rows: number;
  readonly #factors: number;
  /** Rows, then factors, then the cap. */
  readonly #order: number;
  /** Columns with an inside, those of a name side by side; where in the program each is. */
  readonly #places: number[] = [];
  readonly #blockStarts: number[] = [];
  readonly #names: Int32Array;
  readonly #signs: Float64Array;
  readonly #cost: Float64Array;
  readonly #starts: number[] = [0];
  readonly #indices: number[] = [];
  readonly #entries: number[] = [];
  readonly #columns: Bounded;
  /** Rows with an inside, and where each row is among them; -1 for those that must equal something. */
  readonly #ranges: Bounded;
  readonly #rangeOf: Int32Array;
  readonly #equal: Float64Array;
  /** The cap's: 1/2 (variance / cap - 1) + x = 0. */
  readonly #cap: Bounded;
  /** What fixed columns add to each row. */
  readonly #fixed: Float64Array;
  readonly #start: Float64Array;
  /** Prices of rows and rotated factors. */
  readonly #y: Float64Array;
  readonly #matrix: Float64Array;
  readonly #scratch: Float64Array;
  readonly #touched: Int32Array;
  #step: Float64Array;
  #active: Float64Array;
  #exposed: Float64Array;

  constructor(program: PortfolioProgram, variance: ActiveVariance, offset: Float64Array, goal: QuadraticGoal) {
    this.#program = program;
    this.#variance = variance;
    this.#goal = goal;
    this.#rows = program.rows;
    this.#factors = variance.factors;
    this.#order = this.#rows + this.#factors + 1;
    this.#fixed = new Float64Array(this.#rows);
    this.#start = offset.slice();
    this.#layOut();
    const place = (array: ArrayLike<number>) => Float64Array.from(this.#places, (c) => array[c] as number);
    this.#names = Int32Array.from(this.#places, (c) => program.columnNames[c] as number);
    this.#signs = place(program.columnSigns);
    this.#cost = place(goal.cost);
    this.#columns = new Bounded(place(program.columnLower), place(program.columnUpper));
    const ranged = [...Array(this.#rows).keys()].filter(
      (r) => !((program.rowUpper[r] as number) - (program.rowLower[r] as number) <= thin),
    );
    this.#rangeOf = new Int32Array(this.#rows).fill(-1);
    for (const [k, r] of ranged.entries()) this.#rangeOf[r] = k;
    this.#ranges = new Bounded(
      Float64Array.from(ranged, (r) => (program.rowLower[r] as number) - (this.#fixed[r] as number)),
      Float64Array.from(ranged, (r) => (program.rowUpper[r] as number) - (this.#fixed[r] as number)),
    );
    this.#equal = program.rowLower.map((lower, r) => lower - (this.#fixed[r] as number));
    const capped = goal.cap < Number.POSITIVE_INFINITY ? 1 : 0;
    this.#cap = new Bounded(new Float64Array(capped), new Float64Array(capped).fill(Number.POSITIVE_INFINITY));
    this.#y = new Float64Array(this.#order);
    this.#step = this.#y;
    this.#matrix = new Float64Array(this.#order ** 2);
    this.#scratch = new Float64Array(this.#order);
    this.#touched = new Int32Array(this.#order);
    this.#active = this.#start;
    this.#exposed = variance.rotated(this.#start);
  }

  #layOut(): void {
    const { columns, columnNames, columnSigns, columnLower, columnUpper, starts, indices, values } = this.#program;
    let before = -1;
    for (let c = 0; c < columns; c++) {
      const [lower, upper] = [columnLower[c] as number, columnUpper[c] as number];
      const name = columnNames[c] as number;
      const from = starts[c] as number;
      const to = starts[c + 1] as number;
      if (upper - lower <= thin) {
        for (let k = from; k < to; k++) {
          const row = indices[k] as number;
          this.#fixed[row] = (this.#fixed[row] as number) + (values[k] as number) * lower;
        }
        if (name >= 0) this.#start[name] = (this.#start[name] as number) + (columnSigns[c] as number) * lower;
        continue;
      }
      if (name < 0 || name !== before) this.#blockStarts.push(this.#places.length);
      before = name;
      this.#places.push(c);
      for (let k = from; k < to; k++) {
        this.#indices.push(indices[k] as number);
        this.#entries.push(values[k] as number);
      }
      if (name >= 0) {
        this.#variance.exposures(name, (factor, exposure) => {
          this.#indices.push(this.#rows + factor);
          this.#entries.push((columnSigns[c] as number) * exposure);
        });
      }
      this.#starts.push(this.#indices.length);
    }
    this.#blockStarts.push(this.#places.length);
  }

  run(): InteriorPoint | undefined {
    this.#begin();
    const most = hopeless * this.#gap().sum;
    let close: InteriorPoint | undefined;
    let before = Number.POSITIVE_INFINITY;
    for (let steps = 0; steps < mostSteps; steps++) {
      this.#see();
      const { sum, count } = this.#gap();
      const off = this.#residual();
      const gap = sum / (1 + Math.abs(this.#objective()));
      if (!(sum <= most)) return close;
      if (gap <= enough.gap && off <= enough.rows && this.#stationary() <= enough.slope) {
        close = { values: this.#values(), snapped: this.#snapped() };
        // Rounding keeps rows from coming any closer where everything is at a bound.
        if (gap <= wished.gap && (off <= wished.rows || off >= before)) return close;
      }
      if (count === 0) return undefined;
      before = off;
      const mu = sum / count;
      this.#assemble();
      for (const part of this.#parts()) part.forget();
      const toEdge = this.#solve(0);
      const ahead = this.#parts().reduce((total, part) => total + part.after(toEdge), 0) / count;
      const behind = sum < Math.max(off, this.#stationary() / this.#variance.names);
      const aim = mu * (behind ? outOfTurn : Math.max(1e-4, (ahead / mu) ** 3));
      for (const part of this.#parts()) part.correct();
      const part = Math.min(1, reach * this.#solve(aim));
      if (!(part > 1e-9)) return close;
      for (const one of this.#parts()) one.move(part);
      for (let k = 0; k < this.#order; k++) {
        this.#y[k] = (this.#y[k] as number) + part * (this.#step[k] as number);
      }
    }
    return close;
  }

  #parts(): readonly Bounded[] {
    return [this.#columns, this.#ranges, this.#cap];
  }

  #gap(): { sum: number; count: number } {
    let [sum, count] = [0, 0];
    for (const part of this.#parts()) {
      const own = part.gap();
      sum += own.sum;
      count += own.count;
    }
    return { sum, count };
  }

  #begin(): void {
    const room = 1 / Math.max(1, this.#variance.names);
    this.#columns.start((k) => (this.#columns.lower[k] as number) + room, room, room);
    const activity = this.#activity();
    const rowOf = new Int32Array(this.#ranges.size);
    for (const [r, k] of this.#rangeOf.entries()) if (k >= 0) rowOf[k] = r;
    this.#ranges.start((k) => activity[rowOf[k] as number] as number, 0.01, room);
    this.#see();
    this.#cap.start(() => -this.#excess(), 0.5, 0.05);
  }

  /** Active weights and rotated exposures at the columns' values. */
  #see(): void {
    const active = this.#start.slice();
    for (let k = 0; k < this.#columns.size; k++) {
      const name = this.#names[k] as number;
      if (name >= 0)
        active[name] = (active[name] as number) + (this.#signs[k] as number) * (this.#columns.x[k] as number);
    }
    this.#active = active;
    this.#exposed = this.#variance.rotated(active);
  }

  #excess(): number {
    return 0.5 * (this.#ownVariance() / this.#goal.cap - 1);
  }

  #ownVariance(): number {
    let sum = 0;
    for (const x of this.#exposed) sum += x * x;
    for (const [i, x] of this.#active.entries()) sum += (this.#variance.specific[i] as number) * x * x;
    return sum;
  }

  #objective(): number {
    return (
      this.#cost.reduce((sum, cost, k) => sum + cost * (this.#columns.x[k] as number), 0) +
      0.5 * this.#goal.weight * this.#ownVariance()
    );
  }

  /** Of rows only. */
  #activity(): Float64Array {
    const out = new Float64Array(this.#rows + this.#factors);
    for (let c = 0; c < this.#columns.size; c++) {
      const x = this.#columns.x[c] as number;
      for (let e = this.#starts[c] as number; e < (this.#starts[c + 1] as number); e++) {
        const row = this.#indices[e] as number;
        out[row] = (out[row] as number) + (this.#entries[e] as number) * x;
      }
    }
    return out.subarray(0, this.#rows);
  }

  #residual(): number {
    let most = this.#cap.size ? Math.abs(this.#excess() + (this.#cap.x[0] as number)) * 1e-3 : 0;
    for (const [r, activity] of this.#activity().entries()) most = Math.max(most, Math.abs(activity - this.#wanted(r)));
    return most;
  }

  #wanted(row: number): number {
    const k = this.#rangeOf[row] as number;
    return k < 0 ? (this.#equal[row] as number) : (this.#ranges.x[k] as number);
  }

  /** How much variance is worth: the weight of half of it in the Lagrangian. */
  #worth(): number {
    return this.#goal.weight + (this.#cap.size ? (this.#cap.zl[0] as number) / this.#goal.cap : 0);
  }

  /** Gradient of the Lagrangian without the bounds' prices. */
  #gradient(): Float64Array {
    const worth = this.#worth();
    const y = this.#y.slice();
    const factors = this.#variance.unrotate(this.#y.subarray(this.#rows, this.#rows + this.#factors));
    y.set(factors, this.#rows);
    const out = new Float64Array(this.#columns.size);
    for (let c = 0; c < out.length; c++) {
      let sum = (this.#cost[c] as number) + worth * this.#marginal(c);
      for (let e = this.#starts[c] as number; e < (this.#starts[c + 1] as number); e++) {
        sum += (this.#entries[e] as number) * (y[this.#indices[e] as number] as number);
      }
      out[c] = sum;
    }
    return out;
  }

  /** Own variance's slope along a column, halved. */
  #marginal(c: number): number {
    const name = this.#names[c] as number;
    if (name < 0) return 0;
    return (this.#signs[c] as number) * (this.#variance.specific[name] as number) * (this.#active[name] as number);
  }

  #stationary(): number {
    let most = 0;
    for (const [c, slope] of this.#gradient().entries()) {
      most = Math.max(most, Math.abs(slope - (this.#columns.zl[c] as number) + (this.#columns.zu[c] as number)));
    }
    return most;
  }

  /** Newton's matrix over rows, factors and the cap, factorised. */
  #assemble(): void {
    for (const part of this.#parts()) part.curve();
    const n = this.#order;
    const M = this.#matrix.fill(0);
    const worth = this.#worth();
    const cap = this.#cap.size > 0 ? 1 / this.#goal.cap : 0;
    const [starts, indices, entries, theta] = [this.#starts, this.#indices, this.#entries, this.#columns.theta];
    const [mixed, touched] = [this.#scratch, this.#touched];
    const last = n - 1;
    for (let b = 0; b + 1 < this.#blockStarts.length; b++) {
      const from = this.#blockStarts[b] as number;
      const to = this.#blockStarts[b + 1] as number;
      const name = this.#names[from] as number;
      const slope = name < 0 ? 0 : cap * (this.#variance.specific[name] as number) * (this.#active[name] as number);
      let count = 0;
      let inverse = 0;
      for (let c = from; c < to; c++) {
        const weight = 1 / (theta[c] as number);
        const sign = this.#signs[c] as number;
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
      if (name < 0) {
        for (let k = 0; k < count; k++) mixed[touched[k] as number] = 0;
        continue;
      }
      const own = worth * (this.#variance.specific[name] as number);
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
    this.#rotateMatrix();
    for (let r = 0; r < this.#rows; r++) {
      const k = this.#rangeOf[r] as number;
      if (k >= 0) M[r * n + r] = (M[r * n + r] as number) + 1 / (this.#ranges.theta[k] as number);
    }
    for (let f = 0; f < this.#factors; f++) {
      const at = this.#rows + f;
      const x = cap * (this.#exposed[f] as number);
      M[at * n + at] = (M[at * n + at] as number) + 1 / worth;
      M[last * n + at] = (M[last * n + at] as number) - x / worth;
      M[last * n + last] = (M[last * n + last] as number) + (x * x) / worth;
    }
    M[last * n + last] = this.#cap.size > 0 ? (M[last * n + last] as number) + 1 / (this.#cap.theta[0] as number) : 1;
    factorise(M, n);
  }

  /** From factors to the rotated ones, in the lower triangle. */
  #rotateMatrix(): void {
    const [n, R, K, M] = [this.#order, this.#rows, this.#factors, this.#matrix];
    const line = new Float64Array(K);
    for (let i = 0; i < K; i++) for (let j = 0; j < i; j++) M[(R + j) * n + R + i] = M[(R + i) * n + R + j] as number;
    // Columns of each row of factors and of the cap, then rows.
    for (let i = R; i < n; i++) {
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

  /** One Newton step towards products of mu; how far it can go. */
  #solve(mu: number): number {
    const [n, R, K] = [this.#order, this.#rows, this.#factors];
    const worth = this.#worth();
    const capped = this.#cap.size > 0;
    const cap = capped ? 1 / this.#goal.cap : 0;
    const right = this.#gradient();
    for (let c = 0; c < right.length; c++) right[c] = this.#columns.pull(c, mu) - (right[c] as number);
    const step = this.#project(this.#inverse(right, worth), cap);
    const activity = this.#activity();
    const pulls = new Float64Array(this.#ranges.size);
    for (let r = 0; r < R; r++) {
      const k = this.#rangeOf[r] as number;
      let side = this.#wanted(r) - (activity[r] as number);
      if (k >= 0) {
        pulls[k] = this.#ranges.pull(k, mu) + (this.#y[r] as number);
        side += (pulls[k] as number) / (this.#ranges.theta[k] as number);
      }
      step[r] = (step[r] as number) - side;
    }
    let along = 0;
    const slopes = new Float64Array(K);
    for (let f = 0; f < K; f++) {
      slopes[f] = worth * (this.#exposed[f] as number) - (this.#y[R + f] as number);
      step[R + f] = (step[R + f] as number) + (slopes[f] as number) / worth;
      along += (cap * (this.#exposed[f] as number) * (slopes[f] as number)) / worth;
    }
    if (capped) {
      const s = this.#cap.x[0] as number;
      const lambda = this.#cap.zl[0] as number;
      const side = -(this.#excess() + s) - (this.#cap.pull(0, mu) * s) / lambda + s + along;
      step[n - 1] = (step[n - 1] as number) - side;
    } else step[n - 1] = 0;
    substitute(this.#matrix, n, step);
    this.#step = step;
    const back = this.#spread(step, cap);
    for (let c = 0; c < right.length; c++) right[c] = (right[c] as number) - (back[c] as number);
    this.#columns.dx.set(this.#inverse(right, worth));
    for (let r = 0; r < R; r++) {
      const k = this.#rangeOf[r] as number;
      if (k >= 0) this.#ranges.dx[k] = ((step[r] as number) + (pulls[k] as number)) / (this.#ranges.theta[k] as number);
    }
    if (capped) {
      const s = this.#cap.x[0] as number;
      const lambda = this.#cap.zl[0] as number;
      this.#cap.dx[0] = (this.#cap.pull(0, mu) * s) / lambda - s - (s / lambda) * (step[n - 1] as number);
    }
    return Math.min(...this.#parts().map((part) => part.price(mu)));
  }

  /** The columns' part of Newton's matrix, inverted: curvature of bounds, and one variance for all columns of a name. */
  #inverse(right: Float64Array, worth: number): Float64Array {
    const theta = this.#columns.theta;
    const out = new Float64Array(right.length);
    for (let b = 0; b + 1 < this.#blockStarts.length; b++) {
      const from = this.#blockStarts[b] as number;
      const to = this.#blockStarts[b + 1] as number;
      const name = this.#names[from] as number;
      const own = name < 0 ? 0 : worth * (this.#variance.specific[name] as number);
      let [inverse, sum] = [0, 0];
      for (let c = from; c < to; c++) {
        const weight = 1 / (theta[c] as number);
        inverse += weight;
        sum += (this.#signs[c] as number) * weight * (right[c] as number);
      }
      const common = (own * sum) / (1 + own * inverse);
      for (let c = from; c < to; c++) {
        out[c] = ((right[c] as number) - (this.#signs[c] as number) * common) / (theta[c] as number);
      }
    }
    return out;
  }

  /** Rows, rotated factors and the cap's slope of steps of columns. */
  #project(x: Float64Array, cap: number): Float64Array {
    const out = new Float64Array(this.#order);
    let along = 0;
    for (let c = 0; c < x.length; c++) {
      const value = x[c] as number;
      for (let e = this.#starts[c] as number; e < (this.#starts[c + 1] as number); e++) {
        const row = this.#indices[e] as number;
        out[row] = (out[row] as number) + (this.#entries[e] as number) * value;
      }
      along += this.#marginal(c) * value;
    }
    out.set(this.#variance.rotate(out.subarray(this.#rows, this.#rows + this.#factors)), this.#rows);
    out[this.#order - 1] = cap * along;
    return out;
  }

  /** The transposed of `project`. */
  #spread(step: Float64Array, cap: number): Float64Array {
    const y = step.slice();
    y.set(this.#variance.unrotate(step.subarray(this.#rows, this.#rows + this.#factors)), this.#rows);
    const last = cap * (step[this.#order - 1] as number);
    const out = new Float64Array(this.#columns.size);
    for (let c = 0; c < out.length; c++) {
      let sum = last * this.#marginal(c);
      for (let e = this.#starts[c] as number; e < (this.#starts[c + 1] as number); e++) {
        sum += (this.#entries[e] as number) * (y[this.#indices[e] as number] as number);
      }
      out[c] = sum;
    }
    return out;
  }

  #values(): Float64Array {
    const values = this.#program.columnLower.slice();
    for (const [k, c] of this.#places.entries()) values[c] = this.#columns.x[k] as number;
    return values;
  }

  /** At a bound where its price is larger than the distance to it. */
  #snapped(): Float64Array {
    const values = this.#values();
    const { x, lower, upper, zl, zu } = this.#columns;
    for (const [k, c] of this.#places.entries()) {
      const [below, above] = [(x[k] as number) - (lower[k] as number), (upper[k] as number) - (x[k] as number)];
      if (below < near && below < (zl[k] as number)) values[c] = lower[k] as number;
      else if (above < near && above < (zu[k] as number)) values[c] = upper[k] as number;
    }
    return values;
  }
}
