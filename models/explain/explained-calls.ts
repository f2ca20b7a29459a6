/** An explained network as a function of arrays. Nothing of a call stays behind. */
import { grad, type Tensor, type Tensor2D, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import type { Explained, FeatureSums } from '../graph/network.ts';

type Predict = Explained['predict'];

/** One prediction for each row of so many columns, `batch` of them in a call. */
export async function predictionsOf(
  predict: Predict,
  rows: Float32Array,
  columns: number,
  batch: number,
): Promise<Float32Array> {
  const predictions = new Float32Array(rows.length / columns);
  for (let from = 0; from < predictions.length; from += batch) {
    const part = rows.subarray(from * columns, (from + batch) * columns);
    predictions.set(await numbersOf(() => onlyOne(predict(rowsOf(part, columns)))), from);
  }
  if (!predictions.every(Number.isFinite)) throw new RangeError('a prediction to be explained is not a number');
  return predictions;
}

/** Of each row's prediction by its own features. Rows do not meet in inference, so the gradient of the sum has all. */
export const gradientsOf = (predict: Predict, rows: Float32Array, columns: number): Promise<ArrayLike<number>> =>
  numbersOf(() => grad((x) => predict(x as Tensor2D))(rowsOf(rows, columns)));

/** [rows][sums], `batch` rows in a call. */
export async function sumsOf(
  sums: FeatureSums,
  rows: Float32Array,
  columns: number,
  batch: number,
): Promise<Float32Array> {
  const parts: ArrayLike<number>[] = [];
  for (let from = 0; from < rows.length; from += batch * columns) {
    parts.push(await numbersOf(() => sums.of(rowsOf(rows.subarray(from, from + batch * columns), columns))));
  }
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Slopes by features, [rows][columns], from slopes by sums. Sums are affine, so any point does for all rows: 0 here. */
export const slopesThrough = (
  sums: FeatureSums,
  slopes: Float32Array,
  width: number,
  columns: number,
): Promise<ArrayLike<number>> =>
  numbersOf(() => {
    const origin = zeros([slopes.length / width, columns]);
    return grad((x) => sums.of(x as Tensor2D))(origin, rowsOf(slopes, width));
  });

const rowsOf = (rows: Float32Array, columns: number): Tensor2D => tensor2d(rows, [rows.length / columns, columns]);

function onlyOne(out: Tensor2D): Tensor2D {
  if (out.shape[1] !== 1) throw new RangeError(`one prediction a row can be explained, not ${out.shape[1]}`);
  return out;
}

async function numbersOf(make: () => Tensor): Promise<ArrayLike<number>> {
  const out = tidy(make);
  try {
    return await out.data();
  } finally {
    out.dispose();
  }
}
