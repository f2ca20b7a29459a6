import type { CommandModule } from 'yargs';
import { EvolveError } from '../../core/failure.ts';
import { memorySize } from '../../core/memory-size.ts';
import { usual } from '../../portfolio/presets.ts';
import type { TradingRule } from '../../portfolio/rule.ts';
import { type BacktestOptions, choices, type Limit } from '../portfolio/backtest-options.ts';
import { backtestSummary } from '../print/backtest.ts';
import { showingStages } from '../print/progress.ts';
import { commaList } from './comma-list.ts';

/** Otherwise than programs give them: lists with commas, shares as percents, a size with its unit. */
type Written =
  | ('deviation' | 'turnover' | 'memberFloor' | 'industry' | 'size' | 'style' | 'trackingError')
  | ('rebalance' | 'costBuy' | 'costSell' | 'memory');

interface Arguments
  extends Omit<BacktestOptions, Written | 'onProgress'>,
    Readonly<Partial<Record<Written, string | undefined>>> {
  readonly json: boolean;
}

const text = (group: string, describe: string) => ({ type: 'string', requiresArg: true, describe, group }) as const;
const number = (group: string, describe: string) => ({ type: 'number', requiresArg: true, describe, group }) as const;
const what = 'What is traded:';
const held = 'What a portfolio may look like (a share such as 0.5% or 0.005; none takes a limit away):';
const trading = 'How it is traded:';
const out = 'What goes out:';

/** `evolve backtest SCORES`: index-enhancement portfolios. */
export const backtestCommand: CommandModule<object, Arguments> = {
  command: 'backtest <scores>',
  describe: 'Trade scores beside an index: optimised weights, real net values, every constraint checked',
  builder: (cli) =>
    cli
      .positional('scores', {
        type: 'string',
        demandOption: true,
        describe: 'A .csv, .parquet or .arrow file of scores, a formula, a library or a run (in equal weights)',
      })
      .option('column', text(what, 'Of a file with several columns of scores'))
      .option('data', text(what, 'Market folder; the embedded market without'))
      .option('index', text(what, 'market (its WEIGHT or MEMBER), top:300 or top:301-800 by CAP, or a file of weights'))
      .option('from', text(what, "First date; the first with scores without, of a library its test part's"))
      .option('to', text(what, 'Last date'))
      .option('universe', text(what, 'Only symbols above 0 in this field are bought'))
      .option('with-st', {
        type: 'boolean',
        group: what,
        describe: 'Buy symbols whose ST is above 0 as well; reports leave them out',
      })
      .option('preset', {
        ...text(held, `Portfolios of the research reports. ${usual.doc} without`),
        choices: choices.preset,
      })
      .option('deviation', text(held, 'Most a weight may differ from the index; a list makes a portfolio for each'))
      .option('turnover', text(held, 'Most bought and sold together at a rebalance; or a list'))
      .option('member-floor', text(held, 'Least share in members of the index; or a list'))
      .option('industry', text(held, "Most an industry's weight may differ from the index; 0 is neutral"))
      .option('size', text(held, 'Most the exposure to size may, in deviations'))
      .option('style', text(held, 'Most that to any other style may'))
      .option('tracking-error', text(held, 'Most of it in a year, as the risk model predicts'))
      .option('cost-penalty', number(held, 'What a share paid as costs takes from the score; 0 without'))
      .option('risk-penalty', number(held, 'What predicted variance takes from the score; 0 without'))
      .option('rebalance', text(trading, 'week (on the scores of its last date), or every so many dates'))
      .option('trade', { ...text(trading, 'Price of the trades, the date after the scores'), choices: choices.trade })
      .option('cost-buy', text(trading, 'Share of what is bought, such as 0.2% or 0.002'))
      .option('cost-sell', text(trading, 'Share of what is sold'))
      .option('tradability', {
        ...text(trading, 'Who can be traded as known at the signal (the usual), or on the date of the trade'),
        choices: choices.tradability,
      })
      .option('dates-per-year', number(trading, "For annual figures; the market's without"))
      .option('weights', text(out, 'A .csv, .parquet or .arrow file for the weights of every rebalance'))
      .option('report', text(out, 'An .html file, complete in itself'))
      .option('pictures', text(out, 'A folder for the charts as .svg files'))
      .option('overwrite', { type: 'boolean', group: out, describe: 'Replace files that are there' })
      .option('json', { type: 'boolean', default: false, group: out, describe: 'Print the whole report as JSON' })
      .option('workers', number(out, 'Threads; all cores without'))
      .option('memory', text(out, 'What to hold beside the fields while formulas are computed, 2GiB without'))
      .example('evolve backtest scores.parquet --data market --preset csi500@002', 'a file of scores, a report’s way')
      .example('evolve backtest runs/mine --index top:200 --report backtest.html', 'a mined library in equal weights')
      .example('evolve backtest scores.csv --deviation 0.5%,1%,2% --turnover 30%', 'three portfolios side by side'),
  handler: async ({ json, memory, rebalance, ...options }) => {
    const { backtest } = await import('../portfolio/backtest.ts');
    const { deviation, turnover, memberFloor, industry, size, style, trackingError, costBuy, costSell } = options;
    const one = (flag: string, given: string | undefined) => (given === undefined ? undefined : limit(flag, given));
    const list = (flag: string, given: string | undefined) =>
      given === undefined ? undefined : commaList(flag, given).map((part) => limit(flag, part));
    const report = await showingStages((onProgress) =>
      backtest({
        ...options,
        deviation: list('deviation', deviation),
        turnover: list('turnover', turnover),
        memberFloor: list('member-floor', memberFloor)?.map((floor) => (floor === 'none' ? 0 : floor)),
        industry: one('industry', industry),
        size: one('size', size),
        style: one('style', style),
        trackingError: one('tracking-error', trackingError),
        rebalance: rebalance === undefined ? undefined : rebalanceOf(rebalance),
        costBuy: costBuy === undefined ? undefined : share('cost-buy', costBuy),
        costSell: costSell === undefined ? undefined : share('cost-sell', costSell),
        memory: memory === undefined ? undefined : memorySize(memory),
        onProgress,
      }),
    );
    console.log(json ? JSON.stringify(report, null, 2) : backtestSummary(report, options));
  },
};

/** `0.5%`, `0.005` or `none`. */
function limit(flag: string, given: string): Limit {
  if (given === 'none') return 'none';
  const value = numberOf(given);
  if (value !== undefined) return value;
  throw new EvolveError('bad-argument', `--${flag} should be a number such as 0.005 or 0.5%, or none, not "${given}".`);
}

function share(flag: string, given: string): number {
  const value = numberOf(given);
  if (value !== undefined) return value;
  throw new EvolveError('bad-argument', `--${flag} should be a number such as 0.002 or 0.2%, not "${given}".`);
}

function numberOf(given: string): number | undefined {
  const [, digits, percent] = /^((?:\d+(?:\.\d*)?|\.\d+)(?:e-?\d+)?)\s*(%?)$/i.exec(given.trim()) ?? [];
  if (digits === undefined) return undefined;
  // Division keeps 0.8% at exactly 0.008, as a user would write it.
  return percent === '%' ? Number(digits) / 100 : Number(digits);
}

function rebalanceOf(given: string): TradingRule['rebalance'] {
  if (given === 'week') return given;
  if (/^\d+$/.test(given.trim())) return Number(given);
  throw new EvolveError(
    'bad-argument',
    `--rebalance should be week, or a whole number of dates from 1, not "${given}".`,
  );
}
