/** Small parts of series, and batches of them, for the networks that read series. */
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { type Stream, stream } from '../core/random.ts';
import type { Batch } from '../models/batch.ts';
import type { InputTensors, Network } from '../models/graph/network.ts';
import type { InputPart } from '../models/inputs.ts';

const series = ['open', 'close', 'volume'];
const bars = ['9:45', '10:00'];

/** Three dates of two bars. */
export const minute: InputPart = {
  name: 'minute',
  channels: bars.flatMap((bar) => series.map((name) => ({ name: `${name}@${bar}`, expression: name.toUpperCase() }))),
  lags: [2, 1, 0],
  stepsPerDate: bars.length,
};
export const day: InputPart = {
  name: 'day',
  channels: series.map((name) => ({ name, expression: name.toUpperCase() })),
  lags: [3, 2, 1, 0],
};
const mined = ['mine', 'yours'].map((name) => ({ name, expression: 'CLOSE' }));
/** Mined factors of a part's dates. */
export const factorsOf = ({ lags }: InputPart): InputPart => ({ name: 'factors', channels: mined, lags });

export const rule = { units: 5, dropout: 0 };

export function inputsOf(parts: readonly InputPart[], rows: number, seed = 5): InputTensors {
  const random = stream(seed, 0, 0);
  return new Map(
    parts.map(({ name, lags, channels, stepsPerDate = 1 }) => {
      const shape: [number, number, number] = [rows, lags.length * stepsPerDate, channels.length / stepsPerDate];
      const size = shape[0] * shape[1] * shape[2];
      return [
        name,
        tf.tensor3d(
          Float32Array.from({ length: size }, () => random.normal()),
          shape,
        ),
      ];
    }),
  );
}

/** Of two dates. */
export function labelled(rows: number, seed = 4): Batch {
  const random = stream(seed, 0, 0);
  const middle = rows >> 1;
  return {
    rows,
    sections: [
      { date: 0, from: 0, to: middle },
      { date: 1, from: middle, to: rows },
    ],
    inputs: new Map(),
    labels: Float32Array.from({ length: rows }, () => random.normal()),
    symbols: new Int32Array(rows),
  };
}

/** Weights that are not where they start: biases other than 0, scales other than 1. */
export function disturb({ variables }: Pick<Network, 'variables'>, random: Stream): void {
  for (const variable of variables.values()) {
    if (!variable.trainable) continue;
    const values = Float32Array.from(variable.dataSync(), (value) => value + 0.3 * random.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

export const valuesOf = ({ variables }: Network): Map<string, number[]> =>
  new Map([...variables].map(([name, variable]) => [name, [...variable.dataSync()]]));

/** Largest distance as a part of the largest number, or of `least`. */
export function expectNear(
  found: ArrayLike<number> | undefined,
  wanted: ArrayLike<number>,
  { tolerance = 1e-4, least = 1e-3, what = '' } = {},
): void {
  expect(found?.length, what).toBe(wanted.length);
  let [off, most] = [0, least];
  for (let i = 0; i < wanted.length; i++) {
    off = Math.max(off, Math.abs((found?.[i] as number) - (wanted[i] as number)));
    most = Math.max(most, Math.abs(wanted[i] as number));
  }
  expect(off / most, what).toBeLessThan(tolerance);
}
