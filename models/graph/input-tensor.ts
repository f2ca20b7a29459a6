/** Tensors of what networks are given. */
import * as tf from '@tensorflow/tfjs-core';
import { fuses } from './ops/fused.ts';

/**
 * Where operations of ours read a batch, it stays the array it is: the CPU backend holds arrays as they are, and any
 * other one copies them into its memory and out again for each operation that reads them, which for 1,000 x 3 x 270
 * numbers is 3 of 30 ms. A stock operation that reads it has it copied then.
 */
export function inputTensor(values: Float32Array, shape: [number, number, number]): tf.Tensor3D {
  const holder = fuses() ? tf.findBackend('cpu') : undefined;
  return tf.engine().makeTensor(values, shape, 'float32', holder) as tf.Tensor3D;
}
