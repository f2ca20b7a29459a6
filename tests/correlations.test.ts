/** Correlations of factors: the same pairs however many there are besides, in memory that does not grow with them. */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Evaluator } from '../evaluation/evaluator.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { type TestMarket, troubledMarket } from './markets.ts';

const rows = 90;
let market: TestMarket;
let evaluator: Evaluator;
let programs: readonly Expression[];
beforeAll(async () => {
  market = await troubledMarket({ rows, columns: 150, bars: 4, seed: 6 });
  evaluator = await Evaluator.open(market.folder, { workers: 2 });
  const texts = [
    'CLOSE / OPEN',
    'ts_mean(CLOSE, 7) / CLOSE',
    'HIGH / LOW',
    'cs_rank(VOLUME)',
    'CLOSE / CLOSE',
    'ts_std(CLOSE, 9) / CLOSE',
  ];
  programs = texts.map((text) => parse(text, evaluator.vocabulary));
});
afterAll(async () => {
  await evaluator.close();
  await rm(dirname(market.folder), { recursive: true });
});

const dates = [...Array(rows).keys()];
/** Dates are summed in other portions when there is other company. */
const close = (some: Float64Array): unknown[] =>
  [...some].map((value) => (Number.isNaN(value) ? Number.NaN : expect.closeTo(value, 12)));

test('with the first so many are those of all, less the pairs of others', async () => {
  const all = await evaluator.correlations(programs, dates);
  await fc.assert(
    fc.asyncProperty(fc.nat(programs.length), async (first) => {
      const some = await evaluator.correlations(programs, dates, first);
      expect(some.map((row) => [...row])).toEqual(all.map((row) => close(row.slice(0, first))));
    }),
    { numRuns: 10 },
  );
});

test('with thousands of others hold some of them at a time', async () => {
  const heads = programs.slice(0, 2);
  const others = Array.from({ length: 2000 }, (_, k) =>
    parse(`ts_mean(CLOSE, ${2 + (k % 20)}) / OPEN * ${1 + k}`, evaluator.vocabulary),
  );
  const before = evaluator.arena.used;
  let most = 0;
  const sample = vi.spyOn(evaluator, 'sample');
  const { sample: real } = Evaluator.prototype;
  sample.mockImplementation(async (...asked) => {
    const matrices = await real.apply(evaluator, asked);
    most = Math.max(most, evaluator.arena.used - before);
    return matrices;
  });
  const found = await evaluator.correlations([...heads, ...others], dates, 2);
  sample.mockRestore();
  expect(evaluator.arena.used).toBe(before);
  expect(most).toBeGreaterThan(32 * 1024 ** 2);
  expect(most).toBeLessThan(65 * 1024 ** 2);
  for (const k of [0, 1, 700, 1999]) {
    const alone = await evaluator.correlations([...heads, others[k] as Expression], dates);
    expect([...(found[2 + k] as Float64Array)]).toEqual(close(alone[2] as Float64Array));
  }
});
