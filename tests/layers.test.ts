/** Layers of a factor: properties of the trading, and small markets whose returns can be done in the head. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { type LayerMarket, type LayerReport, type LayerRule, layers } from '../evaluation/tear-sheet/layers.ts';
import { excessPerformance, performance } from '../evaluation/tear-sheet/performance.ts';
import { Portfolio } from '../evaluation/tear-sheet/portfolio.ts';
import { layerStart, rankOrder } from '../evaluation/tear-sheet/rank-order.ts';

const free: LayerRule = {
  layers: 2,
  every: 1,
  price: 'CLOSE',
  cost: { buy: 0, sell: 0 },
  shortCost: 'charged',
  datesPerYear: 244,
};
const datesOf = (count: number) =>
  Array.from({ length: count }, (_, t) => new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10));

/** Rows of dates; `trade` is the close unless given. */
interface Grid {
  readonly scores: readonly number[][];
  readonly close: readonly number[][];
  readonly trade?: readonly number[][];
  readonly canBuy?: readonly number[][];
  readonly canSell?: readonly number[][];
  readonly suspended?: readonly number[][];
}
function market({ scores, close, trade = close, canBuy, canSell, suspended }: Grid): LayerMarket {
  const cells = (rows: readonly number[][]) => Float32Array.from(rows.flat());
  return {
    dates: datesOf(close.length),
    symbols: (close[0] as number[]).length,
    scores: cells(scores),
    close: cells(close),
    trade: cells(trade),
    ...(canBuy && { canBuy: cells(canBuy) }),
    ...(canSell && { canSell: cells(canSell) }),
    ...(suspended && { suspended: cells(suspended) }),
  };
}
const none = Number.NaN;
const repeated = <T>(times: number, row: T): T[] => Array.from({ length: times }, () => row);
const navOf = (report: LayerReport, k: number): readonly number[] => report.layers[k]?.nav ?? [];
function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, x] of actual.entries()) expect(x).toBeCloseTo(expected[i] as number, 12);
}

/** A market with everything that goes wrong: listings, delistings, suspensions, limits, ties, dates without scores. */
function troubled(seed: number, T: number, N: number): LayerMarket {
  const random = stream(seed, 0, 0);
  const close = new Float32Array(T * N).fill(none);
  const filled = (value: number) => new Float32Array(T * N).fill(value);
  const [trade, scores, canBuy, canSell, suspended] = [filled(none), filled(none), filled(1), filled(1), filled(0)];
  const silent = Array.from({ length: T }, () => random.next() < 0.1);
  for (let n = 0; n < N; n++) {
    const listed = random.next() < 0.3 ? random.below(T) : 0;
    const delisted = random.next() < 0.3 ? random.below(T) : T;
    let price = 5 + 20 * random.next();
    for (let t = listed; t < delisted; t++) {
      const i = t * N + n;
      if (!silent[t] && random.next() < 0.9) scores[i] = random.below(6);
      if (random.next() < 0.1) {
        suspended[i] = 1;
        if (random.next() < 0.5) close[i] = price;
        continue;
      }
      trade[i] = price *= Math.exp(0.03 * random.normal());
      close[i] = price *= Math.exp(0.03 * random.normal());
      if (random.next() < 0.1) trade[i] = none;
      if (random.next() < 0.1) canBuy[i] = 0;
      if (random.next() < 0.1) canSell[i] = 0;
    }
  }
  return { dates: datesOf(T), symbols: N, scores, close, trade, canBuy, canSell, suspended };
}
const anyMarket = fc
  .tuple(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 30 }))
  .map(([seed, T, N]) => troubled(seed, T, N));
const anyRule = fc.record({
  layers: fc.integer({ min: 2, max: 20 }),
  every: fc.integer({ min: 1, max: 6 }),
  price: fc.constant('VWAP' as const),
  cost: fc.record({ buy: fc.constantFrom(0, 0.001, 0.02, 0.3), sell: fc.constantFrom(0, 0.002, 0.05, 0.3) }),
  shortCost: fc.constantFrom('charged' as const, 'credited' as const),
  datesPerYear: fc.constant(244),
});

describe('the order of ranks', () => {
  const anyScores = fc
    .array(fc.constantFrom(none, -Infinity, -2.5, -1e-40, -0, 0, 1e-40, 1, 3e38, Infinity), { maxLength: 60 })
    .map((x) => Float32Array.from(x));

  test('has every symbol with a score once, highest first, ties in one order for all dates', () => {
    fc.assert(
      fc.property(anyScores, (scores) => {
        const order = rankOrder(scores.length);
        const out = new Int32Array(scores.length);
        const count = order(scores, out);
        const symbols = Array.from(out.subarray(0, count));
        const expected = [...scores.keys()].filter((n) => !Number.isNaN(scores[n]));
        expect([...symbols].sort((a, b) => a - b)).toEqual(expected);
        const all = new Int32Array(scores.length);
        order(new Float32Array(scores.length), all);
        const place = new Map(Array.from(all, (n, i) => [n, i]));
        for (const [i, n] of symbols.slice(1).entries()) {
          const before = symbols[i] as number;
          const [higher, lower] = [scores[before] as number, scores[n] as number];
          expect(higher).toBeGreaterThanOrEqual(lower);
          if (higher === lower) expect(place.get(n)).toBeGreaterThan(place.get(before) as number);
        }
      }),
    );
  });

  test('ties have nothing to do with where symbols stand', () => {
    const N = 2000;
    const out = new Int32Array(N);
    rankOrder(N)(new Float32Array(N), out);
    for (let k = 0; k < 10; k++) {
      const layer = out.subarray(layerStart(k, 10, N), layerStart(k + 1, 10, N));
      const mean = layer.reduce((sum, n) => sum + n, 0) / layer.length;
      expect(Math.abs(mean - (N - 1) / 2)).toBeLessThan((4 * N) / Math.sqrt(12 * layer.length)); // 4 standard errors
    }
  });

  test('layers are next to each other, differ by at most one symbol, and the outer ones are the larger', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 25 }), fc.nat(200), (count, symbols) => {
        const starts = Array.from({ length: count + 1 }, (_, k) => layerStart(k, count, symbols));
        expect(starts[0]).toBe(0);
        expect(starts[count]).toBe(symbols);
        const sizes = starts.slice(1).map((start, k) => start - (starts[k] as number));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(sizes[0]).toBe(Math.max(...sizes));
        if (symbols >= 2) expect(sizes[count - 1]).toBeGreaterThan(0);
      }),
    );
  });
});

describe('a rebalance', () => {
  const N = 8;
  const flags = fc.array(fc.constantFrom(0, 1), { minLength: N, maxLength: N }).map((x) => Uint8Array.from(x));
  const members = fc.subarray([...Array(N).keys()]).map((x) => Int32Array.from(x));
  const growth = fc.array(fc.double({ min: 0.2, max: 5, noNaN: true }), { minLength: N, maxLength: N });
  const rate = fc.constantFrom(0, 0.002, 0.1, 0.5);
  const all = new Uint8Array(N).fill(1);

  /** What a portfolio holds, found by letting one symbol at a time double. */
  function amounts(portfolio: Portfolio): { total: number; each: number[] } {
    const still = new Float64Array(N).fill(1);
    const total = portfolio.drift(still);
    const each = [...still.keys()].map((n) => {
      const more = portfolio.drift(still.with(n, 2)) - total;
      portfolio.drift(still.with(n, 0.5));
      return more;
    });
    return { total, each };
  }

  test('gives members one amount, except those that cannot follow, and pays the costs of just that', () => {
    fc.assert(
      fc.property(members, members, growth, flags, flags, rate, rate, (first, second, moves, buy, sell, b, s) => {
        const portfolio = new Portfolio(N, { buy: b, sell: s });
        portfolio.rebalance(first, { buy: all, sell: all });
        portfolio.drift(Float64Array.from(moves));
        const before = amounts(portfolio);
        const { bought, sold, cost } = portfolio.rebalance(second, { buy, sell });
        const after = amounts(portfolio);

        const change = after.each.map((x, n) => x - (before.each[n] as number));
        const sum = (x: number[]) => x.reduce((total, y) => total + y, 0);
        expect(bought * before.total).toBeCloseTo(sum(change.filter((x) => x > 0)), 10);
        expect(sold * before.total).toBeCloseTo(-sum(change.filter((x) => x < 0)), 10);
        expect(cost).toBeCloseTo(b * bought + s * sold, 10);
        expect(after.total).toBeCloseTo(before.total * (1 - cost), 10);
        const cash = after.total - sum(after.each);
        expect(cash).toBeGreaterThan(-1e-10);

        const moved = (n: number) => Math.abs(change[n] as number) > 1e-10;
        for (let n = 0; n < N; n++) {
          if (!second.includes(n) && sell[n] === 1) expect(after.each[n]).toBeCloseTo(0, 10);
          if ((change[n] as number) > 1e-10) expect(buy[n]).toBe(1);
          if ((change[n] as number) < -1e-10) expect(sell[n]).toBe(1);
        }
        const followed = Array.from(second).filter(moved);
        for (const n of followed) expect(after.each[n]).toBeCloseTo(after.each[followed[0] as number] as number, 10);
        const share = after.each[followed[0] ?? -1];
        if (share === undefined) return;
        for (const n of second) {
          if (moved(n)) continue;
          const now = after.each[n] as number;
          if (now < share - 1e-10) expect(buy[n]).toBe(0);
          if (now > share + 1e-10) expect(sell[n]).toBe(0);
        }
        // Money is left only where nobody could take it.
        if (cash > 1e-10) for (const n of second) expect(buy[n]).toBe(0);
      }),
      { numRuns: 400 },
    );
  });
});

describe('on any market', () => {
  test('nothing at or before a date knows what comes after it', () => {
    fc.assert(
      fc.property(anyMarket, anyRule, fc.nat(), fc.nat(1e6), (now, rule, pick, seed) => {
        const { symbols: N } = now;
        const today = pick % now.dates.length;
        const random = stream(seed, 1, 0);
        const other = { ...now };
        for (const field of ['scores', 'close', 'trade', 'canBuy', 'canSell', 'suspended'] as const) {
          other[field] = (now[field] as Float32Array).slice();
        }
        for (let n = 0; n < N; n++) {
          // That a symbol is gone for good is announced, so it stays so.
          let alive = false;
          for (let t = today + 1; t < now.dates.length; t++) alive ||= (now.close[t * N + n] as number) > 0;
          for (let t = today + 1; t < now.dates.length; t++) {
            const i = t * N + n;
            other.scores[i] = random.below(9);
            other.close[i] = alive ? 1 + 50 * random.next() : none;
            other.trade[i] = alive && random.next() < 0.9 ? 1 + 50 * random.next() : none;
            (other.canBuy as Float32Array)[i] = random.below(2);
            (other.canSell as Float32Array)[i] = random.below(2);
            (other.suspended as Float32Array)[i] = random.below(2);
          }
        }
        const until = (report: LayerReport) => {
          const past = report.navDates.filter((date) => date <= (now.dates[today] as string)).length;
          const cut = (nav: readonly number[]) => nav.slice(0, past);
          return past === 0
            ? [] // it starts later
            : [report.universe.nav, report.longShort.nav, ...report.layers.flatMap((l) => [l.nav, l.excessNav])].map(
                cut,
              );
        };
        expect(until(layers(other, rule))).toEqual(until(layers(now, rule)));
      }),
      { numRuns: 150 },
    );
  });

  test('no money is borrowed, and what cannot be traded away is never lost', () => {
    fc.assert(
      fc.property(anyMarket, anyRule, (m, rule) => {
        const report = layers(m, rule);
        for (const { nav, size, turnover } of report.layers) {
          for (const value of nav) expect(value).toBeGreaterThan(0);
          if (nav.length === 0) continue;
          expect(size).toBeLessThanOrEqual(m.symbols);
          if (report.rebalances > 1) expect(turnover).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
    );
  });

  test('prices in other currencies give the same returns', () => {
    fc.assert(
      fc.property(anyMarket, anyRule, (m, rule) => {
        // Powers of two, so that quotients are the same to the last bit.
        const changed = (x: Float32Array) => x.map((price, i) => price * 2 ** ((i % m.symbols) % 5));
        expect(layers({ ...m, close: changed(m.close), trade: changed(m.trade) }, rule)).toEqual(layers(m, rule));
      }),
    );
  });

  test('when all can be traded at the close of every date, the universe is the mean of equal layers', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 4 }), (seed, count, each) => {
        const random = stream(seed, 2, 0);
        const [T, N] = [12, count * each];
        const draw = (cell: () => number) => Array.from({ length: T }, () => Array.from({ length: N }, cell));
        const close = draw(() => 10 + 5 * random.next());
        const report = layers(market({ scores: draw(() => random.below(4)), close }), { ...free, layers: count });
        for (let day = 1; day < T; day++) {
          const growth = (nav: readonly number[]) => (nav[day] as number) / (nav[day - 1] as number);
          const mean = report.layers.reduce((sum, { nav }) => sum + growth(nav), 0) / count;
          expect(mean).toBeCloseTo(growth(report.universe.nav), 12);
        }
      }),
    );
  });

  test('costs make every layer poorer, and the long-short too unless the bottom layer is credited', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const random = stream(seed, 3, 0);
        const draw = (cell: () => number) => Array.from({ length: 15 }, () => Array.from({ length: 9 }, cell));
        const m = market({ scores: draw(() => random.next()), close: draw(() => 10 + random.next()) });
        const run = (cost: number, shortCost: LayerRule['shortCost']) =>
          layers(m, { ...free, layers: 3, every: 3, cost: { buy: cost, sell: cost }, shortCost });
        const [without, charged, credited] = [run(0, 'charged'), run(0.01, 'charged'), run(0.01, 'credited')];
        expect(run(0, 'credited')).toEqual(without);
        expect(charged.layers).toEqual(credited.layers);
        expect(charged.universe).toEqual(without.universe);
        for (const k of [0, 1, 2]) {
          expect(navOf(charged, k).at(-1)).toBeLessThan(navOf(without, k).at(-1) as number);
        }
        const last = (report: LayerReport) => report.longShort.nav.at(-1) as number;
        expect(last(charged)).toBeLessThan(last(without));
        expect(last(charged)).toBeLessThan(last(credited));
      }),
      { numRuns: 30 },
    );
  });
});

describe('by hand', () => {
  test('two stocks, two layers: bought at the close of the next date, held from then on', () => {
    const report = layers(
      market({
        scores: repeated(4, [2, 1]),
        close: [
          [10, 10],
          [12, 5], // bought here: what happened before is nobody's
          [15, 4],
          [15, 5],
        ],
      }),
      { ...free, every: 9 },
    );
    expectClose(navOf(report, 0), [1, 1, 1.25, 1.25]);
    expectClose(navOf(report, 1), [1, 1, 0.8, 1]);
    expectClose(report.longShort.nav, [1, 1, 1.45, 1.45 * 0.75]);
    expectClose(report.universe.nav, [1, 1, 1.025, 1.125]); // weights drift
    expectClose(report.layers[0]?.excessNav ?? [], [1, 1, 1.225, 1.225 * (1 - (1.125 / 1.025 - 1))]);
    expect(report.navDates).toEqual(['2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04']);
    expect(report.rebalances).toBe(1);
    expect(report.layers[0]?.turnover).toBeNaN();
    expect(report.monotonicity).toBe(1);
  });

  test('a date of trading is split at the trade price', () => {
    const report = layers(
      market({
        scores: [
          [2, 1],
          [1, 2],
          [1, 2],
        ],
        close: [
          [10, 10],
          [15, 10],
          [99, 6],
        ],
        trade: [
          [10, 10],
          [12, 10],
          [18, 5],
        ],
      }),
      free,
    );
    // From 12 to 15; then the first from 15 to 18 and the second from 5 to 6.
    expectClose(navOf(report, 0), [1, 1.25, 1.25 * 1.2 * 1.2]);
    expect(report.layers[0]?.turnover).toBe(1);
  });

  test('costs are paid out of the money that is traded', () => {
    const report = layers(
      market({
        scores: [
          [2, 1],
          [1, 2],
          [1, 2],
        ],
        close: repeated(3, [10, 10]),
      }),
      { ...free, cost: { buy: 0.25, sell: 0.1 } },
    );
    // 1 buys 0.8 for 0.2; sold for 0.72, which buys 0.576.
    expectClose(navOf(report, 0), [1, 0.8, 0.576]);
    expectClose(report.universe.nav, [1, 1, 1]);
  });

  test("the bottom layer's costs are a loss when charged, a gain when credited", () => {
    const still = market({ scores: repeated(3, [2, 1]), close: repeated(3, [10, 10]) });
    const cost = { buy: 0.25, sell: 0.1 };
    expectClose(layers(still, { ...free, cost }).longShort.nav, [1, 0.6, 0.6]);
    expectClose(layers(still, { ...free, cost, shortCost: 'credited' }).longShort.nav, [1, 1, 1]);
  });

  test('the money of a symbol that cannot be bought goes to the others of its layer', () => {
    const report = layers(
      market({
        scores: repeated(3, [4, 3, 2, 1]),
        close: [
          [10, 10, 10, 10],
          [10, 10, 10, 10],
          [20, 11, 10, 10],
        ],
        canBuy: repeated(3, [0, 1, 1, 1]),
      }),
      { ...free, every: 5 },
    );
    expectClose(navOf(report, 0), [1, 1, 1.1]);
    expectClose(report.universe.nav, [1, 1, 1 + 0.1 / 3]);
    expect(report.untraded).toEqual({ buys: 1, sells: 0, delisted: 0 });
    expect(report.layers.map(({ size }) => size)).toEqual([1, 2]);
  });

  test('a symbol that cannot be sold stays, and only the rest is spent', () => {
    const report = layers(
      market({
        scores: [
          [9, 8, 1, 2],
          [1, 2, 9, 8],
          [1, 2, 9, 8],
          [1, 2, 9, 8],
        ],
        close: [
          [10, 10, 10, 10],
          [10, 10, 10, 10],
          [10, 10, 10, 10], // half of the top layer is stuck in the first; a quarter goes into each of the others
          [14, 10, 12, 10],
        ],
        canSell: [
          [1, 1, 1, 1],
          [1, 1, 1, 1],
          [0, 1, 1, 1],
          [1, 1, 1, 1],
        ],
      }),
      free,
    );
    expectClose(navOf(report, 0), [1, 1, 1, 1 + 0.5 * 0.4 + 0.25 * 0.2]);
    expect(report.untraded).toEqual({ buys: 0, sells: 1, delisted: 0 });
    expect(report.layers[0]?.size).toBeCloseTo((2 + 3 + 2) / 3, 12);
  });

  test('a suspension across a rebalance is valued at its last price, and its jump is earned', () => {
    const report = layers(
      market({
        scores: repeated(5, [2, 1]).map((row, t) => (t === 0 ? row : [1, 2])),
        close: [
          [10, 10],
          [10, 10],
          [none, 20],
          [15, 20],
          [99, 25],
        ],
        suspended: repeated(5, [0, 0]).map((row, t) => (t === 2 ? [1, 0] : row)),
      }),
      free,
    );
    // Nothing to buy the second symbol with until the first trades again, at 15.
    expectClose(navOf(report, 0), [1, 1, 1, 1.5, 1.5 * 1.25]);
    expect(report.untraded).toEqual({ buys: 1, sells: 1, delisted: 0 }); // the bottom layer's is the order to buy
  });

  test('a suspended symbol is not traded at the price its bar repeats', () => {
    const report = layers(
      market({
        scores: repeated(3, [2, 1]),
        close: repeated(3, [10, 10]),
        suspended: repeated(3, [1, 0]),
      }),
      free,
    );
    expect(report.untraded.buys).toBe(2);
    expect(report.layers[0]?.size).toBe(0);
  });

  test('a symbol delisted inside a holding period is cash at its last price until the next rebalance', () => {
    const report = layers(
      market({
        scores: [[4, 3, 2, 1], ...repeated(22, [none, 4, 3, 2])],
        close: [
          [10, 10, 10, 10],
          [10, 10, 10, 10],
          [8, 10, 10, 10],
          [none, 20, 10, 10],
          [none, 20, 10, 10],
          [none, 30, 15, 10],
          ...repeated(17, [none, 30, 15, 10]),
        ],
      }),
      { ...free, every: 3 },
    );
    // 0.4 of cash and 1 in the second; then 0.7 in each of the second and third.
    expectClose(navOf(report, 0), [1, 1, 0.9, 1.4, 1.4, ...repeated(18, 2.1)]);
    expect(report.untraded).toEqual({ buys: 0, sells: 0, delisted: 1 });
  });

  test('a date without scores at a rebalance keeps what is held, and is counted', () => {
    const report = layers(
      market({
        scores: [
          [2, 1],
          [none, none],
          [none, none],
        ],
        close: [
          [10, 10],
          [10, 10],
          [11, 10],
        ],
      }),
      free,
    );
    expectClose(navOf(report, 0), [1, 1, 1.1]);
    expect([report.rebalances, report.skipped]).toEqual([1, 1]);
  });

  test('the test starts with the first scores, on the dates rebalances are due', () => {
    const close = [10, 10, 10, 10, 20, 40].map((price) => [price, 10]);
    const scores = repeated(6, [none, none]).map((row, t) => (t >= 1 ? [2, 1] : row));
    const report = layers(market({ scores, close }), { ...free, every: 2 });
    expect(report.navDates[0]).toBe('2024-01-03');
    expectClose(navOf(report, 0), [1, 1, 2, 4]);
  });

  test('without any scores there are no dates and no figures', () => {
    const report = layers(market({ scores: repeated(4, [none]), close: repeated(4, [10]) }), free);
    expect([report.rebalances, report.navDates, report.longShort.nav]).toEqual([0, [], []]);
    expect(report.layers[0]?.performance.annualReturn).toBeNaN();
    expect(report.monotonicity).toBeNaN();
  });

  test('two stocks in ten layers are the top and the bottom; the others hold cash', () => {
    const report = layers(
      market({
        scores: repeated(3, [1, 2]),
        close: [
          [10, 10],
          [10, 10],
          [9, 11],
        ],
      }),
      {
        ...free,
        layers: 10,
      },
    );
    expectClose(navOf(report, 0), [1, 1, 1.1]);
    expectClose(navOf(report, 9), [1, 1, 0.9]);
    for (let k = 1; k < 9; k++) expect(navOf(report, k)).toEqual([1, 1, 1]);
  });

  test('a constant factor does not fail, and does not trade for no reason', () => {
    const report = layers(market({ scores: repeated(6, Array(23).fill(1)), close: repeated(6, Array(23).fill(7)) }), {
      ...free,
      layers: 5,
    });
    expect(report.layers.map(({ size }) => size)).toEqual([5, 5, 4, 4, 5]);
    expect(report.layers.map(({ turnover }) => turnover)).toEqual(Array(5).fill(0));
    expect(report.monotonicity).toBeNaN();
  });

  test('the last date can be traded on, but its scores cannot', () => {
    const report = layers(market({ scores: repeated(3, [2, 1]), close: repeated(3, [10, 10]) }), free);
    expect(report.rebalances).toBe(2);
  });
});

describe('performance', () => {
  test('of four returns, two a year', () => {
    const { annualReturn, volatility, sharpe, maxDrawdown, calmar, dates } = performance([0.5, -0.5, 0, 1], 2);
    // 1.5, 0.75, 0.75, 1.5; deviations from 0.25: 0.25, -0.75, -0.25, 0.75, whose squares sum to 1.25.
    expect(annualReturn).toBeCloseTo(1.5 ** 0.5 - 1, 12);
    expect(volatility).toBeCloseTo(Math.sqrt((1.25 / 3) * 2), 12);
    expect(sharpe).toBeCloseTo(annualReturn / volatility, 12);
    expect(maxDrawdown).toBe(0.5);
    expect(calmar).toBeCloseTo(annualReturn / 0.5, 12);
    expect(dates).toBe(4);
  });

  test('a first loss is a drawdown from 1, and all that is lost stays lost', () => {
    expect(performance([-0.25, 0.1], 244).maxDrawdown).toBe(0.25);
    const ruined = performance([0.1, -1.2, -3, 5], 244);
    expect(ruined.annualReturn).toBe(-1);
    expect(ruined.maxDrawdown).toBe(1);
  });

  test('ratios over nothing are missing', () => {
    const flat = performance([0, 0, 0], 244);
    expect([flat.annualReturn, flat.volatility, flat.maxDrawdown]).toEqual([0, 0, 0]);
    expect([flat.sharpe, flat.calmar]).toEqual([none, none]);
    const empty = performance([], 244);
    expect([empty.annualReturn, empty.volatility, empty.maxDrawdown, empty.dates]).toEqual([none, none, none, 0]);
  });

  test('months are won when the compounded differences of their dates gain', () => {
    const dates = ['2024-01-30', '2024-01-31', '2024-02-01', '2024-03-01', '2024-03-04'];
    const excess = excessPerformance([0.1, 0, 0.1, 0.3, -0.1], [0, 0.05, 0.1, 0, 0.1], dates, 244);
    expect(excess.months).toBe(3);
    expect(excess.monthlyWinRate).toBe(2 / 3); // 1.1 x 0.95 and 1.3 x 0.8 gain, February's 0 does not
    expect(excess.annualReturn).toBeCloseTo((1.1 * 0.95 * 1.3 * 0.8) ** (244 / 5) - 1, 9);
  });
});

describe('as pandas has it', () => {
  interface Golden {
    readonly symbols: number;
    readonly dates: string[];
    readonly scores: number[];
    readonly close: number[];
    readonly trade: number[];
    readonly rule: Omit<LayerRule, 'cost' | 'shortCost' | 'price'>;
    readonly cases: { cost: LayerRule['cost']; shortCost: LayerRule['shortCost']; report: object }[];
  }
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'golden', 'layers');
  const golden: Golden = JSON.parse(readFileSync(join(folder, 'layers.json'), 'utf8'));
  const [scores, close, trade] = [golden.scores, golden.close, golden.trade].map((x) => Float32Array.from(x)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];

  /** One part in 10⁹, number by number of what the golden has. */
  function agree(actual: unknown, expected: unknown, at: string): void {
    if (typeof expected === 'number') {
      const off = Math.abs((actual as number) - expected);
      expect(off, `${at}: ${actual}, not ${expected}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
      return;
    }
    for (const [key, value] of Object.entries(expected as object)) {
      agree((actual as Record<string, unknown>)[key], value, `${at}.${key}`);
    }
    if (Array.isArray(expected)) expect((actual as unknown[]).length, at).toBe(expected.length);
  }

  test.each(golden.cases)('costs $cost, $shortCost', ({ cost, shortCost, report }) => {
    const { dates, symbols, rule } = golden;
    agree(layers({ dates, symbols, scores, close, trade }, { ...rule, price: 'VWAP', cost, shortCost }), report, '');
  });
});
