/** The networks: as many parameters as counted by hand, cut where features have names, fresh from their stream alone. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { channelsOf, type PictureRow } from '../models/alphanet/channels.ts';
import { extractor } from '../models/alphanet/extractor.ts';
import { layeredNetwork } from '../models/alphanet/layered-network.ts';
import { factorsPart, picturePart } from '../models/alphanet/picture-parts.ts';
import { useStockWasm } from '../models/alphanet/stock-wasm.ts';
import { type AlphaNetTiming, timeAlphaNet, timedAlphaNets } from '../models/alphanet/time-alphanet.ts';
import { type AlphaNet, alphaNets } from '../models/alphanet/versions.ts';
import type { Batch } from '../models/batch.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import { gradients } from '../models/graph/gradients.ts';
import { useKernels } from '../models/graph/kernels.ts';
import { loss } from '../models/graph/loss.ts';
import type { InputTensors, Network, Pass } from '../models/graph/network.ts';
import type { InputPart } from '../models/inputs.ts';
import { PlainKernels } from '../models/kernels/plain-kernels.ts';
import { Recurrent } from '../models/kernels/recurrent.ts';

const recurrent = new Recurrent({ threads: 1 });
beforeAll(async () => {
  await chooseBackend('wasm');
  useKernels({ recurrent, plain: new PlainKernels() });
});
afterAll(() => recurrent.close());

const factors = [
  { name: 'mine', expression: 'CLOSE / OPEN' },
  { name: 'yours', expression: 'TURN' },
];
const versionNamed = (name: string) => alphaNets.find((version) => version.name === name) as AlphaNet;
const rowsOf = (fields: readonly string[]): PictureRow[] =>
  fields.map((name) => ({ name: name.toLowerCase(), expression: name }));
const partsOf = ({ fields, windows, operators }: AlphaNet, withFactors = false): InputPart[] => [
  ...windows.map((window) => picturePart(rowsOf(fields), window, operators)),
  ...(withFactors ? [factorsPart(factors)] : []),
];
const network = (version: AlphaNet, seed = 1, withFactors = false): Network =>
  version.network(partsOf(version, withFactors), version.rule, stream(seed, 0, 0));
const counted = ({ variables }: Network) =>
  [...variables.values()].reduce((sum, { trainable, size }) => sum + (trainable ? size : 0), 0);

/** As samples give them: only the channels it reads. */
function inputs(version: AlphaNet, net: Network, rows: number, seed = 5, withFactors = false): InputTensors {
  const random = stream(seed, 0, 0);
  return new Map(
    partsOf(version, withFactors).map(({ name, lags, channels }) => {
      const shape: [number, number, number] = [rows, lags.length, net.reads.get(name)?.length ?? channels.length];
      const count = shape.reduce((a, b) => a * b);
      return [
        name,
        tf.tensor3d(
          Float32Array.from({ length: count }, () => random.normal()),
          shape,
        ),
      ];
    }),
  );
}
/** One date, with a constant for a style. */
function labelled(rows: number): Batch {
  const random = stream(4, 0, 0);
  const basis = new Float64Array(rows).fill(1 / Math.sqrt(rows));
  return {
    rows,
    sections: [{ date: 0, from: 0, to: rows, basis }],
    inputs: new Map(),
    labels: Float32Array.from({ length: rows }, () => random.normal()),
    symbols: new Int32Array(rows),
  };
}
/** What adds a constant to all predictions of a date is taken off again where the loss is neutral. */
const matters = ({ rule }: AlphaNet, name: string): boolean =>
  !(rule.loss.neutral && ['output/bias', 'd10/stateNorm/beta', 'factors/norm/beta'].includes(name));
const training = (): Pass => ({ kind: 'training', dropout: stream(9, 0, 0) });
const inference: Pass = { kind: 'inference' };
const values = (x: () => tf.Tensor): Float32Array => tf.tidy(() => x().dataSync() as Float32Array);
function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(actual.length).toBe(wanted.length);
  for (const [i, value] of Array.from(wanted).entries()) expect(actual[i]).toBeCloseTo(value, 5);
}

describe('parameters', () => {
  // Two of each normalised channel; four gates of an LSTM and three of a GRU, each of inputs + units + 1 by 30.
  const expected = {
    'alphanet-v1': 2 * 117 + 2 * 351 + (702 * 30 + 30) + (30 + 1),
    'alphanet-v2': 2 * 270 + 4 * 30 * (270 + 30 + 1) + 2 * 30 + (30 + 1),
    'alphanet-v2.1': 2 * 116 + 4 * 30 * (116 + 30 + 1) + 2 * 30 + (30 + 1),
    'alphanet-v2.2': 36_751,
    'alphanet-v2.3': 36_751,
    'alphanet-v3': 2 * (2 * 270 + 3 * 30 * (270 + 30 + 1) + 2 * 30) + (60 + 1),
  };
  test.each(Object.entries(expected))('%s has %i that learn', (name, count) => {
    const net = network(versionNamed(name));
    expect(counted(net)).toBe(count);
    net.dispose();
  });

  test('two more of every factor, and its weights in the layer it is joined to', () => {
    for (const [name, weights] of [
      ['alphanet-v1', 30],
      ['alphanet-v2', 1],
      ['alphanet-v3', 1],
    ] as const) {
      const [without, withThem] = [network(versionNamed(name)), network(versionNamed(name), 1, true)];
      expect(counted(withThem) - counted(without)).toBe(2 * (2 + weights));
      without.dispose();
      withThem.dispose();
    }
  });
});

describe.each(alphaNets.map((version) => [version.name, version] as const))('%s', (_name, version) => {
  test('teaches every parameter, and predicts a row by itself', () => {
    const net = network(version, 1, true);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const batch = inputs(version, net, 50, 5, true);
      const { gradients: found } = gradients(
        () => loss(version.rule.loss, net.run(batch, training()), labelled(50)),
        net.variables,
      );
      const learning = [...net.variables].filter(([, { trainable }]) => trainable).map(([name]) => name);
      expect(Object.keys(found)).toEqual(learning);
      for (const [name, gradient] of Object.entries(found)) {
        const cells = gradient.dataSync();
        expect(cells.every(Number.isFinite), name).toBe(true);
        expect(
          cells.some((value) => Math.abs(value) > 1e-6),
          name,
        ).toBe(matters(version, name));
      }
      const all = net.run(batch, inference).dataSync();
      const some = new Map([...batch].map(([name, x]) => [name, tf.slice(x, [7, 0, 0], [3, -1, -1])]));
      expectClose(net.run(some, inference).dataSync(), all.slice(7, 10));
    });
    expect(tf.memory().numTensors).toBe(before);
    net.dispose();
  });

  test('is cut at its features: what they predict is what it predicts, and each has a name', () => {
    const net = network(version, 1, true);
    tf.tidy(() => {
      // Moving statistics other than the first ones.
      net.run(inputs(version, net, 40, 6, true), training());
      const batch = inputs(version, net, 9, 7, true);
      const { names, features, predict } = net.explained;
      const cut = features(batch);
      expect(cut.shape).toEqual([9, names.length]);
      expect(new Set(names.map(({ name, lag }) => `${name} ${lag}`)).size).toBe(names.length);
      expectClose(predict(cut).dataSync(), net.run(batch, inference).dataSync());
      const gradient = tf
        .grad((x) => predict(x as tf.Tensor2D))(cut)
        .dataSync();
      expect(gradient.some((value) => value !== 0) && gradient.every(Number.isFinite)).toBe(true);
    });
    net.dispose();
  });

  test('is the same from the same stream, and another from another', () => {
    const [one, same, other] = [network(version), network(version), network(version, 2)];
    const weights = (net: Network) => [...net.variables].map(([name, x]) => [name, Array.from(x.dataSync())] as const);
    expect(weights(same)).toEqual(weights(one));
    expect([...same.reads]).toEqual([...one.reads]);
    expect(weights(other)).not.toEqual(weights(one));
    for (const net of [one, same, other]) net.dispose();
  });
});

describe('names', () => {
  test('of v1 are the report’s, as its features lie', () => {
    const net = network(versionNamed('alphanet-v1'), 1, true);
    const { names } = net.explained;
    expect(names.length).toBe(702 + 2);
    const place = (name: string, lag?: number) => names.findIndex((known) => known.name === name && known.lag === lag);
    expect(place('BN(ts_corr(return1,open,10))', 20)).toBe(0);
    expect(place('BN(ts_corr(return1,open,10))', 0)).toBe(2 * 117);
    const pooled = place('BN(ts_mean(BN(ts_corr(open,high,10)),3))');
    expect(pooled).toBeGreaterThanOrEqual(351);
    expect(names.at(-1)).toEqual({ name: 'BN(yours)', feature: 'BN(yours)', lag: 0 });
    // What is named so is so: with fresh statistics normalisation divides by the root of 1.001.
    const x = inputs(versionNamed('alphanet-v1'), net, 1, 3, true);
    const cells = values(() => net.explained.features(x));
    const open = channelsOf(rowsOf(versionNamed('alphanet-v1').fields), 10, ['ts_corr']).findIndex(
      ({ name }) => name === 'ts_corr(open,high,10)',
    );
    const raw = (x.get('d10') as tf.Tensor).dataSync();
    const steps = [0, 1, 2].map((step) => raw[step * 117 + open] as number);
    expectClose(
      [cells[open] as number, cells[pooled] as number],
      [(steps[0] as number) / Math.sqrt(1.001), steps.reduce((a, b) => a + b) / 3 / 1.001],
    );
    expect(cells[place('BN(ts_max(BN(ts_corr(open,high,10)),3))')]).toBeCloseTo(Math.max(...steps) / 1.001, 5);
    expect(cells[place('BN(ts_min(BN(ts_corr(open,high,10)),3))')]).toBeCloseTo(Math.min(...steps) / 1.001, 5);
    tf.dispose([...x.values()]);
    net.dispose();
  });

  test('of sequences are those of every step', () => {
    const net = network(versionNamed('alphanet-v3'));
    const { names } = net.explained;
    expect(names.length).toBe(3 * 270 + 6 * 270);
    expect(names[0]).toEqual({
      name: 'BN(ts_corr(return1,open,10))',
      feature: 'BN(ts_corr(return1,open,10))',
      lag: 20,
    });
    expect(names.at(-1)).toMatchObject({ name: 'BN(ts_decaylinear(vwap_close,5))', lag: 0 });
    net.dispose();
  });
});

describe('v2.1 draws its pairs', () => {
  test('8 of 15 fields each, all fields alone', () => {
    const version = versionNamed('alphanet-v2.1');
    const all = partsOf(version)[0] as InputPart;
    const drawn = [1, 2, 3].map((seed) => {
      const net = network(version, seed);
      const read = net.reads.get('d10') as readonly number[];
      const names = read.map((i) => all.channels[i]?.name as string);
      expect(names.length).toBe(116);
      expect(names.filter((name) => name.startsWith('ts_corr')).length).toBe(28);
      expect(names.filter((name) => name.startsWith('ts_zscore')).length).toBe(15);
      expect(new Set(names.flatMap((name) => name.match(/^ts_corr\((\w+),(\w+),10\)$/)?.slice(1) ?? [])).size).toBe(8);
      expect(net.explained.names.map(({ name }) => name)).toEqual(
        [0, 1, 2].flatMap(() => names.map((n) => `BN(${n})`)),
      );
      net.dispose();
      return read.join();
    });
    expect(new Set(drawn).size).toBe(3);
  });

  test('all of them where there are no more, and never one', () => {
    const version = versionNamed('alphanet-v2.1');
    const parts = [picturePart(rowsOf(['OPEN', 'CLOSE', 'HIGH']), 10, version.operators)];
    const net = version.network(parts, version.rule, stream(1, 0, 0));
    expect(net.reads.size).toBe(0);
    net.dispose();
    expect(() => version.network(parts, { ...version.rule, pairFields: 1 }, stream(1, 0, 0))).toThrow(/at least 2/);
  });
});

describe.each(['alphanet-v2.1', 'alphanet-v3'])('%s with its extraction in the graph', (name) => {
  test('predicts from raw pictures', () => {
    const version = versionNamed(name);
    const net = network(version);
    const random = stream(3, 0, 0);
    const picture = Float32Array.from({ length: 4 * 30 * 15 }, () => 1 + random.next());
    picture[100] = Number.NaN;
    const scale = new Map(
      version.windows.map((window) => [
        `d${window}`,
        { mean: new Float32Array(270).fill(0.5), deviation: new Float32Array(270).fill(2) },
      ]),
    );
    tf.tidy(() => {
      const extracted = extractor(version, net.reads, scale)(tf.tensor3d(picture, [4, 30, 15]));
      for (const [part, x] of extracted) {
        expect(x.shape[2]).toBe(net.reads.get(part)?.length ?? 270);
        expect(x.dataSync().every(Number.isFinite)).toBe(true);
      }
      const whole = extractor(version, new Map(), scale)(tf.tensor3d(picture, [4, 30, 15])).get('d10') as tf.Tensor;
      const read = net.reads.get('d10') ?? Array.from({ length: 270 }, (_, i) => i);
      const [cells, kept] = [whole.dataSync(), (extracted.get('d10') as tf.Tensor).dataSync()];
      expect(Array.from(kept.slice(0, read.length))).toEqual(read.map((place) => cells[place]));
      expect(net.run(extracted, inference).shape).toEqual([4, 1]);
    });
    net.dispose();
  });
});

describe.each(['alphanet-v1', 'alphanet-v2.1', 'alphanet-v3'])('%s and its layers one after the other', (name) => {
  const version = versionNamed(name);
  const rows = 20;
  const step = (net: Pick<Network, 'variables' | 'run'>, batch: InputTensors) => {
    // Scales other than 1, negative ones among them.
    for (const [of, variable] of net.variables) {
      const random = stream(of.length, 0, 0);
      if (!/gamma|beta/.test(of)) continue;
      const cells = Float32Array.from({ length: variable.size }, () => random.normal());
      tf.tidy(() => variable.assign(tf.tensor1d(cells)));
    }
    const run = () => loss(version.rule.loss, net.run(batch, training()), labelled(rows));
    const taught = gradients(run, net.variables);
    const found = new Map(Object.entries(taught.gradients).map(([of, x]) => [`d ${of}`, x.dataSync()]));
    for (const [of, variable] of net.variables) if (!variable.trainable) found.set(of, variable.dataSync());
    found.set('loss', taught.value.dataSync());
    found.set(
      'prediction',
      values(() => net.run(batch, inference)),
    );
    tf.dispose([taught.value, ...Object.values(taught.gradients)]);
    return found;
  };
  function expectAlike(found: ReturnType<typeof step>, wanted: ReturnType<typeof step>): void {
    expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
    const overall = largest([...wanted].filter(([of]) => of.startsWith('d ')).flatMap(([, cells]) => [...cells]));
    for (const [of, cells] of wanted) {
      // Some gradients are nothing but rounding: of what a normalisation takes off again.
      const scale = Math.max(largest([...cells]), of.startsWith('d ') ? 1e-3 * overall : 1e-3);
      const off = Array.from(found.get(of) as Float32Array, (value, i) => value - (cells[i] as number));
      expect(off.length, of).toBe(cells.length);
      expect(largest(off), of).toBeLessThanOrEqual(1e-4 * scale);
    }
  }
  const largest = (cells: readonly number[]) => cells.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

  test('have the same values, gradients and moving statistics, of stock operations too', async () => {
    const [folded, again] = [network(version), network(version)];
    const [layered, stock] = [1, 2].map(() => layeredNetwork(version, partsOf(version), stream(1, 0, 0)));
    const batch = inputs(version, folded, rows);
    const found = step(folded, batch);
    expectAlike(found, step(layered as Network, batch));
    const leave = await useStockWasm();
    try {
      expectAlike(found, step(stock as Network, batch));
      expectAlike(found, step(again, batch));
    } finally {
      await leave();
    }
    tf.dispose([...batch.values()]);
    for (const net of [folded, again, layered, stock]) net?.dispose();
  });
});

test('steps are timed by ours and by stock kernels, with kept channels and in the graph', async () => {
  const timings: AlphaNetTiming[] = [];
  for await (const timing of timeAlphaNet(1, 1, 8)) timings.push(timing);
  expect(timings.map(({ model, kernels, features }) => `${model} ${kernels} ${features}`)).toEqual(
    timedAlphaNets.flatMap((name) => [`${name} ours kept`, `${name} stock kept`, `${name} stock in the graph`]),
  );
  expect(timings.every(({ batchMs }) => batchMs > 0 && Number.isFinite(batchMs))).toBe(true);
  expect(tf.getBackend()).toBe('wasm');
});
