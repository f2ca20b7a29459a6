import type { CommandModule } from 'yargs';
import { memorySize } from '../../core/memory-size.ts';
import { defaults, type EvaluateOptions, presetNames, splitNames } from '../evaluate/evaluate-options.ts';
import { showingStages } from '../print/progress.ts';
import { sheetSummary } from '../print/tear-sheet.ts';
import { commaList } from './comma-list.ts';

/** Otherwise than programs give them: lists with commas, a size with its unit. */
type Written = 'neutralise' | 'against' | 'memory';

interface Arguments
  extends Omit<EvaluateOptions, Written | 'standardise' | 'onProgress'>,
    Readonly<Partial<Record<Written, string | undefined>>> {
  readonly standardise: boolean;
  readonly json: boolean;
}

const text = (group: string, describe: string) => ({ type: 'string', requiresArg: true, describe, group }) as const;
const number = (group: string, describe: string) => ({ type: 'number', requiresArg: true, describe, group }) as const;
const what = 'What is judged:';
const against = 'Against which returns:';
const how = 'How values are made comparable:';
const traded = 'Layers:';
const out = 'What goes out:';
const prices = ['CLOSE', 'OPEN', 'VWAP'] as const;

/** `evolve evaluate SOURCES...`: a tear sheet. */
export const evaluateCommand: CommandModule<object, Arguments> = {
  command: 'evaluate <sources..>',
  describe: 'Judge factors, a library or any scores: correlations, layers, decay, chance, known factors',
  builder: (cli) =>
    cli
      .positional('sources', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Formulas, .json files of them, libraries, runs, and .csv, .parquet or .arrow files of scores',
      })
      .option('data', text(what, 'Market folder; the embedded market without'))
      .option('split', {
        ...text(what, `Part of the calendar that is judged; ${defaults.split} without`),
        choices: splitNames,
      })
      .option('parts', text(what, "The parts: shares such as 0.6,0.2,0.2, or ranges of dates; a library's own without"))
      .option('from', text(what, 'Instead of a part: the first date, such as 2024-01-31'))
      .option('to', text(what, 'And the last'))
      .option('universe', text(what, 'Only symbols above 0 in this field, such as MEMBER'))
      .option('preset', {
        ...text(what, 'Settings of the research reports; other flags change them'),
        choices: presetNames,
      })
      .option('price', {
        ...text(against, 'Returns of this price; CLOSE, or what a library was mined for'),
        choices: prices,
      })
      .option('lag', number(against, 'Dates from knowing a factor to entering; 1 without'))
      .option('horizon', number(against, 'Dates held; 10 without, or what a library was mined for'))
      .option('every', number(against, 'Correlations every so many dates; the horizon without'))
      .option(
        'shuffles',
        number(against, `Times labels are shuffled, to see what chance does; ${defaults.shuffles} without`),
      )
      .option('winsorise', text(how, `mad:5 (median ± 5 MAD), quantile:0.01 or none; ${defaults.winsorise} without`))
      .option('standardise', {
        type: 'boolean',
        default: true,
        group: how,
        describe: "By the date's mean and deviation; --no-standardise leaves values as they are",
      })
      .option(
        'neutralise',
        text(
          how,
          'Take off what these explain: industry, size, return, volatility, turnover, five-factor, fields, formulas',
        ),
      )
      .option('weighted-by', text(how, 'Regressions weighted by the root of this field, such as CAP'))
      .option('layers', number(traded, `Layers by score; ${defaults.layers} without, 0 for none`))
      .option('rebalance', number(traded, 'Made anew every so many dates; the horizon without'))
      .option('trade', {
        ...text(traded, 'Price of the trades, the date after; VWAP where there is one'),
        choices: prices,
      })
      .option('cost', number(traded, `One way, as a share of what is traded; ${defaults.cost} without`))
      .option('dates-per-year', number(traded, "For annual figures; the market's without"))
      .option('against', text(what, 'Known factors to compare with: price-volume, styles, both without, or none'))
      .option('report', text(out, 'An .html file, complete in itself'))
      .option('pictures', text(out, 'A folder for the charts as .svg files'))
      .option('overwrite', { type: 'boolean', group: out, describe: 'Replace files that are there' })
      .option('json', { type: 'boolean', default: false, group: out, describe: 'Print the whole sheet as JSON' })
      .option('workers', number(out, 'Threads; all cores without'))
      .option('memory', text(out, 'What to hold beside the fields, 2GiB without'))
      .example('evolve evaluate runs/mine/library.json --report sheet.html', 'a mined library on its validation dates')
      .example('evolve evaluate "neg(ts_return(CLOSE, 5))" --split all --neutralise industry,size', 'one formula')
      .example('evolve evaluate scores.parquet --data market --preset report', "a model's scores, the reports' way"),
  handler: async ({ json, memory, neutralise, against: known, ...options }) => {
    const { evaluate } = await import('../evaluate/evaluate.ts');
    const sheet = await showingStages((onProgress) =>
      evaluate({
        ...options,
        memory: memory === undefined ? undefined : memorySize(memory),
        neutralise: neutralise === undefined ? undefined : commaList('neutralise', neutralise),
        against: known === undefined ? undefined : commaList('against', known),
        onProgress,
      }),
    );
    if (json) console.log(JSON.stringify(sheet, null, 2));
    else console.log(sheetSummary(sheet, options));
  },
};
