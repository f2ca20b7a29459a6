/**
 * The loss of a batch of predictions, as one operation of the graph. What it is stands in loss-gradient.ts.
 *
 * Predictions come to the CPU for it, where float64 is: on WebGPU, which cannot wait for them in the middle of a graph,
 * the same formula is composed of the device's own operations (loss-on-device.ts).
 */
import type { GradSaveFunc, Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../batch.ts';
import type { LossRule } from '../training-rule.ts';
import { lossGradient, lossOf } from './loss-gradient.ts';
import { lossOnDevice } from './loss-on-device.ts';

/** Predictions are [rows, 1 + units]. */
export function loss(rule: LossRule, prediction: Tensor2D, batch: Batch): Scalar {
  const compute = tf.getBackend() === 'webgpu' ? lossOnDevice : fused;
  // The gradient is there as soon as the value is: it takes the same sums.
  const operation = tf.customGrad<Scalar>((...passed) => {
    const [p, save] = passed as [Tensor, GradSaveFunc];
    const { value, gradient } = compute(rule, p, batch);
    save([gradient]);
    return { value: value as Scalar, gradFunc: (dy, saved) => tf.mul(dy, saved[0] as Tensor) };
  });
  return operation(prediction);
}

/** The same of [rows][1 + units] without tensors, before it is rounded to float32. */
export const lossValue = (rule: LossRule, predictions: Float32Array, batch: Batch): number =>
  lossOf(rule, predictions, batch);

function fused(rule: LossRule, prediction: Tensor, batch: Batch): { value: Tensor; gradient: Tensor } {
  const { value, gradient } = lossGradient(rule, prediction.dataSync() as Float32Array, batch);
  return { value: tf.scalar(value), gradient: tf.tensor(Float32Array.from(gradient), prediction.shape) };
}
