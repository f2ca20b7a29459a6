/**
 * Attention in plain float64, number by number: what the kernels mean.
 *
 *   score = v'tanh(z W + b)    shares = softmax over steps of score    context = sum of share * z
 */
import type { AttentionWeights } from './attention.ts';

/** Sequences are z, [rows][steps][units]. */
interface AttentionSize {
  readonly rows: number;
  readonly steps: number;
  readonly units: number;
  /** Units of the layer that scores a step. */
  readonly hidden: number;
}

interface Attended {
  /** [rows][units] */
  readonly context: Float64Array;
  /** [rows][steps], adding up to 1 in every row. */
  readonly shares: Float64Array;
}

type Numbers = ArrayLike<number>;

const at = (numbers: Numbers, index: number): number => numbers[index] as number;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const bump = (numbers: Float64Array, index: number, by: number): void => {
  numbers[index] = at(numbers, index) + by;
};

/** What the scoring layer makes of a row's steps: [steps][hidden]. */
function layerOf(z: Numbers, weights: AttentionWeights<Numbers>, { steps, units, hidden }: AttentionSize, row: number) {
  return range(steps).map((t) =>
    range(hidden).map((h) => {
      const from = (row * steps + t) * units;
      const sum = range(units).reduce((sum, k) => sum + at(z, from + k) * at(weights.kernel, k * hidden + h), 0);
      return Math.tanh(sum + at(weights.bias, h));
    }),
  );
}

export function referenceAttention(z: Numbers, weights: AttentionWeights<Numbers>, size: AttentionSize): Attended {
  const { rows, steps, units } = size;
  const context = new Float64Array(rows * units);
  const shares = new Float64Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    const scores = layerOf(z, weights, size, row).map((layer) =>
      layer.reduce((sum, value, h) => sum + value * at(weights.score, h), 0),
    );
    const top = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - top));
    const all = powers.reduce((sum, power) => sum + power, 0);
    powers.forEach((power, t) => {
      shares[row * steps + t] = power / all;
      for (let k = 0; k < units; k++)
        bump(context, row * units + k, (power / all) * at(z, (row * steps + t) * units + k));
    });
  }
  return { context, shares };
}

/** Gradients of a loss, given that with respect to the context. */
export function referenceAttentionGradients(
  z: Numbers,
  weights: AttentionWeights<Numbers>,
  dContext: Numbers,
  size: AttentionSize,
) {
  const { rows, steps, units, hidden } = size;
  const { context, shares } = referenceAttention(z, weights, size);
  const gradients = {
    z: new Float64Array(rows * steps * units),
    kernel: new Float64Array(units * hidden),
    bias: new Float64Array(hidden),
    score: new Float64Array(hidden),
  };
  for (let row = 0; row < rows; row++) {
    for (const [t, layer] of layerOf(z, weights, size, row).entries()) {
      const from = (row * steps + t) * units;
      const share = at(shares, row * steps + t);
      const slope = (k: number) => at(dContext, row * units + k);
      // Shares add up to 1: a score that grows takes from all others.
      const dScore =
        share * range(units).reduce((sum, k) => sum + slope(k) * (at(z, from + k) - at(context, row * units + k)), 0);
      for (let k = 0; k < units; k++) bump(gradients.z, from + k, share * slope(k));
      layer.forEach((value, h) => {
        const d = dScore * at(weights.score, h) * (1 - value * value);
        bump(gradients.score, h, dScore * value);
        bump(gradients.bias, h, d);
        for (let k = 0; k < units; k++) {
          bump(gradients.kernel, k * hidden + h, d * at(z, from + k));
          bump(gradients.z, from + k, d * at(weights.kernel, k * hidden + h));
        }
      });
    }
  }
  return gradients;
}
