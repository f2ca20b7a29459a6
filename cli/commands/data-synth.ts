import type { CommandModule } from 'yargs';
import { count, duration } from '../print/number.ts';
import { showing } from '../print/progress.ts';
import { table } from '../print/table.ts';

interface Arguments {
  readonly stocks: number;
  readonly days: number;
  readonly minutes: number;
  readonly seed: number;
  readonly out: string;
  readonly overwrite: boolean;
  readonly json: boolean;
}

/** `evolve data synth --out DIR`: a market that never was, with signals hidden in it whose worth is known. */
export const dataSynth: CommandModule<object, Arguments> = {
  command: 'synth',
  describe: 'Make a synthetic market with planted signals',
  builder: (cli) =>
    cli
      .option('stocks', { type: 'number', default: 300, requiresArg: true, describe: 'How many stocks' })
      .option('days', { type: 'number', default: 500, requiresArg: true, describe: 'How many trading days' })
      .option('minutes', {
        type: 'number',
        default: 240,
        requiresArg: true,
        describe: 'Bars a day: 240 is one a minute, 16 one a quarter of an hour, 0 daily bars only',
      })
      .option('seed', {
        type: 'number',
        default: 7,
        requiresArg: true,
        describe: 'The same seed makes the same market',
      })
      .option('out', { type: 'string', demandOption: true, requiresArg: true, describe: 'Folder to make' })
      .option('overwrite', { type: 'boolean', default: false, describe: 'Replace a market that is there' })
      .option('json', { type: 'boolean', default: false, describe: 'Print the planted signals as JSON' })
      .example('evolve data synth --out market', '300 stocks, 500 days of minute bars: 730 MB')
      .example('evolve data synth --minutes 0 --out market', 'daily bars only'),
  handler: async ({ stocks, days, minutes, seed, out, overwrite, json }) => {
    const { synthesise } = await import('../../data/synth/synthesise.ts');
    const started = Date.now();
    const { hash, planted = [] } = await showing(
      `Making ${out}`,
      (tell) => synthesise(out, { stocks, days, minutes, seed }, { overwrite, onDay: (done) => tell(done, days) }),
      'days',
    );
    if (json) return console.log(JSON.stringify({ folder: out, hash, planted }, null, 2));
    const size = `${count(stocks)} stocks, ${count(days)} days${minutes > 0 ? `, ${minutes} bars a day` : ''}`;
    console.log(`${out}: ${size}, made in ${duration(Date.now() - started)}. Hash ${hash.slice(0, 12)}.`);
    console.log(`\nPlanted in it:\n${plantedTable(planted)}`);
  },
};

interface Planted {
  readonly name: string;
  readonly expression: string;
  readonly ic: number;
  readonly icFirstHalf: number;
  readonly icSecondHalf: number;
}

export const plantedTable = (planted: readonly Planted[]): string =>
  table(
    planted.map(({ name, expression, ic, icFirstHalf, icSecondHalf }) => [
      name,
      ...[ic, icFirstHalf, icSecondHalf].map((value) => value.toFixed(4)),
      expression,
    ]),
    ['signal', 'IC', 'first half', 'second half', 'expression'],
  );
