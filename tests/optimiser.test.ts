/** Optimisers against tf.train's and Keras's formula, with an interruption at every step, and with gradients that no one can follow. */
import type { NamedTensorMap, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Stream, stream } from '../core/random.ts';
import { Optimiser, TrainingDiverged } from '../models/graph/optimiser.ts';

const shapes = { 'dense/kernel': [5, 3], 'dense/bias': [3], scale: [] } as const;
type Name = keyof typeof shapes;
const names = Object.keys(shapes) as Name[];
type Values = Record<Name, Float32Array>;

const numbers = (random: Stream, name: Name, scale: number) => {
  const size = shapes[name].reduce((product: number, side) => product * side, 1);
  return Float32Array.from({ length: size }, () => (2 * random.next() - 1) * scale);
};
const draw = (random: Stream, scale = 1): Values =>
  Object.fromEntries(names.map((name) => [name, numbers(random, name, scale)])) as Values;
const tensors = (values: Values): NamedTensorMap =>
  Object.fromEntries(names.map((name) => [name, tf.tensor(values[name].slice(), [...shapes[name]])]));

/** Away from 0, where a relative difference means something. */
function makeVariables(random: Stream): Map<string, Variable> {
  const initial = tensors(draw(random));
  const variables = names.map((name): [Name, Variable] => {
    const tensor = initial[name] as tf.Tensor;
    return [name, tf.tidy(() => tf.variable(tf.add(tf.sign(tensor), tensor)))];
  });
  tf.dispose(initial);
  return new Map(variables);
}
const valuesOf = (variables: ReadonlyMap<string, Variable>): number[] =>
  [...variables.values()].flatMap((variable) => [...variable.dataSync()]);
/** Gradients of several sizes, some of them 0. */
const gradientsOf = (random: Stream): Values => {
  const values = draw(random, 10 ** (3 * random.next() - 2));
  values['dense/kernel'][random.below(15)] = 0;
  return values;
};
function step(optimiser: Optimiser, variables: ReadonlyMap<string, Variable>, gradients: Values): void {
  const given = tensors(gradients);
  optimiser.step(given, variables);
  tf.dispose(given);
}
const kinds = ['adam', 'rmsprop'] as const;
const free = { learningRate: 0.01, clipValue: 0 };

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
  });

  test('Adam takes the steps of tf.train', () => {
    const ours = makeVariables(stream(1, 0, 0));
    const theirs = makeVariables(stream(1, 0, 0));
    const optimiser = new Optimiser({ optimiser: 'adam', ...free });
    const stock = tf.train.adam(free.learningRate);
    const start = valuesOf(ours);
    const random = stream(2, 0, 0);
    for (let n = 0; n < 20; n++) {
      const gradients = gradientsOf(random);
      step(optimiser, ours, gradients);
      const given = tensors(gradients);
      const byTheirNames = [...theirs].map(([name, { name: known }]) => ({
        name: known,
        tensor: given[name] as tf.Tensor,
      }));
      stock.applyGradients(byTheirNames);
      tf.dispose(given);
      const expected = valuesOf(theirs);
      for (const [i, value] of valuesOf(ours).entries()) {
        expect(Math.abs(value / (expected[i] as number) - 1), `at ${i}`).toBeLessThan(1e-6);
      }
    }
    // And they went somewhere.
    const moved = valuesOf(ours).map((value, i) => Math.abs(value - (start[i] as number)));
    expect(moved.every((distance) => distance > 1e-4)).toBe(true);
    stock.dispose();
    tf.dispose([...ours.values(), ...theirs.values()]);
  });

  test('RMSProp takes the steps of Keras, which adds epsilon to the root; tf.train adds it inside, and goes elsewhere', () => {
    const variables = makeVariables(stream(1, 0, 0));
    const optimiser = new Optimiser({ optimiser: 'rmsprop', ...free });
    const ways = { keras: (v: number) => Math.sqrt(v) + 1e-7, train: (v: number) => Math.sqrt(v + 1e-7) };
    const start = valuesOf(variables);
    const plain = { keras: [...start], train: [...start] };
    const squares = start.map(() => 0);
    const random = stream(2, 0, 0);
    for (let n = 0; n < 20; n++) {
      // Small ones, where it matters.
      const gradients = Object.fromEntries(
        names.map((name) => [name, numbers(random, name, 10 ** (3 * random.next() - 5))]),
      ) as Values;
      step(optimiser, variables, gradients);
      const all = names.flatMap((name) => [...gradients[name]]);
      for (const [i, g] of all.entries()) {
        squares[i] = 0.9 * (squares[i] as number) + 0.1 * g * g;
        for (const way of ['keras', 'train'] as const) {
          plain[way][i] = (plain[way][i] as number) - (free.learningRate * g) / ways[way](squares[i] as number);
        }
      }
    }
    const found = valuesOf(variables);
    const farthest = (from: readonly number[]) =>
      Math.max(...found.map((value, i) => Math.abs(value - (from[i] as number))));
    expect(farthest(plain.keras)).toBeLessThan(2e-6);
    expect(farthest(plain.train)).toBeGreaterThan(1e-2);
    expect(farthest(start)).toBeGreaterThan(1e-2);
    tf.dispose([...variables.values()]);
  });

  test('makes no tensor that stays, and spares the gradients it is given', () => {
    const variables = makeVariables(stream(1, 0, 0));
    const given = tensors(gradientsOf(stream(2, 0, 0)));
    const before = tf.memory().numTensors;
    const copies = Object.values(given).map((tensor) => tensor.dataSync().slice());
    const optimiser = new Optimiser({ optimiser: 'adam', learningRate: 0.1, clipValue: 1 });
    for (let n = 0; n < 3; n++) optimiser.step(given, variables);
    expect(Object.values(given).map((tensor) => tensor.dataSync())).toEqual(copies);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([...variables.values(), given]);
  });
});

describe.each(kinds)('%s', (optimiser) => {
  test('continues bit for bit after any step', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(), (stop, seed) => {
        const rule = { optimiser, learningRate: 0.03, clipValue: 0.5 };
        const [whole, halves] = [makeVariables(stream(seed, 0, 0)), makeVariables(stream(seed, 0, 0))];
        const [a, b] = [stream(seed, 1, 0), stream(seed, 1, 0)];
        const first = new Optimiser(rule);
        for (let n = 0; n < 7; n++) step(first, whole, gradientsOf(a));
        const before = new Optimiser(rule);
        for (let n = 0; n < stop; n++) step(before, halves, gradientsOf(b));
        const kept = before.state();
        // What becomes of the one it was taken from is nothing to it.
        const elsewhere = makeVariables(stream(seed, 0, 0));
        step(before, elsewhere, gradientsOf(stream(seed, 2, 0)));
        const after = new Optimiser(rule);
        after.restore(kept);
        for (let n = stop; n < 7; n++) step(after, halves, gradientsOf(b));
        expect(valuesOf(halves)).toEqual(valuesOf(whole));
        expect(after.state()).toEqual(first.state());
        tf.dispose([whole, halves, elsewhere].flatMap((variables) => [...variables.values()]));
      }),
      { numRuns: 20 },
    );
  });

  test('a clipped step is a step along gradients of which each number is drawn in to the largest there may be', () => {
    const gradients = {
      'dense/kernel': new Float32Array(15).fill(3),
      'dense/bias': new Float32Array(3),
      scale: Float32Array.of(-11),
    };
    const cases = [
      { clipValue: 4, same: { ...gradients, scale: Float32Array.of(-4) } },
      {
        clipValue: 0.5,
        same: { ...gradients, 'dense/kernel': new Float32Array(15).fill(0.5), scale: Float32Array.of(-0.5) },
      },
      { clipValue: 11, same: gradients },
      { clipValue: 100, same: gradients },
      { clipValue: 0, same: gradients },
    ];
    for (const { clipValue, same } of cases) {
      const [clipped, plain] = [makeVariables(stream(1, 0, 0)), makeVariables(stream(1, 0, 0))];
      const one = new Optimiser({ optimiser, learningRate: 0.1, clipValue });
      const other = new Optimiser({ optimiser, ...free, learningRate: 0.1 });
      step(one, clipped, gradients);
      step(other, plain, same);
      expect(one.state()).toEqual(other.state());
      expect(valuesOf(clipped)).toEqual(valuesOf(plain));
      tf.dispose([...clipped.values(), ...plain.values()]);
    }
  });

  test.each([
    ['NaN', Number.NaN, 1],
    ['infinite', Number.NEGATIVE_INFINITY, 1],
    ['too large for its square', 1e30, 0],
  ])('a gradient that is %s is said with its variable, and nothing has moved', (_what, broken, clipValue) => {
    const variables = makeVariables(stream(1, 0, 0));
    const learning = new Optimiser({ optimiser, learningRate: 0.1, clipValue });
    step(learning, variables, gradientsOf(stream(2, 0, 0)));
    const [values, state] = [valuesOf(variables), learning.state()];
    const gradients = gradientsOf(stream(3, 0, 0));
    gradients['dense/bias'][1] = broken;
    const given = tensors(gradients);
    expect(() => learning.step(given, variables)).toThrow(TrainingDiverged);
    expect(() => learning.step(given, variables)).toThrow('dense/bias');
    expect(valuesOf(variables)).toEqual(values);
    expect(learning.state()).toEqual(state);
    tf.dispose([given, [...variables.values()]]);
  });

  test('a large gradient that is clipped can be followed', () => {
    const variables = makeVariables(stream(1, 0, 0));
    const gradients = gradientsOf(stream(3, 0, 0));
    gradients['dense/bias'][1] = 1e30;
    step(new Optimiser({ optimiser, learningRate: 0.1, clipValue: 1 }), variables, gradients);
    expect(valuesOf(variables).every(Number.isFinite)).toBe(true);
    tf.dispose([...variables.values()]);
  });

  test('a variable without a gradient stays; a gradient without a variable is our mistake', () => {
    const variables = makeVariables(stream(1, 0, 0));
    const before = valuesOf(new Map([['scale', variables.get('scale') as Variable]]));
    const { scale, ...rest } = tensors(gradientsOf(stream(2, 0, 0)));
    const learning = new Optimiser({ optimiser, ...free });
    learning.step(rest, variables);
    expect(valuesOf(new Map([['scale', variables.get('scale') as Variable]]))).toEqual(before);
    expect(() => learning.step({ ...rest, stranger: scale as tf.Tensor }, variables)).toThrow('none of the variables');
    tf.dispose([scale as tf.Tensor, rest, [...variables.values()]]);
  });
});

test('a state of another optimiser, or of other weights, is refused', () => {
  const variables = makeVariables(stream(1, 0, 0));
  const adam = new Optimiser({ optimiser: 'adam', ...free });
  step(adam, variables, gradientsOf(stream(2, 0, 0)));
  const rmsprop = new Optimiser({ optimiser: 'rmsprop', ...free });
  expect(() => rmsprop.restore(adam.state())).toThrow('another optimiser');
  expect(() => rmsprop.restore(new Map())).toThrow('not the state');
  const cut = new Map([...adam.state()].map(([name, values]) => [name, values.slice(0, 1)]));
  adam.restore(cut);
  expect(() => step(adam, variables, gradientsOf(stream(2, 0, 0)))).toThrow('has 1 numbers');
});
