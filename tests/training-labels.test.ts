/** What teaches: forward returns of those who could be bought, standardised date by date. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelCounts, trainingLabelFields, trainingLabels, undatedFields } from '../models/samples/labels.ts';
import type { SampleMarket } from './sample-market.ts';
import { marketOf, sampleMarket } from './sample-market.ts';

const label = { price: 'CLOSE', lag: 1, horizon: 3 } as const;
const rule = { label, universe: 'MEMBER' };
const seeds = fc.integer({ min: 0, max: 1000 });
const rowOf = (labels: Float32Array, { symbols }: SampleMarket, t: number) =>
  labels.subarray(t * symbols, (t + 1) * symbols);
const known = (row: Float32Array) => [...row].filter((x) => !Number.isNaN(x));

/** Return of a cell that may teach, NaN of another, said the plain way. */
function plain(market: SampleMarket, t: number, n: number): number {
  const { symbols, dates, field } = market;
  const at = (name: string, date: number) => field(name)[date * symbols + n] as number;
  if (t + 4 >= dates || at('MEMBER', t) !== 1 || at('SUSPENDED', t) === 1 || at('ST', t) === 1) return Number.NaN;
  if (at('CAN_BUY', t + 1) !== 1) return Number.NaN;
  return at('CLOSE', t + 4) / at('CLOSE', t + 1) - 1;
}

describe('labels', () => {
  test('are the returns of those who may teach, of mean 0 and population deviation 1', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const market = sampleMarket({ dates: 30, symbols: 25, seed });
        const labels = trainingLabels(market, rule);
        expect(labels.buffer).toBeInstanceOf(SharedArrayBuffer);
        for (let t = 0; t < market.dates; t++) {
          const returns = Array.from({ length: market.symbols }, (_, n) => plain(market, t, n));
          const some = returns.filter((x) => !Number.isNaN(x));
          const mean = some.reduce((a, b) => a + b, 0) / some.length;
          const deviation = Math.sqrt(some.reduce((a, b) => a + (b - mean) ** 2, 0) / some.length);
          const row = [...rowOf(labels, market, t)];
          expect(row.map(Number.isNaN)).toEqual(returns.map(Number.isNaN));
          const off = row.map((x, n) => Math.abs(x - ((returns[n] as number) - mean) / deviation));
          expect(off.every((x) => !(x > 1e-4))).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('do not change with what comes after they are known', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 4, max: 29 }), (seed, from) => {
        const labels = trainingLabels(sampleMarket({ dates: 30, symbols: 12, seed }), rule);
        const other = trainingLabels(sampleMarket({ dates: 30, symbols: 12, seed, otherFrom: from }), rule);
        // The label of t is known at t + 4.
        const end = (from - 4) * 12;
        expect(other.subarray(0, end)).toEqual(labels.subarray(0, end));
        expect(other.subarray(end)).not.toEqual(labels.subarray(end));
      }),
      { numRuns: 30 },
    );
  });

  test('of a placebo are the same on each date, each another symbol’s', () => {
    fc.assert(
      fc.property(seeds, fc.integer(), (seed, placebo) => {
        const market = sampleMarket({ dates: 20, symbols: 15, seed });
        const labels = trainingLabels(market, rule);
        const shuffled = trainingLabels(market, { ...rule, placebo });
        for (let t = 0; t < market.dates; t++) {
          const [row, other] = [rowOf(labels, market, t), rowOf(shuffled, market, t)];
          expect(known(other).sort()).toEqual(known(row).sort());
          for (const [n, x] of row.entries()) {
            expect(Number.isNaN(other[n])).toBe(Number.isNaN(x));
            if (!Number.isNaN(x)) expect(other[n]).not.toBe(x);
          }
        }
        expect(trainingLabels(market, { ...rule, placebo })).toEqual(shuffled);
      }),
      { numRuns: 20 },
    );
  });

  test('of a placebo are mostly one symbol’s from one date to the next', () => {
    const market = sampleMarket({ dates: 20, symbols: 40, seed: 4, masks: [] });
    const labels = trainingLabels(market, { label });
    const shuffled = trainingLabels(market, { label, placebo: 3 });
    const giver = (t: number, n: number) => rowOf(labels, market, t).indexOf(rowOf(shuffled, market, t)[n] as number);
    const both = Array.from({ length: 40 }, (_, n) => [giver(5, n), giver(6, n)]).filter((pair) => !pair.includes(-1));
    expect(both.length).toBeGreaterThan(20);
    // Exchanged anew on each date, one in forty would be.
    expect(both.filter(([a, b]) => a === b).length).toBeGreaterThan(both.length / 2);
    expect(trainingLabels(market, { label, placebo: 4 })).not.toEqual(shuffled);
  });

  test('need no mask that the market lacks', () => {
    const bare = sampleMarket({ dates: 20, symbols: 15, seed: 2, masks: [] });
    expect(trainingLabelFields(bare.market.manifest, { label })).toEqual(['CLOSE']);
    const close = bare.field('CLOSE');
    const labels = trainingLabels(bare, { label });
    for (let at = 0; at < labels.length; at++) {
      const ends = (close[at + 15] as number) + (close[at + 60] as number);
      expect(Number.isNaN(labels[at])).toBe(Number.isNaN(ends));
    }
  });

  test('say which of their fields are known of one day only', () => {
    const { manifest } = sampleMarket({ dates: 20, symbols: 4, seed: 1 }).market;
    const fields = manifest.fields.map((field) => ({
      ...field,
      ...(field.kind === 'm' && { snapshot: true as const }),
    }));
    expect(undatedFields(manifest, rule)).toEqual([]);
    expect(undatedFields({ ...manifest, fields }, rule)).toEqual(
      fields.flatMap(({ name }) => (trainingLabelFields(manifest, rule).includes(name) ? [name] : [])),
    );
    expect(undatedFields({ ...manifest, fields }, rule)).toContain('MEMBER');
    expect(undatedFields({ ...manifest, fields }, { label })).not.toContain('MEMBER');
  });

  test('of a universe that the market lacks are refused', () => {
    const bare = sampleMarket({ dates: 20, symbols: 15, seed: 2, masks: ['ST'] });
    expect(() => trainingLabels(bare, { label, universe: 'MEMBER' })).toThrow(
      expect.objectContaining({ code: 'missing-field', message: expect.stringContaining('It has CLOSE, ST') }),
    );
  });

  test('leave nothing behind in the memory of the market', () => {
    const market = sampleMarket({ dates: 20, symbols: 15, seed: 2 });
    const { used } = market.arena;
    trainingLabels(market, rule);
    labelCounts(market, rule, [1, 2]);
    expect(market.arena.used).toBe(used);
  });
});

describe('counts', () => {
  test('are of every cell, by the first reason there is', () => {
    fc.assert(
      fc.property(seeds, fc.uniqueArray(fc.nat({ max: 29 }), { maxLength: 30 }), (seed, dates) => {
        const market = sampleMarket({ dates: 30, symbols: 9, seed });
        const { labelled, ...leftOut } = labelCounts(market, rule, dates);
        const labels = trainingLabels(market, rule);
        expect(labelled).toBe(dates.reduce((sum, t) => sum + known(rowOf(labels, market, t)).length, 0));
        const all = labelled + Object.values(leftOut).reduce((a, b) => a + b, 0);
        expect(all).toBe(dates.length * 9);
      }),
      { numRuns: 20 },
    );
  });

  test('by hand: each of nine symbols for another reason', () => {
    const none = Number.NaN;
    const close = [1, 2, 3, 4, 5, 6, 7, none, 9];
    const later = [2, 3, 4, 5, 6, none, 8, 9, 9];
    const cells = (...rows: number[][]) => Float32Array.from(rows.flat());
    const ones = Array.from({ length: 9 }, () => 1);
    const zeros = ones.map(() => 0);
    const market = marketOf(
      3,
      9,
      new Map([
        ['CLOSE', cells(ones, close, later)],
        ['MEMBER', cells([0, 1, 1, 1, 1, 1, none, 1, 1], zeros, zeros)],
        ['SUSPENDED', cells([1, 1, 0, 0, 0, 0, 0, 0, 0], ones, ones)],
        ['ST', cells([1, 1, 1, 0, 0, 0, 0, 0, none], ones, ones)],
        ['CAN_BUY', cells(zeros, [1, 1, 1, 0, 1, 1, 1, 1, 1], zeros)],
      ]),
    );
    const short = { label: { price: 'CLOSE', lag: 1, horizon: 1 }, universe: 'MEMBER' } as const;
    expect(labelCounts(market, short, [0])).toEqual({
      labelled: 2, // the fifth and the ninth
      outsideUniverse: 2,
      noReturn: 2,
      suspended: 1,
      st: 1,
      notBuyable: 1,
      noExposure: 0,
      sameForAll: 0,
    });
    // Returns of a fifth and of nothing: one deviation above the mean and one below.
    expect([...rowOf(trainingLabels(market, short), market, 0)].map((x) => Math.round(1e5 * x) / 1e5)).toEqual([
      none,
      none,
      none,
      none,
      1,
      none,
      none,
      none,
      -1,
    ]);
    expect(labelCounts(market, short, [1, 2])).toMatchObject({ labelled: 0, outsideUniverse: 18 });
  });

  test('a date on which all returns are alike teaches nothing', () => {
    const close = Float32Array.from({ length: 4 * 5 }, (_, at) => (1 + (at % 5)) * 1.1 ** Math.floor(at / 5));
    const market = marketOf(4, 5, new Map([['CLOSE', close]]));
    const short = { label: { price: 'CLOSE', lag: 1, horizon: 1 } } as const;
    expect(known(trainingLabels(market, short))).toEqual([]);
    expect(labelCounts(market, short, [0, 1])).toMatchObject({ labelled: 0, sameForAll: 10 });
  });
});
