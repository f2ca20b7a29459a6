/** Batch normalisation by the batch's own statistics, [..., channels]. Variances divide by the count. */
import type { NamedTensorMap, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { kernels } from '../kernels.ts';
import { composedBatchNorm } from './composed/batch-norm.ts';
import { fusedOperation, fuses, type Numbers } from './fused.ts';

export interface Normalised {
  readonly y: Tensor;
  readonly mean: Tensor1D;
  readonly variance: Tensor1D;
}

interface Kept {
  readonly x: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly gamma: Float32Array;
  readonly epsilon: number;
  readonly rows: number;
  readonly channels: number;
}

const fused = fusedOperation<{ readonly epsilon: number }, Kept>({
  name: 'EvolveBatchNorm',
  forward(inputs, { epsilon }) {
    const { plain } = kernels();
    const { shape, values: x } = inputs.x as Numbers;
    const channels = shape.at(-1) as number;
    const rows = x.length / channels;
    const gamma = inputs.gamma?.values ?? new Float32Array(channels).fill(1);
    const { mean, variance } = plain.moments(x, rows, channels);
    const scale = gamma.map((g, c) => g / Math.sqrt((variance[c] as number) + epsilon));
    const shift = scale.map((s, c) => (inputs.beta?.values[c] ?? 0) - (mean[c] as number) * s);
    return {
      outputs: [
        { shape, values: plain.affine(x, scale, shift, rows, channels) },
        { shape: [channels], values: mean },
        { shape: [channels], values: variance },
      ],
      kept: { x, mean, variance, gamma, epsilon, rows, channels },
    };
  },
  // The statistics go to the moving ones, never to a loss: their gradients are not looked at.
  backward: ({ x, ...norm }, [dY], wantsX) => ({
    ...kernels().plain.normGradients(x, dY as Float32Array, norm, { x: wantsX }),
  }),
});

/** Not affine when gamma and beta are left out. Nothing differentiates through `mean` and `variance`. */
export function batchNormTraining(
  x: Tensor,
  gamma: Tensor1D | undefined,
  beta: Tensor1D | undefined,
  epsilon: number,
): Normalised {
  if (!fuses()) return composedBatchNorm(x, gamma, beta, epsilon);
  const inputs: NamedTensorMap = { x, ...(gamma && { gamma }), ...(beta && { beta }) };
  const [y, mean, variance] = fused(inputs, { epsilon });
  return { y, mean, variance } as Normalised;
}
