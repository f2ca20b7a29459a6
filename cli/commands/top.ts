import type { CommandModule } from 'yargs';

interface Arguments {
  readonly run: string;
  readonly count: number;
  readonly json: boolean;
}

/** `evolve top RUN`: the best factors of a run so far. Safe while it is still going. */
export const topCommand: CommandModule<object, Arguments> = {
  command: 'top <run>',
  describe: 'Show the best factors of a run, also while it is still going',
  builder: (cli) =>
    cli
      .positional('run', { type: 'string', demandOption: true, describe: 'Folder of a run' })
      .option('count', { type: 'number', requiresArg: true, default: 10, describe: 'How many to show' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('evolve top runs/market-1a2b3c4d', 'ten factors with their figures')
      .example('evolve top runs/market-1a2b3c4d --count 3 --json', 'for a program'),
  handler: async ({ run, count, json }) => {
    const { topFactors } = await import('../libraries/top-factors.ts');
    const { topText } = await import('../print/factors.ts');
    const top = topFactors(run, count);
    console.log(json ? JSON.stringify(top, null, 2) : topText(top));
  },
};
