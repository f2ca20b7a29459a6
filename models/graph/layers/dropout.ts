import * as tf from '@tensorflow/tfjs-core';
import type { Pass } from '../network.ts';

/** In training each number is dropped with probability `rate`, and the others grow so that the expectation stays. */
export function dropout<T extends tf.Tensor>(x: T, rate: number, pass: Pass): T {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`a dropout rate of ${rate}`);
  if (pass.kind === 'inference' || rate === 0) return x;
  const { dropout: stream } = pass;
  const kept = 1 / (1 - rate);
  const mask = Float32Array.from({ length: x.size }, () => (stream.next() < rate ? 0 : kept));
  return tf.mul(x, tf.tensor(mask, x.shape));
}
