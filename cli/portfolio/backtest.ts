/** `evolve backtest`: scores traded as portfolios beside an index, and the files that are asked for. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isDate } from '../../core/date.ts';
import { EvolveError } from '../../core/failure.ts';
import { cacheFolder, marketFolder } from '../../data/embedded.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { checkWorkers } from '../../evaluation/check-workers.ts';
import { Evaluator } from '../../evaluation/evaluator.ts';
import { fieldsOf } from '../../evaluation/minute-reduction.ts';
import { styleFields } from '../../evaluation/tear-sheet/styles.ts';
import type { BacktestReport } from '../../portfolio/backtest/backtest-report.ts';
import { runBacktests } from '../../portfolio/backtest/run-backtests.ts';
import { scoreCount } from '../../portfolio/backtest/score-count.ts';
import { signalDates } from '../../portfolio/backtest/signal-dates.ts';
import { indexWeights } from '../../portfolio/index/index-weights.ts';
import type { Panel, PortfolioInputs } from '../../portfolio/inputs.ts';
import { panelOf } from '../../portfolio/panel-of.ts';
import { riskMarket } from '../../portfolio/risk/risk-market.ts';
import { defaultRiskRule } from '../../portfolio/risk/risk-rule.ts';
import { type SignalRows, signalRows } from '../../portfolio/risk/signal-rows.ts';
import { canonical } from '../../program/canonical.ts';
import { seenBefore } from '../evaluate/judged-sources.ts';
import { knownField } from '../known-field.ts';
import { reportOutputs } from '../report/report-outputs.ts';
import type { BacktestOptions } from './backtest-options.ts';
import { type BacktestRule, backtestRule } from './backtest-rule.ts';
import { backtestWarnings, refuseUnknownSize } from './backtest-warnings.ts';
import { checkOptions } from './check-options.ts';
import { type IndexWish, indexRule } from './index-rule.ts';
import { refuseIdle } from './refuse-idle.ts';
import { type ScoreSource, scoreCells, scoreSource } from './scored.ts';
import { WeightsFile } from './weights-file.ts';

const gibibyte = 1024 ** 3;

export async function backtest(options: BacktestOptions): Promise<BacktestReport> {
  const { onProgress } = options;
  checkOptions(options);
  checkWorkers(options.workers);
  const folder = await marketFolder(options.data, onProgress);
  const manifest = await readManifest(folder);
  const rule = backtestRule(options, manifest);
  knownField('universe', options.universe, manifest);
  const source = await scoreSource(options.scores, options.column, manifest);
  const wish = await indexRule(options.index, manifest);
  const stretch = stretchOf(options, source, manifest.calendar);
  // What cannot be written is said before anything is computed.
  const inputs = [folder, options.config, options.scores, options.index];
  const outputs = reportOutputs(options, inputs);
  let weights: WeightsFile | undefined;
  try {
    weights = await WeightsFile.create(options, rule.scenarios, manifest, inputs);
    const { report, targets } = await traded({ folder, manifest, source, wish, rule, stretch, options });
    const drawing = () => import('../report/backtest/backtest-page.ts');
    weights?.write(targets);
    await outputs.write({
      page: async () => (await drawing()).backtestPage(report),
      pictures: async () => (await drawing()).backtestPictures(report),
    });
    weights?.finish();
    return report;
  } catch (error) {
    outputs.abandon();
    weights?.abandon();
    throw error;
  }
}

interface Asked {
  readonly folder: string;
  readonly manifest: MarketManifest;
  readonly source: ScoreSource;
  readonly wish: IndexWish;
  readonly rule: BacktestRule;
  readonly stretch: Stretch;
  readonly options: BacktestOptions;
}

async function traded(asked: Asked) {
  const evaluator = await opened(asked);
  try {
    const { inputs, index, warnings } = await backtestInputs(evaluator, asked);
    const { scenarios, preset, trading } = asked.rule;
    const { workers = availableParallelism(), onProgress = () => {} } = asked.options;
    const done = scenarios.map(() => 0);
    const found = await runBacktests(inputs, index, scenarios, {
      workers,
      onDate: ({ name }, rebalances, total) => {
        done[scenarios.findIndex((scenario) => scenario.name === name)] = rebalances;
        const all = done.reduce((sum, one) => sum + one, 0);
        onProgress('Rebalancing', all, total * scenarios.length);
      },
    });
    const { manifest, source } = asked;
    const report: BacktestReport = {
      schema: 1,
      market: { name: manifest.name, hash: manifest.hash },
      scores: source.name,
      ...{ preset, trading, dates: found.dates, index: found.index },
      scenarios: found.scenarios.map(({ report: one }) => one),
      warnings,
    };
    return { report, targets: found.scenarios.map(({ targets }) => targets) };
  } finally {
    await evaluator.close();
  }
}

function opened({ folder, manifest, source, rule, options }: Asked): Promise<Evaluator> {
  const { workers = availableParallelism(), memory, universe, onProgress = () => {} } = options;
  return Evaluator.open(folder, {
    workers,
    memory: memory ?? 2 * gibibyte,
    fields: fieldsNeeded(manifest, source, rule.trading.price, universe),
    label: { price: 'CLOSE', lag: 1, horizon: 1 },
    valueFolder: join(cacheFolder(), 'values'),
    onMinutes: (done, total) => onProgress('Reading minute bars', done, total),
  });
}

/** With what the index is, and a sentence for each thing a reader should know. */
async function backtestInputs(
  evaluator: Evaluator,
  { manifest, source, wish, rule, stretch, options }: Asked,
): Promise<{ inputs: PortfolioInputs; index: string; warnings: string[] }> {
  const { market, arena } = evaluator;
  const { calendar, symbols } = manifest;
  const { scenarios, trading } = rule;
  const { universe, onProgress = () => {} } = options;
  const field = (name: string): Panel | undefined => {
    const matrix = market.daily.get(name);
    return matrix && panelOf(arena, matrix);
  };
  const must = (name: string): Panel => {
    const found = field(name);
    if (!found) throw new EvolveError('missing-field', `The market has no ${name}, which a backtest needs.`);
    return found;
  };
  const scores = await scoreCells(evaluator, source.factors, (done, total) =>
    onProgress('Computing scores', done, total),
  );
  const index = indexWeights({ dates: calendar.length, symbols: symbols.length, field }, wish.rule);
  const indexed = (t: number): boolean => {
    const { cells, stride } = index.weights;
    return cells.subarray(t * stride, t * stride + symbols.length).some((x) => Number.isFinite(x));
  };
  const inside = universe === undefined ? undefined : must(universe);
  const scored = (t: number): number => scoreCount(scores, inside, symbols.length, t);
  const { from, end } = stretch;
  const decided = signalDates(calendar, trading.rebalance, (t) => scored(t) > 0 && indexed(t), {
    from,
    to: calendar[end - 1],
  });
  refuseIdle(decided, { calendar, from, end, universe, indexed, scored: (t) => scored(t) > 0 });
  const { signals: due, skipped, usable } = decided;
  const risky = scenarios.some(({ rule: one }) => one.trackingError !== undefined || one.riskPenalty > 0);
  const industries = manifest.fields.some(({ name }) => name === 'INDUSTRY') ? 'INDUSTRY' : undefined;
  const rows = signalRows(riskMarket(market, arena, industries), due, {
    risk: risky,
    datesPerYear: trading.datesPerYear,
    onDates: (done, total) => onProgress('Exposures and risk', done, total),
  });
  refuseUnknownSize({ fields: manifest.fields, scenarios, leftOut: rows.leftOut });
  const { early, ...known } = withRisk(due, rows, symbols.length);
  const inputs: PortfolioInputs = {
    ...{ dates: calendar.slice(0, end), priced: calendar.length, symbols, trading, scores, ...known },
    ...{ close: must('CLOSE'), trade: must(trading.price), canBuy: field('CAN_BUY'), canSell: field('CAN_SELL') },
    ...{ suspended: field('SUSPENDED'), st: field('ST') },
    ...{ universe: inside, index: index.weights, member: index.member },
  };
  const { signals } = inputs;
  const part = { from: signals[0] ?? end, to: end };
  const warnings = [
    ...rule.notes,
    ...source.notes,
    ...wish.notes,
    ...seenBefore(source.libraries, { split: 'test', part }, calendar),
    ...backtestWarnings({
      ...{ fields: manifest.fields, scenarios, index: wish.rule, universe, leftOut: rows.leftOut },
      ...{ rebalance: trading.rebalance, usable, unused: usable.length - due.length },
      ...{ signals, scored: Array.from(signals, scored), skipped, early, dates: part.to - part.from },
    }),
  ];
  return { inputs, index: index.doc, warnings };
}

interface Stretch {
  readonly from: string | undefined;
  /** Position of the date after the last. */
  readonly end: number;
}

/** A library has seen the dates before its test part. */
function stretchOf({ from, to }: BacktestOptions, { library }: ScoreSource, calendar: readonly string[]): Stretch {
  const first = from ?? library?.split.test[0];
  for (const [flag, date] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (date !== undefined && !isDate(date)) {
      throw new EvolveError('bad-argument', `--${flag} should be a date such as 2024-01-31, not ${date}.`);
    }
  }
  const end = to === undefined ? calendar.length : calendar.filter((date) => date <= to).length;
  if (end < 2 || (first !== undefined && first >= (calendar[end - 1] as string))) {
    throw new EvolveError(
      'bad-argument',
      `There are no two dates from ${first ?? calendar[0]} to ${to ?? calendar.at(-1)} in the market, whose dates are ${calendar[0]} to ${calendar.at(-1)}. Widen --from and --to.`,
    );
  }
  return { from: first, end };
}

/** Daily fields that any step reads. */
function fieldsNeeded(
  manifest: MarketManifest,
  { factors }: ScoreSource,
  price: string,
  universe: string | undefined,
): Set<string> {
  const programs = factors.flatMap(({ source }) => (source.kind === 'program' ? [canonical(source.program)] : []));
  const wanted = new Set<string>([
    ...fieldsOf(programs, 'daily'),
    ...styleFields,
    ...['CLOSE', price, 'CAN_BUY', 'CAN_SELL', 'SUSPENDED', 'ST', 'CAP', 'INDUSTRY', 'WEIGHT', 'MEMBER'],
    ...(universe === undefined ? [] : [universe]),
  ]);
  const there = new Set(manifest.fields.filter(({ kind }) => kind !== 'b').map(({ name }) => name));
  return new Set([...wanted].filter((name) => there.has(name)));
}

/** From the first signal date on whose risk is known, where risk is asked for. */
function withRisk(
  signals: Int32Array,
  { exposures, risk }: SignalRows,
  symbols: number,
): Pick<PortfolioInputs, 'signals' | 'exposures' | 'risk'> & { readonly early: number } {
  if (!risk) return { signals, exposures, risk, early: 0 };
  const size = risk.factors ** 2;
  let early = 0;
  while (early < signals.length && Number.isNaN(risk.covariance[early * size])) early++;
  if (early === signals.length && early > 0) {
    throw new EvolveError(
      'bad-data',
      `The risk model needs ${defaultRiskRule.leastDates} dates of returns, and no date to trade on has so many before it. Trade later dates with --from and --to, or give --tracking-error none and --risk-penalty 0.`,
    );
  }
  const rows = (cells: Float32Array): Float32Array => cells.subarray(early * symbols);
  return {
    signals: signals.subarray(early),
    exposures: {
      ...exposures,
      industries: exposures.industries && rows(exposures.industries),
      styles: exposures.styles.map((style) => ({ ...style, values: rows(style.values) })),
    },
    risk: { ...risk, covariance: risk.covariance.subarray(early * size), specific: rows(risk.specific) },
    early,
  };
}
