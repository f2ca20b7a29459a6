import type { CommandModule } from 'yargs';
import { memorySize } from '../../core/memory-size.ts';
import type { EvalReport, FactorReport, MeanIc } from '../../evaluation/eval-factors.ts';
import { count, figure, storage } from '../print/number.ts';
import { showingStages } from '../print/progress.ts';
import { table } from '../print/table.ts';

interface Arguments {
  readonly factors: readonly string[];
  readonly data?: string | undefined;
  readonly out?: string | undefined;
  readonly wide?: boolean | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly workers?: number | undefined;
  readonly memory?: string | undefined;
  readonly overwrite?: boolean | undefined;
  readonly config?: string | undefined;
  readonly json: boolean;
}

const text = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;

/** `evolve eval FACTORS...`: what factors are on a market, summed up or written to a file. */
export const evalCommand: CommandModule<object, Arguments> = {
  command: 'eval <factors..>',
  describe: 'Compute factors: their values into a file, or what they are like',
  builder: (cli) =>
    cli
      .positional('factors', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Formulas, and .json files of formulas such as seeds.json',
      })
      .option('data', text('Market folder; the embedded market without'))
      .option('out', text('File to write: .arrow, .parquet or .csv'))
      .option('long', {
        type: 'boolean',
        describe: 'A row for each date and symbol, a column for each factor; the default',
      })
      .option('wide', { type: 'boolean', describe: 'A row for each date, a column for each symbol; one factor' })
      .option('from', text('First date, such as 2024-01-31'))
      .option('to', text('Last date'))
      .option('workers', { type: 'number', requiresArg: true, describe: 'Threads; all cores without' })
      .option('memory', text('What to hold beside the fields, 4GiB at most'))
      .option('overwrite', { type: 'boolean', describe: 'Replace a file that is there' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .conflicts('long', 'wide')
      .implies({ long: 'out', wide: 'out', overwrite: 'out' })
      .example('evolve eval "ts_mean(close, 240) / CLOSE"', 'what a factor is like on the embedded market')
      .example('evolve eval seeds.json --data market --out factors.parquet', 'values of several, a column each')
      .example('evolve eval "cs_rank(VOLUME)" --data market --wide --out rank.csv', 'dates by symbols'),
  handler: async ({ factors, data, out, wide, from, to, workers, memory, overwrite, config, json }) => {
    const { evalFactors } = await import('../../evaluation/eval-factors.ts');
    const report = await showingStages((onProgress) =>
      evalFactors({
        factors,
        data,
        out,
        shape: wide ? 'wide' : 'long',
        from,
        to,
        workers,
        memory: memory === undefined ? undefined : memorySize(memory),
        overwrite,
        config,
        onProgress,
      }),
    );
    if (json) console.log(JSON.stringify(report, null, 2));
    else console.log(report.file ? fileReport(report, report.file) : summary(report));
  },
};

const sizes = ({ dates, from, to, symbols }: EvalReport): string =>
  `${count(dates)} dates ${from} to ${to}, ${count(symbols)} symbols`;

function fileReport(report: EvalReport, { path, shape, rows, bytes }: NonNullable<EvalReport['file']>): string {
  const rowsOf = (factor: FactorReport) => [...cells(factor), factor.unit, named(factor)];
  const size = `${shape}, ${count(rows)} rows, ${storage(bytes)}`;
  return `${path}: ${size}; ${sizes(report)}\n\n${table(report.factors.map(rowsOf), [...cellHeadings, 'unit', 'factor'])}`;
}

function summary(report: EvalReport): string {
  const rowsOf = (factor: FactorReport) => [
    ...[factor.ic, factor.rankIc].flatMap(correlation),
    ...cells(factor),
    factor.first ? `${factor.first} to ${factor.last}` : 'never',
    factor.unit,
    named(factor),
  ];
  const headings = ['IC', 't', 'rank IC', 't', ...cellHeadings, 'dates', 'unit', 'factor'];
  return `${report.market.name}: ${sizes(report)}\n\n${table(report.factors.map(rowsOf), headings)}`;
}

const cellHeadings = ['known', 'mean', 'std', 'least', 'most'];
const cells = ({ coverage, mean, std, min, max }: FactorReport): string[] => [
  `${(coverage * 100).toFixed(1)}%`,
  ...[mean, std, min, max].map(figure),
];

const correlation = (ic: MeanIc | undefined): string[] =>
  ic && ic.dates > 0 ? [ic.mean.toFixed(4), ic.t.toFixed(2)] : ['', ''];

const named = ({ name, expression }: FactorReport): string => (name === expression ? name : `${name}: ${expression}`);
