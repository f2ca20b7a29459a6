/** Attention of stock operations: for devices of their own. What it means: models/kernels/attention-reference.ts. */
import * as tf from '@tensorflow/tfjs-core';
import type { AttentionTensors } from '../attended-recurrent.ts';

/** [rows, units] of z, [rows, steps, units]. */
export function composedAttention(z: tf.Tensor3D, { kernel, bias, score }: AttentionTensors): tf.Tensor2D {
  const [rows, steps, units] = z.shape;
  const layer = tf.tanh(tf.add(tf.matMul(tf.reshape(z, [rows * steps, units]), kernel), bias));
  const scores = tf.reshape(tf.matMul(layer, tf.reshape(score, [-1, 1])), [rows, steps]) as tf.Tensor2D;
  const powers = tf.exp(tf.sub(scores, largest(scores)));
  const shares = tf.div(powers, tf.sum(powers, 1, true));
  return tf.sum(tf.mul(z, tf.expandDims(shares, 2)), 1);
}

/** Taken off all scores alike it changes no share, so nothing is to go back through it. */
const largest = tf.customGrad((...passed) => {
  const [scores] = passed as [tf.Tensor];
  return { value: tf.max(scores, 1, true), gradFunc: () => tf.zerosLike(scores) };
});
