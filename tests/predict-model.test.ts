/** Scores and explanations of trained models, by the files they leave and by what they must not depend on. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NetworkWeights, networkWeights } from '../cli/api.ts';
import { readScores } from '../data/scores.ts';
import { readManifest } from '../data/store/manifest.ts';
import { alphaNets } from '../models/alphanet/versions.ts';
import { explainModel } from '../models/explain/explain-model.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import { loadWeights, readWeights, type Weight, writeWeights } from '../models/graph/weights-file.ts';
import { Ensemble } from '../models/training/ensemble.ts';
import { networkFolder, readModel } from '../models/training/model-manifest.ts';
import { openReaders } from '../models/training/open-readers.ts';
import { trainingKey } from '../models/training/origin.ts';
import { deviationOf, standardised } from '../models/training/own-scale.ts';
import { predictBatch } from '../models/training/predict-batch.ts';
import { type PredictOptions, predictModel } from '../models/training/predict-model.ts';
import { featurePlaces } from '../models/training/training-inputs.ts';
import { withKernels } from '../models/training/with-kernels.ts';
import { otherFuture, plainDaily, reordered, rewritten } from './market-copies.ts';
import { expectNear } from './series-networks.ts';
import { smallRule, type Trainings, trained, trainings } from './trainings.ts';

let world: Trainings;
const factors = [
  { name: 'reversal', expression: '-ts_return(CLOSE, 5)' },
  { name: 'turnover', expression: 'ts_mean(TURN, 5)' },
];
beforeAll(async () => {
  world = await trainings();
  const rule = smallRule('alphanet-v2', { history: 90, retrainMonths: 2 });
  await trained(world, 'model', { factors, rule, workers: 1 });
}, 60_000);
afterAll(() => world.remove());

interface Table {
  readonly dates: readonly string[];
  readonly symbols: readonly string[];
  readonly values: Float32Array;
}

let files = 0;
/** What a file of scores holds, on the market's dates. */
async function predicted(more: Partial<PredictOptions> = {}, ending = 'arrow'): Promise<Table> {
  const out = world.at(`scores-${files++}.${ending}`);
  const options = { model: world.at('model'), data: world.market, out, workers: 1, ...more };
  const { known, dates, from, to, bytes } = await predictModel(options);
  expect(bytes).toBeGreaterThan(0);
  const { calendar, symbols } = await readManifest(options.data);
  const { values, dropped, rows } = await readScores(out, { calendar, symbols });
  expect(dropped).toEqual([]);
  expect(rows).toBe(dates * symbols.length);
  const [all] = values as [Float32Array];
  expect(all.filter((value) => !Number.isNaN(value))).toHaveLength(known);
  const [first, last] = [calendar.indexOf(from), calendar.indexOf(to)];
  expect(all.subarray(0, first * symbols.length).every(Number.isNaN)).toBe(true);
  return {
    dates: calendar.slice(first, last + 1),
    symbols,
    values: all.slice(first * symbols.length, (last + 1) * symbols.length),
  };
}

/** What each network says on the last date of every fold. */
async function ofNetworks(name: string): Promise<{ date: string; each: Float32Array[] }[]> {
  const manifest = readModel(world.at(name));
  const { model, rule, parts, folds } = manifest;
  const { calendar, symbols } = await readManifest(world.market);
  await chooseBackend('wasm');
  const places = await featurePlaces(
    { data: world.market, parts, from: 60, to: calendar.length, workers: 1, memory: undefined },
    () => {},
  );
  const readers = openReaders(places);
  const source = {
    folder: world.at(name),
    model,
    training: trainingKey(manifest),
    rule,
    parts,
    readers,
    symbols: symbols.length,
  };
  const found: { date: string; each: Float32Array[] }[] = [];
  await withKernels(1, async () => {
    for (const [number, { name: fold, predict }] of folds.entries()) {
      const ensemble = Ensemble.open(source, { number, name: fold });
      const each: Float32Array[] = [];
      for (const { network, samples, shapes } of ensemble.members) {
        const batch = samples.section(calendar.indexOf(predict.to));
        const cells = new Float32Array(symbols.length).fill(Number.NaN);
        const outputs = await predictBatch(network, batch, shapes);
        for (const [row, symbol] of batch.symbols.entries()) cells.fill(outputs[row] as number, symbol, symbol + 1);
        each.push(cells);
      }
      found.push({ date: predict.to, each });
      ensemble.close();
    }
  });
  for (const reader of readers) reader.close();
  return found;
}

/** To less than what models know. */
const rounded = (value: number): number => Number(value.toFixed(4)) + 0;

const rowOf = ({ dates, symbols, values }: Table, date: string): Float32Array => {
  const t = dates.indexOf(date);
  expect(t).toBeGreaterThanOrEqual(0);
  return values.slice(t * symbols.length, (t + 1) * symbols.length);
};

describe('scores', () => {
  let all: Table;
  beforeAll(async () => {
    all = await predicted();
  });

  test('are there for every date of every fold, and differ from symbol to symbol', () => {
    const { folds } = readModel(world.at('model'));
    expect(all.dates).toHaveLength(folds.reduce((sum, { predict }) => sum + predict.dates, 0));
    expect(all.dates[0]).toBe(folds[0]?.name);
    for (const date of all.dates) {
      const known = rowOf(all, date).filter((value) => !Number.isNaN(value));
      expect(new Set(known).size).toBeGreaterThan(0.8 * all.symbols.length);
    }
  });

  test.each(['csv', 'parquet'])('are the same in a %s file, on more threads and in little memory', async (ending) => {
    expect(await predicted({ workers: 2, memory: 64 * 1024 ** 2 }, ending)).toEqual(all);
  });

  test('of one date alone are those of all', async () => {
    for (const date of [all.dates[0], all.dates[30], all.dates.at(-1)] as string[]) {
      const alone = await predicted({ from: date, to: date });
      expect(alone.dates).toEqual([date]);
      expect(alone.values).toEqual(rowOf(all, date));
    }
  });

  test('are the mean of those of the networks of the date', async () => {
    for (const { date, each } of await ofNetworks('model')) {
      const [a, b] = each as [Float32Array, Float32Array];
      expect(a).not.toEqual(b);
      expect(rowOf(all, date)).toEqual(a.map((value, n) => (value + (b[n] as number)) / 2));
    }
  });

  test('of a symbol follow it to another place, and do not see who stands beside it', async () => {
    const market = await plainDaily(world.market);
    const order = all.symbols.map((_, n) => (n * 7 + 3) % all.symbols.length);
    await reordered(market, world.at('reordered'), order);
    const there = await predicted({ data: world.at('reordered') });
    for (const date of all.dates) {
      const [here, moved] = [rowOf(all, date), rowOf(there, date)];
      // Factors are standardised among the symbols of a date: sums in another order.
      expect(order.map((n) => here[n] as number).map(rounded)).toEqual(Array.from(moved, rounded));
    }
  });

  test('at a date know nothing of later ones', async () => {
    const market = await plainDaily(world.market);
    const date = all.dates[20] as string;
    await otherFuture(market, world.at('other-future'), market.manifest.calendar.indexOf(date));
    const there = await predicted({ data: world.at('other-future') });
    const cells = (all.dates.indexOf(date) + 1) * all.symbols.length;
    expect(there.values.slice(0, cells)).toEqual(all.values.slice(0, cells));
    expect(there.values.slice(cells)).not.toEqual(all.values.slice(cells));
  });
});

describe('of networks that learned by correlations, whatever the scale of each', () => {
  /** As `from`, but that the second network of each fold predicts 1024 times as much, which float32 does exactly. */
  function louder(from: string, to: string): void {
    cpSync(world.at(from), world.at(to), { recursive: true });
    for (const { name } of readModel(world.at(to)).folds) {
      const path = join(networkFolder(world.at(to), name, 2), 'weights.bin');
      const { weights, extra } = readWeights(path);
      for (const of of ['output/kernel', 'output/bias']) {
        const { shape, values } = weights.get(of) as Weight;
        weights.set(of, { shape, values: values.map((value) => 1024 * value) });
      }
      writeWeights(weights, path, extra);
    }
  }
  beforeAll(async () => {
    const ic = { kind: 'ic', neutral: false, topWeight: 1 } as const;
    await trained(world, 'ic', { rule: smallRule('alphanet-v2', { loss: ic, epochs: 1 }), workers: 1 });
    louder('ic', 'ic-louder');
    louder('model', 'model-louder');
  });
  const explanation = (name: string) =>
    explainModel({
      ...{ model: world.at(name), data: world.market, backend: 'wasm', workers: 1 },
      ...{ rows: 8, background: 10 },
    });

  test('scores are the mean of those of each, standardised on the date', async () => {
    const all = await predicted({ model: world.at('ic') });
    for (const { date, each } of await ofNetworks('ic')) {
      const standard = each.map((values) => {
        const known = values.filter((value) => !Number.isNaN(value));
        const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
        const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length;
        return Array.from(values, (value) => (value - mean) / Math.sqrt(variance));
      });
      const [a, b] = standard as [number[], number[]];
      const wanted = a.map((value, n) => (value + (b[n] as number)) / 2);
      const found = rowOf(all, date);
      expect(Array.from(found, Number.isNaN)).toEqual(wanted.map(Number.isNaN));
      const known = (values: ArrayLike<number>) => Array.from(values).filter((value) => !Number.isNaN(value));
      expectNear(known(found), known(wanted), { tolerance: 1e-5 });
    }
    expect(await predicted({ model: world.at('ic-louder') })).toEqual(all);
    // Where the loss sees scale, it counts.
    const [plain, other] = [await predicted(), await predicted({ model: world.at('model-louder') })];
    expect(other.values).not.toEqual(plain.values);
  });

  test('SHAP values too, and they add up', async () => {
    const [found, louder] = [await explanation('ic'), await explanation('ic-louder')];
    for (const what of ['values', 'predictions'] as const) expectNear(louder[what], found[what], { tolerance: 1e-4 });
    expect(louder.base).toBeCloseTo(found.base, 4);
    const width = found.names.length;
    const sums = Array.from(found.predictions, (_, i) =>
      found.values.subarray(i * width, (i + 1) * width).reduce((sum, value) => sum + value, found.base),
    );
    expectNear(sums, found.predictions, { tolerance: 3e-3 });
    // Two of deviation 1 each.
    const middle = found.predictions.reduce((sum, value) => sum + value, 0) / 8;
    const variance = found.predictions.reduce((sum, value) => sum + (value - middle) ** 2, 0) / 8;
    expect(variance).toBeGreaterThan(0);
    expect(variance).toBeLessThan(1 + 1e-4);
    const [plain, other] = [await explanation('model'), await explanation('model-louder')];
    const largest = (values: Float32Array) => Math.max(...values.map(Math.abs));
    expect(largest(other.values)).toBeGreaterThan(10 * largest(plain.values));
  });

  test('a network that says the same of all says nothing', () => {
    expect([...standardised(Float32Array.of(0.1, 0.1, 0.1))]).toEqual([0, 0, 0]);
    expect([...standardised(Float32Array.of(1e6))]).toEqual([0]);
    expect([...standardised(new Float32Array(0))]).toEqual([]);
    expect([...standardised(Float32Array.of(1, 3))]).toEqual([-1, 1]);
    expect(deviationOf(Float32Array.of(1, 3))).toBe(1);
    expect(deviationOf(new Float32Array(3).fill(0.1))).toBe(0);
  });
});

test('weights of a network are read by a program that has tfjs, through the package', async () => {
  const [first, last] = readModel(world.at('model')).folds.map(({ name }) => name) as [string, string];
  const model = world.at('model');
  const decoded = async (place: Omit<NetworkWeights, 'model'>) => {
    const { load } = await networkWeights({ model, ...place });
    const { weightData, weightSpecs = [] } = await (load as tf.io.LoadHandler)();
    const tensors = tf.io.decodeWeights(weightData as tf.io.WeightData, weightSpecs);
    return Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, { shape: tensor.shape, values: tensor.dataSync() }]),
    );
  };
  for (const [fold, network] of [
    [first, 1],
    [last, 2],
  ] as const) {
    const kept = loadWeights(join(networkFolder(model, fold, network), 'weights.bin'));
    expect(kept.size).toBeGreaterThan(4);
    expect(await decoded({ fold, network })).toEqual(Object.fromEntries(kept));
  }
  expect(await decoded({})).toEqual(await decoded({ fold: last, network: 1 }));
  await expect(networkWeights({ model, network: 3 })).rejects.toThrow('has networks 1 to 2 of each fold, and none 3.');
  await expect(networkWeights({ model, fold: '1999-01-04' })).rejects.toThrow(`It has ${first}, ${last}.`);
});

test('a symbol of which others know nothing has the score it has among them', async () => {
  await trained(world, 'plain', { rule: smallRule('alphanet-v2', { networks: 1, epochs: 1 }), workers: 1 });
  const model = world.at('plain');
  const all = await predicted({ model });
  const market = await plainDaily(world.market);
  const kept = 4;
  await rewritten(market, world.at('lonely'), (_, cells, width) =>
    cells.map((value, at) => (width === 1 || at % width === kept ? value : Number.NaN)),
  );
  const there = await predicted({ model, data: world.at('lonely') });
  const n = all.symbols.length;
  const of = ({ values }: Table) => values.filter((_, at) => at % n === kept);
  expect(of(there)).toEqual(of(all));
  expect(of(all).some((value) => !Number.isNaN(value))).toBe(true);
  expect(there.values.filter((value) => !Number.isNaN(value)).length).toBeLessThanOrEqual(all.dates.length);
});

// Models of series are in train-series.test.ts.
describe.each(alphaNets.map(({ name }) => name))('%s', (model) => {
  const { pairFields = 0 } = smallRule(model);
  // Networks that draw what they read each have features of their own.
  const rule = smallRule(model, { epochs: 1, networks: pairFields > 0 ? 2 : 1, pairFields: pairFields && 2 });

  test('learns, predicts, and its predictions are explained', async () => {
    const { results, manifest } = await trained(world, model, {
      ...{ model, rule, factors: factors.slice(0, 1), workers: 1 },
    });
    expect(results.finished).toBe(true);
    if (rule.loss.neutral) expect(manifest.styles?.names).toContain('Size');
    for (const { networks, ensemble } of results.folds) {
      for (const number of [...networks, ensemble].flatMap((one) => Object.values(one ?? {}))) {
        expect(number).toSatisfy(Number.isFinite);
      }
    }
    const scores = await predicted({ model: world.at(model) });
    const found = await explainModel({
      model: world.at(model),
      data: world.market,
      rows: 5,
      background: 20,
      backend: 'wasm',
      workers: 1,
    });
    expect(found.additivity.worst).toBeLessThan(1e-3);
    expect(found.rows).toHaveLength(5);
    const width = found.names.length;
    expect(found.names.map(({ name }) => name)).toContain('BN(reversal)');
    const scale = found.predictions.reduce((sum, value) => sum + Math.abs(value - found.base), 0) / 5;
    found.rows.forEach(({ date, symbol }, i) => {
      const score = rowOf(scores, date)[scores.symbols.indexOf(symbol)] as number;
      expect(found.predictions[i]).toBeCloseTo(score, 6);
      const sum = found.values.subarray(i * width, (i + 1) * width).reduce((total, value) => total + value, 0);
      expect(Math.abs(sum - (score - found.base))).toBeLessThan(2e-3 * scale + 1e-6);
    });
  });
});

test('labels that are exchanged between symbols teach nothing that holds', async () => {
  const rule = smallRule('alphanet-v1', { placebo: 1, epochs: 4 });
  await trained(world, 'placebo', { model: 'alphanet-v1', rule, fields: ['CLOSE', 'VOLUME', 'VWAP'] });
  const { dates, symbols, values } = await predicted({ model: world.at('placebo') });
  const market = await plainDaily(world.market);
  const close = market.field('CLOSE');
  const n = symbols.length;
  const first = market.manifest.calendar.indexOf(dates[0] as string);
  const correlations: number[] = [];
  for (let t = 0; first + t + 11 < market.rows; t += 10) {
    const price = (date: number, i: number): number => close[date * n + i] as number;
    const pairs = symbols
      .map((_, i) => [values[t * n + i] as number, price(first + t + 11, i) / price(first + t + 1, i)] as const)
      .filter(([score, later]) => Number.isFinite(score) && Number.isFinite(later));
    correlations.push(rankCorrelation(pairs));
  }
  const mean = correlations.reduce((sum, value) => sum + value, 0) / correlations.length;
  expect(correlations.length).toBeGreaterThan(3);
  expect(Math.abs(mean)).toBeLessThan(3 / Math.sqrt(correlations.length * (n - 1)));
});

function rankCorrelation(pairs: readonly (readonly [number, number])[]): number {
  const ranks = (place: 0 | 1): number[] =>
    pairs.map((pair) => pairs.filter((other) => other[place] < pair[place]).length);
  const [x, y] = [ranks(0), ranks(1)];
  const middle = (pairs.length - 1) / 2;
  const product = (a: number[], b: number[]) =>
    a.reduce((sum, v, i) => sum + (v - middle) * ((b[i] as number) - middle), 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}
