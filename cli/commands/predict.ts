import type { CommandModule } from 'yargs';
import { sharedMemorySize } from '../../core/memory-size.ts';
import type { BackendWish } from '../../models/graph/backend.ts';
import { backendWishes } from '../../models/graph/backend-names.ts';
import { predictedReport } from '../print/predicted.ts';
import { showingStages } from '../print/progress.ts';

interface Arguments {
  readonly model: string;
  readonly data?: string | undefined;
  readonly out: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly units?: boolean | undefined;
  readonly overwrite?: boolean | undefined;
  readonly backend?: BackendWish | undefined;
  readonly workers?: number | undefined;
  readonly memory?: string | undefined;
  readonly json: boolean;
}

const text = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;

/** `evolve predict MODEL`: scores of a trained model, as a file that `evaluate` takes. */
export const predictCommand: CommandModule<object, Arguments> = {
  command: 'predict <model>',
  describe: "A trained model's scores into a file, every date by the networks trained last before it",
  builder: (cli) =>
    cli
      .positional('model', { type: 'string', demandOption: true, describe: 'Folder of the model' })
      .option('data', text('Market folder; the embedded market without'))
      .option('out', { ...text('File to write: .arrow, .parquet or .csv'), demandOption: true })
      .option('from', text('First date; the first that the model can predict without'))
      .option('to', text('Last date'))
      .option('units', { type: 'boolean', describe: 'A column for each unit of each network too: n1-u01 and so on' })
      .option('overwrite', { type: 'boolean', describe: 'Replace a file that is there' })
      .option('backend', { ...text('Who computes; as it was trained without'), choices: backendWishes })
      .option('workers', { type: 'number', requiresArg: true, describe: 'Threads; all cores without' })
      .option('memory', text('What to hold while inputs are computed, 4GiB at most'))
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('evolve predict models/alphanet-v2 --data market --out scores.parquet', 'all dates after a training')
      .example('evolve predict models/rnn-64 --data market --out units.parquet --units', 'with its factors')
      .example('evolve predict models/alphanet-v2 --data market --from 2024-01-31 --out today.csv', 'the latest ones'),
  handler: async ({ model, data, out, from, to, units, overwrite, backend, workers, memory, json }) => {
    const { predict } = await import('../models/predict.ts');
    const predicted = await showingStages((onProgress) =>
      predict({
        ...{ model, data, out, from, to, units, overwrite, backend, workers },
        memory: memory === undefined ? undefined : sharedMemorySize(memory),
        onProgress,
      }),
    );
    console.log(json ? JSON.stringify(predicted, null, 2) : predictedReport(predicted, data));
  },
};
