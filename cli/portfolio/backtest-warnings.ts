/** What a reader of a backtest should be told before any figure: what could not be done, and what knows the future. */
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { IndexRule } from '../../portfolio/index/index-weights.ts';
import type { SignalRows } from '../../portfolio/risk/signal-rows.ts';
import type { Scenario } from '../../portfolio/rule.ts';
import { countOf } from '../print/number.ts';

export interface BacktestFacts {
  readonly fields: MarketManifest['fields'];
  readonly scenarios: readonly Scenario[];
  readonly index: IndexRule;
  readonly universe: string | undefined;
  readonly leftOut: SignalRows['leftOut'];
  /** Positions of the dates traded on, and symbols with a score on each. */
  readonly signals: Int32Array;
  readonly scored: readonly number[];
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
  return [...warnings, ...thinDates(facts), ...lacking(facts), ...undated(facts)];
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
