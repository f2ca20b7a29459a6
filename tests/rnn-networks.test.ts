/** The factor units: standardised each, their mean the prediction, taught to be unlike each other. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import { gradients } from '../models/graph/gradients.ts';
import { loss } from '../models/graph/loss.ts';
import { Optimiser } from '../models/graph/optimiser.ts';
import type { InputPart } from '../models/inputs.ts';
import { rnnNetwork } from '../models/rnn/rnn-network.ts';
import type { LossRule } from '../models/training-rule.ts';
import { inference, startKernels, training } from './graph.ts';
import { day, disturb, expectNear, factorsOf, inputsOf, labelled, minute, rule, valuesOf } from './series-networks.ts';

let stopKernels: () => void;
beforeAll(async () => {
  stopKernels = startKernels();
  await chooseBackend('wasm');
});
afterAll(() => stopKernels());

const mse: LossRule = { kind: 'mse', neutral: false, topWeight: 1, orthogonality: 1 };
const make = (parts: readonly InputPart[], factorUnits: number, dropout = 0, seed = 1) =>
  rnnNetwork(parts, factorUnits, { ...rule, dropout }, stream(seed, 0, 0));
const columns = (out: tf.Tensor2D) => tf.transpose(out).arraySync() as number[][];
const meanOf = (all: readonly number[]) => all.reduce((sum, x) => sum + x, 0) / all.length;
const varianceOf = (all: readonly number[]) => meanOf(all.map((x) => (x - meanOf(all)) ** 2));
const table = [1, 7].flatMap((factorUnits) => [
  { factorUnits, parts: [day], of: 'days' },
  { factorUnits, parts: [minute], of: 'bars' },
  { factorUnits, parts: [day, factorsOf(day)], of: 'days and factors' },
]);

test.each(table)('$factorUnits units of $of: shapes, what learns, and rows by themselves', ({ factorUnits, parts }) => {
  const net = make(parts, factorUnits);
  const width = factorUnits === 1 ? 1 : 1 + factorUnits;
  tf.tidy(() => {
    const inputs = inputsOf(parts, 15);
    const { gradients: found, value } = gradients(
      () => loss(mse, net.run(inputs, training()), labelled(15)),
      net.variables,
    );
    expect(Number.isFinite(value.dataSync()[0])).toBe(true);
    expect(Object.keys(found).sort()).toEqual(
      ['bias', 'kernel', 'recurrentKernel']
        .map((name) => `day/${name}`.replace('day', parts[0]?.name ?? ''))
        .concat('units/kernel')
        .sort(),
    );
    for (const [name, gradient] of Object.entries(found)) {
      expect(
        gradient.dataSync().some((slope) => Math.abs(slope) > 1e-6),
        name,
      ).toBe(true);
    }
    const all = net.run(inputs, inference);
    expect(all.shape).toEqual([15, width]);
    const some = new Map([...inputs].map(([name, x]) => [name, tf.slice(x, [4, 0, 0], [2, -1, -1])]));
    expectNear(net.run(some, inference).dataSync(), all.dataSync().slice(4 * width, 6 * width), { tolerance: 1e-6 });
  });
  net.dispose();
});

test('units are standardised over the batch, and the prediction is their mean, standardised', () => {
  const net = make([day], 6);
  tf.tidy(() => {
    const [prediction, ...units] = columns(net.run(inputsOf([day], 40), training())) as [number[], ...number[][]];
    for (const unit of units) {
      expect(meanOf(unit)).toBeCloseTo(0, 5);
      // By the root of the variance and 0.00001.
      expect(varianceOf(unit)).toBeGreaterThan(0.99);
      expect(varianceOf(unit)).toBeLessThan(1);
    }
    const mean = prediction.map((_, row) => meanOf(units.map((unit) => unit[row] as number)));
    const [middle, deviation] = [meanOf(mean), Math.sqrt(varianceOf(mean) + 1e-5)];
    expectNear(
      prediction,
      mean.map((value) => (value - middle) / deviation),
      { tolerance: 1e-5 },
    );
  });
  net.dispose();
});

// A prediction of 0 has half the loss of one that knows nothing: standardised, it must have no way to get there.
test.each([1, 64])('however weak the labels, a prediction of %i units keeps its variance', (factorUnits) => {
  const net = make([day], factorUnits);
  const optimiser = new Optimiser({ optimiser: 'adam', learningRate: 3e-3, clipValue: 3 });
  for (let i = 0; i < 200; i++) {
    const [inputs, { labels, ...batch }] = [inputsOf([day], 60, 1000 + i), labelled(60, 2000 + i)];
    // Chance, but for a hundredth of what was seen last.
    const seen = (inputs.get('day') as tf.Tensor).dataSync();
    const weak = { ...batch, labels: labels.map((label, row) => label + 0.1 * (seen[row * 12 + 9] as number)) };
    const step = gradients(() => loss(mse, net.run(inputs, training()), weak), net.variables);
    optimiser.step(step.gradients, net.variables);
    tf.dispose([...inputs.values(), step.value, step.gradients]);
  }
  const prediction = tf.tidy(() => columns(net.run(inputsOf([day], 60), training()))[0] as number[]);
  expect(varianceOf(prediction)).toBeGreaterThan(0.99);
  net.dispose();
});

test('a price on likeness makes units unlike', () => {
  const parts = [day];
  const likeness = (orthogonality: number) => {
    const net = make(parts, 4);
    const optimiser = new Optimiser({ optimiser: 'adam', learningRate: 1e-2, clipValue: 3 });
    const inputs = inputsOf(parts, 60);
    for (let i = 0; i < 40; i++) {
      const priced = { ...mse, orthogonality };
      const found = gradients(() => loss(priced, net.run(inputs, training()), labelled(60)), net.variables);
      optimiser.step(found.gradients, net.variables);
      tf.dispose([found.value, found.gradients]);
    }
    const [, ...units] = tf.tidy(() => columns(net.run(inputs, training())));
    tf.dispose([...inputs.values()]);
    net.dispose();
    const shared = units.flatMap((a, i) =>
      units.slice(i + 1).map((b) => meanOf(a.map((x, row) => x * (b[row] as number))) ** 2),
    );
    return meanOf(shared);
  };
  expect(likeness(100)).toBeLessThan(0.5 * likeness(0));
});

describe('explained', () => {
  test.each(table)('$factorUnits units of $of by the prediction alone, differentiably', ({ factorUnits, parts }) => {
    const net = make(parts, factorUnits);
    disturb(net, stream(2, 0, 0));
    tf.tidy(() => {
      net.run(inputsOf(parts, 20, 6), training());
      const inputs = inputsOf(parts, 5);
      const { names, features, predict } = net.explained;
      const cut = features(inputs);
      expect(cut.shape).toEqual([5, names.length]);
      const first = columns(net.run(inputs, inference))[0] as number[];
      expect([...predict(cut).dataSync()]).toEqual(first);
      expect(predict(cut).shape).toEqual([5, 1]);
      const slopes = tf
        .grad((x) => predict(x as tf.Tensor2D))(cut)
        .dataSync();
      const values = cut.dataSync();
      for (const i of [0, names.length - 1, names.length + 3]) {
        const at = (by: number) =>
          meanOf([
            ...predict(
              tf.tensor2d(
                values.map((x, j) => (j === i ? x + by : x)),
                cut.shape,
              ),
            ).dataSync(),
          ]) * 5;
        expect(slopes[i]).toBeCloseTo((at(0.02) - at(-0.02)) / 0.04, 2);
      }
    });
    net.dispose();
  });
});

test('the last state drops units in training alone', () => {
  const net = make([day], 3, 0.5);
  tf.tidy(() => {
    const inputs = inputsOf([day], 8);
    const out = (seed: number) => [...net.run(inputs, training(seed)).dataSync()];
    expect(out(1)).not.toEqual(out(2));
    expect(out(3)).toEqual(out(3));
    expect([...net.run(inputs, inference).dataSync()]).toEqual([...net.run(inputs, inference).dataSync()]);
  });
  net.dispose();
});

test('the same from the same stream, and another from another', () => {
  const [one, same, other] = [make([day], 3), make([day], 3), make([day], 3, 0, 2)];
  expect(valuesOf(same)).toEqual(valuesOf(one));
  expect(valuesOf(other)).not.toEqual(valuesOf(one));
  for (const net of [one, same, other]) net.dispose();
});
