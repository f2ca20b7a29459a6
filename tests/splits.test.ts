import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena, type Matrix } from '../core/arena.ts';
import { stream } from '../core/random.ts';
import { price, ratio } from '../core/units.ts';
import { defaultLabel, forwardReturns } from '../data/labels.ts';
import type { LabelRule, Market } from '../data/market.ts';
import { defaultSplit, embargoOf, splitCalendar } from '../data/splits.ts';

const calendar = (dates: number) =>
  Array.from({ length: dates }, (_, t) => new Date(Date.UTC(2020, 0, 1) + t * 86_400_000).toISOString().slice(0, 10));

describe('a split', () => {
  test('by fractions leaves an embargo between its parts', () => {
    expect(splitCalendar(calendar(100), defaultSplit, 2)).toEqual({
      train: { first: 0, end: 58 },
      valid: { first: 60, end: 78 },
      test: { first: 80, end: 100 },
    });
  });

  test('by dates cuts the embargo from the earlier part, or finds it there already', () => {
    const dates = {
      kind: 'dates',
      train: ['2019-01-01', '2020-01-10'],
      valid: ['2020-01-11', '2020-01-20'],
      test: ['2020-01-31', '2030-01-01'],
    } as const;
    expect(splitCalendar(calendar(50), dates, 3)).toEqual({
      train: { first: 0, end: 7 },
      valid: { first: 10, end: 20 },
      test: { first: 30, end: 50 },
    });
  });

  test('never lets a label of one part reach the next', () => {
    const positive = fc.integer({ min: 1, max: 20 });
    const fractions = fc.tuple(positive, positive, positive);
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 2000 }),
        fractions,
        positive,
        positive,
        (dates, [a, b, c], lag, horizon) => {
          const sum = a + b + c;
          const rule = { kind: 'fractions', train: a / sum, valid: b / sum, test: 1 - (a + b) / sum } as const;
          const embargo = embargoOf({ price: 'CLOSE', lag, horizon });
          let split: ReturnType<typeof splitCalendar>;
          try {
            split = splitCalendar(calendar(dates), rule, embargo);
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad-argument' });
            return;
          }
          for (const [earlier, later] of [
            [split.train, split.valid],
            [split.valid, split.test],
          ] as const) {
            expect(earlier.end).toBeGreaterThan(earlier.first);
            expect(earlier.end - 1 + lag + horizon).toBeLessThan(later.first);
          }
          expect(split.test.end).toBe(dates);
        },
      ),
    );
  });

  const dates = (train: [string, string], valid: [string, string], test: [string, string]) =>
    ({ kind: 'dates', train, valid, test }) as const;
  test.each([
    ['fractions that are not whole', { kind: 'fractions', train: 0.6, valid: 0.3, test: 0.3 }, 'add up to 1'],
    [
      'a part of nothing',
      { kind: 'fractions', train: 0.8, valid: 0.2, test: 0 },
      'The test part of a split should be above 0, not 0: ',
    ],
    [
      'a part that is all embargo',
      { kind: 'fractions', train: 0.9, valid: 0.02, test: 0.08 },
      'The valid part, 2020-03-31 to 2020-04-01, has 2 dates',
    ],
    [
      'a part of one date',
      { kind: 'fractions', train: 0.9, valid: 0.01, test: 0.09 },
      'The valid part, 2020-03-31 to 2020-03-31, has 1 date, and none',
    ],
    [
      'an overlap',
      dates(['2020-01-01', '2020-02-01'], ['2020-01-20', '2020-03-01'], ['2020-03-02', '2020-04-01']),
      'parts must follow each other',
    ],
    [
      'dates outside',
      dates(['2010-01-01', '2011-01-01'], ['2020-01-20', '2020-03-01'], ['2020-03-02', '2020-04-01']),
      "lies outside the market's dates, 2020-01-01 to 2020-04-09",
    ],
    [
      'a part backwards',
      dates(['2020-02-01', '2020-01-01'], ['2020-02-20', '2020-03-01'], ['2020-03-02', '2020-04-01']),
      'after it ends',
    ],
    [
      'no date',
      dates(['2020-01-01', 'Feb 1'], ['2020-02-20', '2020-03-01'], ['2020-03-02', '2020-04-01']),
      '"Feb 1" in the train part',
    ],
  ] as const)('refuses %s', (_name, rule, message) => {
    expect(() => splitCalendar(calendar(100), rule, 2)).toThrow(message);
  });
});

describe('labels', () => {
  const [T, N] = [30, 7];

  function market(arena: Arena, seed: number, change?: (matrix: Matrix) => void): Market {
    const random = stream(seed, 0, 0);
    const close = arena.matrix(T, N);
    for (let t = 0; t < T; t++)
      arena.row(close, t).forEach((_, n, row) => {
        row[n] = random.next() < 0.1 ? Number.NaN : 10 + random.next();
      });
    change?.(close);
    const canBuy = arena.matrix(T, N);
    for (let t = 0; t < T; t++) arena.row(canBuy, t).fill(1);
    arena.row(canBuy, 5)[2] = 0;
    const field = (name: string, unit = ratio) => ({ name, kind: 'm', unit, doc: '' }) as const;
    return {
      folder: undefined,
      manifest: {
        schema: 1,
        name: 'test',
        calendar: calendar(T),
        symbols: Array.from({ length: N }, (_, n) => `S${n}`),
        fields: [field('CLOSE', price), field('CAN_BUY')],
        datesPerYear: 244,
        provenance: {},
        hash: '-',
      },
      daily: new Map([
        ['CLOSE', close],
        ['CAN_BUY', canBuy],
      ]),
    };
  }
  const rows = (arena: Arena, matrix: Matrix) => Array.from({ length: T }, (_, t) => [...arena.row(matrix, t)]);

  test('are the return from T + lag to T + lag + horizon, and nothing else', () => {
    const step = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(fc.nat(1000), step, step, fc.nat(T - 1), (seed, lag, horizon, t) => {
        const rule: LabelRule = { price: 'CLOSE', lag, horizon };
        const arena = new Arena(2 ** 22);
        const { daily, ...rest } = market(arena, seed);
        const label = forwardReturns({ daily, ...rest }, rule, arena);
        const close = rows(arena, daily.get('CLOSE') as Matrix);
        const [from, to] = [close[t + lag], close[t + lag + horizon]];
        const expected = Array.from({ length: N }, (_, n) =>
          Math.fround((to?.[n] ?? Number.NaN) / (from?.[n] ?? Number.NaN) - 1),
        );
        expect([...arena.row(label, t)]).toEqual(expected);

        // Any price but those two may change: not the past, not today, not what is between, not what comes after.
        const other = market(arena, seed, (matrix) => {
          for (let s = 0; s < T; s++) if (s !== t + lag && s !== t + lag + horizon) arena.row(matrix, s).fill(99);
        });
        expect([...arena.row(forwardReturns(other, rule, arena), t)]).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  test('may leave out what could not be bought', () => {
    const arena = new Arena(2 ** 22);
    const made = market(arena, 1, (matrix) => arena.row(matrix, 5).fill(10));
    const all = rows(arena, forwardReturns(made, defaultLabel, arena));
    const buyable = rows(arena, forwardReturns(made, defaultLabel, arena, { onlyBuyable: true }));
    all[4]?.splice(2, 1, Number.NaN); // bought on date 5, the label of date 4
    expect(buyable).toEqual(all);
  });

  test('refuse to trade at what is not known yet, and a market without the price', () => {
    const arena = new Arena(2 ** 22);
    const made = market(arena, 1);
    expect(() => forwardReturns(made, { price: 'CLOSE', lag: 0, horizon: 1 }, arena)).toThrow('lag should be');
    expect(() => forwardReturns(made, { price: 'CLOSE', lag: 1, horizon: 0 }, arena)).toThrow('horizon should be');
    expect(() => forwardReturns(made, { price: 'OPEN', lag: 1, horizon: 1 }, arena)).toThrow('has no OPEN');
  });
});
