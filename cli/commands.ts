/** Every command of `evolve`, in the order its help lists them. */
import type { Argv } from 'yargs';
import type { Model } from '../models/model.ts';
import { backtestCommand } from './commands/backtest.ts';
import { bench } from './commands/bench.ts';
import { completion } from './commands/completion.ts';
import { data } from './commands/data.ts';
import { doctor } from './commands/doctor.ts';
import { evalCommand } from './commands/eval.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { improveCommand } from './commands/improve.ts';
import { mineCommand } from './commands/mine.ts';
import { ops } from './commands/ops.ts';
import { predictCommand } from './commands/predict.ts';
import { topCommand } from './commands/top.ts';
import { trainCommand } from './commands/train.ts';

/**
 * Command files load what they need inside their handlers: `evolve --help` must not wait for a database. `models` are
 * those that can be trained, where the command line is about that.
 */
export const addCommands = (cli: Argv, models: readonly Model[]): Argv =>
  cli
    .command(mineCommand)
    .command(improveCommand)
    .command(topCommand)
    .command(exportCommand)
    .command(importCommand)
    .command(evalCommand)
    .command(evaluateCommand)
    .command(backtestCommand)
    .command(trainCommand(models))
    .command(predictCommand)
    .command(explainCommand)
    .command(data)
    .command(ops)
    .command(bench)
    .command(doctor)
    .command(completion(cli));
