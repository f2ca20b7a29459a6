import type { CommandModule } from 'yargs';
import { sharedMemorySize } from '../../core/memory-size.ts';
import type { BackendWish } from '../../models/graph/backend.ts';
import { backendWishes } from '../../models/graph/backend-names.ts';
import { showingStages } from '../print/progress.ts';

interface Arguments {
  readonly model: string;
  readonly data?: string | undefined;
  readonly fold?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly rows?: number | undefined;
  readonly background?: number | undefined;
  readonly report?: string | undefined;
  readonly pictures?: string | undefined;
  readonly out?: string | undefined;
  readonly overwrite?: boolean | undefined;
  readonly config?: string | undefined;
  readonly backend?: BackendWish | undefined;
  readonly workers?: number | undefined;
  readonly memory?: string | undefined;
  readonly json: boolean;
}

const text = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;
const number = (describe: string) => ({ type: 'number', requiresArg: true, describe }) as const;

/** `evolve explain MODEL`: SHAP values of a trained model's features. */
export const explainCommand: CommandModule<object, Arguments> = {
  command: 'explain <model>',
  describe: 'What a trained model goes by: SHAP values of its features',
  builder: (cli) =>
    cli
      .positional('model', { type: 'string', demandOption: true, describe: 'Folder of the model' })
      .option('data', text('Market folder; the embedded market without'))
      .option('fold', text('Networks of which training: the first date they predict; the last ones without'))
      .option('from', text('First date explained, of those they predict'))
      .option('to', text('Last date explained'))
      .option('rows', number('Rows explained, spread over the dates; 300 without, or 100 of a model of series'))
      .option('background', number('Rows of the training dates each is held against; 100 without, or 30'))
      .option('report', text('An .html file, complete in itself'))
      .option('pictures', text('A folder for the charts as .svg files'))
      .option('out', text('A .csv file for all SHAP values'))
      .option('overwrite', { type: 'boolean', describe: 'Replace files that are there' })
      .option('backend', { ...text('Who computes; as it was trained without'), choices: backendWishes })
      .option('workers', number('Threads; all cores without'))
      .option('memory', text('What to hold while inputs are computed, 4GiB at most'))
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON: all features, ranked' })
      .example('evolve explain models/alphanet-v2 --data market --report explained.html', 'with charts')
      .example('evolve explain models/alphanet-v2 --data market --fold 2015-07-01 --rows 50', 'of earlier networks'),
  handler: async ({ json, memory, ...options }) => {
    const { explain } = await import('../models/explain.ts');
    const explanation = await showingStages((onProgress) =>
      explain({
        ...options,
        memory: memory === undefined ? undefined : sharedMemorySize(memory),
        onProgress,
      }),
    );
    const { explanationReport, explanationJson } = await import('../print/explanation.ts');
    console.log(json ? JSON.stringify(explanationJson(explanation), null, 2) : explanationReport(explanation, options));
  },
};
