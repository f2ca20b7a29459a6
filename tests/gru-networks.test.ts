/** The GRU networks: what learns in which stage, names, shapes, and PyTorch's values and gradients. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import { gradients } from '../models/graph/gradients.ts';
import { loss } from '../models/graph/loss.ts';
import type { InputTensors, Network } from '../models/graph/network.ts';
import { attendedRecurrent } from '../models/graph/ops/attended-recurrent.ts';
import { composedAttention } from '../models/graph/ops/composed/attention.ts';
import { composedRecurrent } from '../models/graph/ops/composed/recurrent.ts';
import { Optimiser } from '../models/graph/optimiser.ts';
import { incrementalNetwork } from '../models/gru/incremental-network.ts';
import { attentionNetwork, minuteNetwork, mixedNetwork } from '../models/gru/joined-network.ts';
import type { InputPart } from '../models/inputs.ts';
import type { LossRule } from '../models/training-rule.ts';
import { backends, expectNear as expectTensorsNear, inference, numbers, on, startKernels, training } from './graph.ts';
import { day, disturb, expectNear, factorsOf, inputsOf, labelled, minute, rule, valuesOf } from './series-networks.ts';

let stopKernels: () => void;
beforeAll(async () => {
  stopKernels = startKernels();
  await chooseBackend('wasm');
});
afterAll(() => stopKernels());

const ic: LossRule = { kind: 'ic', neutral: false, topWeight: 1 };
const networks = [
  { name: 'gru-15m', make: minuteNetwork, parts: [minute] },
  { name: 'gru-15m-attention', make: attentionNetwork, parts: [minute] },
  { name: 'gru-mixed', make: mixedNetwork, parts: [day, minute] },
  { name: 'gru-incremental', make: incrementalNetwork, parts: [day, minute] },
] as const;
const withFactors = (parts: readonly InputPart[]) => [...parts, factorsOf(parts[0] as InputPart)];
const table = networks.flatMap(({ name, make, parts }) => [
  { name, make, parts: parts as readonly InputPart[] },
  { name: `${name} with factors`, make, parts: withFactors(parts) },
]);
const learning = ({ variables }: Network) => [...variables].filter(([, { trainable }]) => trainable);
const weightsOf = (net: Network) => learning(net).reduce((sum, [, { size }]) => sum + size, 0);

function taught(net: Network, inputs: InputTensors, rows: number) {
  const found = gradients(() => loss(ic, net.run(inputs, training()), labelled(rows)), net.variables);
  const values = new Map(Object.entries(found.gradients).map(([name, x]) => [name, x.dataSync()]));
  tf.dispose([found.value, found.gradients]);
  return values;
}
/** One step of Adam. */
function step(net: Network, inputs: InputTensors, rows: number, optimiser: Optimiser): void {
  const found = gradients(() => loss(ic, net.run(inputs, training()), labelled(rows)), net.variables);
  optimiser.step(found.gradients, net.variables);
  tf.dispose([found.value, found.gradients]);
}

test('of 30 units have as many weights as counted by hand', () => {
  const [units, of] = [30, { units: 30, dropout: 0 }];
  // Three gates of inputs, units and two biases; two of each state; its weight in the output.
  const branch = (inputs: number) => 3 * units * (inputs + units + 2);
  const scoring = units * units + 2 * units;
  const counts: Record<string, number> = {
    'gru-15m': branch(3) + 3 * units + 1,
    'gru-15m with factors': branch(5) + 3 * units + 1,
    'gru-15m-attention': branch(3) + scoring + 6 * units + 1,
    'gru-15m-attention with factors': branch(5) + scoring + 6 * units + 1,
    'gru-mixed': 2 * branch(3) + 6 * units + 1,
    'gru-mixed with factors': branch(3) + branch(5) + 6 * units + 1,
    'gru-incremental': 2 * branch(3) + 6 * units + 2,
    'gru-incremental with factors': branch(3) + branch(5) + 6 * units + 2,
  };
  for (const { name, make, parts } of table) {
    const net = make(parts, of, stream(1, 0, 0));
    expect(weightsOf(net), name).toBe(counts[name]);
    net.dispose();
  }
});

describe.each(table)('$name', ({ name, make, parts }) => {
  const fresh = (seed = 1) => make(parts, rule, stream(seed, 0, 0));

  test('teaches every weight, and predicts a row by itself', () => {
    const net = fresh();
    // The incremental network adds nothing at first.
    disturb(net, stream(2, 0, 0));
    tf.tidy(() => {
      const inputs = inputsOf(parts, 12);
      const found = taught(net, inputs, 12);
      expect([...found.keys()]).toEqual(learning(net).map(([of]) => of));
      for (const [of, values] of found) {
        expect(values.every(Number.isFinite), of).toBe(true);
        // A constant on top of all predictions is nothing to a correlation.
        const constant = /output\/bias|stateNorm\/beta/.test(of);
        expect(
          values.some((value) => Math.abs(value) > 1e-6),
          of,
        ).toBe(!constant);
      }
      const all = net.run(inputs, inference).dataSync();
      expect(all.length).toBe(12);
      const some = new Map([...inputs].map(([part, x]) => [part, tf.slice(x, [7, 0, 0], [3, -1, -1])]));
      expect([...net.run(some, inference).dataSync()]).toEqual([...all.slice(7, 10)]);
      const none = new Map([...inputs].map(([part, x]) => [part, tf.slice(x, [0, 0, 0], [0, -1, -1])]));
      expect(net.run(none, inference).shape).toEqual([0, 1]);
    });
    net.dispose();
  });

  test('is explained by its inputs', () => {
    const net = fresh();
    tf.tidy(() => {
      net.run(inputsOf(parts, 20, 6), training());
      const inputs = inputsOf(parts, 4);
      const { names, features, predict } = net.explained;
      const cut = features(inputs);
      expect(cut.shape).toEqual([4, names.length]);
      expect(new Set(names.map(({ name, lag }) => `${name} ${lag}`)).size).toBe(names.length);
      expect([...predict(cut).dataSync()]).toEqual([...net.run(inputs, inference).dataSync()]);
      const slopes = tf
        .grad((x) => predict(x as tf.Tensor2D))(cut)
        .dataSync();
      const values = cut.dataSync();
      for (const i of [0, 1, names.length - 1, names.length + 4, 2 * names.length - 3]) {
        const at = (by: number) =>
          predict(
            tf.tensor2d(
              values.map((value, j) => (j === i ? value + by : value)),
              cut.shape,
            ),
          ).dataSync();
        const sum = (all: ArrayLike<number>) => Array.from(all).reduce((total, value) => total + value, 0);
        expect(slopes[i]).toBeCloseTo((sum(at(0.02)) - sum(at(-0.02))) / 0.04, 3);
      }
    });
    net.dispose();
  });

  test('is the same from the same stream, and another from another', () => {
    const [one, same, other] = [fresh(), fresh(), fresh(2)];
    expect(valuesOf(same)).toEqual(valuesOf(one));
    expect(valuesOf(other)).not.toEqual(valuesOf(one));
    for (const net of [one, same, other]) net.dispose();
  });

  test('names every number it reads', () => {
    const net = fresh();
    const { names } = net.explained;
    const days = name.startsWith('gru-mixed') || name.startsWith('gru-incremental') ? 4 * 3 : 0;
    expect(names[days]).toEqual({ name: 'open@9:45[t-2]', feature: 'open', lag: 2, time: '9:45' });
    expect(names[days + 17]).toEqual({ name: 'volume@10:00[t]', feature: 'volume', lag: 0, time: '10:00' });
    if (days > 0) expect(names[4]).toEqual({ name: 'close[t-2]', feature: 'close', lag: 2 });
    const last = name.endsWith('factors') ? 'yours[t]' : 'volume@10:00[t]';
    expect(names.at(-1)).toMatchObject({ name: last, lag: 0 });
    net.dispose();
  });
});

test('a factor is read at every step of its date', () => {
  const parts = withFactors([minute]);
  const net = minuteNetwork(parts, rule, stream(1, 0, 0));
  tf.tidy(() => {
    const inputs = inputsOf(parts, 3);
    const [x, factors] = [inputs.get('minute') as tf.Tensor3D, inputs.get('factors') as tf.Tensor3D];
    const cells = factors.arraySync() as number[][][];
    const spread = tf.tensor3d(cells.map((dates) => dates.flatMap((date) => [date, date])));
    const wide: InputPart = { ...minute, channels: Array.from({ length: 10 }, () => ({ name: 'a', expression: 'A' })) };
    const plain = minuteNetwork([wide], rule, stream(1, 0, 0));
    for (const [name, variable] of net.variables) plain.variables.get(name)?.assign(variable);
    const joined: InputTensors = new Map([['minute', tf.concat3d([x, spread], 2)]]);
    expect([...plain.run(joined, inference).dataSync()]).toEqual([...net.run(inputs, inference).dataSync()]);
    plain.dispose();
  });
  net.dispose();
});

test('parts of other dates, or that are not there, are a mistake of ours', () => {
  expect(() => minuteNetwork([minute, factorsOf(day)], rule, stream(1, 0, 0))).toThrow('not those of minute');
  expect(() => mixedNetwork([minute], rule, stream(1, 0, 0))).toThrow('no part day among minute');
});

describe('gru-incremental', () => {
  const parts = [day, minute];
  const adam = () => new Optimiser({ optimiser: 'adam', learningRate: 1e-2, clipValue: 0 });
  const dayOnly = (all: Map<string, number[]>) => [...all].filter(([name]) => name.startsWith('day/'));
  const minuteOnly = (all: Map<string, number[]>) => [...all].filter(([name]) => name.startsWith('minute/'));
  const predicted = (net: Network, inputs: InputTensors) => [...tf.tidy(() => net.run(inputs, inference).dataSync())];

  test('the daily branch learns by itself, then stays to the bit while the minute branch learns', () => {
    const net = incrementalNetwork(parts, { ...rule, dropout: 0.5 }, stream(1, 0, 0));
    expect(net.stages).toBe(2);
    const inputs = inputsOf(parts, 20);
    const start = valuesOf(net);

    net.enter?.(0);
    const optimiser = adam();
    for (let i = 0; i < 3; i++) step(net, inputs, 20, optimiser);
    const afterDays = valuesOf(net);
    expect(minuteOnly(afterDays)).toEqual(minuteOnly(start));
    for (const [name, values] of dayOnly(afterDays)) {
      // What a correlation does not see has no gradient but rounding's.
      expect(String(values) === String(start.get(name)), name).toBe(false);
    }
    const y1 = predicted(net, inputs);
    const moved = new Map([...inputs].map(([name, x]) => [name, name === 'minute' ? tf.neg(x) : x]));
    expect(predicted(net, moved)).toEqual(y1);

    net.enter?.(1);
    // What is to be added is nothing at first.
    expect(predicted(net, inputs)).toEqual(y1);
    const found = taught(net, inputs, 20);
    expect([...found.keys()].every((name) => name.startsWith('minute/'))).toBe(true);
    const next = adam();
    for (let i = 0; i < 3; i++) step(net, inputs, 20, next);
    const end = valuesOf(net);
    expect(dayOnly(end)).toEqual(dayOnly(afterDays));
    for (const [name, values] of minuteOnly(end)) {
      expect(String(values) === String(afterDays.get(name)), name).toBe(false);
    }
    const sum = predicted(net, inputs);
    net.enter?.(0);
    expect(predicted(net, inputs)).toEqual(y1);
    expect(sum).not.toEqual(y1);
    tf.dispose([...inputs.values(), moved.get('minute') as tf.Tensor]);
    net.dispose();
  });

  test('a network that has its weights from a file predicts as the trained one', () => {
    const [net, read] = [1, 2].map((seed) => incrementalNetwork(parts, rule, stream(seed, 0, 0))) as [Network, Network];
    const inputs = inputsOf(parts, 9);
    net.enter?.(0);
    step(net, inputs, 9, adam());
    net.enter?.(1);
    step(net, inputs, 9, adam());
    for (const [name, variable] of net.variables) read.variables.get(name)?.assign(variable);
    expect(predicted(read, inputs)).toEqual(predicted(net, inputs));
    tf.dispose([...inputs.values()]);
    net.dispose();
    read.dispose();
  });
});

describe.each(backends)('attention on %s', (backend) => {
  test('by kernels is what it is of stock operations, all gradients too', () =>
    on(backend, () => {
      for (const [rows, steps, inputs, units] of [
        [17, 6, 3, 5],
        [1, 1, 2, 4],
      ] as const) {
        const random = stream(1, rows, 0);
        const shapes = [
          [rows, steps, inputs],
          [inputs, 3 * units],
          [units, 3 * units],
          [2, 3 * units],
          [units, units],
          [units],
          [units],
        ];
        const given = shapes.map((shape) => numbers(random, shape));
        const named = ([kernel, recurrentKernel, bias, w, b, v]: tf.Tensor[]) => ({
          weights: { kernel, recurrentKernel, bias } as Record<'kernel' | 'recurrentKernel' | 'bias', tf.Tensor>,
          attention: { kernel: w as tf.Tensor2D, bias: b as tf.Tensor1D, score: v as tf.Tensor1D },
        });
        const ours = (x: tf.Tensor, ...rest: tf.Tensor[]) => {
          const { weights, attention } = named(rest);
          return attendedRecurrent(x as tf.Tensor3D, weights, attention, 'gru-reset-after');
        };
        const stock = (x: tf.Tensor, ...rest: tf.Tensor[]) => {
          const { weights, attention } = named(rest);
          const states = composedRecurrent(x as tf.Tensor3D, weights, 'gru-reset-after', true) as tf.Tensor3D;
          const last = tf.reshape(tf.slice(states, [0, steps - 1, 0], [rows, 1, units]), [rows, units]);
          return tf.concat2d([last as tf.Tensor2D, composedAttention(states, attention)], 1);
        };
        const y = stock(...(given as [tf.Tensor]));
        expectTensorsNear(ours(...(given as [tf.Tensor])), y, 1e-5);
        const dOut = numbers(random, y.shape);
        const wanted = tf.grads(stock)(given as [tf.Tensor], dOut);
        const found = tf.grads(ours)(given as [tf.Tensor], dOut);
        // Of one step no score matters: its weights' gradients are rounding.
        wanted.forEach((gradient, i) => {
          if (steps > 1 || i < 4) expectTensorsNear(found[i], gradient, 5e-5);
        });
      }
    }));
});

test("gru-15m-attention has PyTorch's values and gradients", () => {
  interface Golden {
    readonly [name: string]: unknown;
    readonly units: number;
    readonly rows: number;
    readonly x: number[];
    readonly labels: number[];
    readonly sections: [number, number][];
    readonly weights: Record<string, number[]>;
    readonly gradients: Record<string, number[]>;
    readonly prediction: number[];
    readonly loss: number;
  }
  const golden = JSON.parse(readFileSync(new URL('golden/gru/attention.json', import.meta.url), 'utf8')) as Golden;
  const { rows } = golden;
  const net = attentionNetwork([minute], { units: golden.units, dropout: 0 }, stream(1, 0, 0));
  expect(
    learning(net)
      .map(([name]) => name)
      .sort(),
  ).toEqual(Object.keys(golden.weights).sort());
  tf.tidy(() => {
    for (const [name, values] of Object.entries(golden.weights)) {
      const variable = net.variables.get(name) as tf.Variable;
      variable.assign(tf.tensor(values, variable.shape));
    }
    const inputs = new Map([['minute', tf.tensor3d(golden.x, [rows, 6, 3])]]);
    const batch = {
      ...labelled(rows),
      sections: golden.sections.map(([from, to], date) => ({ date, from, to })),
      labels: Float32Array.from(golden.labels),
    };
    expectNear(net.run(inputs, training()).dataSync(), golden.prediction, { tolerance: 2e-6 });
    const { value, gradients: found } = gradients(() => loss(ic, net.run(inputs, training()), batch), net.variables);
    expect(value.dataSync()[0]).toBeCloseTo(golden.loss, 6);
    for (const [name, wanted] of Object.entries(golden.gradients)) {
      expectNear(found[name]?.dataSync(), wanted, { tolerance: 2e-5, what: name });
    }
  });
  net.dispose();
});

test('weights away from their start are still those of the gradients: differences of the loss', () => {
  const parts = withFactors([day, minute]);
  const net = incrementalNetwork(parts, rule, stream(3, 0, 0));
  disturb(net, stream(4, 0, 0));
  tf.tidy(() => {
    const inputs = inputsOf(parts, 14);
    const found = taught(net, inputs, 14);
    for (const name of ['day/kernel', 'minute/recurrentKernel', 'day/stateNorm/gamma', 'minute/output/kernel']) {
      const variable = net.variables.get(name) as tf.Variable;
      const values = Float32Array.from(variable.dataSync());
      const at = (by: number) => {
        variable.assign(
          tf.tensor(
            values.map((value, i) => (i === 2 ? value + by : value)),
            variable.shape,
          ),
        );
        return loss(ic, net.run(inputs, training()), labelled(14)).dataSync()[0] as number;
      };
      const slope = (at(0.01) - at(-0.01)) / 0.02;
      variable.assign(tf.tensor(values, variable.shape));
      expect(found.get(name)?.[2], name).toBeCloseTo(slope, 3);
    }
  });
  net.dispose();
});
