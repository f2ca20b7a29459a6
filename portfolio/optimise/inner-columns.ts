/**
 * The columns of a program that have an inside, those of a name side by side, with their entries in rows and in the
 * factors of the variance. What the others add is fixed.
 */
import type { ActiveVariance } from './active-variance.ts';
import type { PortfolioProgram } from './build-program.ts';

/** A column or a row with less between its bounds has no inside. */
export const thin = 1e-11;

export class InnerColumns {
  readonly rows: number;
  readonly factors: number;
  /** Where in the program each is. */
  readonly places: readonly number[];
  /** Of a name's columns the first, for each name; then of slack. */
  readonly blockStarts: readonly number[];
  /** -1 for slack. */
  readonly names: Int32Array;
  readonly signs: Float64Array;
  /** Which of them are slack. */
  readonly slacks: readonly number[];
  /** Compressed: rows, then factors. */
  readonly starts: readonly number[];
  readonly indices: readonly number[];
  readonly entries: readonly number[];
  /** What fixed columns add to each row. */
  readonly fixed: Float64Array;
  readonly specific: Float64Array;
  readonly #variance: ActiveVariance;
  /** Active weights where all columns here are 0. */
  readonly #start: Float64Array;

  constructor(program: PortfolioProgram, variance: ActiveVariance, offset: Float64Array) {
    const { columns, columnNames, columnSigns, columnLower, columnUpper } = program;
    [this.rows, this.factors] = [program.rows, variance.factors];
    [this.specific, this.#variance] = [variance.specific, variance];
    this.fixed = new Float64Array(program.rows);
    this.#start = offset.slice();
    const [places, blockStarts, starts] = [[] as number[], [] as number[], [0]];
    const [indices, entries] = [[] as number[], [] as number[]];
    let before = -1;
    for (let c = 0; c < columns; c++) {
      const [lower, upper] = [columnLower[c] as number, columnUpper[c] as number];
      const name = columnNames[c] as number;
      const sign = columnSigns[c] as number;
      const [from, to] = [program.starts[c] as number, program.starts[c + 1] as number];
      if (upper - lower <= thin) {
        for (let k = from; k < to; k++) {
          const row = program.indices[k] as number;
          this.fixed[row] = (this.fixed[row] as number) + (program.values[k] as number) * lower;
        }
        if (name >= 0) this.#start[name] = (this.#start[name] as number) + sign * lower;
        continue;
      }
      if (name < 0 || name !== before) blockStarts.push(places.length);
      before = name;
      places.push(c);
      for (let k = from; k < to; k++) {
        indices.push(program.indices[k] as number);
        entries.push(program.values[k] as number);
      }
      if (name >= 0) {
        variance.exposures(name, (factor, exposure) => {
          indices.push(this.rows + factor);
          entries.push(sign * exposure);
        });
      }
      starts.push(indices.length);
    }
    blockStarts.push(places.length);
    [this.places, this.blockStarts, this.starts] = [places, blockStarts, starts];
    [this.indices, this.entries] = [indices, entries];
    this.names = Int32Array.from(places, (c) => columnNames[c] as number);
    this.signs = this.gather(columnSigns);
    this.slacks = places.flatMap((_, k) => ((this.names[k] as number) < 0 ? [k] : []));
  }

  /** Of an array with one number per column of the program. */
  gather(array: ArrayLike<number>): Float64Array {
    return Float64Array.from(this.places, (c) => array[c] as number);
  }

  activeWeights(x: Float64Array): Float64Array {
    const active = this.#start.slice();
    for (const [k, name] of this.names.entries()) {
      if (name >= 0) active[name] = (active[name] as number) + (this.signs[k] as number) * (x[k] as number);
    }
    return active;
  }

  /** What rows and factors come to. */
  activity(x: Float64Array): Float64Array {
    const out = new Float64Array(this.rows + this.factors);
    for (let c = 0; c < x.length; c++) {
      const value = x[c] as number;
      for (let e = this.starts[c] as number; e < (this.starts[c + 1] as number); e++) {
        const row = this.indices[e] as number;
        out[row] = (out[row] as number) + (this.entries[e] as number) * value;
      }
    }
    return out;
  }

  /** The transposed of `activity` at prices of rows and rotated factors. */
  priced(y: Float64Array): Float64Array {
    const turned = this.#variance.unrotate(y.subarray(this.rows, this.rows + this.factors));
    const prices = y.slice(0, this.rows + this.factors);
    prices.set(turned, this.rows);
    const out = new Float64Array(this.places.length);
    for (let c = 0; c < out.length; c++) {
      let sum = 0;
      for (let e = this.starts[c] as number; e < (this.starts[c + 1] as number); e++) {
        sum += (this.entries[e] as number) * (prices[this.indices[e] as number] as number);
      }
      out[c] = sum;
    }
    return out;
  }

  /** The slope of names' own variance along a column, halved. */
  ownSlope(c: number, active: Float64Array): number {
    const name = this.names[c] as number;
    if (name < 0) return 0;
    return (this.signs[c] as number) * (this.specific[name] as number) * (active[name] as number);
  }
}
