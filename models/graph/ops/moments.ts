/** Mean and variance of each channel, of what does not depend on variables: there is no gradient. */
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { kernels } from '../kernels.ts';
import { composedMoments } from './composed/batch-norm.ts';
import { fusedOperation, fuses, type Numbers } from './fused.ts';

const fused = fusedOperation<undefined, undefined>({
  name: 'EvolveMoments',
  forward(inputs) {
    const { shape, values } = inputs.x as Numbers;
    const channels = shape.at(-1) as number;
    const { mean, variance } = kernels().plain.moments(values, values.length / channels, channels);
    return {
      outputs: [
        { shape: [channels], values: mean },
        { shape: [channels], values: variance },
      ],
      kept: undefined,
    };
  },
});

export function moments(x: Tensor): { mean: Tensor1D; variance: Tensor1D } {
  if (!fuses()) return composedMoments(x);
  const [mean, variance] = fused({ x }, undefined);
  return { mean: mean as Tensor1D, variance: variance as Tensor1D };
}
