/** Networks' pieces on the backends every machine has, with the real kernels. */
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { type Stream, stream } from '../core/random.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import { gradients } from '../models/graph/gradients.ts';
import { useKernels } from '../models/graph/kernels.ts';
import type { Pass } from '../models/graph/network.ts';
import { PlainKernels } from '../models/kernels/plain-kernels.ts';
import { Recurrent } from '../models/kernels/recurrent.ts';

export const backends = ['wasm', 'cpu'] as const;
export const inference: Pass = { kind: 'inference' };
export const training = (seed = 1): Pass => ({ kind: 'training', dropout: stream(seed, 0, 0) });

/** Kernels for this file; call what it gives back when done. */
export function startKernels(): () => void {
  const recurrent = new Recurrent({ threads: 1 });
  useKernels({ recurrent, plain: new PlainKernels() });
  return () => recurrent.close();
}

/** Runs on one of the backends and checks that no tensor is left behind. */
export async function on(backend: (typeof backends)[number], run: () => void): Promise<void> {
  await chooseBackend(backend);
  expect(tf.getBackend()).toBe(backend);
  const before = tf.memory().numTensors;
  tf.engine().startScope();
  run();
  tf.engine().endScope();
  expect(tf.memory().numTensors).toBe(before);
}

export function numbers(random: Stream, shape: number[], scale = 1): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => (2 * random.next() - 1) * scale),
    shape,
  );
}

/** Of sum(y weights): every number of y has a say of its own. */
export function gradientsOf(
  run: () => tf.Tensor,
  weights: tf.Tensor,
  variables: ReadonlyMap<string, tf.Variable>,
): tf.NamedTensorMap {
  return gradients(() => tf.sum(tf.mul(run(), weights)), variables).gradients;
}

/** Largest difference as a part of the largest number. */
export function expectNear(got: tf.Tensor | undefined, want: tf.Tensor | undefined, tolerance: number): void {
  if (!got || !want) throw new Error('nothing to compare');
  expect(got.shape).toEqual(want.shape);
  const [g, w] = [got.dataSync(), want.dataSync()];
  let [error, scale] = [0, 1e-6];
  for (let i = 0; i < w.length; i++) {
    const distance = Math.abs((g[i] as number) - (w[i] as number));
    error = Math.max(error, distance);
    scale = Math.max(scale, Math.abs(w[i] as number));
  }
  expect(error / scale).toBeLessThan(tolerance);
}
