/** The flags `evolve` and `evolve improve` share: those of the search, read from its table, and those of the machine. */
import type { Argv, Options } from 'yargs';
import { backendWishes, type SearchBackendWish } from '../mining/backend-wishes.ts';
import { defaultOf, flagOf, groups, type OptionName, optionNames, rowOf } from '../mining/search-options.ts';

const text = (describe: string): Options => ({ type: 'string', requiresArg: true, describe });

export interface RuntimeArguments {
  readonly data?: string | undefined;
  readonly warmStart?: string | undefined;
  readonly beside?: string | undefined;
  readonly out?: string | undefined;
  readonly resume?: boolean | undefined;
  readonly workers?: number | undefined;
  readonly memory?: string | undefined;
  readonly cache?: boolean | undefined;
  readonly backend?: SearchBackendWish | undefined;
  readonly json: boolean;
}

/** No defaults for yargs, only their description: whether a flag was given matters when a run is resumed. */
export function searchFlags(cli: Argv): Argv<RuntimeArguments> {
  cli
    .options({
      data: text('Market folder; without, the embedded market'),
      'warm-start': text('A .json file of factors to begin with, such as seeds.json or a library'),
      beside: text('A .json file of factors you have: the library is unlike them'),
      out: text('Folder of the run; without, in runs/ under a name made of all that decides the result'),
      resume: { type: 'boolean', describe: 'Go on with the run where it stopped; begin it when there is none' },
    })
    .group(['data', 'warm-start', 'beside', 'out', 'resume'], 'What goes in and out:');
  for (const group of Object.keys(groups)) {
    for (const name of optionNames) if (rowOf(name).group === group) cli.option(flagOf(name), optionOf(name));
  }
  return cli
    .options({
      workers: { type: 'number', requiresArg: true, describe: 'Threads; without, all cores' },
      memory: text('What to hold beside the daily fields, such as 512MiB; 4GiB at most'),
      cache: {
        type: 'boolean',
        describe: 'Remember verdicts; --no-cache judges repeated programs again, to the same end',
      },
      backend: {
        type: 'string',
        requiresArg: true,
        choices: backendWishes,
        describe:
          'Who computes scores: all threads (wasm, without), a graphics device (gpu), its kernels on this processor to check them (webasm), or the faster of the first two (auto); scores differ in the seventh digit, more where near ties are ranked, which may lead a search another way',
      },
      json: { type: 'boolean', default: false, describe: 'Print JSON' },
    })
    .group(
      ['workers', 'memory', 'cache', 'backend', 'json'],
      'This machine (changes no result, except --backend):',
    ) as Argv<RuntimeArguments>;
}

function optionOf(name: OptionName): Options {
  const { type, doc, choices, group } = rowOf(name);
  const shown = defaultOf(name);
  return {
    type,
    group: groups[group],
    describe: doc,
    ...(shown !== '' && { defaultDescription: shown }),
    ...(type !== 'boolean' && { requiresArg: true }),
    ...(choices && { choices: choices as readonly string[] }),
  };
}
