import type { CommandModule } from 'yargs';
import { count } from '../print/number.ts';
import { showing } from '../print/progress.ts';

interface Arguments {
  readonly from: string;
  readonly out: string;
  readonly to: string;
  readonly name?: string | undefined;
  readonly overwrite: boolean;
  readonly json: boolean;
}

/** `evolve data resample DIR --to 15m --out DIR`: longer bars from shorter ones. */
export const dataResample: CommandModule<object, Arguments> = {
  command: 'resample <from>',
  describe: 'Make a market of longer bars from one of minute bars',
  builder: (cli) =>
    cli
      .positional('from', { type: 'string', demandOption: true, describe: 'A market folder with minute bars' })
      .option('to', { type: 'string', default: '15m', requiresArg: true, describe: 'Length of the new bars' })
      .option('out', { type: 'string', demandOption: true, requiresArg: true, describe: 'The market folder to make' })
      .option('name', { type: 'string', requiresArg: true, describe: 'What the market is called' })
      .option('overwrite', { type: 'boolean', default: false, describe: 'Replace the market that is already there' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('evolve data resample market --to 15m --out market-15m', '16 bars a day of 240 minutes'),
  handler: async ({ json, ...options }) => {
    const { resampleMarket } = await import('../../data/resample.ts');
    const { name, hash, calendar, symbols, minute } = await showing(
      'Resampling',
      (onProgress) => resampleMarket({ ...options, onProgress }),
      'dates',
    );
    const bars = minute?.starts.length ?? 0;
    if (json)
      console.log(JSON.stringify({ name, folder: options.out, hash, bars, barMinutes: minute?.barMinutes }, null, 2));
    else
      console.log(
        `${options.out}: ${bars} bars of ${minute?.barMinutes} min a day, ${count(calendar.length)} dates, ${count(symbols.length)} symbols`,
      );
  },
};
