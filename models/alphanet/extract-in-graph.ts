/**
 * Extraction as part of the graph: the same channels as the kept ones, from raw pictures, by stock tfjs operations.
 * Slower by far, since every epoch computes them again; but it has gradients, so what comes before it can learn, and
 * what it gives is a picture again, so operators nest: ts_corr of ts_corr.
 *
 * Pictures are [rows, dates, fields], missing NaN, and so are answers; they are missing where the operators of the table
 * are, a constant window's correlation included. A missing number passes no gradient on, neither NaN.
 */

import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ExtractionName } from './channels.ts';
import { isKnown, mark } from './mark.ts';

export interface Windows {
  readonly window: number;
  /** Dates from one window to the next. The last ends at the last date. */
  readonly stride: number;
}

/** [rows, steps, channels]: the operators' channels in the order of `channelsOf`. */
export const extractInGraph = (picture: Tensor3D, windows: Windows, operators: readonly ExtractionName[]): Tensor3D =>
  tf.tidy(() => {
    const seen = look(picture, windows);
    return tf.concat(
      operators.map((operator) => graphs[operator](seen)),
      2,
    );
  });

/** A picture cut into windows, [rows, steps, dates, fields], what is missing set to 0 and remembered. */
interface Seen {
  readonly shape: { rows: number; steps: number; window: number; fields: number };
  readonly values: Tensor4D;
  readonly known: Tensor4D;
  /** Of every window, [rows, steps, fields]: whether no number is missing, and whether they are not all the same. */
  readonly full: Tensor3D;
  readonly varies: Tensor3D;
  readonly mean: Tensor3D;
  /** 1 where there is no variation, to divide by. */
  readonly deviation: Tensor3D;
  /** Distances from the mean, shaped as the values. */
  readonly centred: Tensor4D;
}

function look(picture: Tensor3D, windows: Windows): Seen {
  const [rows, , fields] = picture.shape;
  const { window } = windows;
  const there = isKnown(picture);
  const values = cut(tf.where(there, picture, tf.zeros(picture.shape)), windows);
  const known = mark(there, (is) => cut(tf.cast(is, 'float32') as Tensor3D, windows)) as Tensor4D;
  const full = mark(known, (is) => tf.greater(tf.min(is, 2), 0)) as Tensor3D;
  const mean = tf.mean(values, 2) as Tensor3D;
  const centred = tf.sub(values, tf.mean(values, 2, true)) as Tensor4D;
  const variance = tf.div(tf.sum(tf.square(centred), 2), window - 1);
  // A mean of equal numbers need not be that number, and squares of tiny ones are 0, in float32.
  const apart = mark(values, (x) => tf.greater(tf.sub(tf.max(x, 2), tf.min(x, 2)), 0));
  const spread = mark(variance, (x) => tf.greater(x, 0));
  const varies = allOf(full, apart, spread) as Tensor3D;
  const deviation = tf.sqrt(harmless(varies, variance)) as Tensor3D;
  const shape = { rows, steps: values.shape[1], window, fields };
  return { shape, values, known, full, varies, mean, deviation, centred };
}

function cut(picture: Tensor3D, { window, stride }: Windows): Tensor4D {
  const [rows, dates, fields] = picture.shape;
  const steps = Math.floor((dates - window) / stride) + 1;
  if (!(steps >= 1)) throw new Error(`no window of ${window} fits ${dates} dates`);
  const first = dates - window - (steps - 1) * stride;
  // Next to each other they only need another shape.
  if (stride === window) {
    const whole = first === 0 ? picture : tf.slice(picture, [0, first, 0], [rows, steps * window, fields]);
    return tf.reshape(whole, [rows, steps, window, fields]);
  }
  const each = Array.from({ length: steps }, (_, step) =>
    tf.slice(picture, [0, first + step * stride, 0], [rows, window, fields]),
  );
  return tf.stack(each, 1) as Tensor4D;
}

const allOf = (...marks: tf.Tensor[]): tf.Tensor => marks.reduce((a, b) => mark(a, (x) => tf.logicalAnd(x, b)));

const nan = (like: tf.Tensor): tf.Tensor => tf.fill(like.shape, Number.NaN);
const only = (where: tf.Tensor, values: tf.Tensor): Tensor3D => tf.where(where, values, nan(values)) as Tensor3D;

/** Something to divide by or take the root of where there is nothing to: what comes of it is not looked at. */
const harmless = (where: tf.Tensor, values: tf.Tensor): tf.Tensor => tf.where(where, values, tf.ones(values.shape));

/** [rows, steps, fields] of one date of every window. */
const at = (x: Tensor4D, { rows, steps, fields }: Seen['shape'], date: number): tf.Tensor =>
  tf.reshape(tf.slice(x, [0, 0, date, 0], [rows, steps, 1, fields]), [rows, steps, fields]);

/** Of a symmetric [rows, steps, fields, fields], what stands above the diagonal, row after row. */
function abovePairs(square: tf.Tensor, { shape: { rows, steps, fields } }: Seen): Tensor3D {
  const table = tf.reshape(square, [rows, steps, fields * fields]);
  const each = Array.from({ length: fields - 1 }, (_, i) =>
    tf.slice(table, [0, 0, i * fields + i + 1], [rows, steps, fields - 1 - i]),
  );
  return tf.concat(each, 2) as Tensor3D;
}

/** [rows, steps, fields, fields]: sums over a window of the products of every two. */
function products(x: Tensor4D, { shape: { rows, steps, window, fields } }: Seen): tf.Tensor {
  const stacked = tf.reshape(x, [rows * steps, window, fields]);
  return tf.reshape(tf.matMul(stacked, stacked, true, false), [rows, steps, fields, fields]);
}

/** Whether both of a pair are. */
const both = (are: Tensor3D, seen: Seen): tf.Tensor =>
  mark(are, (each) => {
    const { rows, steps, fields } = seen.shape;
    const one = { ...seen, shape: { ...seen.shape, window: 1 } };
    const marks = tf.reshape(tf.cast(each, 'float32'), [rows, steps, 1, fields]) as Tensor4D;
    return tf.greater(abovePairs(products(marks, one), one), 0);
  });

/** The date chosen of every window. Where several are as good it is the first, and the gradient is its alone. */
function first({ values, shape }: Seen, choose: typeof tf.argMax): tf.Tensor {
  // Where it is, the mark is not transposed: what WebGPU casts stays integers inside, and its transpose reads none.
  const byField = tf.transpose(values, [0, 1, 3, 2]);
  const chosen = mark(byField, (x) => tf.cast(tf.oneHot(choose(x, 3), shape.window), 'float32'));
  return tf.sum(tf.mul(byField, chosen), 3);
}

const weights = (window: number): tf.Tensor =>
  tf.tensor4d(
    Array.from({ length: window }, (_, i) => (2 * (i + 1)) / (window * (window + 1))),
    [1, 1, window, 1],
  );

const graphs: Record<ExtractionName, (seen: Seen) => Tensor3D> = {
  ts_corr: (seen) => {
    const { rows, steps, window, fields } = seen.shape;
    const scaled = tf.div(seen.centred, tf.reshape(seen.deviation, [rows, steps, 1, fields])) as Tensor4D;
    const pairs = tf.div(abovePairs(products(scaled, seen), seen), window - 1);
    return only(both(seen.varies, seen), pairs);
  },
  ts_cov: (seen) => {
    const pairs = tf.div(abovePairs(products(seen.centred, seen), seen), seen.shape.window - 1);
    return only(both(seen.full, seen), pairs);
  },
  ts_stddev: ({ full, varies, deviation }) => only(full, tf.where(varies, deviation, tf.zeros(deviation.shape))),
  ts_zscore: ({ varies, mean, deviation }) => only(varies, tf.div(mean, deviation)),
  ts_return: ({ values, known, shape }) => {
    const last = shape.window - 1;
    const [oldest, newest] = [at(values, shape, 0), at(values, shape, last)];
    const divides = mark(oldest, (x) => tf.notEqual(x, 0)); // and is known: what is not is 0
    const there = allOf(
      divides,
      mark(known, (is) => tf.greater(at(is as Tensor4D, shape, last), 0)),
    );
    return only(there, tf.sub(tf.div(newest, harmless(there, oldest)), 1));
  },
  ts_decaylinear: ({ full, values, shape }) => only(full, tf.sum(tf.mul(values, weights(shape.window)), 2)),
  ts_mean: ({ full, mean }) => only(full, mean),
  ts_min: (seen) => only(seen.full, first(seen, tf.argMin)),
  ts_max: (seen) => only(seen.full, first(seen, tf.argMax)),
  ts_sum: ({ full, values }) => only(full, tf.sum(values, 2)),
};
