/**
 * The losses of loss-gradient.ts composed of tfjs operations, in the device's float32. What depends on labels alone is
 * still worked out in float64 beforehand. Gradients are written out: tfjs-core alone brings none in Node.
 *
 * Only the device knows whether predictions vary, and float32 tells it less finely: below a millionth of the largest
 * prediction they count as equal.
 */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Section } from '../batch.ts';
import type { LossRule } from '../training-rule.ts';
import { basisOf, centredLabels, columnsOf, labelWeights } from './loss-gradient.ts';

const noVariation = 1e-6;

interface Term {
  /** Still to be divided, as is the gradient, by what the batch as a whole comes to. */
  readonly value: Tensor;
  /** With respect to what is left of predictions: [rows, 1]. */
  readonly dR: Tensor;
  /** 1, or 0 where the section is left out of the mean. */
  readonly counts: Tensor;
}

interface Loss {
  readonly value: Tensor;
  readonly gradient: Tensor;
}

/** Predictions are [rows, 1 + units], and so is the gradient. Within a tidy: tensors are left behind. */
export function lossOnDevice(rule: LossRule, predictions: Tensor, batch: Batch): Loss {
  columnsOf(predictions.size, batch);
  const [rows, columns] = predictions.shape as [number, number];
  if (columns === 1 || rows === 0) return labelLoss(rule, predictions, batch);
  const { value, gradient } = labelLoss(rule, tf.slice(predictions, [0, 0], [rows, 1]), batch);
  const units = tf.slice(predictions, [0, 1], [rows, columns - 1]) as Tensor2D;
  const alike = likeness(units, rule.orthogonality ?? 0);
  return { value: tf.add(value, alike.value), gradient: tf.concat([gradient, alike.gradient], 1) };
}

/** What orthogonality.ts has, times `weight`. */
function likeness(z: Tensor2D, weight: number): Loss {
  const [rows, units] = z.shape;
  if (weight === 0) return { value: tf.scalar(0), gradient: tf.zerosLike(z) };
  const products = tf.div<Tensor2D>(tf.matMul(z, z, true), rows);
  const norm = tf.sqrt(tf.sum(tf.square(products)));
  // Units that are all 0 are pulled nowhere; a NaN must be seen.
  const divisor = tf.add(norm, tf.cast(tf.equal(norm, 0), 'float32'));
  const gradient = tf.div(tf.mul(tf.matMul(z, products), (2 * weight) / (rows * units ** 2)), divisor);
  return { value: tf.mul(norm, weight / units ** 2), gradient };
}

function labelLoss(rule: LossRule, prediction: Tensor, batch: Batch): Loss {
  const terms = batch.sections
    .filter(({ from, to }) => to > from)
    .map((section): Term => {
      const { from, to } = section;
      const p = tf.slice(prediction, [from, 0], [to - from, 1]);
      const basis = rule.neutral ? basisTensor(section) : undefined;
      const labels = batch.labels.slice(from, to);
      const weights = labelWeights(labels, rule.topWeight, section.middle);
      const r = less(basis, p);
      const term = rule.kind === 'mse' ? squaredError(r, labels, weights) : correlation(r, p, labels, weights);
      return { ...term, dR: less(basis, term.dR) };
    });
  if (terms.length === 0) return { value: tf.scalar(0), gradient: tf.zerosLike(prediction) };
  const total = (each: keyof Term) => terms.map((term) => term[each]).reduce((sum, one) => tf.add(sum, one));
  const divisor = rule.kind === 'mse' ? tf.scalar(batch.rows) : tf.neg(tf.maximum(total('counts'), 1));
  const dR = terms.map((term) => term.dR);
  return { value: tf.div(total('value'), divisor), gradient: tf.div(tf.concat(dR), divisor) };
}

function squaredError(r: Tensor, labels: Float32Array, weights: Float64Array): Term {
  const error = tf.sub(r, tensor(labels));
  const weighted = tf.mul(tensor(weights), error);
  return { value: tf.sum(tf.mul(weighted, error)), dR: tf.mul(2, weighted), counts: tf.scalar(1) };
}

function correlation(r: Tensor, p: Tensor, labels: Float32Array, weights: Float64Array): Term {
  const centred = centredLabels(labels, weights);
  if (!centred) return { value: tf.scalar(0), dR: tf.zerosLike(p), counts: tf.scalar(0) };
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const w = tensor(weights);
  const left = tf.sub(r, tf.div(tf.sum(tf.mul(w, r)), all));
  const weighted = tf.mul(w, left);
  const squares = tf.sum(tf.mul(weighted, left));
  const rounding = tf.mul(tf.square(tf.mul(tf.max(tf.abs(p)), noVariation)), all);
  // Not "more than": a NaN must be seen, not left out.
  const equal = tf.cast(tf.lessEqual(squares, rounding), 'float32');
  const counts = tf.sub(1, equal);
  // Where all are equal the root is of something near 1: 0 / 0 times 0 is not 0.
  const root = tf.sqrt(tf.add(squares, equal));
  const y = tensor(centred.y.map((value, i) => (value * (weights[i] as number)) / centred.root));
  const value = tf.mul(tf.div(tf.sum(tf.mul(y, left)), root), counts);
  const dR = tf.mul(tf.div(tf.sub(y, tf.div(tf.mul(value, weighted), root)), root), counts);
  return { value, dR, counts };
}

/** x - Q Q'x; the basis is [k, rows]. */
const less = (basis: Tensor2D | undefined, x: Tensor): Tensor =>
  basis ? tf.sub(x, tf.matMul(basis, tf.matMul(basis, x as Tensor2D), true)) : x;

const tensor = (values: Float32Array | Float64Array): Tensor2D =>
  tf.tensor2d(Float32Array.from(values), [values.length, 1]);

/** [k, rows]. */
function basisTensor(section: Section): Tensor2D {
  const values = Float32Array.from(basisOf(section));
  const rows = section.to - section.from;
  return tf.tensor2d(values, [values.length / rows, rows]);
}
