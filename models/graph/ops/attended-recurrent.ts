/**
 * A recurrent layer and attention over its states, as one: what is joined is the last state and the context. The states of
 * every step, 38 MB of 1,000 sequences of 320 steps, stay the array they come in; their gradients are there for some rows
 * at a time, and neither ever is a tensor.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Attended, AttentionKernels, type AttentionWeights } from '../../kernels/attention-kernels.ts';
import type { Cell, Layer, Weights } from '../../kernels/layer.ts';
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

/** Rows whose states are taken together. */
interface Block {
  readonly from: number;
  readonly rows: number;
  readonly tape: Tape;
  readonly states: Float32Array;
  readonly attended: Attended;
}

interface Kept {
  readonly blocks: readonly Block[];
  readonly attention: AttentionWeights;
  readonly layer: Layer;
  readonly rows: number;
  readonly steps: number;
}

/** Numbers of a block's states. Blocks are of whole sixteens of rows, as the recurrent kernels take them. */
const blockNumbers = 8 * 1024 ** 2;

let made: AttentionKernels | undefined;
function attentionKernels(): AttentionKernels {
  made ??= new AttentionKernels();
  return made;
}

const names = ['kernel', 'recurrentKernel', 'bias', 'attentionKernel', 'attentionBias', 'attentionScore'] as const;
type Name = (typeof names)[number];

const fused = fusedOperation<{ readonly cell: Cell }, Kept>({
  name: 'EvolveAttendedRecurrent',
  forward(numbers, { cell }) {
    const { x, ...of } = numbers as Record<'x' | Name, Numbers>;
    const [rows, steps, inputs] = x.shape as [number, number, number];
    const units = of.recurrentKernel.shape[0] as number;
    const layer = { cell, inputs, units };
    const weights: Weights = {
      kernel: of.kernel.values,
      recurrentKernel: of.recurrentKernel.values,
      bias: of.bias.values,
    };
    const attention: AttentionWeights = {
      kernel: of.attentionKernel.values,
      bias: of.attentionBias.values,
      score: of.attentionScore.values,
    };
    const out = new Float32Array(rows * 2 * units);
    const most = 16 * Math.max(1, Math.floor(blockNumbers / (16 * steps * units)));
    const blocks: Block[] = [];
    // Without rows there is one block, of none: gradients have their shapes from it.
    for (let from = 0; from === 0 || from < rows; from += most) {
      const count = Math.min(most, rows - from);
      const mine = x.values.subarray(from * steps * inputs, (from + count) * steps * inputs);
      const size = { batch: count, steps };
      const { out: states, tape } = kernels().recurrent.forward(layer, size, mine, weights, { sequences: true });
      const attended = attentionKernels().forward(states, attention, { rows: count, steps, units, hidden: units });
      for (let row = 0; row < count; row++) {
        const last = (row * steps + steps - 1) * units;
        out.set(states.subarray(last, last + units), (from + row) * 2 * units);
        out.set(attended.context.subarray(row * units, (row + 1) * units), ((from + row) * 2 + 1) * units);
      }
      blocks.push({ from, rows: count, tape, states, attended });
    }
    return { outputs: [{ shape: [rows, 2 * units], values: out }], kept: { blocks, attention, layer, rows, steps } };
  },
  backward({ blocks, attention, layer, rows, steps }, [dOut], wantsX) {
    const { inputs, units } = layer;
    const x = wantsX ? new Float32Array(rows * steps * inputs) : undefined;
    const sums = new Map<Name, Float64Array>();
    for (const block of blocks) {
      const size = { rows: block.rows, steps, units, hidden: units };
      const [dLast, dContext] = apart(dOut as Float32Array, block, units);
      const scored = attentionKernels().backward(block.states, attention, block.attended, dContext, size);
      for (let row = 0; row < block.rows; row++) {
        const last = (row * steps + steps - 1) * units;
        for (let k = 0; k < units; k++) {
          scored.z[last + k] = (scored.z[last + k] as number) + (dLast[row * units + k] as number);
        }
      }
      const taught = kernels().recurrent.backward(block.tape, scored.z, { x: wantsX });
      if (taught.x) x?.set(taught.x, block.from * steps * inputs);
      for (const [name, values] of [
        ['kernel', taught.kernel],
        ['recurrentKernel', taught.recurrentKernel],
        ['bias', taught.bias],
        ['attentionKernel', scored.kernel],
        ['attentionBias', scored.bias],
        ['attentionScore', scored.score],
      ] as const) {
        const sum = sums.get(name) ?? new Float64Array(values.length);
        for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (values[i] as number);
        sums.set(name, sum);
      }
    }
    const gradients = names.map((name) => [name, Float32Array.from(sums.get(name) as Float64Array)] as const);
    return { ...Object.fromEntries(gradients), x };
  },
});

/** A block's gradients of last states and of contexts, which lie side by side. */
function apart(dOut: Float32Array, { from, rows }: Block, units: number): [last: Float32Array, context: Float32Array] {
  const [last, context] = [new Float32Array(rows * units), new Float32Array(rows * units)];
  for (let row = 0; row < rows; row++) {
    const at = (from + row) * 2 * units;
    last.set(dOut.subarray(at, at + units), row * units);
    context.set(dOut.subarray(at + units, at + 2 * units), row * units);
  }
  return [last, context];
}

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
