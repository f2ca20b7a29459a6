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
import type { Elimination } from './elimination.ts';
import { InnerColumns, thin } from './inner-columns.ts';
import { type NewtonPoint, NewtonSystem } from './newton-system.ts';

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

const mostSteps = 60;
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
  readonly #layout: InnerColumns;
  readonly #newton: NewtonSystem;
  readonly #cost: Float64Array;
  readonly #columns: Bounded;
  /** Rows with an inside, and where each row is among them; -1 for those that must equal something. */
  readonly #ranges: Bounded;
  readonly #rangeOf: Int32Array;
  readonly #equal: Float64Array;
  /** The cap's: 1/2 (variance / cap - 1) + x = 0. */
  readonly #cap: Bounded;
  /** Prices of rows and rotated factors, then what a step adds to the rest of a Newton system's unknowns. */
  readonly #y: Float64Array;
  #active: Float64Array;
  #exposed: Float64Array;

  constructor(program: PortfolioProgram, variance: ActiveVariance, offset: Float64Array, goal: QuadraticGoal) {
    const layout = new InnerColumns(program, variance, offset);
    [this.#program, this.#variance, this.#goal, this.#layout] = [program, variance, goal, layout];
    this.#newton = new NewtonSystem(layout, variance);
    this.#cost = layout.gather(goal.cost);
    this.#columns = new Bounded(layout.gather(program.columnLower), layout.gather(program.columnUpper));
    const { rowLower, rowUpper } = program;
    const ranged = [...rowLower.keys()].filter((r) => !((rowUpper[r] as number) - (rowLower[r] as number) <= thin));
    this.#rangeOf = new Int32Array(program.rows).fill(-1);
    for (const [k, r] of ranged.entries()) this.#rangeOf[r] = k;
    this.#ranges = new Bounded(
      Float64Array.from(ranged, (r) => (rowLower[r] as number) - (layout.fixed[r] as number)),
      Float64Array.from(ranged, (r) => (rowUpper[r] as number) - (layout.fixed[r] as number)),
    );
    this.#equal = rowLower.map((lower, r) => lower - (layout.fixed[r] as number));
    const capped = goal.cap < Number.POSITIVE_INFINITY ? 1 : 0;
    this.#cap = new Bounded(new Float64Array(capped), new Float64Array(capped).fill(Number.POSITIVE_INFINITY));
    this.#y = new Float64Array(this.#newton.order);
    const room = 1 / Math.max(1, variance.names);
    this.#columns.start((k) => (this.#columns.lower[k] as number) + room, room, room);
    const activity = layout.activity(this.#columns.x);
    this.#ranges.start((k) => activity[ranged[k] as number] as number, 0.01, room);
    this.#active = layout.activeWeights(this.#columns.x);
    this.#exposed = variance.rotated(this.#active);
    this.#cap.start(() => -this.#excess(), 0.5, 0.05);
  }

  run(): InteriorPoint | undefined {
    const most = hopeless * this.#gap().sum;
    let close: InteriorPoint | undefined;
    let before = Number.POSITIVE_INFINITY;
    for (let steps = 0; steps < mostSteps; steps++) {
      this.#active = this.#layout.activeWeights(this.#columns.x);
      this.#exposed = this.#variance.rotated(this.#active);
      const { sum, count } = this.#gap();
      const off = this.#residual();
      const gap = sum / (1 + Math.abs(this.#objective()));
      if (!(sum <= most)) return close;
      const slope = this.#stationary();
      if (gap <= enough.gap && off <= enough.rows && slope <= enough.slope) {
        close = { values: this.#values(), snapped: this.#snapped() };
        // Rounding keeps rows from coming any closer where everything is at a bound.
        if (gap <= wished.gap && (off <= wished.rows || off >= before)) return close;
      }
      if (count === 0) return undefined;
      before = off;
      const mu = sum / count;
      for (const part of this.#parts()) part.curve();
      const point = this.#point();
      const system = this.#newton.at(point);
      for (const part of this.#parts()) part.forget();
      const [toEdge] = this.#step(point, system, 0);
      const ahead = this.#parts().reduce((total, part) => total + part.after(toEdge), 0) / count;
      const behind = sum < Math.max(off, slope / this.#variance.names);
      const aim = mu * (behind ? outOfTurn : Math.max(1e-4, (ahead / mu) ** 3));
      for (const part of this.#parts()) part.correct();
      const [way, step] = this.#step(point, system, aim);
      const part = Math.min(1, reach * way);
      if (!(part > 1e-9)) return close;
      for (const one of this.#parts()) one.move(part);
      for (const [k, x] of step.entries()) this.#y[k] = (this.#y[k] as number) + part * x;
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
    const linear = this.#cost.reduce((sum, cost, k) => sum + cost * (this.#columns.x[k] as number), 0);
    return linear + 0.5 * this.#goal.weight * this.#ownVariance();
  }

  #residual(): number {
    let most = this.#cap.size ? Math.abs(this.#excess() + (this.#cap.x[0] as number)) * 1e-3 : 0;
    const activity = this.#layout.activity(this.#columns.x);
    for (let r = 0; r < this.#layout.rows; r++) {
      most = Math.max(most, Math.abs((activity[r] as number) - this.#wanted(r)));
    }
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
    const active = this.#active;
    return this.#layout
      .priced(this.#y)
      .map((sum, c) => sum + (this.#cost[c] as number) + worth * this.#layout.ownSlope(c, active));
  }

  #stationary(): number {
    let most = 0;
    for (const [c, slope] of this.#gradient().entries()) {
      most = Math.max(most, Math.abs(slope - (this.#columns.zl[c] as number) + (this.#columns.zu[c] as number)));
    }
    return most;
  }

  #point(): NewtonPoint {
    const capped = this.#cap.size > 0;
    return {
      theta: this.#columns.theta,
      looseness: Float64Array.from(this.#rangeOf, (k) => (k < 0 ? 0 : 1 / (this.#ranges.theta[k] as number))),
      worth: this.#worth(),
      cap: capped ? { scale: 1 / this.#goal.cap, looseness: 1 / (this.#cap.theta[0] as number) } : undefined,
      active: this.#active,
      exposed: this.#exposed,
    };
  }

  /** Towards products of mu; how far it can go, and the step of `y`. */
  #step(point: NewtonPoint, system: Elimination, mu: number): [number, Float64Array] {
    const { rows: R, factors: K, slacks } = this.#layout;
    const { worth, cap } = point;
    const slopes = this.#gradient();
    const right = slopes.map((slope, c) => this.#columns.pull(c, mu) - slope);
    const sides = this.#newton.project(this.#newton.inverse(right, point), point);
    const activity = this.#layout.activity(this.#columns.x);
    const pulls = new Float64Array(this.#ranges.size);
    for (let r = 0; r < R; r++) {
      const k = this.#rangeOf[r] as number;
      let side = this.#wanted(r) - (activity[r] as number);
      if (k >= 0) {
        pulls[k] = this.#ranges.pull(k, mu) + (this.#y[r] as number);
        side += (pulls[k] as number) / (this.#ranges.theta[k] as number);
      }
      sides[r] = (sides[r] as number) - side;
    }
    let along = 0;
    for (let f = 0; f < K; f++) {
      const exposed = this.#exposed[f] as number;
      const slope = worth * exposed - (this.#y[R + f] as number);
      sides[R + f] = (sides[R + f] as number) + slope / worth;
      along += ((cap?.scale ?? 0) * exposed * slope) / worth;
    }
    const [s, lambda] = [this.#cap.x[0] as number, this.#cap.zl[0] as number];
    const capPull = cap ? (this.#cap.pull(0, mu) * s) / lambda - s : 0;
    sides[R + K] = cap ? (sides[R + K] as number) + this.#excess() + s + capPull - along : 0;
    for (const [k, c] of slacks.entries()) sides[R + K + 1 + k] = -(right[c] as number);
    const step = system.solve(sides);
    const back = this.#newton.spread(step, point);
    const left = right.map((x, c) => x - (back[c] as number));
    this.#columns.dx.set(this.#newton.inverse(left, point));
    for (const [k, c] of slacks.entries()) this.#columns.dx[c] = step[R + K + 1 + k] as number;
    for (let r = 0; r < R; r++) {
      const k = this.#rangeOf[r] as number;
      if (k >= 0) this.#ranges.dx[k] = ((step[r] as number) + (pulls[k] as number)) / (this.#ranges.theta[k] as number);
    }
    if (cap) this.#cap.dx[0] = capPull - (s / lambda) * (step[R + K] as number);
    return [Math.min(...this.#parts().map((part) => part.price(mu))), step];
  }

  #values(): Float64Array {
    const values = this.#program.columnLower.slice();
    for (const [k, c] of this.#layout.places.entries()) values[c] = this.#columns.x[k] as number;
    return values;
  }

  /** At a bound where its price is larger than the distance to it. */
  #snapped(): Float64Array {
    const values = this.#values();
    const { x, lower, upper, zl, zu } = this.#columns;
    for (const [k, c] of this.#layout.places.entries()) {
      const [below, above] = [(x[k] as number) - (lower[k] as number), (upper[k] as number) - (x[k] as number)];
      if (below < near && below < (zl[k] as number)) values[c] = lower[k] as number;
      else if (above < near && above < (zu[k] as number)) values[c] = upper[k] as number;
    }
    return values;
  }
}
