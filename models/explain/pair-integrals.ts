/** Of pairs of a row and a background row: what each feature adds on the straight way from the one to the other. */
import type { Explained } from '../graph/network.ts';
import { gradientsOf } from './explained-calls.ts';
import { gaussLegendre, type QuadratureRule } from './gauss-legendre.ts';

/** Rows and what is predicted of them. */
export interface Predicted {
  readonly rows: Float32Array;
  readonly predictions: Float32Array;
}

export class PairIntegrals {
  readonly #predict: Explained['predict'];
  readonly #columns: number;
  readonly #background: Predicted;
  readonly #batch: number;
  readonly #rules = new Map<number, QuadratureRule>();

  constructor(predict: Explained['predict'], columns: number, background: Predicted, batch: number) {
    this.#predict = predict;
    this.#columns = columns;
    this.#background = background;
    this.#batch = batch;
  }

  /**
   * Takes `pairs`, numbered by row and then by background row, with n nodes each, and writes at their places: into
   * `values` what each feature adds, [pairs][columns], and into `errors` by how much these miss f(x) - f(b).
   */
  async take(pairs: readonly number[], n: number, of: Predicted, values: Float32Array, errors: Float64Array) {
    const rule = this.#rule(n);
    const inCall = Math.max(1, Math.floor(this.#batch / n));
    for (let start = 0; start < pairs.length; start += inCall) {
      const called = pairs.slice(start, start + inCall);
      const slopes = await gradientsOf(this.#predict, this.#points(called, rule, of), this.#columns);
      called.forEach((pair, i) => {
        errors[pair] = this.#add(pair, slopes, i * n * this.#columns, rule, of, values);
      });
    }
  }

  #rule(n: number): QuadratureRule {
    const rule = this.#rules.get(n) ?? gaussLegendre(n);
    this.#rules.set(n, rule);
    return rule;
  }

  /** [pairs][nodes][columns] */
  #points(pairs: readonly number[], { nodes }: QuadratureRule, { rows }: Predicted): Float32Array {
    const columns = this.#columns;
    const { rows: others, predictions } = this.#background;
    const points = new Float32Array(pairs.length * nodes.length * columns);
    let at = 0;
    for (const pair of pairs) {
      const x = Math.floor(pair / predictions.length) * columns;
      const b = (pair % predictions.length) * columns;
      for (const a of nodes) {
        for (let j = 0; j < columns; j++) {
          const start = others[b + j] as number;
          points[at++] = start + a * ((rows[x + j] as number) - start);
        }
      }
    }
    return points;
  }

  /** Of one pair, whose slopes begin at `from`. */
  #add(
    pair: number,
    slopes: ArrayLike<number>,
    from: number,
    { weights }: QuadratureRule,
    { rows, predictions }: Predicted,
    values: Float32Array,
  ): number {
    const columns = this.#columns;
    const background = this.#background;
    const other = pair % background.predictions.length;
    const row = Math.floor(pair / background.predictions.length);
    let sum = 0;
    for (let j = 0; j < columns; j++) {
      let slope = 0;
      for (let k = 0; k < weights.length; k++) {
        slope += (weights[k] as number) * (slopes[from + k * columns + j] as number);
      }
      const apart = (rows[row * columns + j] as number) - (background.rows[other * columns + j] as number);
      values[pair * columns + j] = apart * slope;
      sum += apart * slope;
    }
    return sum - ((predictions[row] as number) - (background.predictions[other] as number));
  }
}
