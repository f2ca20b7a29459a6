import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Arena } from '../core/arena.ts';
import type { Market, MarketManifest } from '../data/market.ts';
import { readManifest } from '../data/store/manifest.ts';
import { MinuteReader } from '../data/store/minute.ts';
import { openMarket } from '../data/store/open.ts';
import { priceLimit } from '../data/synth/bars.ts';
import { bell, chance, growth } from '../data/synth/noise.ts';
import { sessionDates, sessionGrid } from '../data/synth/session.ts';
import * as statistics from '../data/synth/statistics.ts';
import { generatorVersion, synthesise } from '../data/synth/synthesise.ts';
import * as rolling from '../operators/reference/rolling.ts';
import { parse } from '../program/parse.ts';
import { evaluateReference, type PlainMarket } from '../program/reference-program.ts';
import { vocabulary } from '../program/vocabulary.ts';

const size = { stocks: 60, days: 150, minutes: 24, seed: 7 };
let place: string;
let manifest: MarketManifest;
let market: Market;
const arena = new Arena(2 ** 27);

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'evolve-synth-'));
  manifest = await synthesise(join(place, 'market'), size);
  market = await openMarket(join(place, 'market'), arena, { verify: true });
});
afterAll(() => rm(place, { recursive: true }));

/** One daily field as T x N cells. */
function cells(name: string): Float32Array {
  const matrix = market.daily.get(name);
  if (!matrix) throw new Error(`no ${name}`);
  const all = new Float32Array(matrix.rows * matrix.columns);
  for (let t = 0; t < matrix.rows; t++) all.set(arena.row(matrix, t), t * matrix.columns);
  return all;
}

/** The whole market as plain arrays, for the interpreter. */
async function plainMarket(): Promise<PlainMarket> {
  const daily = new Map<string, Float64Array>();
  for (const { name, kind } of manifest.fields) if (kind === 'm') daily.set(name, Float64Array.from(cells(name)));
  const minute = new Map<string, Float64Array>();
  const reader = await MinuteReader.open(join(place, 'market'), manifest);
  const into = new Uint8Array(reader.slabBytes);
  for (const name of reader.fields) {
    const all = new Float64Array((size.days * reader.slabBytes) / 4).fill(Number.NaN);
    for (let t = 0; t < size.days; t++) {
      if (reader.read(t, name, into)) all.set(new Float32Array(into.buffer), (t * reader.slabBytes) / 4);
    }
    minute.set(name, all);
  }
  reader.close();
  return { rows: size.days, columns: size.stocks, daily, minute, starts: manifest.minute?.starts ?? [] };
}

/** Pearson, over the symbols that have both. */
function knownCorrelation(x: Float64Array, y: Float64Array): number {
  const both = [...x.keys()].filter((n) => !Number.isNaN(x[n]) && !Number.isNaN(y[n]));
  const pick = (from: Float64Array) => Float64Array.from(both, (n) => from[n] as number);
  return both.length > 1 ? rolling.correlation(pick(x), pick(y)) : Number.NaN;
}

async function hashes(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const file of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, file);
    if ((await stat(path)).isFile())
      found[file] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
  }
  return found;
}

describe('a synthetic market', () => {
  test('is the same to the last byte when made again, and another with another seed', async () => {
    await synthesise(join(place, 'again'), size);
    expect(await hashes(join(place, 'again'))).toEqual(await hashes(join(place, 'market')));
    const other = await synthesise(join(place, 'other'), { ...size, seed: 8 });
    expect(other.hash).not.toBe(manifest.hash);
  });

  // Pinned: another engine or machine must draw the very same numbers. Whoever changes the generator on purpose
  // changes this and raises generatorVersion.
  test('has the same numbers on every machine', () => {
    const digest = (name: string) => createHash('sha256').update(cells(name)).digest('hex').slice(0, 16);
    expect({ generatorVersion, close: digest('CLOSE'), volume: digest('VOLUME') }).toEqual({
      generatorVersion: 2,
      close: 'f9668ede0f3210c3',
      volume: '17cc0545e5eb806d',
    });
  });

  test('reads back as it was made', async () => {
    expect(await readManifest(join(place, 'market'))).toEqual(manifest);
  });

  test('keeps daily bars in order: low <= open, close, vwap <= high, and all missing together', () => {
    const [open, high, low, close] = ['OPEN', 'HIGH', 'LOW', 'CLOSE'].map(cells) as Float32Array[];
    const [vwap, volume, amount] = ['VWAP', 'VOLUME', 'AMOUNT'].map(cells) as Float32Array[];
    let known = 0;
    for (const [i, h] of (high ?? []).entries()) {
      const bar = [open, low, close, vwap, volume, amount].map((field) => field?.[i] as number);
      if (Number.isNaN(h)) expect(bar.every(Number.isNaN)).toBe(true);
      else {
        known++;
        const [o, l, c, v, shares, money] = bar as [number, number, number, number, number, number];
        expect(Math.min(o, l, c, v)).toBe(l);
        expect(Math.max(o, h, c, v)).toBe(h);
        expect(shares).toBeGreaterThan(0);
        expect(Math.abs(money / shares / v - 1)).toBeLessThan(1e-6);
      }
    }
    const share = known / (size.stocks * size.days);
    expect(share).toBeGreaterThan(0.8);
    expect(share).toBeLessThan(1); // suspensions and listings
  });

  test('never moves past the price limit', () => {
    const close = cells('CLOSE');
    const N = size.stocks;
    for (let i = N; i < close.length; i++) {
      const move = (close[i] as number) / (close[i - N] as number) - 1;
      if (!Number.isNaN(move)) expect(Math.abs(move)).toBeLessThan(priceLimit + 0.005); // a cent of rounding
    }
  });

  test('has daily bars that sum up the minute bars', async () => {
    const reader = await MinuteReader.open(join(place, 'market'), manifest);
    const slab = (t: number, name: string) => {
      const into = new Uint8Array(reader.slabBytes);
      expect(reader.read(t, name, into)).toBe(true);
      return new Float32Array(into.buffer);
    };
    const [N, M] = [size.stocks, size.minutes];
    const daily = new Map(['OPEN', 'HIGH', 'LOW', 'CLOSE', 'VOLUME'].map((name) => [name, cells(name)]));
    for (const t of [0, 70, 149]) {
      const bars = new Map(reader.fields.map((name) => [name, slab(t, name)]));
      for (let n = 0; n < N; n++) {
        const series = (name: string) =>
          Float64Array.from({ length: M }, (_, j) => bars.get(name)?.[j * N + n] as number);
        const day = (name: string) => daily.get(name)?.[t * N + n];
        expect(series('open')[0]).toBe(day('OPEN'));
        expect(series('close')[M - 1]).toBe(day('CLOSE'));
        expect(Math.max(...series('high'))).toBe(day('HIGH'));
        expect(Math.min(...series('low'))).toBe(day('LOW'));
        expect(Math.fround(series('volume').reduce((a, b) => a + b))).toBe(day('VOLUME'));
      }
    }
    reader.close();
  });

  test('has every field of the reports, and masks', () => {
    const names = manifest.fields.map((field) => field.name);
    const expected = [
      'OPEN',
      'HIGH',
      'LOW',
      'CLOSE',
      'VWAP',
      'VOLUME',
      'AMOUNT',
      'CAP',
      'TURN',
      'FREE_TURN',
      'RETURN1',
    ];
    expect(names).toEqual(expect.arrayContaining([...expected, 'INDUSTRY', 'MKT_RETURN', 'MKT_UP_SHARE']));
    expect(names).toEqual(expect.arrayContaining(['CAN_BUY', 'CAN_SELL', 'SUSPENDED', 'ST', 'LISTED_DAYS']));
    expect(names).toEqual(expect.arrayContaining(['open', 'high', 'low', 'close', 'volume']));
  });

  test('without minutes has daily bars and daily signals only', async () => {
    const daily = await synthesise(join(place, 'daily'), { ...size, minutes: 0 });
    expect(daily.minute).toBeUndefined();
    expect(daily.fields.some((field) => field.kind === 'b')).toBe(false);
    expect(daily.planted?.map((signal) => signal.kind)).toEqual(['daily', 'daily', 'interaction', 'decaying']);
  });

  test('refuses sizes that make no market', async () => {
    const make = (other: object) => synthesise(join(place, 'refused'), { ...size, ...other });
    await expect(make({ stocks: 0 })).rejects.toThrow('--stocks should be a whole number from 2');
    await expect(make({ days: 1.5 })).rejects.toThrow('--days');
    await expect(make({ minutes: 1 })).rejects.toThrow('--minutes should be 0');
    expect(await readdir(place)).not.toContain('refused');
  });
});

describe('planted signals', () => {
  test('are formulas, each worth what the manifest says', async () => {
    const N = size.stocks;
    const plain = await plainMarket();
    const close = cells('CLOSE');
    // The return from the close of T+1 to that of T+2, in the row of T.
    const label = Float64Array.from(close, (_, i) => {
      const [from, to] = [close[i + N] ?? Number.NaN, close[i + 2 * N] ?? Number.NaN];
      return to / from - 1;
    });
    const names = vocabulary(manifest.fields);
    expect(manifest.planted?.length).toBe(6);
    for (const { expression, ic, icFirstHalf, icSecondHalf } of manifest.planted ?? []) {
      const values = evaluateReference(parse(expression, names), plain);
      const ics = Array.from({ length: size.days }, (_, t) =>
        knownCorrelation(values.subarray(t * N, (t + 1) * N), label.subarray(t * N, (t + 1) * N)),
      );
      const mean = (of: number[]) => rolling.mean(Float64Array.from(of.filter((one) => !Number.isNaN(one))));
      expect(mean(ics), expression).toBeCloseTo(ic, 5);
      expect(mean(ics.slice(0, 75)), expression).toBeCloseTo(icFirstHalf, 5);
      expect(mean(ics.slice(75)), expression).toBeCloseTo(icSecondHalf, 5);
    }
  });

  test('are found in a larger market at the strength they were planted with', async () => {
    const large = await synthesise(join(place, 'large'), { stocks: 300, days: 400, minutes: 8, seed: 3 });
    for (const { kind, name, ic, icFirstHalf, icSecondHalf } of large.planted ?? []) {
      if (kind === 'decaying') {
        expect(icFirstHalf, name).toBeGreaterThan(0.05);
        expect(Math.abs(icSecondHalf), name).toBeLessThan(0.015);
      } else {
        expect(ic, name).toBeGreaterThan(0.025);
        expect(ic, name).toBeLessThan(0.08);
      }
    }
  });

  test('use statistics that are those of the operators', () => {
    const series = fc.array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(series, series, (a, b) => {
        const length = Math.min(a.length, b.length);
        const [x, y] = [Float64Array.from(a.slice(0, length)), Float64Array.from(b.slice(0, length))];
        // toBeCloseTo calls NaN far from NaN, and a constant series has neither deviation nor correlation.
        const alike = (a: number, b: number) => Object.is(a, b) || Math.abs(a - b) < 1e-9;
        expect(alike(statistics.mean(x), rolling.mean(x))).toBe(true);
        expect(alike(statistics.deviation(x), rolling.deviation(x))).toBe(true);
        expect(alike(statistics.correlation(x, y), rolling.correlation(x, y))).toBe(true);
        expect(statistics.lastRank(x)).toBe(rolling.rank(x));
      }),
      {
        examples: [
          [
            [0, 0],
            [0, 0],
          ],
        ],
      },
    );
  });
});

describe('its clock', () => {
  test('follows the Chinese session where bars fit into it', () => {
    expect(sessionGrid(240)?.starts.slice(118, 122)).toEqual([688, 689, 780, 781]);
    expect(sessionGrid(16)).toEqual({
      starts: [570, 585, 600, 615, 630, 645, 660, 675, 780, 795, 810, 825, 840, 855, 870, 885],
      barMinutes: 15,
    });
    expect(sessionGrid(390)?.starts.at(-1)).toBe(570 + 389);
    expect(sessionGrid(0)).toBeUndefined();
    expect(() => sessionGrid(871)).toThrow('do not fit');
  });

  test('has about 244 dates a year, none on a weekend', () => {
    const dates = sessionDates(1000);
    expect(dates.filter((date) => date.startsWith('2019')).length).toBeGreaterThan(240);
    expect(dates.filter((date) => date.startsWith('2019')).length).toBeLessThan(250);
    expect(dates.some((date) => [0, 6].includes(new Date(date).getUTCDay()))).toBe(false);
  });
});

test('its noise has mean 0 and deviation 1, and growth is near e^x', () => {
  const random = chance(1, 'day', 2, 3);
  const draws = Float64Array.from({ length: 100_000 }, () => bell(random));
  expect(rolling.mean(draws)).toBeCloseTo(0, 1);
  expect(rolling.deviation(draws)).toBeCloseTo(1, 1);
  for (const x of [-2, -0.5, 0, 0.7, 2]) expect(growth(x) / Math.exp(x)).toBeCloseTo(1, 2);
});
