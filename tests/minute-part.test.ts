/** The bars a series model reads: the numbers they should have, of the minutes they should be of. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { price } from '../core/units.ts';
import type { FieldInfo, MarketManifest, MinuteGrid } from '../data/market.ts';
import { resampleMarket } from '../data/resample.ts';
import { readManifest } from '../data/store/manifest.ts';
import { FeatureReader, makeFeatures } from '../models/features/feature-store.ts';
import { barSeries, minutePart } from '../models/gru/minute-part.ts';
import { seriesNames } from '../models/series/series-names.ts';
import { type BarMarket, barMarket, twoParts } from './bar-market.ts';

const folder = mkdtempSync(join(tmpdir(), 'evolve-minute-part-'));
const made: string[] = [];
const size = { dates: 5, symbols: 7, seed: 3, starts: twoParts(24, 5), barMinutes: 5 };

beforeAll(() => vi.stubEnv('EVOLVE_CACHE', join(folder, 'cache')));
afterAll(() => {
  vi.unstubAllEnvs();
  for (const market of made) rmSync(dirname(market), { recursive: true });
  rmSync(folder, { recursive: true });
});

async function marketOf(options: Partial<Parameters<typeof barMarket>[0]> = {}): Promise<BarMarket> {
  const market = await barMarket({ ...size, ...options });
  made.push(market.folder);
  return market;
}

/** [dates] of [symbols][bars][series]. */
async function numbersOf(data: string): Promise<number[][]> {
  const manifest = await readManifest(data);
  const { channels } = minutePart(manifest);
  const to = manifest.calendar.length;
  const reader = FeatureReader.open(await makeFeatures({ data, channels, from: 0, to, workers: 1 }));
  const numbers = Array.from({ length: to }, (_, date) => [...reader.record(date)]);
  reader.close();
  return numbers;
}

/** The same, said the plain way. */
function expected({ cells, dates, symbols, starts, barMinutes }: BarMarket): number[][] {
  const each = 15 / barMinutes;
  return Array.from({ length: dates }, (_, t) =>
    Array.from({ length: symbols }, (_, n) =>
      Array.from({ length: starts.length / each }, (_, bar) => {
        const of = (name: string) =>
          Array.from(
            { length: each },
            (_, i) => cells.get(name)?.[(t * starts.length + bar * each + i) * symbols + n] ?? Number.NaN,
          );
        const [high, low, close, volume] = [of('high'), of('low'), of('close'), of('volume')];
        const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
        const typical = high.map((x, i) => (x + (low[i] as number) + (close[i] as number)) / 3);
        const prices = cells.has('vwap') ? of('vwap') : typical;
        const money = cells.has('amount') ? of('amount') : prices.map((x, i) => x * (volume[i] as number));
        return [
          of('open')[0] as number,
          Math.max(...high),
          Math.min(...low),
          close.at(-1) as number,
          sum(money) / sum(volume),
          sum(volume),
        ];
      }).flat(),
    ).flat(),
  );
}

function expectAlike(found: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void {
  for (const [t, row] of wanted.entries()) {
    for (const [i, x] of row.entries()) {
      const y = found[t]?.[i] as number;
      if (Number.isNaN(x) ? !Number.isNaN(y) : !(Math.abs(y - x) <= 2e-6 * Math.abs(x))) {
        expect({ t, i, value: y }).toEqual({ t, i, value: x });
      }
    }
    expect(found[t]).toHaveLength(row.length);
  }
}

describe('the bars of a day', () => {
  test.each([[['amount']], [['vwap']], [['amount', 'vwap']], [[]]] as const)('of a market with %j', async (also) => {
    const market = await marketOf({ also, holes: 0.02 });
    const numbers = await numbersOf(market.folder);
    expectAlike(numbers, expected(market));
    const missing = numbers.flat().filter(Number.isNaN).length;
    expect(missing).toBeGreaterThan(0);
    expect(missing).toBeLessThan(numbers.flat().length / 5);
  });

  test('are those of the market resampled, and a market of such bars is read as it is', async () => {
    const market = await marketOf({ also: ['amount'] });
    const out = join(folder, 'longer');
    await resampleMarket({ from: market.folder, to: '15m', out });
    expectAlike(await numbersOf(market.folder), await numbersOf(out));
  });

  test('do not depend on later dates', async () => {
    const [one, other] = await Promise.all([marketOf(), marketOf({ otherFrom: 3 })]);
    const [before, after] = [await numbersOf(one.folder), await numbersOf(other.folder)];
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
    expect(after[3]).not.toEqual(before[3]);
  });
});

const names = ['open', 'high', 'low', 'close', 'volume'];
const fieldsOf = (given: readonly string[]): FieldInfo[] =>
  given.map((name) => ({ name, kind: 'b', unit: price, doc: '' }));
const manifestOf = (minute: MinuteGrid | undefined, given = names): MarketManifest => ({
  ...{ schema: 1, name: 'mine', calendar: [], symbols: [], fields: fieldsOf(given), datesPerYear: 244 },
  ...{ provenance: {}, hash: '', ...(minute && { minute }) },
});
const oneMinute = { starts: twoParts(120, 1), barMinutes: 1 };

describe('the part', () => {
  test('has 16 bars of a day in China and 26 in the United States, on 20 dates', () => {
    const china = minutePart(manifestOf(oneMinute));
    expect(china.channels).toHaveLength(16 * 6);
    expect(china).toMatchObject({ name: 'minute', stepsPerDate: 16, scaling: 'series-mean' });
    expect(china.lags).toEqual(Array.from({ length: 20 }, (_, i) => 19 - i));
    expect(china.channels.slice(0, 6).map(({ name }) => name)).toEqual(barSeries.map((name) => `${name}@9:30`));
    expect(china.channels.at(-1)).toEqual({
      name: 'volume@14:45',
      expression: 'interval(volume, sum, 14:45, 15:00)',
    });
    expect(seriesNames(china)[5]).toEqual({ name: 'volume@9:30[t-19]', feature: 'volume', lag: 19, time: '9:30' });
    const states = { starts: Array.from({ length: 78 }, (_, i) => 570 + 5 * i), barMinutes: 5 };
    expect(minutePart(manifestOf(states)).stepsPerDate).toBe(26);
    expect(minutePart(manifestOf(states), { barMinutes: 30 }).stepsPerDate).toBe(13);
  });

  test('has no bar over a break, and a shorter one before it when minutes are left over', () => {
    const { channels } = minutePart(manifestOf({ starts: twoParts(4, 5), barMinutes: 5 }));
    const closes = channels.filter(({ name }) => name.startsWith('close')).map(({ expression }) => expression);
    expect(closes).toEqual([
      'interval(close, last, 9:30, 9:45)',
      'interval(close, last, 9:45, 9:50)',
      'interval(close, last, 13:00, 13:15)',
      'interval(close, last, 13:15, 13:20)',
    ]);
  });

  test.each([
    [manifestOf(undefined), 'missing-field', /no minute bars.*evolve data import/],
    [manifestOf(oneMinute, ['open', 'close']), 'missing-field', /no high, low, volume.*evolve data import/],
    [manifestOf({ starts: twoParts(2, 60), barMinutes: 60 }), 'bad-market', /bars of 60 minutes.*evolve data import/],
    [manifestOf({ starts: twoParts(12, 10), barMinutes: 10 }), 'bad-market', /bars of 10.*evolve data resample/],
  ] as const)('is refused with a remedy on market %#', (manifest, code, sentence) => {
    const error = refusal(() => minutePart(manifest));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(sentence);
  });
});

function refusal(make: () => unknown): EvolveError {
  try {
    make();
  } catch (error) {
    if (error instanceof EvolveError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
