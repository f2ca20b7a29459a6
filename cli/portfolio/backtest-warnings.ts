/** What a reader of a backtest should be told before any figure: what could not be done, and what knows the future. */
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { IndexRule } from '../../portfolio/index/index-weights.ts';
import type { SignalRows } from '../../portfolio/risk/signal-rows.ts';
import type { Scenario, TradingRule } from '../../portfolio/rule.ts';
import { count, countOf } from '../print/number.ts';

export interface BacktestFacts {
  readonly fields: MarketManifest['fields'];
  readonly scenarios: readonly Scenario[];
  readonly index: IndexRule;
  readonly universe: string | undefined;
  readonly leftOut: SignalRows['leftOut'];
  /** Positions of the dates traded on, and symbols with a score on each. */
  readonly signals: Int32Array;
  readonly scored: readonly number[];
  readonly rebalance: TradingRule['rebalance'];
  /** Positions of dates that could be decided on, and how many of them are not due. */
  readonly usable: Int32Array;
  readonly unused: number;
  /** Positions of dates that were due and could not be used. */
  readonly skipped: Int32Array;
  /** Dates at the beginning whose risk is unknown. */
  readonly early: number;
  /** Of the backtest. */
  readonly dates: number;
}

/** What is made of a few weeks is no annual figure. */
const fewDates = 60;

export function backtestWarnings(facts: BacktestFacts): string[] {
  const { signals, early, dates } = facts;
  const skipped = facts.skipped.filter((t) => t > (signals[0] as number)).length;
  const warnings: string[] = [];
  if (dates < fewDates) {
    warnings.push(
      `The backtest has ${countOf(dates, 'date')}: too few for annual figures, which are what such a stretch would come to over a year. Widen --from and --to.`,
    );
  }
  if (skipped > 0) {
    warnings.push(
      `On ${countOf(skipped, 'date')} due for a rebalance there was no index, or no two different scores: holdings were kept.`,
    );
  }
  if (early > 0) {
    warnings.push(
      `The risk model has too short a history on the first ${countOf(early, 'date')}: they are not traded.`,
    );
  }
  return [...warnings, ...sparseDates(facts), ...thinDates(facts), ...lacking(facts), ...undated(facts)];
}

/** Of daily scores those between rebalances are left aside, as everybody expects; of the ends of months it is most of them. */
function sparseDates({ rebalance, usable, unused }: BacktestFacts): string[] {
  const span = (usable.at(-1) as number) - (usable[0] as number) + 1;
  if (unused === 0 || 2 * usable.length > span) return [];
  const due = rebalance === 'week' ? 'the last of a week' : `one of every ${rebalance} dates`;
  return [
    `Scores and an index are there on ${count(usable.length)} of ${countOf(span, 'date')}, and ${count(unused)} of these ${unused === 1 ? 'is' : 'are'} not ${due}: not used, and holdings are kept until the next that is. --rebalance 1 decides on every date that has them.`,
  ];
}

/** A file that ends early, or a field with holes, leaves portfolios to the few that are left. */
function thinDates({ scored }: BacktestFacts): string[] {
  const usual = [...scored].sort((a, b) => a - b)[Math.floor(scored.length / 2)] as number;
  const thin = scored.filter((count) => count < usual / 2).length;
  if (thin === 0) return [];
  return [
    `On ${countOf(thin, 'rebalance date')} fewer than half of the usual ${countOf(usual, 'symbol')} had a score: the others were not bought.`,
  ];
}

/** Styles that limits and the risk model do without. */
function lacking({ scenarios, leftOut, fields }: BacktestFacts): string[] {
  const limited = scenarios.some(({ rule }) => rule.style !== undefined);
  const risky = scenarios.some(({ rule }) => rule.trackingError !== undefined || rule.riskPenalty > 0);
  if (!limited && !risky) return [];
  const what = [limited && 'the styles that are limited', risky && 'the risk model'].filter((one) => one).join(' and ');
  return leftOut.map(({ name, reason }) => `${name} is left out of ${what}: ${reasonOf(reason, fields)}.`);
}

/** A size nobody can tell is no limit that is met. */
export function refuseUnknownSize({
  scenarios,
  leftOut,
  fields,
}: Pick<BacktestFacts, 'scenarios' | 'leftOut' | 'fields'>) {
  const [out] = leftOut.filter(({ name }) => name === 'Size' || name === 'every style');
  if (!out || !scenarios.some(({ rule }) => rule.size !== undefined)) return;
  const reason = reasonOf(out.reason, fields);
  throw new EvolveError('missing-field', `Size is limited, and ${reason}. Import a dated CAP, or give --size none.`);
}

function reasonOf(reason: string, fields: MarketManifest['fields']): string {
  const words = new Set(reason.match(/\w+/g));
  return fields.some(({ name, snapshot }) => snapshot && words.has(name)) ? `${reason} but that of one day` : reason;
}

/** Fields known of one day only, taken for every date. */
function undated({ fields, scenarios, index, universe }: BacktestFacts): string[] {
  const has = (name: string): boolean => fields.some((field) => field.name === name);
  const inIndex = {
    market: has('WEIGHT') ? ['WEIGHT', 'MEMBER'] : ['MEMBER', 'CAP'],
    top: ['CAP'],
    weights: [],
  }[index.kind];
  const grouped = scenarios.some(
    ({ rule }) => rule.industry !== undefined || rule.trackingError !== undefined || rule.riskPenalty > 0,
  );
  const uses = new Map<string, string>([
    ...(grouped ? [['INDUSTRY', 'industries are'] as const] : []),
    ...(universe === undefined ? [] : [[universe, 'the universe is'] as const]),
    ...inIndex.map((name) => [name, 'the index is'] as const),
  ]);
  return [...uses].flatMap(([name, what]) =>
    fields.some((field) => field.name === name && field.snapshot)
      ? [
          `${what[0]?.toUpperCase()}${what.slice(1)} made of ${name}, which is known of one day only: on earlier dates it knows the future.`,
        ]
      : [],
  );
}
