/** Of pairs of a row and a background row: the mean slopes of predictions on the straight way from the one to the other. */
import type { Explained } from '../graph/network.ts';
import { gradientsOf } from './explained-calls.ts';
import { gaussLegendre, type QuadratureRule } from './gauss-legendre.ts';

/** Rows and what is predicted of them. */
export interface Predicted {
  readonly rows: Float32Array;
  readonly predictions: Float32Array;
}

export interface IntegralOptions {
  /** Numbers of a row. */
  readonly columns: number;
  /** Points in one call of the network, but for a pair that has more. */
  readonly batch: number;
  /** Slopes may jump where one of a row's numbers is 0: no nodes are spread over such a place. */
  readonly bends: boolean;
}

interface PairNodes extends QuadratureRule {
  readonly pair: number;
}

export class PairIntegrals {
  readonly #predict: Explained['predict'];
  readonly #background: Predicted;
  readonly #options: IntegralOptions;
  readonly #rules = new Map<number, QuadratureRule>();

  constructor(predict: Explained['predict'], background: Predicted, options: IntegralOptions) {
    this.#predict = predict;
    this.#background = background;
    this.#options = options;
  }

  /**
   * Takes `pairs`, numbered by row and then by background row, with n nodes between bends, and writes at their places:
   * into `slopes` [pairs][columns], and into `errors` by how much the slopes, each times its way, miss f(x) - f(b).
   * Answers with the most nodes that a pair had.
   */
  async take(pairs: readonly number[], n: number, of: Predicted, slopes: Float32Array, errors: Float64Array) {
    let most = 0;
    for (const call of this.#calls(pairs, n, of)) {
      const found = await gradientsOf(this.#predict, this.#points(call, of), this.#options.columns);
      let from = 0;
      for (const { pair, weights } of call) {
        errors[pair] = this.#add(pair, found, from * this.#options.columns, weights, of, slopes);
        from += weights.length;
        most = Math.max(most, weights.length);
      }
    }
    return most;
  }

  *#calls(pairs: readonly number[], n: number, of: Predicted): Generator<PairNodes[]> {
    const { bends, batch } = this.#options;
    const rule = this.#rule(n);
    let call: PairNodes[] = [];
    let points = 0;
    for (const pair of pairs) {
      const { nodes, weights } = bends ? between(this.#bends(pair, of), rule) : rule;
      if (points > 0 && points + nodes.length > batch) {
        yield call;
        call = [];
        points = 0;
      }
      call.push({ pair, nodes, weights });
      points += nodes.length;
    }
    if (points > 0) yield call;
  }

  #rule(n: number): QuadratureRule {
    const rule = this.#rules.get(n) ?? gaussLegendre(n);
    this.#rules.set(n, rule);
    return rule;
  }

  #places(pair: number): { readonly x: number; readonly b: number } {
    const others = this.#background.predictions.length;
    return { x: Math.floor(pair / others) * this.#options.columns, b: (pair % others) * this.#options.columns };
  }

  /** Places on the way, in (0, 1) and ascending, where a number changes its sign. */
  #bends(pair: number, { rows }: Predicted): Float64Array {
    const { x, b } = this.#places(pair);
    const found = new Float64Array(this.#options.columns);
    let count = 0;
    for (let j = 0; j < this.#options.columns; j++) {
      const [start, end] = [this.#background.rows[b + j] as number, rows[x + j] as number];
      if ((start < 0 && end > 0) || (start > 0 && end < 0)) found[count++] = start / (start - end);
    }
    return found.subarray(0, count).sort();
  }

  /** [pairs][nodes][columns] */
  #points(call: readonly PairNodes[], { rows }: Predicted): Float32Array {
    const { columns } = this.#options;
    const others = this.#background.rows;
    const points = new Float32Array(call.reduce((sum, { nodes }) => sum + nodes.length, 0) * columns);
    let at = 0;
    for (const { pair, nodes } of call) {
      const { x, b } = this.#places(pair);
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
    found: ArrayLike<number>,
    from: number,
    weights: Float64Array,
    { rows, predictions }: Predicted,
    slopes: Float32Array,
  ): number {
    const { columns } = this.#options;
    const background = this.#background;
    const { x, b } = this.#places(pair);
    let sum = 0;
    for (let j = 0; j < columns; j++) {
      let slope = 0;
      for (let k = 0; k < weights.length; k++) {
        slope += (weights[k] as number) * (found[from + k * columns + j] as number);
      }
      slopes[pair * columns + j] = slope;
      sum += ((rows[x + j] as number) - (background.rows[b + j] as number)) * slope;
    }
    return sum - ((predictions[x / columns] as number) - (background.predictions[b / columns] as number));
  }
}

/** The rule on each piece that the bends cut [0, 1] into. */
function between(bends: Float64Array, { nodes, weights }: QuadratureRule): QuadratureRule {
  const count = (bends.length + 1) * nodes.length;
  const all = { nodes: new Float64Array(count), weights: new Float64Array(count) };
  let [from, at] = [0, 0];
  for (let piece = 0; piece <= bends.length; piece++) {
    const to = bends[piece] ?? 1;
    for (let k = 0; k < nodes.length; k++) {
      all.nodes[at] = from + (nodes[k] as number) * (to - from);
      all.weights[at++] = (weights[k] as number) * (to - from);
    }
    from = to;
  }
  return all;
}
