/** Which backend computes, and why not a faster one; in the main thread and in others. */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { type BackendWish, chooseBackend } from '../models/graph/backend.ts';
import { dense } from '../models/graph/ops/dense.ts';
import { Variables } from '../models/graph/variables.ts';

const events = ['uncaughtException', 'unhandledRejection'] as const;
const listeners = () => events.map((event) => process.listenerCount(event));
const listenersBefore = listeners();

/** What is optional, and the package of it that is asked for first. */
const optional = { tensorflow: '@tensorflow/tfjs-node', webgpu: '@tensorflow/tfjs-backend-webgpu' } as const;
const absent = (['tensorflow', 'webgpu'] as const).filter((name) => {
  try {
    createRequire(import.meta.url).resolve(optional[name]);
    return false;
  } catch {
    return true;
  }
});

test.runIf(absent.length === 2)('wasm where nothing faster is installed, and why', async () => {
  expect(await chooseBackend('auto')).toEqual({
    name: 'wasm',
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    passedOver: [
      { name: 'tensorflow', reason: 'not installed' },
      { name: 'webgpu', reason: 'not installed' },
    ],
  });
  expect(tf.getBackend()).toBe('wasm');
  // Emscripten would have the process hear of its failures by listeners of its own.
  expect(listeners()).toEqual(listenersBefore);
});

test.each(['wasm', 'cpu'] as const)('%s when wished, and again', async (wish) => {
  for (const _ of [1, 2]) {
    expect(await chooseBackend(wish)).toMatchObject({ name: wish, passedOver: [] });
    expect(tf.getBackend()).toBe(wish);
  }
});

test.each(absent)('%s cannot be had: one sentence with a remedy', async (wish) => {
  await chooseBackend('cpu');
  const refusal: unknown = await chooseBackend(wish).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(EvolveError);
  expect(refusal).toMatchObject({ code: 'no-backend', message: expect.stringMatching(/not installed.*npm install/) });
  expect(String(refusal)).not.toContain('\n');
  expect(tf.getBackend()).toBe('cpu');
});

test.each(['wasm', 'cpu'] satisfies BackendWish[])('a thread of its own has its own %s', async (wish) => {
  const code = `
    const { parentPort } = require('node:worker_threads');
    (async () => {
      const { chooseBackend } = await import('${new URL('../dist/models/graph/backend.js', import.meta.url)}');
      const tf = await import('@tensorflow/tfjs-core');
      const { name } = await chooseBackend('${wish}');
      parentPort.postMessage({ name, value: tf.sum(tf.sqrt(tf.tensor([4, 9]))).dataSync()[0] });
    })();`;
  const worker = new Worker(code, { eval: true });
  const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  expect(answer).toEqual({ name: wish, value: 5 });
  await worker.terminate();
});

test('two networks of a thread may have the same names', async () => {
  await chooseBackend('cpu');
  const [one, two] = [new Variables(), new Variables()];
  for (const variables of [one, two]) variables.make('a', [1], new Float32Array([1]));
  expect(() => one.make('a', [1], new Float32Array(1))).toThrow('already');
  one.dispose();
  expect(two.all.get('a')?.dataSync()[0]).toBe(1);
  two.dispose();
});

test('kernels are there before tensors go through them', async () => {
  await chooseBackend('cpu');
  expect(() => dense(tf.ones([1, 2]), tf.ones([2, 1]), tf.ones([1]))).toThrow('useKernels');
});
