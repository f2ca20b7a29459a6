/** A thread that takes one portfolio after the other through a market it shares. */
import { parentPort, workerData } from 'node:worker_threads';
import { EvolveError } from '../../core/failure.ts';
import type { Scenario } from '../rule.ts';
import type { BacktestMessage, BacktestSetting } from './backtest-job.ts';
import { openOptimiser } from './open-optimiser.ts';
import { runScenario } from './run-scenario.ts';

const port = parentPort;
if (!port) throw new Error('worker is a thread, not a program');
const { inputs, index } = workerData as BacktestSetting;
const say = (message: BacktestMessage): void => port.postMessage(message);

port.on('message', async (scenario: Scenario) => {
  try {
    const optimiser = await openOptimiser(scenario.rule);
    try {
      const optimise = optimiser.optimise.bind(optimiser);
      say({
        kind: 'done',
        result: runScenario(inputs, scenario, optimise, index, (done) => say({ kind: 'date', done })),
      });
    } finally {
      optimiser.close();
    }
  } catch (error) {
    if (!(error instanceof EvolveError)) throw error;
    say({ kind: 'failed', code: error.code, sentence: error.message, details: error.details });
  }
});
