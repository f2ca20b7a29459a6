/** Every command of `evolve`, in the order its help lists them. */
import type { Argv } from 'yargs';
import { bench } from './commands/bench.ts';
import { completion } from './commands/completion.ts';
import { data } from './commands/data.ts';
import { doctor } from './commands/doctor.ts';
import { evalCommand } from './commands/eval.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { improveCommand } from './commands/improve.ts';
import { mineCommand } from './commands/mine.ts';
import { ops } from './commands/ops.ts';
import { topCommand } from './commands/top.ts';

/** Command files load what they need inside their handlers: `evolve --help` must not wait for a database. */
export const addCommands = (cli: Argv): Argv =>
  cli
    .command(mineCommand)
    .command(improveCommand)
    .command(topCommand)
    .command(exportCommand)
    .command(importCommand)
    .command(evalCommand)
    .command(evaluateCommand)
    .command(data)
    .command(ops)
    .command(bench)
    .command(doctor)
    .command(completion(cli));
