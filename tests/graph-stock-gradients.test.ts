/** Our gradients of stock operations against those of the whole of tfjs, which is loaded only after ours have spoken. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import { expectNear, numbers } from './graph.ts';

await chooseBackend('cpu');

type Function = (...inputs: tf.Tensor[]) => tf.Tensor;
const [a, b, row, positive] = [[3, 4], [3, 4], [4], [3, 4]].map((shape, i) => numbers(stream(1, i, 0), shape)) as [
  tf.Tensor,
  tf.Tensor,
  tf.Tensor,
  tf.Tensor,
];
const first = ([tensor]: tf.Tensor[]) => tensor as tf.Tensor;
const last = (tensors: tf.Tensor[]) => tensors.at(-1) as tf.Tensor;
const two = (f: (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor) => f as Function;
const one = (f: (x: tf.Tensor) => tf.Tensor) => f as Function;

const cases: readonly (readonly [Function, readonly tf.Tensor[]])[] = [
  ...[tf.add, tf.sub, tf.mul, tf.div].flatMap((f) => [
    [two(f), [a, b]] as const,
    [two(f), [a, row]] as const,
    [two(f), [row, a]] as const,
  ]),
  ...[tf.neg, tf.square, tf.exp, tf.abs, tf.relu, tf.sigmoid, tf.tanh, tf.clone].map((f) => [one(f), [a]] as const),
  ...[tf.sqrt, tf.rsqrt, tf.log].map((f) => [one((x) => f(tf.add(tf.abs(x), 1))), [a]] as const),
  [one((x) => tf.cast(x, 'float32')), [a]],
  [one((x) => tf.mul(tf.reshape(x, [2, 6]), 2)), [a]],
  [one((x) => tf.mul(tf.expandDims(x, 1), 2)), [a]],
  [one((x) => tf.transpose(x)), [a]],
  [one((x) => tf.transpose(tf.reshape(x, [1, 4, 3]), [2, 0, 1])), [a]],
  [one((x) => tf.sum(x, 0)), [a]],
  [one((x) => tf.sum(x, 1, true)), [a]],
  [one((x) => tf.sum(x)), [a]],
  [one((x) => tf.mean(x, -1)), [a]],
  [one((x) => tf.mean(x)), [a]],
  [one((x) => tf.slice(x, [1, 1], [-1, 2])), [a]],
  [one((x) => tf.mul(last(tf.split(x, [1, 3], 1)), 2)), [a]],
  [one((x) => tf.mul(...(tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor]))), [a]],
  [one((x) => tf.mul(first(tf.unstack(x, 1)), last(tf.unstack(x, 1)))), [a]],
  [two((a, b) => tf.stack([a, b], 1)), [a, b]],
  [two((a, b) => tf.concat([a, tf.mul(b, 2)], -1)), [a, b]],
  [two((a, b) => tf.where(tf.greater(positive, 0), a, b)), [a, b]],
  [one((x) => tf.clipByValue(x, -0.3, 0.4)), [a]],
  ...[false, true].flatMap((left) =>
    [false, true].map((right) => {
      const turned = (x: tf.Tensor2D, isTurned: boolean) => (isTurned ? tf.transpose(x) : x);
      const product = two((a, b) => tf.matMul(turned(a, left), turned(tf.transpose(b), right), left, right));
      return [product, [a, b]] as const;
    }),
  ),
];

const gradientsOf = ([f, inputs]: (typeof cases)[number]) => {
  const y = f(...inputs);
  return tf.grads(f)([...inputs], numbers(stream(2, 0, 0), y.shape));
};

test('gradients of stock operations', async () => {
  const ours = cases.map(gradientsOf);
  const mine = tf.getGradient(tf.Add);
  await import('@tensorflow/tfjs');
  expect(tf.getGradient(tf.Add)).not.toBe(mine);
  cases.forEach((one, i) => {
    gradientsOf(one).forEach((gradient, k) => {
      expectNear(ours[i]?.[k], gradient, 1e-6);
    });
  });
});
