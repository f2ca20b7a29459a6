/** A GRU or an LSTM over whole sequences. */
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { Cell, Weights } from '../../kernels/layer.ts';
import type { Tape } from '../../kernels/recurrent.ts';
import { kernels } from '../kernels.ts';
import { composedRecurrent } from './composed/recurrent.ts';
import { fusedOperation, fuses, type Numbers } from './fused.ts';

export type WeightTensors = { readonly [Name in keyof Weights]: Tensor };

interface Settings {
  readonly cell: Cell;
  readonly sequences: boolean;
}

const fused = fusedOperation<Settings, Tape>({
  name: 'EvolveRecurrent',
  forward(inputs, { cell, sequences }) {
    const { x, kernel, recurrentKernel, bias } = inputs as Record<'x' | keyof Weights, Numbers>;
    const [batch, steps, width] = x.shape as [number, number, number];
    const units = recurrentKernel.shape[0] as number;
    const weights = { kernel: kernel.values, recurrentKernel: recurrentKernel.values, bias: bias.values };
    const { out, tape } = kernels().recurrent.forward(
      { cell, inputs: width, units },
      { batch, steps },
      x.values,
      weights,
      { sequences },
    );
    return { outputs: [{ shape: sequences ? [batch, steps, units] : [batch, units], values: out }], kept: tape };
  },
  backward: (tape, [dOut], wantsX) => ({
    ...kernels().recurrent.backward(tape, dOut as Float32Array, { x: wantsX }),
  }),
});

/** The state after the last step, [rows, units], or after every step, [rows, steps, units]. */
export function recurrent(x: Tensor3D, weights: WeightTensors, cell: Cell, options: { sequences: true }): Tensor3D;
export function recurrent(x: Tensor3D, weights: WeightTensors, cell: Cell, options: { sequences: false }): Tensor2D;
export function recurrent(
  x: Tensor3D,
  weights: WeightTensors,
  cell: Cell,
  options: { sequences: boolean },
): Tensor2D | Tensor3D;
export function recurrent(
  x: Tensor3D,
  weights: WeightTensors,
  cell: Cell,
  { sequences }: { sequences: boolean },
): Tensor2D | Tensor3D {
  if (!fuses()) return composedRecurrent(x, weights, cell, sequences);
  const { kernel, recurrentKernel, bias } = weights;
  const [out] = fused({ x, kernel, recurrentKernel, bias }, { cell, sequences });
  return out as Tensor2D | Tensor3D;
}
