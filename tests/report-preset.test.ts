/** `--preset report` from end to end: the settings of the reports, whose costs are whose, and what training dates decide. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { evaluate } from '../cli/evaluate/evaluate.ts';
import type { EvaluateOptions } from '../cli/evaluate/evaluate-options.ts';
import { stream } from '../core/random.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import type { FactorSheet, TearSheet } from '../evaluation/tear-sheet/sheet.ts';
import { handMade, otherFuture, plainDaily } from './market-copies.ts';
import { pearson } from './plain-statistics.ts';

const place = mkdtempSync(join(tmpdir(), 'evolve-preset-'));
const at = (name: string): string => join(place, name);
const [rows, columns] = [120, 20];
const random = stream(2, 7, 1);
const draws = (of: () => number): number[][] => Array.from({ length: rows }, () => Array.from({ length: columns }, of));
const noise = draws(() => random.next());
const vwap = draws(() => 1 + 0.01 * random.normal());
const close = draws(() => 1 + 0.02 * random.normal());
for (const [t, today] of close.entries()) {
  for (let n = 0; n < columns; n++) {
    today[n] = (today[n] as number) * (close[t - 1]?.[n] ?? 10 + n);
    (vwap[t] as number[])[n] = ((vwap[t] as number[])[n] as number) * (today[n] as number);
  }
}

beforeAll(async () => {
  vi.stubEnv('EVOLVE_CACHE', at('cache'));
  const cell = (cells: number[][]) => (t: number, n: number) => cells[t]?.[n] as number;
  await handMade(at('usual'), { rows, columns }, { CLOSE: cell(close), VWAP: cell(vwap), NOISE: cell(noise) });
  await synthesise(at('planted'), { stocks: 40, days: 320, minutes: 0, seed: 4 });
}, 30_000);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true });
});

const judged = (sources: readonly string[], options: Partial<EvaluateOptions>): Promise<TearSheet> =>
  evaluate({ sources, data: at('usual'), shuffles: 0, against: ['none'], workers: 1, ...options });

const noised = async (options: Partial<EvaluateOptions>): Promise<TearSheet & { factor: FactorSheet }> => {
  const sheet = await judged(['NOISE'], { split: 'all', ...options });
  return { ...sheet, factor: sheet.factors[0] as FactorSheet };
};

const reported = {
  preset: 'report',
  price: 'VWAP',
  lag: 1,
  horizon: 10,
  every: 10,
  layers: 5,
  rebalance: 10,
  trade: 'VWAP',
  cost: { buy: 0.002, sell: 0.002 },
  shortCost: 'credited',
  winsorise: 'mad:5',
  standardise: true,
} as const;

test('has the settings of the reports, and other flags change theirs alone', async () => {
  const { settings, factor } = await noised({ preset: 'report' });
  expect(settings).toMatchObject(reported);
  expect(factor.layers?.layers).toHaveLength(5);
  const changed = await noised({ preset: 'report', horizon: 5, cost: 0.0004 });
  expect(changed.settings).toMatchObject({
    ...reported,
    horizon: 5,
    every: 5,
    rebalance: 5,
    cost: { buy: 0.0004, sell: 0.0004 },
  });
});

test('holds a factor against returns from the next date’s average price to that ten dates later', async () => {
  const { factor } = await noised({ preset: 'report' });
  const expected = Array.from({ length: rows / 10 }, (_, i) => 10 * i).map((t) =>
    // Draws from 0 to 1 have no outlier, and a correlation knows no scale.
    pearson(
      noise[t] as number[],
      (vwap[t + 1] as number[]).map((entry, n) => (vwap[t + 11]?.[n] ?? Number.NaN) / entry - 1),
    ),
  );
  expect(factor.ic.series).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) {
    if (Number.isNaN(value)) expect(factor.ic.series[i]).toBeNaN();
    else expect(factor.ic.series[i]).toBeCloseTo(value, 5);
  }
  expect(factor.ic.dates).toBe(11);
});

describe('the long-short', () => {
  const returnsOf = (nav: readonly number[] = []): number[] =>
    nav.slice(1).map((value, t) => value / (nav[t] as number) - 1);
  let [credited, charged, free] = [] as unknown as [FactorSheet, FactorSheet, FactorSheet];

  beforeAll(async () => {
    const plain = { price: 'VWAP', trade: 'VWAP' } as const;
    const [report, usual, costless] = [
      await noised({ preset: 'report' }),
      await noised(plain),
      await noised({ ...plain, cost: 0 }),
    ];
    expect(usual.settings.shortCost).toBe('charged');
    [credited, charged, free] = [report.factor, usual.factor, costless.factor];
  });

  test('credited: what the top layer returns after its costs, less what the bottom one does after its own', () => {
    const { layers = [], longShort } = credited.layers ?? {};
    const [top, bottom] = [returnsOf(layers[0]?.nav), returnsOf(layers.at(-1)?.nav)];
    expect(top).toHaveLength(rows - 1);
    for (const [t, value] of returnsOf(longShort?.nav).entries()) {
      expect(value).toBeCloseTo((top[t] as number) - (bottom[t] as number), 12);
    }
  });

  test('charged: the same layers, and on dates dealt on less by twice the bottom layer’s costs', () => {
    expect(charged.layers?.layers).toEqual(credited.layers?.layers);
    const net = returnsOf(charged.layers?.layers.at(-1)?.nav);
    const gross = returnsOf(free.layers?.layers.at(-1)?.nav);
    const [gain, loss] = [returnsOf(credited.layers?.longShort.nav), returnsOf(charged.layers?.longShort.nav)];
    let dealt = 0;
    for (const [t, value] of gain.entries()) {
      // All orders are filled, so that costs leave the same share of what each symbol is worth.
      const before = gross[t] as number;
      const cost = 1 - (1 + (net[t] as number)) / (1 + before);
      if (t % 10 === 0) {
        expect(cost).toBeGreaterThan(0.0005);
        expect(cost).toBeLessThan(0.005);
        dealt++;
      } else expect(cost).toBeCloseTo(0, 12);
      // The value before the deal pays, and the close's return is of that too: hence more than twice where it rises.
      expect(value - (loss[t] as number)).toBeCloseTo(cost * (2 + before), 12);
    }
    expect(dealt).toBe(12);
    expect(dealt).toBe(charged.layers?.rebalances);
  });
});

describe('training dates alone decide', () => {
  const sources = ['ts_return(CLOSE, 5)', 'ts_std(CLOSE, 10) / CLOSE', 'TURN', 'OPEN / CLOSE'];
  const asked = { preset: 'report', neutralise: ['industry', 'size'], weightedBy: 'CAP' } as const;
  const decisions = ({ factors, combinations = [] }: TearSheet) => ({
    signs: factors.map(({ sign }) => sign),
    weights: combinations.map(({ name, weights }) => [name, weights]),
  });

  test('signs and weights: another market from the first date of validation on has the same, to the bit', async () => {
    const market = await plainDaily(at('planted'));
    const before = await judged(sources, { data: at('planted'), ...asked });
    const first = market.manifest.calendar.indexOf(before.settings.from);
    await otherFuture(market, at('other'), first - 1);
    await otherFuture(market, at('earlier'), first - 2);
    const after = await judged(sources, { data: at('other'), ...asked });
    expect(before.combinations).toHaveLength(3);
    expect(decisions(after)).toEqual(decisions(before));
    expect(after.factors.map(({ ic }) => ic.mean)).not.toEqual(before.factors.map(({ ic }) => ic.mean));
    // The last label of the training dates ends on the date before.
    expect(decisions(await judged(sources, { data: at('earlier'), ...asked })).weights).not.toEqual(
      decisions(before).weights,
    );
  });
});
