/** Mean, largest and smallest of each channel over the steps. Where steps tie, the gradient goes to the first. */
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { kernels } from '../kernels.ts';
import { composedPool } from './composed/pool.ts';
import { fusedOperation, fuses, type Numbers } from './fused.ts';

export type Pooled = [mean: Tensor2D, max: Tensor2D, min: Tensor2D];

interface Kept {
  readonly x: Float32Array;
  readonly pooled: { readonly mean: Float32Array; readonly max: Float32Array; readonly min: Float32Array };
  readonly size: readonly [rows: number, steps: number, channels: number];
}

const fused = fusedOperation<undefined, Kept>({
  name: 'EvolvePool',
  forward(inputs) {
    const x = inputs.x as Numbers;
    const size = x.shape as [number, number, number];
    const pooled = kernels().plain.pool(x.values, ...size);
    const shape = [size[0], size[2]];
    return {
      outputs: [pooled.mean, pooled.max, pooled.min].map((values) => ({ shape, values })),
      kept: { x: x.values, pooled, size },
    };
  },
  backward({ x, pooled, size }, dOutputs) {
    const [mean, max, min] = dOutputs as [Float32Array, Float32Array, Float32Array];
    return { x: kernels().plain.poolGradient(x, pooled, mean, max, min, ...size) };
  },
});

/** Each [rows, channels] of x, [rows, steps, channels]. */
export const pool = (x: Tensor3D): Pooled => (fuses() ? (fused({ x }, undefined) as Pooled) : composedPool(x));
