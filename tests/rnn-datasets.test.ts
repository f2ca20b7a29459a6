/** The data sets of recurrent units: ratios that are there, differ, and are what their lines say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Matrix } from '../core/arena.ts';
import { EvolveError } from '../core/failure.ts';
import { ratio } from '../core/units.ts';
import type { MarketManifest } from '../data/market.ts';
import { readManifest } from '../data/store/manifest.ts';
import { Evaluator, marketVocabulary } from '../evaluation/evaluator.ts';
import { channelPrograms } from '../models/features/channel-programs.ts';
import { FeatureReader, makeFeatures } from '../models/features/feature-store.ts';
import { dayPart, factorSeriesPart } from '../models/gru/day-part.ts';
import { datasetPart, datasets } from '../models/rnn/datasets.ts';
import { parse } from '../program/parse.ts';
import { type BarMarket, barMarket, twoParts } from './bar-market.ts';

const folder = mkdtempSync(join(tmpdir(), 'evolve-datasets-'));
const size = { dates: 45, symbols: 70, seed: 11, starts: twoParts(24, 5), barMinutes: 5 };
/** Dates on which series with a window of 20 dates are known. */
const from = 21;
let market: BarMarket;
let manifest: MarketManifest;
/** By data set and series: [dates][symbols]. */
const values = new Map<string, Float32Array>();

async function evaluated(of: BarMarket): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  const parts = ['day', 'ms'].map((name) => datasetPart(name, manifest));
  const channels = parts.flatMap((part) => part.channels);
  const names = parts.flatMap((part) => part.channels.map(({ name }) => `${part.name} ${name}`));
  const place = await makeFeatures({ data: of.folder, channels, from: 0, to: of.dates, workers: 1 });
  const reader = FeatureReader.open(place);
  for (const name of names) found.set(name, new Float32Array(of.dates * of.symbols));
  for (let t = 0; t < of.dates; t++) {
    const record = reader.record(t);
    for (const [c, name] of names.entries()) {
      const series = found.get(name) as Float32Array;
      for (let n = 0; n < of.symbols; n++) series[t * of.symbols + n] = record[n * names.length + c] as number;
    }
  }
  reader.close();
  return found;
}

beforeAll(async () => {
  vi.stubEnv('EVOLVE_CACHE', join(folder, 'cache'));
  market = await barMarket(size);
  manifest = await readManifest(market.folder);
  for (const [name, series] of await evaluated(market)) values.set(name, series);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(dirname(market.folder), { recursive: true });
  rmSync(folder, { recursive: true });
});

const at = (name: string, t: number, n: number): number => values.get(name)?.[t * size.symbols + n] as number;

describe.each(datasets)('the series of $name', ({ table, doc }) => {
  const rows = table?.({ starts: size.starts, barMinutes: size.barMinutes }) ?? [];

  test('are daily ratios, each with a name and a line of its own', () => {
    const words = marketVocabulary(manifest);
    for (const { expression } of rows) {
      const { kind, unit } = parse(expression, words);
      expect({ expression, kind, unit }).toEqual({ expression, kind: 'm', unit: ratio });
    }
    for (const key of ['name', 'doc', 'expression'] as const)
      expect(new Set(rows.map((r) => r[key])).size).toBe(rows.length);
    expect(doc).toContain(String(rows.length));
  });
});

describe('on an ordinary market', () => {
  test('every number is there once windows are full', () => {
    for (const [name, series] of values) {
      const missing = series.subarray(from * size.symbols).filter((x) => !Number.isFinite(x)).length;
      expect({ name, missing }).toEqual({ name, missing: 0 });
    }
  });

  test('no two series of a data set tell symbols apart alike, and none treats all the same', () => {
    const names = [...values.keys()];
    for (const dataset of ['day', 'ms']) {
      const own = names.filter((name) => name.startsWith(`${dataset} `));
      const ranks = own.map((name) => {
        const series = values.get(name) as Float32Array;
        return Array.from({ length: size.dates - from }, (_, i) =>
          ranksOf(series.subarray((from + i) * size.symbols, (from + i + 1) * size.symbols)),
        );
      });
      for (const [i, some] of ranks.entries()) {
        for (const day of some) expect(Math.max(...day) - Math.min(...day)).toBeGreaterThan(size.symbols / 3);
        for (const [j, others] of ranks.slice(0, i).entries()) {
          const mean = some.reduce((sum, day, t) => sum + correlation(day, others[t] as number[]), 0) / some.length;
          if (Math.abs(mean) >= 0.95) expect([own[i], own[j], mean]).toEqual('less alike');
        }
      }
    }
  });

  test('a stretch of it is the same when nothing is kept of other dates', async () => {
    const { channels } = datasetPart('ms', manifest);
    const evaluator = await Evaluator.open(market.folder, { workers: 1, cache: false });
    for (const [first, end] of [
      [30, 37],
      [44, 45],
    ] as const) {
      const found = await evaluator.values(channelPrograms(channels, manifest), { from: first, to: end });
      for (const [i, { name }] of channels.entries()) {
        const rows = Array.from({ length: end - first }, (_, t) => [...evaluator.arena.row(found[i] as Matrix, t)]);
        const wanted = values.get(`ms ${name}`)?.subarray(first * size.symbols, end * size.symbols);
        expect(rows.flat()).toEqual([...(wanted ?? [])]);
      }
    }
    await evaluator.close();
  });

  test('dates after it do not change a date', async () => {
    const later = from + 10;
    const other = await barMarket({ ...size, otherFrom: later });
    const found = await evaluated(other);
    rmSync(dirname(other.folder), { recursive: true });
    const until = later * size.symbols;
    for (const [name, series] of values) {
      if (name.startsWith('day')) continue; // the other market's daily fields are the same
      expect(found.get(name)?.slice(0, until)).toEqual(series.slice(0, until));
    }
    expect(found.get('ms overnight')?.slice(until)).not.toEqual(values.get('ms overnight')?.slice(until));
  });

  test.each([
    [30, 4],
    [25, 69],
  ])('date %i of symbol %i by hand', (t, n) => {
    const bars = size.starts.length;
    const of = (name: string, date = t) =>
      Array.from({ length: bars }, (_, j) => market.cells.get(name)?.[(date * bars + j) * size.symbols + n] as number);
    const day = (name: string, date = t) => market.cells.get(name)?.[date * size.symbols + n] as number;
    const [open, high, low, close, volume] = ['open', 'high', 'low', 'close', 'volume'].map((name) => of(name)) as [
      ...[number[], number[], number[], number[], number[]],
    ];
    const moves = close.slice(1).map((x, i) => x / (close[i] as number) - 1);
    const squares = sum(moves.map((x) => x * x));
    const [last, first] = [close[bars - 1] as number, open[0] as number];
    const steps = close.slice(1).map((x, i) => Math.abs(x - (close[i] as number)));
    const usual = sum(Array.from({ length: 20 }, (_, i) => day('VOLUME', t - i))) / 20;
    const byHand: Record<string, number> = {
      volatility: Math.sqrt(squares),
      skewness: momentsOf(moves).skewness,
      kurtosis: momentsOf(moves).kurtosis,
      'downside share': sum(moves.map((x) => Math.min(x, 0) ** 2)) / squares,
      autocorrelation: correlation(moves.slice(1), moves.slice(0, -1)),
      efficiency: Math.abs(last - (close[0] as number)) / sum(steps),
      'close position': (last - Math.min(...low)) / (Math.max(...high) - Math.min(...low)),
      'high time': high.indexOf(Math.max(...high)) / (bars - 1),
      'low time': low.indexOf(Math.min(...low)) / (bars - 1),
      overnight: first / (of('close', t - 1)[bars - 1] as number) - 1,
      intraday: last / first - 1,
      'opening return': (close[5] as number) / first - 1,
      'closing return': last / (open[bars - 6] as number) - 1,
      'vwap deviation': (last * sum(volume)) / sum(close.map((x, i) => x * (volume[i] as number))) - 1,
      'opening volume': sum(volume.slice(0, 6)) / sum(volume),
      'closing volume': sum(volume.slice(-6)) / sum(volume),
      'volume concentration': (bars * sum(volume.map((x) => x * x))) / sum(volume) ** 2,
      'volume time': sum(volume.map((x, i) => x * (i + 1))) / ((sum(volume) / bars) * ((bars * (bars + 1)) / 2)),
      'price and volume': correlation(close, volume),
      'return and volume': correlation(moves, volume.slice(1)),
      'move and volume': correlation(moves.map(Math.abs), volume.slice(1)),
      impact: sum(moves.map(Math.abs)) / (day('VOLUME') / usual),
    };
    expect(Object.keys(byHand)).toHaveLength(22);
    for (const [name, wanted] of Object.entries(byHand)) {
      const found = at(`ms ${name}`, t, n);
      expect([name, Math.abs(found - wanted) < 2e-5 * Math.max(1, Math.abs(wanted))]).toEqual([name, true]);
    }
    expect(at('day overnight', t, n)).toBeCloseTo(day('OPEN') / day('CLOSE', t - 1) - 1, 5);
    expect(at('day return', t, n)).toBeCloseTo(day('CLOSE') / day('CLOSE', t - 1) - 1, 5);
    expect(at('day upper shadow', t, n)).toBeCloseTo(day('HIGH') / Math.max(day('OPEN'), day('CLOSE')) - 1, 5);
    expect(at('day lower shadow', t, n)).toBeCloseTo(day('LOW') / Math.min(day('OPEN'), day('CLOSE')) - 1, 5);
    expect(at('day vwap deviation', t, n)).toBeCloseTo(day('VWAP') / day('CLOSE') - 1, 5);
    expect(at('day volume change', t, n)).toBeCloseTo(Math.log(day('VOLUME') / usual), 4);
  });
});

describe('a part', () => {
  test('has a date a step, drawn in by what is usual in training', () => {
    expect(datasetPart('ms', manifest)).toMatchObject({ name: 'ms', scaling: 'robust' });
    expect(datasetPart('ms', manifest).channels).toHaveLength(22);
    expect(datasetPart('ms', manifest).lags).toEqual(Array.from({ length: 60 }, (_, i) => 59 - i));
    const brought = datasetPart('l2', manifest, { fields: ['CLOSE', 'ts_mean(volume,48)/VOLUME'] });
    expect(brought.channels.map(({ expression }) => expression)).toEqual(['CLOSE', 'ts_mean(volume, 48) / VOLUME']);
  });

  test('of daily bars is over its last value, and of factors each over its date', () => {
    const day = dayPart({ manifest });
    expect(day).toMatchObject({ name: 'day', scaling: 'series-last' });
    expect(day.channels.map(({ expression }) => expression)).toEqual([
      'OPEN',
      'HIGH',
      'LOW',
      'CLOSE',
      'VWAP',
      'VOLUME',
    ]);
    expect(day.lags).toEqual(Array.from({ length: 40 }, (_, i) => 39 - i));
    expect(dayPart({ manifest, fields: ['CLOSE'] }).channels).toHaveLength(1);
    const factors = factorSeriesPart([{ name: 'f', expression: 'CLOSE / OPEN' }], day);
    expect(factors).toEqual({
      ...{ name: 'factors', lags: day.lags, scaling: 'training' },
      channels: [{ name: 'f', expression: 'cs_norm(CLOSE / OPEN)' }],
    });
  });

  const without = (...names: string[]): MarketManifest => ({
    ...manifest,
    fields: manifest.fields.filter(({ name }) => !names.includes(name)),
  });
  const daily = (): MarketManifest => {
    const { minute: _, ...rest } = without('open', 'high', 'low', 'close', 'volume');
    return rest;
  };
  const longer = (bars: number, barMinutes: number): MarketManifest => ({
    ...manifest,
    minute: { starts: twoParts(bars, barMinutes), barMinutes },
  });

  test.each([
    [() => datasetPart('mss', manifest), /no data set "mss"; did you mean "ms"/],
    [() => datasetPart('minutes', manifest), /There is no data set "minutes"; there are day, ms, l2\./],
    [() => datasetPart('l2', manifest), /--fields/],
    [() => datasetPart('l2', manifest, { fields: [] }), /name at least one/],
    [() => datasetPart('l2', manifest, { fields: ['CLOSE', 'CLOSE'] }), /twice/],
    [() => datasetPart('l2', manifest, { fields: ['close'] }), /ts_mean\(close, 240\)/],
    [() => datasetPart('day', manifest, { fields: ['CLOSE'] }), /leave --fields out.*--dataset l2/],
    [
      () => datasetPart('day', without('VWAP')),
      /no VWAP.*--dataset l2 --fields OPEN,HIGH,LOW,CLOSE,VOLUME.*--repair vwap/,
    ],
    [() => dayPart({ manifest: without('VWAP') }), /no VWAP.*with --fields OPEN,HIGH,LOW,CLOSE,VOLUME.*--repair vwap/],
    [() => datasetPart('ms', daily()), /no minute bars.*evolve data import/],
    [() => datasetPart('ms', without('high')), /have no high,.*evolve data import/],
    [() => datasetPart('ms', without('VOLUME')), /has no VOLUME/],
    [() => datasetPart('ms', longer(2, 60)), /bars of 60 minutes.*half hours.*evolve data import/],
    [() => datasetPart('ms', longer(6, 20)), /bars of 20 minutes.*half hours.*divides 30/],
    [() => datasetPart('ms', longer(5, 24)), /bars of 24 minutes.*half hours.*divides 30/],
  ])('is refused with a remedy: %#', (make, sentence) => {
    let refused: unknown;
    try {
      make();
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(EvolveError);
    expect((refused as EvolveError).message).toMatch(sentence);
  });
});

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Without bias, as spreadsheets write them. */
function momentsOf(x: readonly number[]): { skewness: number; kurtosis: number } {
  const n = x.length;
  const mean = sum(x) / n;
  const deviation = Math.sqrt(sum(x.map((v) => (v - mean) ** 2)) / (n - 1));
  const power = (k: number) => sum(x.map((v) => ((v - mean) / deviation) ** k));
  return {
    skewness: (n / ((n - 1) * (n - 2))) * power(3),
    kurtosis: ((n * (n + 1)) / ((n - 1) * (n - 2) * (n - 3))) * power(4) - (3 * (n - 1) ** 2) / ((n - 2) * (n - 3)),
  };
}

function ranksOf(values: Float32Array): number[] {
  return Array.from(values, (x) => {
    const [below, same] = [values.filter((y) => y < x).length, values.filter((y) => y === x).length];
    return below + (same - 1) / 2;
  });
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [sum(x as number[]) / x.length, sum(y as number[]) / y.length];
  const product = (a: readonly number[], ma: number, b: readonly number[], mb: number) =>
    sum(a.map((v, i) => (v - ma) * ((b[i] as number) - mb)));
  return product(x, mx, y, my) / Math.sqrt(product(x, mx, x, mx) * product(y, my, y, my));
}
