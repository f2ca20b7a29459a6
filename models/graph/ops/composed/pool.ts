/** Pooling of stock operations: for devices of their own. */
import * as tf from '@tensorflow/tfjs-core';
import type { Pooled } from '../pool.ts';

export function composedPool(x: tf.Tensor3D): Pooled {
  const byChannel = tf.transpose(x, [0, 2, 1]);
  return [tf.mean(x, 1), chosen(byChannel, tf.argMax(byChannel, 2)), chosen(byChannel, tf.argMin(byChannel, 2))];
}

/** The step each channel has chosen. Stock max gives its gradient to every step that ties; this to the one chosen. */
function chosen(byChannel: tf.Tensor3D, step: tf.Tensor2D): tf.Tensor2D {
  const [rows, channels, steps] = byChannel.shape;
  if (steps === 1) return tf.reshape(byChannel, [rows, channels]); // oneHot refuses a single place
  // Where it is, not transposed: what WebGPU casts stays integers inside, and its transpose reads none.
  return tf.sum(tf.mul(byChannel, tf.cast(tf.oneHot(step, steps), 'float32')), 2);
}
