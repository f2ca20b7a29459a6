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
  const biases = tf.unstack(tf.reshape(bias, [-1, columns]), 0) as tf.Tensor1D[];
  // Every step's product with the inputs at once.
  const product = tf.matMul(tf.reshape(x, [rows * steps, inputs]), kernel as tf.Tensor2D);
  const fromX = tf.reshape(tf.add(product, biases[0] as tf.Tensor1D), [rows, steps, columns]);
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
    const gates = tf.split(tf.add(fromX, tf.matMul(h, recurrentKernel)), 4, 1);
    const [i, f, g, o] = gates as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const newC = tf.add<tf.Tensor2D>(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    return { h: tf.mul(tf.sigmoid(o), tf.tanh(newC)), c: newC };
  };
}

/** With a bias of its own for the state, reset comes after the product. */
function gru(recurrentKernel: tf.Tensor2D, units: number, stateBias: tf.Tensor1D | undefined): Step {
  const apart = (columns: tf.Tensor2D) => tf.split(columns, [2 * units, units], 1) as [tf.Tensor2D, tf.Tensor2D];
  const [forGates, forCandidate] = apart(recurrentKernel);
  return (fromX, { h, c }) => {
    const [xGates, xCandidate] = apart(fromX);
    const after = stateBias && apart(tf.add(tf.matMul(h, recurrentKernel), stateBias));
    const gates = tf.sigmoid(tf.add(xGates, after?.[0] ?? tf.matMul(h, forGates)));
    const [z, r] = tf.split(gates, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    const n = tf.tanh(
      tf.add(xCandidate, after ? tf.mul(r, after[1]) : tf.matMul(tf.mul<tf.Tensor2D>(r, h), forCandidate)),
    );
    // h' = z h + (1 - z) n
    return { h: tf.add(n, tf.mul(z, tf.sub(h, n))), c };
  };
}
