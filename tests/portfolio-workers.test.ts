/** Backtests on threads: the same bits on any number of them, and one clear error. */
import { describe, expect, test } from 'vitest';
import { runBacktests } from '../portfolio/backtest/run-backtests.ts';
import { runScenario } from '../portfolio/backtest/run-scenario.ts';
import { indexReturns } from '../portfolio/index/index-returns.ts';
import type { Scenario } from '../portfolio/rule.ts';
import { linearOptimiser, troubled, unbound } from './backtests.ts';

const inputs = troubled(3, 16, 12);
const scenarios: Scenario[] = [0.05, 0.2].map((deviation) => ({
  name: `deviation ${deviation}`,
  rule: { ...unbound, deviation, industry: 0.5 },
}));

describe('backtests on threads', () => {
  test('give the same bits on any number of them, in the order of the scenarios', async () => {
    const heard: string[] = [];
    const onDate = (scenario: Scenario, done: number, total: number) =>
      heard.push(`${scenario.name}: ${done} of ${total}`);
    const one = await runBacktests(inputs, 'the largest', scenarios, { workers: 1, onDate });
    const total = inputs.signals.length;
    expect(heard).toEqual(
      scenarios.flatMap(({ name }) => Array.from(inputs.signals, (_, k) => `${name}: ${k + 1} of ${total}`)),
    );
    expect(await runBacktests(inputs, 'the largest', scenarios, { workers: 2 })).toEqual(one);
    expect(one.scenarios.map(({ report }) => report.name)).toEqual(scenarios.map(({ name }) => name));
    expect(one.index.doc).toBe('the largest');
    expect([one.dates[0], one.dates.length]).toEqual([inputs.dates[inputs.signals[0] as number], one.index.nav.length]);
    // And the same as here.
    for (const [k, scenario] of scenarios.entries()) {
      const optimiser = await linearOptimiser();
      const index = indexReturns(inputs, inputs.signals[0] as number);
      const optimise = optimiser.optimise.bind(optimiser);
      expect(one.scenarios[k]).toEqual(runScenario(inputs, scenario, optimise, index));
      optimiser.close();
    }
  });

  test('fail with the error of the first scenario that does', async () => {
    const market = { ...inputs, exposures: undefined };
    await expect(runBacktests(market, 'the largest', scenarios, { workers: 2 })).rejects.toThrow(
      /^deviation 0\.05, \d{4}-\d\d-\d\d: Portfolios are to stay within the industries of their index, and the market has none\./,
    );
    const without = { ...inputs, signals: new Int32Array(0) };
    await expect(runBacktests(without, 'the largest', scenarios, { workers: 2 })).rejects.toThrow(
      'there is no date to decide on',
    );
  });

  test('fail with a mistake of ours when it ends their thread', async () => {
    const market = { ...inputs, scores: undefined as never };
    await expect(runBacktests(market, 'the largest', scenarios, { workers: 2 })).rejects.toThrow(
      /^deviation 0\.05, \d{4}-\d\d-\d\d: TypeError/,
    );
  });

  test('fail with whoever is told how it goes', async () => {
    const onDate = () => {
      throw new Error('told');
    };
    await expect(runBacktests(inputs, 'the largest', scenarios, { workers: 2, onDate })).rejects.toThrow('told');
  });
});
