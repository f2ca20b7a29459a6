/**
 * Portfolios through a market, on threads that share its cells. Each is one thread's from its first date to its last, so
 * which thread it is, and how many there are, makes no difference to what comes out.
 */
import { Worker } from 'node:worker_threads';
import { EvolveError } from '../../core/failure.ts';
import { builtFile } from '../../core/package-root.ts';
import { threadFlags } from '../../core/thread-flags.ts';
import { indexReturns } from '../index/index-returns.ts';
import type { PortfolioInputs } from '../inputs.ts';
import type { Scenario } from '../rule.ts';
import type { BacktestMessage, BacktestSetting } from './backtest-job.ts';
import type { IndexReport } from './backtest-report.ts';
import { indexReport } from './figures.ts';
import type { ScenarioResult } from './run-scenario.ts';

export interface Backtests {
  /** From the first signal date, at whose close every net value is 1. */
  readonly dates: readonly string[];
  readonly index: IndexReport;
  /** In the order of the scenarios. */
  readonly scenarios: readonly ScenarioResult[];
}

export interface BacktestSeats {
  readonly workers: number;
  /** Hears of each rebalance of each scenario, of all there will be. */
  readonly onDate?: (scenario: Scenario, done: number, total: number) => void;
}

/** `doc` says what the index is. */
export async function runBacktests(
  inputs: PortfolioInputs,
  doc: string,
  scenarios: readonly Scenario[],
  { workers, onDate = () => {} }: BacktestSeats,
): Promise<Backtests> {
  const start = inputs.signals[0];
  if (start === undefined) throw new RangeError('there is no date to decide on');
  const index = indexReturns(inputs, start);
  const results = await onThreads(workers, { inputs, index }, scenarios, (scenario, done) =>
    onDate(scenario, done, inputs.signals.length),
  );
  const calendar = { dates: inputs.dates.slice(start + 1), perYear: inputs.trading.datesPerYear };
  return { dates: inputs.dates.slice(start), index: indexReport(doc, index, calendar), scenarios: results };
}

type OnDate = (scenario: Scenario, done: number) => void;

/** Scenarios are begun in their order, so of those that fail the first by that order is always heard of. */
async function onThreads(
  workers: number,
  setting: BacktestSetting,
  scenarios: readonly Scenario[],
  onDate: OnDate,
): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const failures: { readonly place: number; readonly error: unknown }[] = [];
  let next = 0;
  const seat = async (): Promise<void> => {
    const thread = new Thread(setting);
    try {
      while (next < scenarios.length && failures.length === 0) {
        const place = next++;
        const scenario = scenarios[place] as Scenario;
        try {
          results[place] = await thread.run(scenario, (done) => onDate(scenario, done));
        } catch (error) {
          failures.push({ place, error });
        }
      }
    } finally {
      await thread.close();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(workers, scenarios.length)) }, seat));
  const [first] = failures.sort((a, b) => a.place - b.place);
  if (first) throw first.error;
  return results;
}

class Thread {
  readonly #worker: Worker;
  #hear: (message: BacktestMessage) => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(setting: BacktestSetting) {
    this.#worker = new Worker(builtFile('portfolio', 'backtest', 'worker.js'), {
      workerData: setting,
      ...threadFlags(),
    });
    this.#worker.on('message', (message: BacktestMessage) => {
      try {
        this.#hear(message);
      } catch (error) {
        this.#fail(error); // of whoever is told how it goes
      }
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`a backtest's thread ended by itself, with code ${code}`)));
  }

  run(scenario: Scenario, onDate: (done: number) => void): Promise<ScenarioResult> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#hear = (message) => {
        if (message.kind === 'date') onDate(message.done);
        else if (message.kind === 'done') resolve(message.result);
        else reject(new EvolveError(message.code, message.sentence, { details: message.details }));
      };
      this.#worker.postMessage(scenario);
    });
  }

  async close(): Promise<void> {
    this.#fail = () => {};
    await this.#worker.terminate();
  }
}
