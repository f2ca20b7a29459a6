/** Batch normalisation of stock operations: for devices of their own. */
import * as tf from '@tensorflow/tfjs-core';
import type { Normalised } from '../batch-norm.ts';

export function composedBatchNorm(
  x: tf.Tensor,
  gamma: tf.Tensor1D | undefined,
  beta: tf.Tensor1D | undefined,
  epsilon: number,
): Normalised {
  const { mean, variance } = composedMoments(x);
  const scaled = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
  const stretched = gamma ? tf.mul(scaled, gamma) : scaled;
  return { y: beta ? tf.add(stretched, beta) : stretched, mean, variance };
}

export function composedMoments(x: tf.Tensor): { mean: tf.Tensor1D; variance: tf.Tensor1D } {
  const { mean, variance } = tf.moments(
    x,
    Array.from({ length: x.rank - 1 }, (_, axis) => axis),
  );
  return { mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}
