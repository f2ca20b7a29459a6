/** y = x kernel + bias. */
import * as tf from '@tensorflow/tfjs-core';
import { kernels } from '../kernels.ts';
import { fusedOperation, fuses, type Numbers } from './fused.ts';

interface Kept {
  readonly x: Float32Array;
  readonly kernel: Float32Array;
  readonly size: { readonly rows: number; readonly inputs: number; readonly outputs: number };
}

const fused = fusedOperation<undefined, Kept>({
  name: 'EvolveDense',
  forward(numbers) {
    const { x, kernel, bias } = numbers as Record<'x' | 'kernel' | 'bias', Numbers>;
    const [inputs, outputs] = kernel.shape as [number, number];
    const size = { rows: x.shape[0] as number, inputs, outputs };
    const values = kernels().plain.dense(x.values, kernel.values, bias.values, size);
    return {
      outputs: [{ shape: [size.rows, outputs], values }],
      kept: { x: x.values, kernel: kernel.values, size },
    };
  },
  backward({ x, kernel, size }, [dY], wantsX) {
    const { w, b, ...rest } = kernels().plain.denseGradients(x, kernel, dY as Float32Array, size, { x: wantsX });
    return { x: rest.x, kernel: w, bias: b };
  },
});

/** A row of x is whatever follows its first axis. */
export function dense(x: tf.Tensor, kernel: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  if (!fuses()) return tf.add(tf.matMul(tf.reshape(x, [-1, kernel.shape[0]]), kernel), bias);
  return fused({ x, kernel, bias }, undefined)[0] as tf.Tensor2D;
}
