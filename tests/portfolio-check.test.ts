/** The independent check of weights: each constraint broken by hand, and optimisers that it agrees with. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dateProblem } from '../portfolio/backtest/date-problem.ts';
import { type Constraint, checkWeights, type Finding } from '../portfolio/check/check-weights.ts';
import type { PortfolioInputs } from '../portfolio/inputs.ts';
import type { Slack } from '../portfolio/optimise/problem.ts';
import type { PortfolioRule } from '../portfolio/rule.ts';
import { byHand, linearOptimiser, none, panel, trading, troubled, unbound } from './backtests.ts';

const dates = <T>(row: T): T[] => [row, row, row];

/**
 * Five symbols, the last outside the index; the first two are banks, the third food, of the others the industry is
 * unknown. The fourth is suspended, the third has no score.
 */
const market: PortfolioInputs = {
  ...byHand(
    {
      close: dates([10, 10, 10, 10, 10]),
      index: dates([0.3, 0.3, 0.2, 0.2, 0]),
      scores: dates([1, 2, none, 3, 4]),
      suspended: dates([0, 0, 0, 1, 0]),
      canBuy: dates([1, 1, 1, 1, 1]),
      canSell: dates([1, 1, 1, 1, 1]),
    },
    [1],
  ),
  exposures: {
    industries: Float32Array.of(0, 0, 1, none, none),
    industryLabels: ['Banks', 'Food'],
    styles: [
      { name: 'Size', size: true, values: Float32Array.of(1, 0, 0, 0, -1) },
      { name: 'Beta', size: false, values: Float32Array.of(0, 1, none, 0, 2) },
    ],
  },
  risk: {
    // Banks 0.04, food 0.02, unknown 0, size 0.01 and beta 0, together by nothing.
    covariance: Float64Array.from({ length: 25 }, (_, i) =>
      i % 6 === 0 ? ([0.04, 0.02, 0, 0.01, 0][i / 6] as number) : 0,
    ),
    factors: 5,
    specific: Float32Array.of(0.1, 0.1, 0.1, 0.1, none),
  },
};
const held = Float64Array.of(0.3, 0.3, 0.2, 0.2, 0);
const rule: PortfolioRule = {
  ...unbound,
  ...{ deviation: 0.1, memberFloor: 0.9, industry: 0.05, size: 0.1, style: 0.1, turnover: 0.2, trackingError: 0.05 },
};
const index = [0.3, 0.3, 0.2, 0.2, 0];

function found(
  weights: readonly number[],
  changes: Partial<PortfolioRule> = {},
  slacks: readonly Slack[] = [],
  of = market,
) {
  return checkWeights(of, { ...rule, ...changes }, 0, held, Float64Array.from(weights), slacks);
}
const broken = (findings: readonly Finding[]) =>
  findings.flatMap(({ constraint, name, violation }) =>
    violation > 1e-9 ? [name ? `${constraint} ${name}` : constraint] : [],
  );
const free: Partial<PortfolioRule> = { ...unbound };

describe('a check of weights', () => {
  test('finds nothing in the index', () => {
    const { findings, figures } = found(index);
    expect(broken(findings)).toEqual([]);
    expect(new Set(findings.map(({ constraint }) => constraint))).toEqual(
      new Set<Constraint>([
        ...(['long-only', 'tradable', 'unscored', 'deviation', 'invested'] as const),
        ...(['members', 'industry', 'style', 'turnover', 'tracking-error'] as const),
      ]),
    );
    expect(figures.trackingError).toBeCloseTo(0, 6);
  });

  test.each<[string, readonly number[], Partial<PortfolioRule>, number]>([
    ['long-only S4', [0.4, 0.3, 0.2, 0.2, -0.1], free, 0.1],
    ['invested', [0.3, 0.3, 0.1, 0.2, 0], free, 0.1],
    ['invested', [0.5, 0.4, 0.1, 0.2, 0], free, 0.2],
    ['tradable S3', [0.4, 0.3, 0.2, 0.1, 0], free, 0.1],
    ['tradable S3', [0.2, 0.3, 0.2, 0.3, 0], free, 0.1],
    ['unscored S2', [0.3, 0.2, 0.3, 0.2, 0], free, 0.1],
    ['deviation S0', [0.15, 0.45, 0.2, 0.2, 0], { ...free, deviation: 0.1 }, 0.05],
    ['deviation S4', [0.25, 0.2, 0.2, 0.2, 0.15], { ...free, deviation: 0.12 }, 0.03],
    ['members', [0.3, 0.3, 0, 0.2, 0.2], { ...free, memberFloor: 0.9 }, 0.1],
    ['industry Food', [0.35, 0.3, 0.1, 0.2, 0.05], { ...free, industry: 0.06 }, 0.04],
    ['style Size', [0.2, 0.3, 0.2, 0.2, 0.1], { ...free, size: 0.15 }, 0.05],
    ['style Beta', [0.3, 0.2, 0.2, 0.2, 0.1], { ...free, style: 0.05 }, 0.05],
    ['turnover', [0.4, 0.2, 0.2, 0.2, 0], { ...free, turnover: 0.15 }, 0.05],
    [
      'tracking-error',
      [0.4, 0.3, 0.1, 0.2, 0],
      { ...free, trackingError: 0.01 },
      Math.sqrt(0.01 * (0.04 + 0.02 + 0.01 + 0.2)) - 0.01,
    ],
  ])('finds that %s is broken by %j', (name, weights, changes, violation) => {
    const { findings } = found(weights, changes);
    expect(broken(findings)).toEqual([name]);
    const worst = findings.find((one) => one.violation > 1e-9);
    expect(worst?.violation).toBeCloseTo(violation, 6);
  });

  test('finds who is bought under special treatment', () => {
    const st = panel(dates([1, 0, 0, 0, 0]));
    const weights = [0.4, 0.2, 0.2, 0.2, 0];
    expect(broken(found(weights, free, [], { ...market, st }).findings)).toEqual(['tradable S0']);
    expect(broken(found([0.2, 0.4, 0.2, 0.2, 0], free, [], { ...market, st }).findings)).toEqual([]);
    const asked = { ...market, st, trading: { ...market.trading, withSt: true } };
    expect(broken(found(weights, free, [], asked).findings)).toEqual([]);
  });

  test('finds the unknown industry, and whoever has no variance of its own', () => {
    const { figures } = found([0.2, 0.3, 0.2, 0.2, 0.1]);
    expect(figures.industries.map(({ label, active }) => [label, active])).toEqual(
      [
        ['Banks', -0.1],
        ['Food', 0],
        ['unknown', 0.1],
      ].map(([label, active]) => [label, expect.closeTo(active as number, 6)]),
    );
    // Banks, size twice, and 0.1 for each of two names: the last one's is the mean of the others.
    const variance = 0.01 * 0.04 + 0.04 * 0.01 + 2 * 0.01 * 0.1;
    expect(figures.trackingError).toBeCloseTo(Math.sqrt(variance), 6);
  });

  test('asks no turnover of the first portfolio', () => {
    const first = checkWeights(
      market,
      { ...rule, turnover: 0.1 },
      0,
      new Float64Array(5),
      Float64Array.from(index),
      [],
    );
    expect(first.findings.some(({ constraint }) => constraint === 'turnover')).toBe(false);
  });

  test('allows what was said to be let go, and no more', () => {
    const cases: [readonly number[], Partial<PortfolioRule>, Slack][] = [
      [[0.2, 0.3, 0.2, 0.2, 0], free, { relief: 'invested', amount: 0.1 }],
      [[0.15, 0.45, 0.2, 0.2, 0], { ...free, deviation: 0.1 }, { relief: 'deviation', amount: 0.1 }],
      [[0.3, 0.3, 0, 0.2, 0.2], { ...free, memberFloor: 0.9 }, { relief: 'members', amount: 0.1 }],
      [
        [0.3, 0.4, 0.1, 0.2, 0],
        { ...free, industry: 0.1, style: 0 },
        { relief: 'style', kind: 'style', name: 'Beta', amount: 0.1 },
      ],
      [[0.4, 0.2, 0.2, 0.2, 0], { ...free, turnover: 0.15 }, { relief: 'turnover', amount: 0.05 }],
      [[0.4, 0.2, 0.2, 0.2, 0], { ...free, trackingError: 0.04 }, { relief: 'tracking-error', amount: 0.0059 }],
    ];
    for (const [weights, changes, slack] of cases) {
      expect(broken(found(weights, changes).findings).length).toBeGreaterThan(0);
      expect(broken(found(weights, changes, [{ ...slack, amount: slack.amount + 1e-7 }]).findings)).toEqual([]);
      expect(broken(found(weights, changes, [{ ...slack, amount: 0.9 * slack.amount }]).findings).length).toBe(1);
    }
  });

  test('is broken by what is no number', () => {
    expect(broken(found([none, 0.3, 0.2, 0.2, 0]).findings).length).toBeGreaterThan(5);
    const unknown = { ...market, risk: undefined };
    expect(broken(found(index, {}, [], unknown).findings)).toEqual(['tracking-error']);
  });

  test('looks at who can be traded on the date after when that is known', () => {
    const canBuy = panel([
      [1, 1, 1, 1, 1],
      [1, 1, 1, 1, 1],
      [1, 0, 1, 1, 1],
    ]);
    const weights = [0.2, 0.4, 0.2, 0.2, 0];
    const of = { ...market, canBuy, trading: { ...trading, tradability: 'trade' as const } };
    expect(broken(found(weights, free, [], of).findings)).toEqual(['tradable S1']);
    expect(broken(found(weights, free, [], { ...of, trading }).findings)).toEqual([]);
  });
});

describe('what the optimiser says it did', async () => {
  test('holds, whoever looks at it, with every slack it needed', async () => {
    const seen = { let: 0, kept: 0 };
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 4, max: 12 }), async (seed, N) => {
        const inputs = troubled(seed, 8, N);
        const optimiser = await linearOptimiser();
        const asked: PortfolioRule = {
          ...rule,
          deviation: 0.3,
          memberFloor: 0.5,
          industry: 0.2,
          trackingError: undefined,
        };
        let before = new Float64Array(N);
        for (const row of inputs.signals.keys()) {
          const problem = dateProblem(inputs, asked, row, before);
          const { weights, slacks } = optimiser.optimise(problem);
          const all = new Float64Array(N);
          for (const [i, n] of problem.symbols.entries()) all[n] = weights[i] as number;
          for (const finding of checkWeights(inputs, asked, row, before, all, slacks).findings) {
            expect(finding.violation, finding.constraint).toBeLessThanOrEqual(1e-8);
          }
          if (slacks.length > 0) seen.let++;
          else seen.kept++;
          before = all;
        }
        optimiser.close();
      }),
      { numRuns: 10 },
    );
    expect(seen.let).toBeGreaterThan(3);
    expect(seen.kept).toBeGreaterThan(3);
  });
});
