/**
 * Published index-enhancement backtests state the portfolio's and the benchmark's annual return and volatility, the
 * tracking error, and the excess return they came to. If excess is compounded from daily differences, as in
 * evaluation/tear-sheet/performance.ts, the last column follows from the others:
 *
 *     ln(1 + excess) = ln(1 + r_p) - ln(1 + r_b) + (var_p - var_b) / 2 - TE^2 / 2
 *
 * because the log of a product of 1 + x is the sum of x - x^2 / 2 + ..., and the var terms are what the x^2 leave.
 */
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { excessPerformance, performance } from '../evaluation/tear-sheet/performance.ts';

/** Percent, with the two decimals they are printed with; ratios likewise. */
interface Row {
  readonly name: string;
  readonly annual: number;
  readonly volatility: number;
  readonly sharpe: number;
  readonly excess: number;
  readonly trackingError: number;
  readonly excessDrawdown: number;
  readonly informationRatio: number;
  readonly calmar: number;
}
interface Table {
  readonly table: string;
  readonly benchmark: { readonly annual: number; readonly volatility: number };
  /** Averages of ten runs: their ratios are means of ratios. */
  readonly averaged?: true;
  readonly rows: readonly Row[];
}

type Numbers = [
  annual: number,
  volatility: number,
  sharpe: number,
  excess: number,
  trackingError: number,
  excessDrawdown: number,
  informationRatio: number,
  calmar: number,
];
const row = (name: string, ...[annual, volatility, sharpe, excess, trackingError, ...rest]: Numbers): Row => {
  const [excessDrawdown, informationRatio, calmar] = rest;
  return { name, annual, volatility, sharpe, excess, trackingError, excessDrawdown, informationRatio, calmar };
};

const csi500 = { annual: 4, volatility: 26 };
const v2 = row('AlphaNet-v2', 25.55, 24.85, 1.03, 20.13, 6.31, 8.05, 3.19, 2.5);
const tables: readonly Table[] = [
  {
    table: 'AlphaNet-v1, figure 22',
    benchmark: { annual: 1.83, volatility: 26.67 },
    averaged: true,
    rows: [
      row('weights within 0.5%', 18.31, 25.5, 0.72, 15.67, 5.24, 7.37, 2.99, 2.14),
      row('weights within 1%', 19.08, 25.53, 0.75, 16.38, 6.02, 8.06, 2.72, 2.04),
      row('weights within 1.5%', 19.16, 25.65, 0.75, 16.45, 6.6, 8.64, 2.49, 1.96),
      row('weights within 2%', 19.35, 25.75, 0.75, 16.63, 7.06, 9.27, 2.36, 1.84),
    ],
  },
  {
    table: 'AlphaNet-v1, figure 32',
    benchmark: { annual: 1.83, volatility: 26.67 },
    averaged: true,
    rows: [
      row('weights within 0.5%', 20.02, 25.13, 0.8, 17.23, 5.22, 7.64, 3.3, 2.29),
      row('weights within 1%', 20.39, 25.19, 0.81, 17.55, 6.02, 8.65, 2.92, 2.04),
      row('weights within 1.5%', 19.83, 25.37, 0.78, 17.03, 6.51, 8.81, 2.62, 1.95),
      row('weights within 2%', 19.22, 25.5, 0.75, 16.44, 6.92, 9.48, 2.38, 1.75),
    ],
  },
  {
    table: 'AlphaNet improved, figure 14',
    benchmark: csi500,
    rows: [row('AlphaNet-v2.1', 27.11, 24.5, 1.11, 21.5, 6.52, 8.22, 3.3, 2.62), v2],
  },
  {
    table: 'AlphaNet improved, figure 22',
    benchmark: csi500,
    rows: [row('AlphaNet-v2.2', 21.57, 25.42, 0.85, 16.56, 5.3, 5.17, 3.12, 3.2)],
  },
  {
    table: 'AlphaNet improved, figure 30',
    benchmark: csi500,
    rows: [row('AlphaNet-v2.3', 27.89, 24.14, 1.16, 22.12, 6.68, 8.8, 3.31, 2.51)],
  },
  {
    table: 'several frequencies, figure 36 (CSI 300)',
    benchmark: { annual: 2.79, volatility: 19 },
    rows: [
      row('turnover 30%', 12.76, 18.78, 0.68, 9.48, 5.72, 7.84, 1.66, 1.21),
      row('turnover 40%', 12.88, 18.76, 0.69, 9.58, 5.79, 6.85, 1.66, 1.4),
      row('turnover 50%', 12.03, 18.85, 0.64, 8.77, 5.87, 7.08, 1.49, 1.24),
    ],
  },
  {
    table: 'several frequencies, figure 40 (CSI 500)',
    benchmark: { annual: -0.61, volatility: 20.89 },
    rows: [
      row('turnover 30%', 17.71, 20.55, 0.86, 18.18, 5.52, 7.41, 3.29, 2.45),
      row('turnover 40%', 17.58, 20.55, 0.86, 18.05, 5.55, 8.17, 3.25, 2.21),
      row('turnover 50%', 16.93, 20.57, 0.82, 17.39, 5.59, 7.6, 3.11, 2.29),
    ],
  },
  {
    table: 'several frequencies, figure 44 (CSI 1000)',
    benchmark: { annual: -4.27, volatility: 22.92 },
    rows: [
      row('turnover 30%', 23.7, 22.88, 1.04, 28.93, 6.51, 5.52, 4.45, 5.24),
      row('turnover 40%', 24.09, 23.01, 1.05, 29.38, 6.56, 5.57, 4.48, 5.27),
      row('turnover 50%', 26.15, 23.13, 1.13, 31.57, 6.59, 4.62, 4.79, 6.83),
    ],
  },
  {
    table: 'several frequencies, figure 48 (CNI 2000)',
    benchmark: { annual: -2.21, volatility: 22.66 },
    rows: [
      row('turnover 30%', 26.81, 22.77, 1.18, 29.38, 7.18, 5.48, 4.09, 5.36),
      row('turnover 40%', 27.77, 23.15, 1.2, 30.47, 7.24, 4.02, 4.21, 7.59),
      row('turnover 50%', 28.42, 23.34, 1.22, 31.19, 7.34, 3.8, 4.25, 8.21),
    ],
  },
];

/** Of a printed number, in its last decimal. */
const half = 0.005;
const share = (percent: number): number => percent / 100;

/** Percent points by which the identity misses the published excess, and what rounding of all columns can explain. */
function compared(benchmark: Table['benchmark'], r: Row) {
  const [p, b] = [share(r.annual), share(benchmark.annual)];
  const [deviationP, deviationB, te] = [r.volatility, benchmark.volatility, r.trackingError].map(share) as Triple;
  const excess = Math.exp(Math.log1p(p) - Math.log1p(b) + (deviationP ** 2 - deviationB ** 2 - te ** 2) / 2) - 1;
  // The derivative of the identity by each column, times half a unit of its last digit; then the excess itself.
  const slope = (1 + excess) * (1 / (1 + p) + 1 / (1 + b) + deviationP + deviationB + te);
  return {
    error: 100 * excess - r.excess,
    bound: half * (1 + slope),
    simpleDifference: r.annual - benchmark.annual - r.excess,
    ratioOfValues: 100 * ((1 + p) / (1 + b) - 1) - r.excess,
  };
}
type Triple = [number, number, number];

const rows = tables.flatMap(({ table, benchmark, rows }) =>
  rows.map((r) => [`${table}: ${r.name}`, benchmark, r] as const),
);

describe.each(rows)('%s', (_name, benchmark, r) => {
  test('has the excess return of compounded daily differences, to the rounding of its columns', () => {
    const { error, bound } = compared(benchmark, r);
    expect(bound).toBeLessThan(0.021);
    expect(Math.abs(error)).toBeLessThanOrEqual(bound);
  });

  test('has not the difference of annual returns, nor the ratio of net values', () => {
    const { bound, simpleDifference, ratioOfValues } = compared(benchmark, r);
    expect(Math.abs(simpleDifference)).toBeGreaterThan(5 * bound);
    expect(Math.abs(ratioOfValues)).toBeGreaterThan(5 * bound);
  });
});

const single = tables
  .filter(({ averaged }) => !averaged)
  .flatMap(({ table, rows }) => rows.map((r) => [table, r] as const));

test.each(single)('%s: Sharpe, information and Calmar ratios are of annual returns', (_table, r) => {
  const quotient = (published: number, above: number, below: number) => {
    const [low, high] = [(above - half) / (below + half), (above + half) / (below - half)];
    expect(published).toBeGreaterThanOrEqual(low - half);
    expect(published).toBeLessThanOrEqual(high + half);
  };
  quotient(r.sharpe, r.annual, r.volatility);
  quotient(r.informationRatio, r.excess, r.trackingError);
  quotient(r.calmar, r.excess, r.excessDrawdown);
});

test('is off by more than a hundredth of a percent point in few rows only, and hardly on average', () => {
  const errors = rows.map(([name, benchmark, r]) => ({ name, error: compared(benchmark, r).error }));
  expect(errors.length).toBe(24);
  expect(errors.filter(({ error }) => Math.abs(error) > 0.01).map(({ name }) => name)).toEqual([
    'AlphaNet-v1, figure 32: weights within 1%',
    'several frequencies, figure 40 (CSI 500): turnover 30%',
    'several frequencies, figure 40 (CSI 500): turnover 40%',
    'several frequencies, figure 44 (CSI 1000): turnover 50%',
    'several frequencies, figure 48 (CNI 2000): turnover 50%',
  ]);
  expect(Math.max(...errors.map(({ error }) => Math.abs(error)))).toBeLessThan(0.0165);
  expect(Math.abs(errors.reduce((sum, { error }) => sum + error, 0) / errors.length)).toBeLessThan(0.005);
});

describe('on simulated returns', () => {
  // Skewed, because the first term the identity leaves out is the third moment.
  const days = 2000;
  const datesPerYear = 244;
  const random = stream(20, 0, 0);
  const centred = (x: number[]) => x.map((v) => v - x.reduce((sum, w) => sum + w, 0) / x.length);
  const shape = () => centred(Array.from({ length: days }, () => Math.exp(0.4 * random.normal())));
  const [market, own] = [shape(), shape()];
  const dates = Array.from({ length: days }, (_, t) => new Date(Date.UTC(2015, 0, 1 + t)).toISOString().slice(0, 10));

  /** By how much the logs of the two sides differ when daily moves are `size` of one in a hundred or so. */
  const residual = (size: number) => {
    const b = market.map((x) => 0.03 * size * x + 0.0003 * size ** 2);
    const p = b.map((x, t) => x + 0.015 * size * (own[t] as number) + 0.0006 * size ** 2);
    const [mine, theirs] = [performance(p, datesPerYear), performance(b, datesPerYear)];
    const excess = excessPerformance(p, b, dates, datesPerYear);
    // Moments about zero would do without the means, and population variances without the n - 1; both are of
    // higher order in the size or known.
    const variances = mine.volatility ** 2 - theirs.volatility ** 2 - excess.trackingError ** 2;
    const sides = Math.log1p(mine.annualReturn) - Math.log1p(theirs.annualReturn) - Math.log1p(excess.annualReturn);
    return sides + (variances * (1 - 1 / days)) / 2;
  };

  test('our figures leave what the identity leaves out: a third-order term', () => {
    expect(Math.abs(residual(1))).toBeLessThan(1e-3);
    expect(Math.abs(residual(1))).toBeGreaterThan(1e-6);
    for (const size of [0.25, 0.125, 0.0625]) {
      const shrinks = residual(size) / residual(size / 2);
      expect(shrinks).toBeGreaterThan(7.4);
      expect(shrinks).toBeLessThan(8.6);
    }
  });
});
