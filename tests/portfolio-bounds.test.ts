/** What is known of a backtest before it is run: nobody beats who knows the future, and chance loses its costs. */
import { expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { runScenario } from '../portfolio/backtest/run-scenario.ts';
import { signalDates } from '../portfolio/backtest/signal-dates.ts';
import { indexReturns } from '../portfolio/index/index-returns.ts';
import type { PortfolioInputs } from '../portfolio/inputs.ts';
import { HighsSolver } from '../portfolio/optimise/highs-solver.ts';
import { Optimiser } from '../portfolio/optimise/optimise.ts';
import type { PortfolioProblem } from '../portfolio/optimise/problem.ts';
import type { PortfolioRule, TradingRule } from '../portfolio/rule.ts';
import { byHand, unbound, weekdays } from './backtests.ts';

const [T, N, every] = [160, 60, 5];
const rule: PortfolioRule = { ...unbound, deviation: 0.02, memberFloor: 0.8, turnover: 0.4 };

/** Independent walks, so nothing but scores can tell one from the other; the index is the first half. */
function walks(
  seed: number,
  scores: (closes: number[][], t: number, n: number) => number,
  terms: Partial<TradingRule>,
) {
  const random = stream(seed, 0, 0);
  const close: number[][] = [];
  for (let t = 0; t < T; t++) {
    close.push(Array.from({ length: N }, (_, n) => (close[t - 1]?.[n] ?? 10) * Math.exp(0.02 * random.normal())));
  }
  const index = close.map(() => Array.from({ length: N }, (_, n) => (n < N / 2 ? 2 / N : 0)));
  const scored = close.map((_, t) => Array.from({ length: N }, (__, n) => scores(close, t, n)));
  const { signals } = signalDates(weekdays(T), every, () => true);
  return byHand({ close, scores: scored, index }, [...signals], { rebalance: every, ...terms });
}

async function traded(inputs: PortfolioInputs, each: (problem: PortfolioProblem, weights: Float64Array) => void) {
  const optimiser = new Optimiser(await HighsSolver.load(), undefined);
  try {
    const index = indexReturns(inputs, inputs.signals[0] as number);
    const optimise = (problem: PortfolioProblem) => {
      const solution = optimiser.optimise(problem);
      each(problem, solution.weights);
      return solution;
    };
    return runScenario(inputs, { name: 'portfolio', rule }, optimise, index).report;
  } finally {
    optimiser.close();
  }
}

test('scores that are the coming returns earn, rebalance by rebalance, the most that any portfolio could', async () => {
  // From trade to trade: trade prices are closes here, and there are no costs.
  const foresight = (close: number[][], t: number, n: number): number => {
    const [from, to] = [close[t + 1]?.[n], close[t + 1 + every]?.[n] ?? close[T - 1]?.[n]];
    return from && to ? to / from - 1 : 0;
  };
  const inputs = walks(5, foresight, { costs: { buy: 0, sell: 0 } });
  const best: number[] = [];
  const { nav, excess } = await traded(inputs, (problem, weights) => {
    const t = inputs.signals[best.length] as number;
    const coming = Array.from(problem.symbols, (n) => inputs.scores.cells[t * N + n] as number);
    const earned = (of: ArrayLike<number>) => coming.reduce((sum, x, i) => sum + x * (of[i] as number), 0);
    best.push(earned(weights));
    // No other portfolio that keeps the limits earns more: the held one, the index, and steps between them.
    for (let k = 0; k <= 10; k++) {
      const other = weights.map((w, i) => w + (k / 10) * ((problem.index[i] as number) - w));
      const turnover = other.reduce((sum, w, i) => sum + Math.abs(w - (problem.held[i] as number)), 0);
      if (problem.turnover === undefined || turnover <= problem.turnover) {
        expect(earned(other)).toBeLessThanOrEqual((best.at(-1) as number) + 1e-9);
      }
    }
  });
  // Between two trades the net value grows by exactly what the optimiser's weights are worth.
  const start = inputs.signals[0] as number;
  for (const [k, signal] of inputs.signals.entries()) {
    const [from, to] = [signal + 1 - start, Math.min(signal + 1 + every, T - 1) - start];
    if (to > from) expect((nav[to] as number) / (nav[from] as number) - 1).toBeCloseTo(best[k] as number, 6);
  }
  expect(excess.annualReturn).toBeGreaterThan(1);
});

test('scores drawn at random lose, beside the index, what trading costs', async () => {
  const lost: number[] = [];
  const paid: number[] = [];
  for (let seed = 1; seed <= 40; seed++) {
    const random = stream(1000 + seed, 0, 0);
    const inputs = walks(seed, () => random.normal(), { costs: { buy: 0.004, sell: 0.004 } });
    const { excessNav, costs } = await traded(inputs, () => {});
    lost.push(Math.log(excessNav.at(-1) as number));
    paid.push(costs);
  }
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const apart = lost.map((x, i) => x + (paid[i] as number));
  const error = Math.sqrt(mean(apart.map((x) => (x - mean(apart)) ** 2)) / (apart.length - 1));
  expect(Math.abs(mean(apart))).toBeLessThan(3 * error);
  // It would not centre on nothing: costs are many times what chance leaves.
  expect(mean(paid)).toBeGreaterThan(6 * error);
});
