/**
 * What industries and styles earned on one date: a least-squares regression of the symbols' returns on dummies of their
 * industries, without an intercept, and on their styles. Taking off industries' means first leaves as many unknowns as
 * there are styles (Frisch, Waugh, Lovell).
 */
import { dot } from '../../evaluation/tear-sheet/dot.ts';
import type { Section } from '../../evaluation/tear-sheet/section.ts';

/** Of a style's sum of squares, below which what others leave of it is rounding: styles come from float32 fields. */
const collinear = 1e-10;

export interface FactorDate {
  /** NaN is not in the regression. */
  readonly returns: Section;
  /** A code per symbol, all of them below the number of industries. */
  readonly industries: Int32Array;
  /** NaN is 0, the mean. */
  readonly styles: readonly Section[];
  /** In the sum of squares; above 0. */
  readonly weights: Section;
}

/** y or a style: less its industries' means, times the root of the weights. */
interface Part {
  readonly values: Float64Array;
  readonly means: Float64Array;
  /** Of the weighted squares before any mean was taken off. */
  squares: number;
  known: number;
}

export class FactorRegression {
  /** Of industries, then styles. NaN for an industry without symbols and a style that no symbol has. */
  readonly factors: Float64Array;
  /** NaN for symbols that are not in the regression, or alone in their industry, which is then all that it says. */
  readonly residuals: Section;
  readonly #industries: number;
  readonly #cells: Int32Array;
  readonly #group: Int32Array;
  readonly #root: Float64Array;
  readonly #members: Int32Array;
  readonly #weight: Float64Array;
  readonly #y: Part;
  readonly #styles: readonly Part[];

  constructor(symbols: number, industries: number, styles: number) {
    this.factors = new Float64Array(industries + styles);
    this.residuals = new Float64Array(symbols);
    this.#industries = industries;
    this.#cells = new Int32Array(symbols);
    this.#group = new Int32Array(symbols);
    this.#root = new Float64Array(symbols);
    this.#members = new Int32Array(industries);
    this.#weight = new Float64Array(industries);
    const part = (): Part => ({
      values: new Float64Array(symbols),
      means: new Float64Array(industries),
      squares: 0,
      known: 0,
    });
    this.#y = part();
    this.#styles = Array.from({ length: styles }, part);
  }

  /** False where there are too few symbols to tell factors from what is their own: nothing is known of the date then. */
  fit(date: FactorDate): boolean {
    const n = this.#gather(date);
    const [y, styles] = [this.#y, this.#styles];
    this.#demean(y, date.returns, n);
    for (const [k, style] of styles.entries()) this.#demean(style, date.styles[k] as Section, n);
    const gram = styles.map((one, k) => {
      const row = new Float64Array(styles.length);
      for (let j = 0; j <= k; j++) row[j] = dot(one.values, (styles[j] as Part).values, n);
      return row;
    });
    for (const [k, row] of gram.entries()) {
      for (let j = k + 1; j < row.length; j++) row[j] = gram[j]?.[k] as number;
    }
    const slopes = Float64Array.from(styles, ({ values }) => dot(values, y.values, n));
    const told = solve(
      gram,
      slopes,
      styles.map(({ squares }) => squares),
    );
    const present = this.#members.reduce((count, members) => count + (members > 0 ? 1 : 0), 0);
    if (n <= present + told) return false;
    this.#report(slopes, n);
    return true;
  }

  #gather({ returns, industries, weights }: FactorDate): number {
    this.#members.fill(0);
    this.#weight.fill(0);
    let n = 0;
    for (let cell = 0; cell < returns.length; cell++) {
      if (Number.isNaN(returns[cell])) continue;
      const g = industries[cell] as number;
      const w = weights[cell] as number;
      this.#cells[n] = cell;
      this.#group[n] = g;
      this.#root[n] = Math.sqrt(w);
      this.#members[g] = (this.#members[g] as number) + 1;
      this.#weight[g] = (this.#weight[g] as number) + w;
      n++;
    }
    return n;
  }

  #demean(part: Part, from: Section, n: number): void {
    const { values, means } = part;
    const [cells, group, root] = [this.#cells, this.#group, this.#root];
    means.fill(0);
    let squares = 0;
    let known = 0;
    for (let i = 0; i < n; i++) {
      const number = from[cells[i] as number] as number;
      const r = root[i] as number;
      const g = group[i] as number;
      let value = 0;
      if (!Number.isNaN(number)) {
        known++;
        value = r * number;
      }
      values[i] = value;
      means[g] = (means[g] as number) + r * value;
      squares += value * value;
    }
    for (let g = 0; g < means.length; g++) {
      means[g] = (this.#members[g] as number) > 0 ? (means[g] as number) / (this.#weight[g] as number) : Number.NaN;
    }
    for (let i = 0; i < n; i++) {
      values[i] = (values[i] as number) - (root[i] as number) * (means[group[i] as number] as number);
    }
    part.squares = squares;
    part.known = known;
  }

  #report(slopes: Float64Array, n: number): void {
    const { factors, residuals } = this;
    for (let g = 0; g < this.#industries; g++) factors[g] = this.#y.means[g] as number;
    const rest = this.#y.values;
    for (const [k, { known, means, values }] of this.#styles.entries()) {
      const slope = slopes[k] as number;
      factors[this.#industries + k] = known > 0 ? slope : Number.NaN;
      if (slope === 0) continue;
      for (let g = 0; g < this.#industries; g++) factors[g] = (factors[g] as number) - slope * (means[g] as number);
      for (let i = 0; i < n; i++) rest[i] = (rest[i] as number) - slope * (values[i] as number);
    }
    residuals.fill(Number.NaN);
    for (let i = 0; i < n; i++) {
      if ((this.#members[this.#group[i] as number] as number) < 2) continue;
      residuals[this.#cells[i] as number] = (rest[i] as number) / (this.#root[i] as number);
    }
  }
}

/**
 * Solves symmetric equations in place of their right-hand side, the unknown of which most is left first; one of which
 * nothing is left is 0, because the others say what it would. How many are not.
 */
function solve(gram: readonly Float64Array[], x: Float64Array, squares: readonly number[]): number {
  const order: number[] = [];
  const row = (k: number): Float64Array => gram[k] as Float64Array;
  for (;;) {
    let pivot = -1;
    let most = collinear;
    for (const [k, square] of squares.entries()) {
      const left = (row(k)[k] as number) / square;
      if (order.includes(k) || !(left > most)) continue;
      pivot = k;
      most = left;
    }
    if (pivot < 0) break;
    order.push(pivot);
    const top = row(pivot);
    for (const [k, below] of gram.entries()) {
      if (order.includes(k)) continue;
      const times = (below[pivot] as number) / (top[pivot] as number);
      for (let j = 0; j < below.length; j++) below[j] = (below[j] as number) - times * (top[j] as number);
      x[k] = (x[k] as number) - times * (x[pivot] as number);
    }
  }
  const right = x.slice();
  x.fill(0);
  for (const pivot of [...order].reverse()) {
    let sum = right[pivot] as number;
    for (const k of order) if (k !== pivot) sum -= (row(pivot)[k] as number) * (x[k] as number);
    x[pivot] = sum / (row(pivot)[pivot] as number);
  }
  return order.length;
}
