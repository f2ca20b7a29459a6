/** Our operations by kernels against the same of stock operations, with gradients of everything, and what they leave behind. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { gradients } from '../models/graph/gradients.ts';
import { initialise, orthogonal } from '../models/graph/initialisers.ts';
import { inputTensor } from '../models/graph/input-tensor.ts';
import { BatchNorm } from '../models/graph/layers/batch-norm.ts';
import { Dense } from '../models/graph/layers/dense.ts';
import { dropout } from '../models/graph/layers/dropout.ts';
import { NormalisedRecurrent } from '../models/graph/layers/normalised-recurrent.ts';
import { batchNormTraining } from '../models/graph/ops/batch-norm.ts';
import { composedBatchNorm, composedMoments } from '../models/graph/ops/composed/batch-norm.ts';
import { composedPool } from '../models/graph/ops/composed/pool.ts';
import { composedRecurrent } from '../models/graph/ops/composed/recurrent.ts';
import { dense } from '../models/graph/ops/dense.ts';
import { joinSeries } from '../models/graph/ops/join-series.ts';
import { moments } from '../models/graph/ops/moments.ts';
import { pool } from '../models/graph/ops/pool.ts';
import { recurrent } from '../models/graph/ops/recurrent.ts';
import { trained, Variables } from '../models/graph/variables.ts';
import { weightCounts } from '../models/kernels/layer.ts';
import { backends, expectNear, inference, numbers, on, startKernels, training } from './graph.ts';

let stopKernels: () => void;
beforeAll(() => {
  stopKernels = startKernels();
});
afterAll(() => stopKernels());

/** Both ways give the same, and the same gradients of all inputs, asked for together and x left out. */
function expectSame(
  inputs: tf.Tensor[],
  ways: readonly [(...inputs: tf.Tensor[]) => tf.Tensor, (...inputs: tf.Tensor[]) => tf.Tensor],
): void {
  const [fused, composed] = ways;
  const y = composed(...inputs);
  expectNear(fused(...inputs), y, 1e-5);
  const dOut = numbers(stream(99, 0, 0), y.shape);
  const want = tf.grads(composed)(inputs, dOut);
  const got = tf.grads(fused)(inputs, dOut);
  want.forEach((gradient, i) => {
    expectNear(got[i], gradient, 2e-5);
  });
  const [x, ...rest] = inputs as [tf.Tensor, ...tf.Tensor[]];
  if (rest.length === 0) return;
  const withoutX = tf.grads((...others: tf.Tensor[]) => fused(x, ...others))(rest, dOut);
  withoutX.forEach((gradient, i) => {
    expect([...gradient.dataSync()]).toEqual([...(got[i + 1] as tf.Tensor).dataSync()]);
  });
}

describe.each(backends)('on %s', (backend) => {
  test.each(
    (['gru', 'gru-reset-after', 'lstm'] as const).flatMap((cell) => [
      { cell, sequences: false, rows: 17, steps: 5 },
      { cell, sequences: true, rows: 3, steps: 2 },
      { cell, sequences: false, rows: 1, steps: 1 },
    ]),
  )('recurrent: $cell of $rows x $steps', ({ cell, sequences, rows, steps }) =>
    on(backend, () => {
      const random = stream(1, steps, rows);
      const [inputs, units] = [4, 5];
      const counts = weightCounts({ cell, inputs, units });
      const columns = counts.kernel / inputs;
      const bias = cell === 'gru-reset-after' ? [2, columns] : [columns];
      const x = numbers(random, [rows, steps, inputs], 2);
      const weights = [[inputs, columns], [units, columns], bias].map((shape) => numbers(random, shape, 0.7));
      const named = ([kernel, recurrentKernel, bias]: tf.Tensor[]) =>
        ({ kernel, recurrentKernel, bias }) as { kernel: tf.Tensor; recurrentKernel: tf.Tensor; bias: tf.Tensor };
      expectSame(
        [x, ...weights],
        [
          (x, ...weights) => recurrent(x as tf.Tensor3D, named(weights), cell, { sequences }),
          (x, ...weights) => composedRecurrent(x as tf.Tensor3D, named(weights), cell, sequences),
        ],
      );
    }),
  );

  test('dense', () =>
    on(backend, () => {
      const random = stream(2, 0, 0);
      for (const [rows, inputs, outputs] of [
        [19, 7, 5],
        [1, 1, 1],
        [70, 33, 1],
      ] as const) {
        expectSame(
          [numbers(random, [rows, inputs]), numbers(random, [inputs, outputs]), numbers(random, [outputs])],
          [
            (x, kernel, bias) => dense(x as tf.Tensor2D, kernel as tf.Tensor2D, bias as tf.Tensor1D),
            (x, kernel, bias) => tf.add(tf.matMul(x as tf.Tensor2D, kernel as tf.Tensor2D), bias as tf.Tensor),
          ],
        );
      }
    }));

  test('batch normalisation and moments', () =>
    on(backend, () => {
      const random = stream(3, 0, 0);
      for (const shape of [
        [12, 5],
        [6, 3, 4],
        [9, 1],
      ]) {
        const x = tf.add(numbers(random, shape, 3), 1);
        const channels = [shape.at(-1) as number];
        type One = tf.Tensor1D;
        const weights = [tf.add(numbers(random, channels), 1.5), numbers(random, channels)];
        expectSame(
          [x, ...weights],
          [
            (x, gamma, beta) => batchNormTraining(x as tf.Tensor, gamma as One, beta as One, 1e-3).y,
            (x, gamma, beta) => composedBatchNorm(x as tf.Tensor, gamma as One, beta as One, 1e-3).y,
          ],
        );
        const [got, want] = [moments(x), composedMoments(x)];
        expectNear(got.mean, want.mean, 1e-5);
        expectNear(got.variance, want.variance, 1e-5);
        expectNear(batchNormTraining(x, undefined, undefined, 1e-3).mean, want.mean, 1e-5);
      }
    }));

  test('pooling, ties included', () =>
    on(backend, () => {
      const ties = tf.tensor3d([1, 2, 2, 1, 2, 2, 0, 2, 2, 0, 0, 0], [2, 3, 2]);
      for (const x of [numbers(stream(4, 0, 0), [7, 3, 5]), numbers(stream(4, 0, 1), [2, 1, 3]), ties]) {
        [0, 1, 2].forEach((which) => {
          expectSame(
            [x],
            [
              (x) => pool(x as tf.Tensor3D)[which] as tf.Tensor,
              (x) => composedPool(x as tf.Tensor3D)[which] as tf.Tensor,
            ],
          );
        });
      }
    }));

  test.each([
    { rows: 5, dates: 3, stepsPerDate: 4, own: 2, beside: 3 },
    { rows: 2, dates: 4, stepsPerDate: 1, own: 3, beside: 1 },
    { rows: 1, dates: 1, stepsPerDate: 2, own: 1, beside: 1 },
  ])('series of $dates x $stepsPerDate steps, and $beside numbers a date beside them', ({ stepsPerDate, ...size }) =>
    on(backend, () => {
      const { rows, dates, own, beside } = size;
      const steps = dates * stepsPerDate;
      const dateOf = tf.tensor1d(
        Array.from({ length: steps }, (_, step) => Math.floor(step / stepsPerDate)),
        'int32',
      );
      const onDates = tf.oneHot(dateOf, dates + 1);
      const spread = tf.slice(tf.cast(onDates, 'float32'), [0, 0], [steps, dates]);
      const atSteps = (perDate: tf.Tensor) =>
        tf.transpose(
          tf.reshape(
            tf.matMul(tf.reshape(tf.transpose(perDate, [0, 2, 1]), [rows * beside, dates]), spread, false, true),
            [rows, beside, steps],
          ),
          [0, 2, 1],
        );
      const random = stream(7, stepsPerDate, 0);
      expectSame(
        [numbers(random, [rows, steps, own]), numbers(random, [rows, dates, beside])],
        [
          (x, perDate) => joinSeries(x as tf.Tensor3D, perDate as tf.Tensor3D),
          (x, perDate) => tf.concat([x as tf.Tensor, atSteps(perDate as tf.Tensor)], 2),
        ],
      );
    }),
  );

  test('an empty batch gives empty answers', () =>
    on(backend, () => {
      expect(dense(tf.zeros([0, 3]), tf.zeros([3, 2]), tf.zeros([2])).shape).toEqual([0, 2]);
      expect(pool(tf.zeros([0, 3, 2])).map(({ shape }) => shape)).toEqual([
        [0, 2],
        [0, 2],
        [0, 2],
      ]);
      const weights = { kernel: tf.zeros([2, 9]), recurrentKernel: tf.zeros([3, 9]), bias: tf.zeros([9]) };
      expect(recurrent(tf.zeros([0, 4, 2]), weights, 'gru', { sequences: false }).shape).toEqual([0, 3]);
      const variables = new Variables();
      const layer = new NormalisedRecurrent(variables, 'r', { cell: 'lstm', inputs: 2, units: 3 }, stream(1, 0, 0));
      const states = layer.run(tf.zeros([0, 4, 2]), inference);
      expect(new BatchNorm(variables, 'n', 3).run(states, inference).shape).toEqual([0, 3]);
      variables.dispose();
    }));

  test('training leaves no tensors behind, step after step, and learns', () =>
    on(backend, () => {
      const fresh = stream(5, 0, 0);
      const variables = new Variables();
      const body = new NormalisedRecurrent(variables, 'r', { cell: 'lstm', inputs: 6, units: 8 }, fresh);
      const norm = new BatchNorm(variables, 'n', 8);
      const shape = { inputs: 8, outputs: 4, init: 'truncated-normal', activation: 'relu' } as const;
      const hidden = new Dense(variables, 'h', shape, fresh);
      const head = new Dense(variables, 'd', { inputs: 4, outputs: 1, init: 'glorot-uniform' }, fresh);
      const x = numbers(fresh, [64, 3, 6]) as tf.Tensor3D;
      const y = tf.reshape(tf.slice(x, [0, 2, 0], [64, 1, 1]), [64, 1]);
      const counts = new Set<number>();
      const losses: number[] = [];
      for (let step = 0; step < 40; step++) {
        const pass = training(step);
        const { value, gradients: found } = gradients(() => {
          const h = norm.run(body.run(x, pass), pass);
          const out = head.run(dropout(hidden.run(h as tf.Tensor2D), 0.1, pass));
          return tf.mean<tf.Scalar>(tf.square(tf.sub(out, y)));
        }, variables.all);
        expect(Object.keys(found)).toEqual([...trained(variables.all).keys()]);
        tf.tidy(() => {
          for (const [name, gradient] of Object.entries(found)) {
            const variable = variables.all.get(name) as tf.Variable;
            variable.assign(tf.sub(variable, tf.mul(gradient, 0.3)));
          }
        });
        losses.push(value.dataSync()[0] as number);
        tf.dispose([value, found]);
        counts.add(tf.memory().numTensors);
      }
      expect(counts.size).toBe(1);
      expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] as number));
      variables.dispose();
    }));
});

test('stock operations read what is held, though memory grows for it', () =>
  on('wasm', () => {
    const [rows, steps] = [1206, 320];
    const held = (channels: number, value: number) =>
      inputTensor(new Float32Array(rows * steps * channels).fill(value), [rows, steps, channels]);
    const last = (x: tf.Tensor) => x.dataSync().at(-1);
    expect(last(tf.concat3d([held(6, 1), held(4, 2)], 2))).toBe(2);
    expect(last(tf.slice(held(9, 3), [0, 0, 0], [rows, 1, 9]))).toBe(3);
    expect(last(tf.split(held(12, 4), 2, 2)[1] as tf.Tensor)).toBe(4);
    expect(last(tf.transpose(held(15, 5), [1, 0, 2]))).toBe(5);
  }));

test('Glorot numbers are uniform within their limit', () => {
  const limit = Math.sqrt(6 / (40 + 60));
  const values = initialise('glorot-uniform', 40, 60, stream(1, 0, 0));
  expect(values.length).toBe(2400);
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(limit);
  expect(Math.max(...values)).toBeGreaterThan(0.99 * limit);
  expect(Math.min(...values)).toBeLessThan(-0.99 * limit);
  const square = values.reduce((sum, v) => sum + v * v, 0) / values.length;
  expect(square / (limit * limit * (1 / 3))).toBeCloseTo(1, 1);
});

test('truncated normal numbers end at two deviations', () => {
  const values = initialise('truncated-normal', 100, 50, stream(2, 0, 0));
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.1);
  expect(Math.max(...values)).toBeGreaterThan(0.097);
  // Cut at two, a standard normal has a deviation of 0.88.
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  expect(deviation / 0.05).toBeCloseTo(0.88, 1);
});

test.each([
  [30, 90],
  [6, 6],
  [9, 4],
  [1, 3],
])('an orthogonal matrix of %i x %i has orthonormal vectors', (rows, columns) => {
  const q = orthogonal(rows, columns, stream(3, 0, 0));
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const at = (k: number, i: number) => q[rows <= columns ? k * columns + i : i * columns + k] as number;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < count; b++) {
      const product = Array.from({ length }, (_, i) => at(a, i) * at(b, i)).reduce((sum, v) => sum + v, 0);
      expect(product).toBeCloseTo(a === b ? 1 : 0, 6);
    }
  }
});

test('the forget gate of a fresh LSTM is open', () => {
  const variables = new Variables();
  new NormalisedRecurrent(variables, 'r', { cell: 'lstm', inputs: 2, units: 2 }, stream(4, 0, 0));
  expect([...(variables.all.get('r/bias') as tf.Variable).dataSync()]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  variables.dispose();
});
