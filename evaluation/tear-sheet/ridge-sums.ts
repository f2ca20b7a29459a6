/** Weights of a library by ridge regression of returns on its members, from sums that are fed date by date. */
import { EvolveError } from '../../core/failure.ts';
import { asShares } from './combine.ts';
import { dot } from './dot.ts';
import type { Section } from './section.ts';

/**
 * Of the members' mean variance, added to each one's own. Directions in which members together vary less than a tenth
 * of what one does are damped, which is where near copies are held against each other.
 *
 * Where a tenth comes from: a daily correlation scatters by about 0.1, and a hundred training dates whose labels do not
 * overlap leave 0.1² / 100 = 1e-4 of variance on its mean. Twenty members that together reach 0.1 have weights of about
 * 0.1 / √20, squared 5e-4. The ratio of the two, a fifth, is the best penalty for so many dates; four times as many
 * call for a twentieth.
 */
export const defaultPenalty = 0.1;

/**
 * Each date is worth the same, however many symbols and however wild: over the symbols of a date, the label is
 * standardised and the members' means are taken off, so what is averaged over dates are the members' covariances and
 * their covariances with the label. Members are standardised already, so these are close to correlations and ICs: the
 * larger the penalty, the nearer the weights come to the ICs'.
 *
 * A symbol counts where it has a label and at least half of the members; a missing member is 0 there, its mean. A date
 * with fewer than two such symbols, or on which their label does not vary, counts for nothing.
 */
export class RidgeSums {
  readonly #members: number;
  /** Lower triangle, rows one after another, with the diagonal. */
  readonly #covariances: Float64Array;
  readonly #withLabel: Float64Array;
  #dates = 0;
  #cells = new Int32Array(0);
  /** The members one after another, then the label; symbols that count only. */
  #values: Float64Array[] = [];

  constructor(members: number) {
    this.#members = members;
    this.#covariances = new Float64Array((members * (members + 1)) / 2);
    this.#withLabel = new Float64Array(members);
  }

  /** Dates that counted. */
  get dates(): number {
    return this.#dates;
  }

  add(sections: readonly Section[], label: Section): void {
    const n = this.#gather(sections, label);
    const y = this.#values[this.#members] as Float64Array;
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < n; i++) {
      least = Math.min(least, y[i] as number);
      most = Math.max(most, y[i] as number);
    }
    if (!(most > least)) return;
    for (const values of this.#values) centre(values, n);
    const deviation = Math.sqrt(dot(y, y, n) / n);
    for (let a = 0, at = 0; a < this.#members; a++) {
      const x = this.#values[a] as Float64Array;
      this.#withLabel[a] = (this.#withLabel[a] as number) + dot(x, y, n) / n / deviation;
      for (let b = 0; b <= a; b++, at++) {
        const other = this.#values[b] as Float64Array;
        this.#covariances[at] = (this.#covariances[at] as number) + dot(x, other, n) / n;
      }
    }
    this.#dates++;
  }

  /**
   * The solution of (C + penalty · trace(C) / members · 1) w = c, as shares. With a penalty of 0, a member that is a
   * combination of those before it gets 0.
   */
  weights(penalty: number = defaultPenalty): number[] {
    if (!(penalty >= 0 && penalty < Number.POSITIVE_INFINITY)) {
      throw new EvolveError('bad-argument', `A ridge penalty of ${penalty} is no penalty: it must be 0 or more.`);
    }
    const n = this.#members;
    const matrix = Float64Array.from(this.#covariances);
    let trace = 0;
    for (let a = 0; a < n; a++) trace += matrix[place(a, a)] as number;
    for (let a = 0; a < n; a++) matrix[place(a, a)] = (matrix[place(a, a)] as number) + (penalty * trace) / n;
    return asShares(solve(matrix, this.#withLabel));
  }

  #gather(sections: readonly Section[], label: Section): number {
    if (label.length > this.#cells.length) {
      this.#cells = new Int32Array(label.length);
      this.#values = Array.from({ length: this.#members + 1 }, () => new Float64Array(label.length));
    }
    let n = 0;
    for (let cell = 0; cell < label.length; cell++) {
      if (!Number.isFinite(label[cell])) continue;
      let known = 0;
      for (const section of sections) if (!Number.isNaN(section[cell])) known++;
      if (2 * known >= this.#members) this.#cells[n++] = cell;
    }
    for (const [m, values] of this.#values.entries()) {
      const from = m < this.#members ? (sections[m] as Section) : label;
      for (let i = 0; i < n; i++) {
        const x = from[this.#cells[i] as number] as number;
        values[i] = Number.isNaN(x) ? 0 : x;
      }
    }
    return n;
  }
}

/** Of row a and column b <= a in a lower triangle. */
const place = (a: number, b: number): number => (a * (a + 1)) / 2 + b;

/** Cholesky, in the matrix's own triangle. What is left of a combination of earlier rows is rounding: it gets 0. */
function solve(matrix: Float64Array, right: Float64Array): number[] {
  const n = right.length;
  const at = (a: number, b: number): number => matrix[place(a, b)] as number;
  const x = [...right];
  const known: boolean[] = [];
  for (let a = 0; a < n; a++) {
    const whole = at(a, a);
    for (let b = 0; b <= a; b++) {
      let rest = at(a, b);
      for (let k = 0; k < b; k++) rest -= at(a, k) * at(b, k);
      if (b === a) {
        known[a] = rest > 1e-12 * whole;
        matrix[place(a, a)] = known[a] ? Math.sqrt(rest) : 1;
      } else matrix[place(a, b)] = known[b] ? rest / at(b, b) : 0;
    }
    for (let b = 0; b < a; b++) x[a] = (x[a] as number) - at(a, b) * (x[b] as number);
    x[a] = known[a] ? (x[a] as number) / at(a, a) : 0;
  }
  for (let a = n - 1; a >= 0; a--) {
    for (let b = a + 1; b < n; b++) x[a] = (x[a] as number) - at(b, a) * (x[b] as number);
    x[a] = known[a] ? (x[a] as number) / at(a, a) : 0;
  }
  return x;
}

function centre(values: Float64Array, n: number): void {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i] as number;
  const mean = sum / n;
  for (let i = 0; i < n; i++) values[i] = (values[i] as number) - mean;
}
