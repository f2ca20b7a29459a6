import type { Argv, CommandModule, Options } from 'yargs';
import { sharedMemorySize } from '../../core/memory-size.ts';
import type { BackendWish } from '../../models/graph/backend.ts';
import { backendWishes } from '../../models/graph/backend-names.ts';
import type { Model } from '../../models/model.ts';
import { datasetNames } from '../../models/rnn/dataset-names.ts';
import { endingInOrder } from '../interrupt.ts';
import {
  defaultsOf,
  familyOf,
  flagOf,
  type GivenOptions,
  groups,
  type OptionName,
  optionNames,
  rowOf,
} from '../models/training-options.ts';
import { trainedReport } from '../print/trained.ts';
import { TrainingProgressLines } from '../print/training-progress.ts';
import { commaList } from './comma-list.ts';

interface Arguments {
  readonly model: string;
  readonly data?: string | undefined;
  readonly fields?: string | undefined;
  readonly dataset?: string | undefined;
  readonly barMinutes?: number | undefined;
  readonly factors?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly out?: string | undefined;
  readonly resume?: boolean | undefined;
  readonly backend?: BackendWish | undefined;
  readonly workers?: number | undefined;
  readonly memory?: string | undefined;
  readonly json: boolean;
}

const text = (describe: string): Options => ({ type: 'string', requiresArg: true, describe });

/** `evolve train MODEL`: networks that predict returns, trained again and again as time goes on. */
export const trainCommand = (models: readonly Model[]): CommandModule<object, Arguments> => ({
  command: 'train <model>',
  describe: 'Train a neural model on a market, anew as its calendar goes on',
  builder: (cli) => {
    cli
      .positional('model', {
        type: 'string',
        demandOption: true,
        choices: models.map(({ name }) => name),
        describe: 'Which one',
      })
      .options({
        data: text('Market folder; without, the embedded market, which is short'),
        fields: text("Fields or formulas to look at instead of the model's own, such as CLOSE,VOLUME"),
        dataset: {
          ...text(
            'What rnn models learn from: series of daily bars, of what minute bars say of a day, or your --fields',
          ),
          choices: datasetNames,
          defaultDescription: 'day',
        },
        'bar-minutes': {
          ...{ type: 'number', requiresArg: true, defaultDescription: '15' },
          describe: 'Length of the bars that gru models read',
        },
        factors: text('A library, another .json file of formulas or a run: inputs beside the fields'),
        from: text('First date to predict; the first that the history allows, from a retraining on, without'),
        to: text('Last date to predict'),
        out: text("The model's folder; models/MODEL without"),
        resume: { type: 'boolean', describe: 'Go on where it stopped; begin where there is nothing' },
      })
      .group(
        ['data', 'fields', 'dataset', 'bar-minutes', 'factors', 'from', 'to', 'out', 'resume'],
        'What goes in and out:',
      );
    for (const group of Object.keys(groups)) {
      for (const name of optionNames) if (rowOf(name).group === group) cli.option(flagOf(name), optionOf(name, models));
    }
    return cli
      .options({
        backend: {
          ...text('Who computes: the fastest there is without, or as it began; each has other last digits'),
          choices: backendWishes,
        },
        workers: { type: 'number', requiresArg: true, describe: 'Threads, which change no result; all cores without' },
        memory: text('What to hold while inputs are computed, such as 512MiB; 4GiB at most'),
        json: { type: 'boolean', default: false, describe: 'Print JSON' },
      })
      .group(['backend', 'workers', 'memory', 'json'], 'This machine:')
      .epilogue(modelList(models))
      .example('evolve train alphanet-v2 --data market', 'as in the report; ten networks for each half year')
      .example(
        'evolve train alphanet-v3 --data market --factors runs/mine --history 750 --networks 3',
        'with mined factors, on three years',
      )
      .example('evolve train alphanet-v2 --data market --resume', 'the same training again, where it stopped')
      .example('evolve train gru-15m --data market --networks 1', 'minute bars, as in the report with one network')
      .example(
        'evolve train rnn-64 --data market --dataset ms --out models/ms',
        '64 factors of what minutes say of days',
      )
      .example(
        'evolve train alphanet-v1 --history 120 --retrain 0 --networks 2 --epochs 20 --fields OPEN,CLOSE,VOLUME',
        'seconds, on the embedded market',
      ) as Argv<Arguments>;
  },
  handler: async (argv) => {
    const { train } = await import('../models/train.ts');
    const { model, data, fields, dataset, barMinutes, factors, from, to, out, resume } = argv;
    const { backend, workers, memory, json } = argv;
    const shown = new TrainingProgressLines();
    const ending = endingInOrder(() => shown.note('Finishing this batch; press Ctrl-C again to stop at once.'));
    try {
      const trained = await train({
        ...givenOptions(argv),
        ...{ model, data, dataset, barMinutes, factors, from, to, out, resume, backend, workers },
        fields: fields === undefined ? undefined : commaList('fields', fields),
        memory: memory === undefined ? undefined : sharedMemorySize(memory),
        signal: ending.signal,
        onProgress: (step) => {
          if (step.kind === 'begun') ending.begin();
          shown.show(step);
        },
      });
      shown.done();
      console.log(json ? JSON.stringify(trained, null, 2) : trainedReport(trained, data));
      if (!trained.results.finished) process.exitCode = Number(ending.signal.reason);
    } finally {
      ending.over();
      shown.done();
    }
  },
});

/** By family, whose members differ in little. */
function modelList(models: readonly Model[]): string {
  const width = 2 + Math.max(...models.map(({ name }) => name.length));
  const families = [...new Set(models.map(familyOf))];
  const list = families.map((family) =>
    models
      .filter((model) => familyOf(model) === family)
      .map(({ name, doc }) => `  ${name.padEnd(width)}${doc}`)
      .join('\n'),
  );
  return `Models:\n${list.join('\n\n')}`;
}

function givenOptions(argv: Arguments): GivenOptions {
  const all = argv as unknown as Readonly<Record<string, unknown>>;
  const given = optionNames.filter((name) => all[name] !== undefined);
  return Object.fromEntries(
    given.map((name) => [name, rowOf(name).type === 'list' ? commaList(flagOf(name), all[name] as string) : all[name]]),
  ) as GivenOptions;
}

function optionOf(name: OptionName, models: readonly Model[]): Options {
  const { type, doc, choices, group } = rowOf(name);
  const shown = defaultsOf(name, models);
  return {
    ...{ type: type === 'list' ? 'string' : type, group: groups[group], describe: doc },
    ...(shown !== '' && { defaultDescription: shown }),
    ...(type !== 'boolean' && { requiresArg: true }),
    ...(choices && { choices: choices as readonly string[] }),
  };
}
