/** Series of steps, and beside them at every step the numbers of the step's date. */
import * as tf from '@tensorflow/tfjs-core';
import { heldTensor } from '../held-tensor.ts';
import { fusedOperation, fuses, type Numbers } from './fused.ts';

interface Size {
  readonly rows: number;
  readonly dates: number;
  readonly stepsPerDate: number;
  /** Of a step. */
  readonly own: number;
  /** Of a date. */
  readonly beside: number;
}

const fused = fusedOperation<undefined, Size>({
  name: 'EvolveJoinSeries',
  // Read by a recurrent layer, which is ours.
  write: heldTensor,
  forward(inputs) {
    const { x, perDate } = inputs as Record<'x' | 'perDate', Numbers>;
    const [rows, steps, own] = x.shape as [number, number, number];
    const [, dates, beside] = perDate.shape as [number, number, number];
    const size = { rows, dates, stepsPerDate: steps / dates, own, beside };
    return {
      outputs: [{ shape: [rows, steps, own + beside], values: joined(x.values, perDate.values, size) }],
      kept: size,
    };
  },
  backward: (size, [dOut], wantsX) => ({
    x: wantsX ? ofSteps(dOut as Float32Array, size) : undefined,
    perDate: ofDates(dOut as Float32Array, size),
  }),
});

/** [rows, steps, channels of both] of x, [rows, steps, channels], and perDate, [rows, dates, channels]. */
export function joinSeries(x: tf.Tensor3D, perDate: tf.Tensor3D): tf.Tensor3D {
  return fuses() ? (fused({ x, perDate }, undefined)[0] as tf.Tensor3D) : composedJoin(x, perDate);
}

function composedJoin(x: tf.Tensor3D, perDate: tf.Tensor3D): tf.Tensor3D {
  const [rows, steps] = x.shape;
  const [, dates, beside] = perDate.shape;
  // Side by side they lie as steps do, and concat, unlike tile, has a gradient of ours.
  const held = tf.concat3d(new Array(steps / dates).fill(perDate), 2);
  return tf.concat3d([x, tf.reshape(held, [rows, steps, beside])], 2);
}

function joined(x: Float32Array, perDate: Float32Array, { rows, dates, stepsPerDate, own, beside }: Size) {
  const out = new Float32Array(rows * dates * stepsPerDate * (own + beside));
  let [at, from] = [0, 0];
  for (let date = 0; date < rows * dates; date++) {
    for (let step = 0; step < stepsPerDate; step++) {
      for (let j = 0; j < own; j++) out[at++] = x[from++] as number;
      for (let j = 0; j < beside; j++) out[at++] = perDate[date * beside + j] as number;
    }
  }
  return out;
}

function ofSteps(dOut: Float32Array, { rows, dates, stepsPerDate, own, beside }: Size): Float32Array {
  const d = new Float32Array(rows * dates * stepsPerDate * own);
  for (let at = 0, from = 0; at < d.length; from += beside) {
    for (let j = 0; j < own; j++) d[at++] = dOut[from++] as number;
  }
  return d;
}

/** The sum over a date's steps. */
function ofDates(dOut: Float32Array, { rows, dates, stepsPerDate, own, beside }: Size): Float32Array {
  const d = new Float32Array(rows * dates * beside);
  let from = 0;
  for (let date = 0; date < rows * dates; date++) {
    for (let step = 0; step < stepsPerDate; step++) {
      from += own;
      for (let j = 0; j < beside; j++) {
        const at = date * beside + j;
        d[at] = (d[at] as number) + (dOut[from++] as number);
      }
    }
  }
  return d;
}
