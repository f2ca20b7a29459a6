/** The combined IC by formula against the IC of the combination itself. */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forward } from '../engine/forward.ts';
import { uncorrelated } from '../engine/uncorrelated.ts';
import { combinedIc } from '../evaluation/combined.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { moments } from '../evaluation/fitness.ts';
import { luckyT } from '../evaluation/luck.ts';
import { neweyWest } from '../evaluation/newey-west.ts';
import { parse } from '../program/parse.ts';
import { troubledMarket } from './markets.ts';

test('the combined IC is that of the equally weighted sum', async () => {
  const { folder } = await troubledMarket({ rows: 60, columns: 150, bars: 4, seed: 5 });
  const evaluator = await Evaluator.open(folder, { workers: 1 });
  try {
    const texts = ['cs_norm(CLOSE / OPEN)', 'cs_norm(HIGH / CLOSE)', 'cs_norm(LOW / CLOSE)'];
    const signs = [1, -1, 1];
    const sum = `${texts[0]} - ${texts[1]} + ${texts[2]}`;
    const programs = [...texts, sum].map((text) => parse(text, evaluator.vocabulary));
    const means = (await evaluator.score(programs)).map(({ ic }) => moments(ic).mean);
    const rows = await evaluator.correlations(programs, [...Array(60).keys()]);
    const correlation = (a: number, b: number): number => rows[Math.max(a, b)]?.[Math.min(a, b)] as number;
    const formula = combinedIc(
      [0, 1, 2],
      (i) => means[i] as number,
      (i) => signs[i] as number,
      correlation,
    );
    // Mean correlations stand for each date's, which moves it by some hundredths.
    expect(formula / (means[3] as number)).toBeGreaterThan(0.95);
    expect(formula / (means[3] as number)).toBeLessThan(1.05);
  } finally {
    await evaluator.close();
    await rm(dirname(folder), { recursive: true });
  }
});

test('forward selection takes what helps and stops when nothing does', () => {
  // 0 and 1 are the same signal; 2 is weaker and independent; 3 is worthless.
  const ic = [0.05, 0.049, 0.03, 0];
  const alike = (a: number, b: number): number => (a + b === 1 ? 0.99 : 0);
  const worth = (members: readonly number[]): number =>
    combinedIc(
      members,
      (i) => ic[i] as number,
      () => 1,
      alike,
    );
  const unlike = (chosen: readonly number[], next: number): boolean => chosen.every((one) => alike(one, next) < 0.7);
  expect(forward([0, 1, 2, 3], 4, worth, unlike)).toEqual([0, 2]);
  expect(forward([0, 2, 3], 4, worth, () => true)).toEqual([0, 2]);
  expect(forward([0, 1, 2, 3], 1, worth, () => true)).toEqual([0]);
  expect(forward([0, 1, 2], 3, worth, (_, next) => next !== 0)).toEqual([1, 2]);
});

test('no two accepted are alike, and whoever was left out is like a fitter one', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }), (places) => {
      const likeness = (a: number, b: number): number => 1 - Math.abs((places[a] as number) - (places[b] as number));
      const all = places.map((_, i) => i);
      const accepted = uncorrelated(all, likeness, { limit: 0.9, most: 100 });
      for (const a of accepted) for (const b of accepted) if (a !== b) expect(likeness(a, b)).toBeLessThan(0.9);
      for (const one of all.filter((i) => !accepted.includes(i))) {
        expect(accepted.some((other) => other < one && likeness(one, other) >= 0.9)).toBe(true);
      }
    }),
  );
});

test('luck grows with the programs tried', () => {
  // Two-sided quantiles of the normal distribution: 1 - 1 / 2n.
  expect(luckyT(20)).toBeCloseTo(1.959964, 5);
  expect(luckyT(100)).toBeCloseTo(2.575829, 5);
  expect(luckyT(10_000)).toBeCloseTo(3.890592, 5);
  expect(luckyT(1)).toBe(0);
});

test('Newey-West: the plain t of few dates, less for neighbours that are alike, more for opposites', () => {
  const alternating = Float64Array.from({ length: 200 }, (_, t) => 0.01 + (t % 2 === 0 ? 0.05 : -0.05));
  const runs = Float64Array.from({ length: 200 }, (_, t) => 0.01 + (t % 20 < 10 ? 0.05 : -0.05));
  const plain = 0.01 / (0.05 / Math.sqrt(200));
  expect(neweyWest(alternating)).toBeGreaterThan(2 * plain);
  expect(neweyWest(runs)).toBeLessThan(plain / 1.5);
  expect(neweyWest([0.1])).toBeNaN();
  // statsmodels, tools/newey-west-golden.py
  const series = [0.031, -0.012, 0.044, 0.02, -0.005, 0.013, 0.027, -0.031, 0.008, 0.015, 0.022, -0.001];
  expect(neweyWest([...series.slice(0, 5), Number.NaN, ...series.slice(5)])).toBeCloseTo(2.98752795, 7);
});
