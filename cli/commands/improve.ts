import type { CommandModule } from 'yargs';
import { runMining } from './run-mining.ts';
import { type RuntimeArguments, searchFlags } from './search-flags.ts';

interface Arguments extends RuntimeArguments {
  readonly formula: string;
}

/** `evolve improve "EXPR"`: breed a factor's descendants, and show how the best of them came about. */
export const improveCommand: CommandModule<object, Arguments> = {
  command: 'improve <formula>',
  describe: 'Improve one factor, and show the steps to its best descendant',
  builder: (cli) =>
    searchFlags(
      cli.positional('formula', { type: 'string', demandOption: true, describe: 'The factor to improve' }),
    ).example('evolve improve "ts_mean(close, 240) / CLOSE" --data market', 'the steps, with the IC of each') as never,
  handler: (argv) => runMining(argv, argv.formula),
};
