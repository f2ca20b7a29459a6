/** A GRU or an LSTM of stock operations, a step at a time: for devices of their own. What it means: models/kernels/reference.ts. */
import * as tf from '@tensorflow/tfjs-core';
import type { Cell } from '../../../kernels/layer.ts';
import type { WeightTensors } from '../recurrent.ts';

interface State {
  readonly h: tf.Tensor2D;
  readonly c: tf.Tensor2D;
}

export function composedRecurrent(
  x: tf.Tensor3D,
  { kernel, recurrentKernel, bias }: WeightTensors,
  cell: Cell,
  sequences: boolean,
): tf.Tensor2D | tf.Tensor3D {
  const [rows, steps, inputs] = x.shape;
  const [units, columns] = recurrentKernel.shape as [number, number];
  const state = recurrentKernel as tf.Tensor2D;
  const biases = tf.unstack(bias.reshape([-1, columns]), 0) as tf.Tensor1D[];
  // Every step's product with the inputs at once.
  const fromX = tf
    .matMul(x.reshape([rows * steps, inputs]), kernel as tf.Tensor2D)
    .add(biases[0] as tf.Tensor1D)
    .reshape([rows, steps, columns]);
  const step = cell === 'lstm' ? lstm(state) : gru(state, units, cell === 'gru' ? undefined : biases[1]);
  let now: State = { h: tf.zeros([rows, units]), c: tf.zeros([rows, units]) };
  const states: tf.Tensor2D[] = [];
  for (const fromInput of tf.unstack(fromX, 1) as tf.Tensor2D[]) {
    now = step(fromInput, now);
    states.push(now.h);
  }
  return sequences ? (tf.stack(states, 1) as tf.Tensor3D) : now.h;
}

type Step = (fromX: tf.Tensor2D, state: State) => State;

function lstm(recurrentKernel: tf.Tensor2D): Step {
  return (fromX, { h, c }) => {
    const gates = tf.split(fromX.add(tf.matMul(h, recurrentKernel)), 4, 1);
    const [i, f, g, o] = gates as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const newC: tf.Tensor2D = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
    return { h: o.sigmoid().mul(newC.tanh()), c: newC };
  };
}

/** With a bias of its own for the state, reset comes after the product. */
function gru(recurrentKernel: tf.Tensor2D, units: number, stateBias: tf.Tensor1D | undefined): Step {
  const [forGates, forCandidate] = tf.split(recurrentKernel, [2 * units, units], 1) as [tf.Tensor2D, tf.Tensor2D];
  return (fromX, { h, c }) => {
    const [xGates, xCandidate] = tf.split(fromX, [2 * units, units], 1) as [tf.Tensor2D, tf.Tensor2D];
    const after = stateBias && tf.split(tf.matMul(h, recurrentKernel).add(stateBias), [2 * units, units], 1);
    const [z, r] = tf.split(xGates.add(after?.[0] ?? tf.matMul(h, forGates)).sigmoid(), 2, 1) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const fromState = after?.[1] ? r.mul(after[1]) : tf.matMul(r.mul(h) as tf.Tensor2D, forCandidate);
    const n = xCandidate.add(fromState).tanh();
    // h' = z h + (1 - z) n
    return { h: n.add(z.mul(h.sub(n))), c };
  };
}
