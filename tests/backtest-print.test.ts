/** Backtests for a terminal. */
import { expect, test } from 'vitest';
import { backtestSummary } from '../cli/print/backtest.ts';
import type { Slack } from '../portfolio/optimise/problem.ts';
import { backtestReport } from './backtest-reports.ts';

const report = backtestReport(3, { portfolios: 1, dates: 40, relaxed: 0 });
const withSlacks = (...slacks: Slack[]) => {
  const [scenario] = report.scenarios;
  if (!scenario) throw new Error('no portfolio');
  const [first, ...rest] = scenario.rebalances;
  if (!first) throw new Error('no rebalance');
  const rebalances = [{ ...first, planned: { ...first.planned, slacks } }, ...rest];
  return { ...report, scenarios: [{ ...scenario, rebalances }] };
};

test('what gave way by next to nothing is not said to have by 0', () => {
  const text = backtestSummary(
    withSlacks({ relief: 'style', name: 'Size', amount: 2.5e-7 }, { relief: 'turnover', amount: 3e-8 }),
    {},
  );
  expect(text).toContain('turnover gave way on 1 date, by 3.000e-6% at most');
  expect(text).toContain('industries and styles gave way on 1 date, by 2.500e-7 at most');
  expect(backtestSummary(withSlacks({ relief: 'members', amount: 0.0125 }), {})).toContain('by 1.250% at most');
});

test('the files that were written are named last', () => {
  const text = backtestSummary(report, { report: 'page.html', pictures: 'charts', weights: 'weights.csv' });
  expect(text.split('\n\n').slice(-3)).toEqual([
    'Weights of every rebalance: weights.csv',
    'All of it with curves: page.html',
    'Pictures: charts',
  ]);
});
