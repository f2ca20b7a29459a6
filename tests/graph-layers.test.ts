/** Layers against the stock ones of tfjs, and against each other. */
import * as stock from '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { BatchNorm } from '../models/graph/layers/batch-norm.ts';
import { Dense } from '../models/graph/layers/dense.ts';
import { dropout } from '../models/graph/layers/dropout.ts';
import { NormalisedRecurrent } from '../models/graph/layers/normalised-recurrent.ts';
import { RecurrentLayer } from '../models/graph/layers/recurrent-layer.ts';
import { trained, Variables } from '../models/graph/variables.ts';
import { backends, expectNear, gradientsOf, inference, numbers, on, startKernels, training } from './graph.ts';

let stopKernels: () => void;
beforeAll(() => {
  stopKernels = startKernels();
});
afterAll(() => stopKernels());

const cells = ['gru', 'gru-reset-after', 'lstm'] as const;
const named = (variables: Variables, name: string): tf.Variable => {
  const variable = variables.all.get(name);
  if (!variable) throw new Error(`no variable ${name}`);
  return variable;
};

/** Values far from fresh ones, so that none of them could be left out unnoticed. */
function unsettle(variables: Variables): void {
  const random = stream(7, 0, 0);
  for (const [name, variable] of variables.all) {
    if (name.endsWith('batches')) continue;
    const around = name.endsWith('Variance') ? 2 : name.endsWith('gamma') ? 1 : 0;
    variable.assign(numbers(random, variable.shape, 0.5).add(around));
  }
}

/** The stock layer with our weights: what it says, and its gradients in the order of its weights. */
function stockSays(
  layer: stock.layers.Layer,
  weights: tf.Tensor[],
  x: tf.Tensor,
  dOut: tf.Tensor,
  isTraining: boolean,
) {
  const call = () => layer.apply(x as stock.Tensor, { training: isTraining }) as stock.Tensor;
  if (!layer.built) call();
  layer.setWeights(weights as stock.Tensor[]);
  const values = layer.trainableWeights.map((weight) => weight.read());
  const grads = stock.grads((..._: stock.Tensor[]) =>
    call()
      .mul(dOut as stock.Tensor)
      .sum(),
  )(values);
  layer.setWeights(weights as stock.Tensor[]);
  return { y: call() as tf.Tensor, gradients: grads as tf.Tensor[] };
}

describe.each(backends)('on %s', (backend) => {
  test.each([undefined, 'relu'] as const)('Dense is that of tfjs, activation %s', (activation) =>
    on(backend, () => {
      const random = stream(1, 0, 0);
      const variables = new Variables();
      const shape = { inputs: 7, outputs: 5, init: 'glorot-uniform' } as const;
      const dense = new Dense(variables, 'd', { ...shape, ...(activation && { activation }) }, random);
      unsettle(variables);
      const x = numbers(random, [11, 7]) as tf.Tensor2D;
      const dOut = numbers(random, [11, 5]);
      const weights = ['d/kernel', 'd/bias'].map((name) => named(variables, name));
      const layer = stock.layers.dense({ units: 5, ...(activation && { activation }) });
      const want = stockSays(layer, weights, x, dOut, true);
      expectNear(dense.run(x), want.y, 1e-5);
      const got = gradientsOf(() => dense.run(x), dOut, variables.all);
      expectNear(got['d/kernel'], want.gradients[0], 1e-5);
      expectNear(got['d/bias'], want.gradients[1], 1e-5);
      layer.dispose();
      variables.dispose();
    }),
  );

  test.each([
    ['gru', false],
    ['gru', true],
    ['lstm', false],
    ['lstm', true],
  ] as const)('RecurrentLayer is that of tfjs: %s, sequences %s', (cell, sequences) =>
    on(backend, () => {
      const random = stream(2, 0, 0);
      const variables = new Variables();
      const ours = new RecurrentLayer(variables, 'r', { cell, inputs: 5, units: 6, sequences }, random);
      unsettle(variables);
      const x = numbers(random, [9, 4, 5], 2) as tf.Tensor3D;
      const dOut = numbers(random, sequences ? [9, 4, 6] : [9, 6]);
      const names = ['r/kernel', 'r/recurrentKernel', 'r/bias'];
      const options = { units: 6, recurrentActivation: 'sigmoid', returnSequences: sequences } as const;
      const layer = cell === 'lstm' ? stock.layers.lstm(options) : stock.layers.gru(options);
      const want = stockSays(
        layer,
        names.map((name) => named(variables, name)),
        x,
        dOut,
        true,
      );
      expectNear(ours.run(x), want.y, 1e-4);
      const got = gradientsOf(() => ours.run(x), dOut, variables.all);
      names.forEach((name, i) => {
        expectNear(got[name], want.gradients[i], 1e-4);
      });
      layer.dispose();
      variables.dispose();
    }),
  );

  test('BatchNorm is that of tfjs in training and in inference, but for the start of moving statistics', () =>
    on(backend, () => {
      const random = stream(3, 0, 0);
      const variables = new Variables();
      const norm = new BatchNorm(variables, 'n', 4);
      unsettle(variables);
      const names = ['n/gamma', 'n/beta', 'n/movingMean', 'n/movingVariance'];
      const layer = stock.layers.batchNormalization({});
      const batches = [1, 2, 3].map((k) => numbers(random, [5, 3, 4], k).add(k));
      const dOut = numbers(random, [5, 3, 4]);
      const weights = names.map((name) => named(variables, name).clone());
      const want = stockSays(layer, weights, batches[0] as tf.Tensor, dOut, true);
      const got = gradientsOf(() => norm.run(batches[0] as tf.Tensor, training()), dOut, variables.all);
      expectNear(got['n/gamma'], want.gradients[0], 1e-5);
      expectNear(got['n/beta'], want.gradients[1], 1e-5);

      // Our one batch so far is the first; stock begins at (0, 1) and sees the same three.
      layer.setWeights([...weights.slice(0, 2), tf.zeros([4]), tf.ones([4])] as stock.Tensor[]);
      batches.forEach((x, k) => {
        const y = layer.apply(x as stock.Tensor, { training: true }) as tf.Tensor;
        if (k > 0) expectNear(norm.run(x, training()), y, 1e-5);
      });
      const start = 0.99 ** 3;
      const [, , mean, variance] = layer.getWeights() as tf.Tensor[];
      expect(named(variables, 'n/batches').dataSync()[0]).toBe(3);
      expectNear(named(variables, 'n/movingMean').mul(1 - start), mean, 1e-5);
      expectNear(
        named(variables, 'n/movingVariance')
          .mul(1 - start)
          .add(start),
        variance,
        1e-5,
      );

      layer.setWeights(names.map((name) => named(variables, name)) as tf.Tensor[] as stock.Tensor[]);
      const x = numbers(random, [5, 3, 4], 3);
      expectNear(norm.run(x, inference), layer.apply(x as stock.Tensor, { training: false }) as tf.Tensor, 1e-5);
      layer.dispose();
      variables.dispose();
    }));

  test('after one batch the moving statistics are those of the batch', () =>
    on(backend, () => {
      const variables = new Variables();
      const norm = new BatchNorm(variables, 'n', 3);
      const x = numbers(stream(4, 0, 0), [50, 3], 1e-3).add(5);
      norm.run(x, training());
      const { mean, variance } = tf.moments(x, 0);
      expectNear(named(variables, 'n/movingMean'), mean, 1e-6);
      expectNear(named(variables, 'n/movingVariance'), variance, 1e-3);
      variables.dispose();
    }));

  test('BatchNorm without gamma and beta is one with gamma 1 and beta 0 where epsilons are nothing, gradient of the input included', () =>
    on(backend, () => {
      const [plain, affine] = [new Variables(), new Variables()];
      const norms = [new BatchNorm(plain, 'n', 4, { affine: false }), new BatchNorm(affine, 'n', 4)];
      expect(trained(plain.all).size).toBe(0);
      expect([...plain.all.keys()]).toEqual(['n/movingMean', 'n/movingVariance', 'n/batches']);
      const x = numbers(stream(5, 0, 0), [6, 4], 2000);
      const dOut = numbers(stream(5, 0, 1), [6, 4]);
      for (const pass of [training(), inference]) {
        const [a, b] = norms.map((norm) => ({
          y: norm.run(x, pass),
          dX: tf.grad((x) => norm.run(x, pass))(x, dOut),
        }));
        expectNear(a?.y, b?.y, 1e-6);
        expectNear(a?.dX, b?.dX, 1e-6);
      }
      plain.dispose();
      affine.dispose();
    }));

  test.each(cells)('NormalisedRecurrent is BatchNorm then RecurrentLayer: %s', (cell) =>
    on(backend, () => {
      const [one, two] = [new Variables(), new Variables()];
      const shape = { cell, inputs: 5, units: 6, sequences: cell === 'lstm' };
      const together = new NormalisedRecurrent(one, 'r', shape, stream(6, 0, 0));
      const norm = new BatchNorm(two, 'r/norm', 5);
      const recurrent = new RecurrentLayer(two, 'r', shape, stream(6, 0, 0));
      expect([...one.all.keys()]).toEqual([...two.all.keys()]);
      unsettle(one);
      unsettle(two);
      const x = numbers(stream(6, 0, 1), [40, 3, 5], 2).add(0.5) as tf.Tensor3D;
      const dOut = numbers(stream(6, 0, 2), shape.sequences ? [40, 3, 6] : [40, 6]);
      const runs = [training(), training(), inference];
      for (const pass of runs) {
        const apart = () => recurrent.run(norm.run(x, pass));
        const got = gradientsOf(() => together.run(x, pass), dOut, one.all);
        const want = gradientsOf(apart, dOut, two.all);
        expect(Object.keys(want).sort()).toEqual([...trained(two.all).keys()].sort());
        for (const [name, gradient] of Object.entries(want)) expectNear(got[name], gradient, 1e-5);
        expectNear(together.run(x, pass), apart(), 1e-5);
        for (const [name, variable] of two.all) expectNear(named(one, name), variable, 1e-5);
      }
      expectNear(together.normalised(x), norm.run(x, inference), 1e-6);
      expectNear(together.afterNorm(together.normalised(x)), together.run(x, inference), 1e-5);
      const dX = tf.grad((x) => together.run(x as tf.Tensor3D, inference))(x, dOut);
      expectNear(dX, tf.grad((x) => recurrent.run(norm.run(x as tf.Tensor3D, inference)))(x, dOut), 1e-5);
      one.dispose();
      two.dispose();
    }),
  );

  test('what is frozen is as in inference, does not learn, and learns again when it is not', () =>
    on(backend, () => {
      const variables = new Variables();
      const fresh = stream(8, 0, 0);
      const recurrent = new NormalisedRecurrent(variables, 'r', { cell: 'gru', inputs: 3, units: 4 }, fresh);
      const norm = new BatchNorm(variables, 'n', 4);
      const head = new Dense(variables, 'd', { inputs: 4, outputs: 1, init: 'glorot-uniform' }, fresh);
      const x = numbers(fresh, [20, 2, 3], 2) as tf.Tensor3D;
      const all = [...trained(variables.all).keys()];
      const run = (pass = training()) => head.run(norm.run(recurrent.run(x, pass), pass) as tf.Tensor2D);
      run();
      for (const layer of [recurrent, norm]) layer.frozen = true;
      const before = [...variables.all.values()].map((variable) => [...variable.dataSync()]);
      expectNear(run(), run(inference), 1e-6);
      expect(Object.keys(gradientsOf(run, tf.ones([20, 1]), variables.all))).toEqual(['d/kernel', 'd/bias']);
      expect([...variables.all.values()].map((variable) => [...variable.dataSync()])).toEqual(before);
      for (const layer of [recurrent, norm]) layer.frozen = false;
      expect([...trained(variables.all).keys()]).toEqual(all);
      expect(named(variables, 'n/movingMean').trainable).toBe(false);
      variables.dispose();
    }));

  test('dropout keeps the expectation, repeats with its stream, and leaves inference alone', () =>
    on(backend, () => {
      const x = tf.ones([200, 50]);
      const dropped = dropout(x, 0.3, training(1));
      expect(Math.abs((dropped.mean().dataSync()[0] as number) - 1)).toBeLessThan(0.02);
      const values = [...dropped.dataSync()];
      expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
      expect([...dropout(x, 0.3, training(1)).dataSync()]).toEqual(values);
      expect([...dropout(x, 0.3, training(2)).dataSync()]).not.toEqual(values);
      // What is dropped has no gradient either.
      expect([
        ...tf
          .grad((x) => dropout(x, 0.3, training(1)))(x)
          .dataSync(),
      ]).toEqual(values);
      expect(dropout(x, 0.3, inference)).toBe(x);
      expect(dropout(x, 0, training(1))).toBe(x);
    }));
});

test('NormalisedRecurrent has no gradient of its input in training, and says so', () => {
  const variables = new Variables();
  const layer = new NormalisedRecurrent(variables, 'r', { cell: 'gru', inputs: 2, units: 2 }, stream(1, 0, 0));
  const run = tf.grad((x) => layer.run(x as tf.Tensor3D, training()));
  expect(() => run(tf.ones([3, 2, 2]))).toThrow('EvolveMoments');
  variables.dispose();
});
