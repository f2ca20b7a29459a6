import * as tf from '@tensorflow/tfjs-core';
import type { Pass } from '../network.ts';

/** In training each number is dropped with probability `rate`, and the others grow so that the expectation stays. */
export function dropout<T extends tf.Tensor>(x: T, rate: number, pass: Pass): T {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`a dropout rate of ${rate}`);
  if (pass.kind === 'inference' || rate === 0) return x;
  const { dropout: stream } = pass;
  const kept = 1 / (1 - rate);
  // Not by Float32Array.from with a function: that was a third of a training step of AlphaNet v1.
  const mask = new Float32Array(x.size);
  for (let i = 0; i < mask.length; i++) mask[i] = stream.next() < rate ? 0 : kept;
  return tf.mul(x, tf.tensor(mask, x.shape));
}
