/**
 * A recurrent layer and attention over its states, as one: what is joined is the last state and the context. The states of
 * every step, 38 MB of 1,000 sequences of 320 steps, are nowhere: the kernels attend to them a few steps at a time.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Cell } from '../../kernels/layer.ts';
import type { Tape } from '../../kernels/recurrent.ts';
import { kernels } from '../kernels.ts';
import { composedAttention } from './composed/attention.ts';
import { composedRecurrent } from './composed/recurrent.ts';
import { fusedOperation, fuses, type Numbers } from './fused.ts';
import type { WeightTensors } from './recurrent.ts';

export interface AttentionTensors {
  readonly kernel: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
  readonly score: tf.Tensor1D;
}

type Input = 'x' | keyof WeightTensors | 'attentionKernel' | 'attentionBias' | 'attentionScore';

const fused = fusedOperation<{ readonly cell: Cell }, Tape>({
  name: 'EvolveAttendedRecurrent',
  forward(numbers, { cell }) {
    const { x, kernel, recurrentKernel, bias, ...scoring } = numbers as Record<Input, Numbers>;
    const [batch, steps, inputs] = x.shape as [number, number, number];
    const units = recurrentKernel.shape[0] as number;
    const weights = { kernel: kernel.values, recurrentKernel: recurrentKernel.values, bias: bias.values };
    const attention = {
      kernel: scoring.attentionKernel.values,
      bias: scoring.attentionBias.values,
      score: scoring.attentionScore.values,
    };
    const { recurrent } = kernels();
    const { out, tape } = recurrent.forward({ cell, inputs, units }, { batch, steps }, x.values, weights, {
      attention,
    });
    return { outputs: [{ shape: [batch, 2 * units], values: out }], kept: tape };
  },
  backward: (tape, [dOut], wantsX) => ({
    ...kernels().recurrent.backward(tape, dOut as Float32Array, { x: wantsX }),
  }),
});

/** [rows, 2 units] of x, [rows, steps, inputs]. */
export function attendedRecurrent(
  x: tf.Tensor3D,
  weights: WeightTensors,
  attention: AttentionTensors,
  cell: Cell,
): tf.Tensor2D {
  if (fuses()) {
    const { kernel, recurrentKernel, bias } = weights;
    const scoring = {
      attentionKernel: attention.kernel,
      attentionBias: attention.bias,
      attentionScore: attention.score,
    };
    return fused({ x, kernel, recurrentKernel, bias, ...scoring }, { cell })[0] as tf.Tensor2D;
  }
  return composedAttended(x, weights, attention, cell);
}

function composedAttended(
  x: tf.Tensor3D,
  weights: WeightTensors,
  attention: AttentionTensors,
  cell: Cell,
): tf.Tensor2D {
  const [rows, steps] = x.shape;
  const states = composedRecurrent(x, weights, cell, true) as tf.Tensor3D;
  const last = tf.reshape(tf.slice(states, [0, steps - 1, 0], [rows, 1, -1]), [rows, -1]) as tf.Tensor2D;
  return tf.concat2d([last, composedAttention(states, attention)], 1);
}
