import type { CommandModule } from 'yargs';
import { showing } from '../print/progress.ts';

/** `evolve data check DIR`: whether a market can be trusted. Exit code 1 and a sentence for each problem when not. */
export const dataCheck: CommandModule<object, { folder: string; json: boolean }> = {
  command: 'check <folder>',
  describe: 'Check that a market is whole and its bars are possible',
  builder: (cli) =>
    cli
      .positional('folder', { type: 'string', demandOption: true, describe: 'A market folder' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('evolve data check market', 'reads every file'),
  handler: async ({ folder, json }) => {
    const { checkMarket } = await import('../../data/check.ts');
    const problems = await showing(`Checking ${folder}`, (onDay) => checkMarket(folder, { onDay }), 'days');
    if (problems.length > 0) process.exitCode = 1;
    if (json) console.log(JSON.stringify({ folder, problems }, null, 2));
    else console.log(problems.length > 0 ? problems.join('\n') : `${folder} is sound.`);
  },
};
