/** Pooling of stock operations: for devices of their own. */
import * as tf from '@tensorflow/tfjs-core';
import type { Pooled } from '../pool.ts';

export const composedPool = (x: tf.Tensor3D): Pooled => [
  tf.mean(x, 1),
  chosen(x, tf.argMax(x, 1)),
  chosen(x, tf.argMin(x, 1)),
];

/** The step each channel has chosen. Stock max gives its gradient to every step that ties; this to the one chosen. */
function chosen(x: tf.Tensor3D, step: tf.Tensor2D): tf.Tensor2D {
  const [rows, steps, channels] = x.shape;
  if (steps === 1) return tf.reshape(x, [rows, channels]); // oneHot refuses a single place
  const here = tf.transpose(tf.cast(tf.oneHot(step, steps), 'float32'), [0, 2, 1]);
  return tf.sum(tf.mul(x, here), 1);
}
