/** Pooling of stock operations: for devices of their own. */
import * as tf from '@tensorflow/tfjs-core';
import type { Pooled } from '../pool.ts';

export const composedPool = (x: tf.Tensor3D): Pooled => [
  x.mean<tf.Tensor2D>(1),
  chosen(x, x.argMax(1)),
  chosen(x, x.argMin(1)),
];

/** The step each channel has chosen. Stock max gives its gradient to every step that ties; this to the one chosen. */
function chosen(x: tf.Tensor3D, step: tf.Tensor2D): tf.Tensor2D {
  const here = tf.oneHot(step, x.shape[1]).cast('float32').transpose([0, 2, 1]);
  return x.mul(here).sum<tf.Tensor2D>(1);
}
