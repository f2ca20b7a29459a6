import type { CommandModule } from 'yargs';
import { runMining } from './run-mining.ts';
import { type RuntimeArguments, searchFlags } from './search-flags.ts';

/** `evolve`: mine factors. */
export const mineCommand: CommandModule<object, RuntimeArguments> = {
  command: '$0',
  describe: 'Mine factors: breed formulas, keep those that predict returns and do not repeat each other',
  builder: (cli) =>
    searchFlags(cli)
      .example('evolve --population 500 --warm-start seeds.json', 'a minute on the embedded market')
      .example('evolve --data market --rounds 300 --placebo', 'your bars; what luck finds beside what was found')
      .example('evolve --data market --rounds 300 --resume', 'the same run again, where it stopped')
      .example('evolve improve "ts_mean(close, 240) / CLOSE"', 'a better relative of a factor you have')
      .example('evolve eval "ts_mean(close, 240) / CLOSE"', 'what a factor is like')
      .example('evolve data import prices.csv --out market', 'a market of your own bars'),
  handler: (argv) => runMining(argv, undefined),
};
