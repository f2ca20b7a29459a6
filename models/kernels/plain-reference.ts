/**
 * Dense layers, batch normalisation, pooling and rows of batches in plain float64, number by number: what the plain kernels
 * mean.
 */
import type { DenseSize } from './plain-kernels.ts';
import type { RecordRows } from './record-kernels.ts';

type Numbers = ArrayLike<number>;

const at = (numbers: Numbers, index: number): number => numbers[index] as number;
const bump = (numbers: Float64Array, index: number, by: number): void => {
  numbers[index] = at(numbers, index) + by;
};

/** y = x w + b */
export function referenceDense(x: Numbers, w: Numbers, b: Numbers, size: DenseSize): Float64Array {
  const { rows, inputs, outputs } = size;
  const y = new Float64Array(rows * outputs);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = at(b, o);
      for (let i = 0; i < inputs; i++) sum += at(x, r * inputs + i) * at(w, i * outputs + o);
      y[r * outputs + o] = sum;
    }
  }
  return y;
}

export function referenceDenseGradients(x: Numbers, w: Numbers, dY: Numbers, { rows, inputs, outputs }: DenseSize) {
  const gradients = {
    x: new Float64Array(rows * inputs),
    w: new Float64Array(inputs * outputs),
    b: new Float64Array(outputs),
  };
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      const slope = at(dY, r * outputs + o);
      bump(gradients.b, o, slope);
      for (let i = 0; i < inputs; i++) {
        bump(gradients.w, i * outputs + o, slope * at(x, r * inputs + i));
        bump(gradients.x, r * inputs + i, slope * at(w, i * outputs + o));
      }
    }
  }
  return gradients;
}

/** mean = sum of x / rows, variance = sum of (x - mean)² / rows */
export function referenceMoments(x: Numbers, rows: number, channels: number) {
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += at(x, r * channels + c);
    mean[c] = sum / rows;
    let squares = 0;
    for (let r = 0; r < rows; r++) squares += (at(x, r * channels + c) - at(mean, c)) ** 2;
    variance[c] = squares / rows;
  }
  return { mean, variance };
}

/** y = x scale + shift */
export function referenceAffine(x: Numbers, scale: Numbers, shift: Numbers, channels: number): Float64Array {
  return Float64Array.from(x, (value, i) => value * at(scale, i % channels) + at(shift, i % channels));
}

/** y = gamma z + beta, z = (x - mean) / sqrt(variance + epsilon), where mean and variance move with x. */
export function referenceNormGradients(
  x: Numbers,
  dY: Numbers,
  gamma: Numbers,
  epsilon: number,
  rows: number,
  channels: number,
) {
  const { mean, variance } = referenceMoments(x, rows, channels);
  const gradients = {
    x: new Float64Array(rows * channels),
    gamma: new Float64Array(channels),
    beta: new Float64Array(channels),
  };
  for (let c = 0; c < channels; c++) {
    const deviation = Math.sqrt(at(variance, c) + epsilon);
    const z = (r: number) => (at(x, r * channels + c) - at(mean, c)) / deviation;
    for (let r = 0; r < rows; r++) {
      bump(gradients.gamma, c, at(dY, r * channels + c) * z(r));
      bump(gradients.beta, c, at(dY, r * channels + c));
    }
    // Through z, and through the mean and the deviation that every row shares.
    for (let r = 0; r < rows; r++) {
      const shared = (at(gradients.beta, c) + z(r) * at(gradients.gamma, c)) / rows;
      gradients.x[r * channels + c] = (at(gamma, c) / deviation) * (at(dY, r * channels + c) - shared);
    }
  }
  return gradients;
}

/** Mean, maximum and minimum over steps. */
export function referencePool(x: Numbers, rows: number, steps: number, channels: number) {
  const pooled = {
    mean: new Float64Array(rows * channels),
    max: new Float64Array(rows * channels),
    min: new Float64Array(rows * channels),
  };
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++) {
      const values = Array.from({ length: steps }, (_, t) => at(x, (r * steps + t) * channels + c));
      const to = r * channels + c;
      pooled.mean[to] = values.reduce((sum, value) => sum + value, 0) / steps;
      pooled.max[to] = steps === 0 ? Number.NaN : Math.max(...values);
      pooled.min[to] = steps === 0 ? Number.NaN : Math.min(...values);
    }
  }
  return pooled;
}

/** The extremes' gradients go to the first step that has them. */
export function referencePoolGradient(
  x: Numbers,
  slopes: { readonly mean: Numbers; readonly max: Numbers; readonly min: Numbers },
  rows: number,
  steps: number,
  channels: number,
): Float64Array {
  const dX = new Float64Array(rows * steps * channels);
  const pooled = referencePool(x, rows, steps, channels);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++) {
      const from = r * channels + c;
      const places = Array.from({ length: steps }, (_, t) => (r * steps + t) * channels + c);
      for (const place of places) bump(dX, place, at(slopes.mean, from) / steps);
      for (const extreme of ['max', 'min'] as const) {
        const first = places.find((place) => at(x, place) === at(pooled[extreme], from));
        if (first !== undefined) bump(dX, first, at(slopes[extreme], from));
      }
    }
  }
  return dX;
}

/** [symbols][steps][channels read] of the records of steps. */
export function referenceScaled(
  { symbols, channels, read, scaling: { mean, inverse, limit } }: RecordRows,
  records: readonly (Numbers | undefined)[],
): Float64Array {
  const chosen = read ?? Int32Array.from({ length: channels }, (_, c) => c);
  const rows = Array.from(symbols, (n) =>
    records.map((record) =>
      Array.from(chosen, (channel, c) => {
        const x = ((record ? at(record, n * channels + channel) : Number.NaN) - at(mean, c)) * at(inverse, c);
        return Number.isNaN(x) ? 0 : Math.max(-limit, Math.min(limit, x));
      }),
    ),
  );
  return Float64Array.from(rows.flat(2));
}
