import type { CommandModule } from 'yargs';
import { dataCheck } from './data-check.ts';
import { dataImport } from './data-import.ts';
import { dataInfo } from './data-info.ts';
import { dataResample } from './data-resample.ts';
import { dataSynth } from './data-synth.ts';

/** `evolve data ...`: markets on disk. */
export const data: CommandModule = {
  command: 'data',
  describe: 'Import, make, resample, show and check markets',
  builder: (cli) =>
    cli
      .command(dataImport)
      .command(dataSynth)
      .command(dataResample)
      .command(dataInfo)
      .command(dataCheck)
      .demandCommand(1)
      .example('evolve data import prices.csv --out market', 'a market of your own bars')
      .example('evolve data synth --out market', 'one that never was, to try things on')
      .example('evolve data info market', 'what a market holds'),
  handler: () => {},
};
