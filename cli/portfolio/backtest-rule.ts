/** From what a user asks for to portfolios that can be made on the market, or a sentence why they cannot. */
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest } from '../../data/market.ts';
import { type PresetName, presets, usual } from '../../portfolio/presets.ts';
import type { PortfolioRule, Scenario, TradingRule } from '../../portfolio/rule.ts';
import { rate } from '../print/number.ts';
import type { BacktestOptions, Limit } from './backtest-options.ts';

export interface BacktestRule {
  readonly preset: PresetName | undefined;
  readonly scenarios: readonly Scenario[];
  readonly trading: TradingRule;
  /** A sentence for each thing that is not as a user may take it to be. */
  readonly notes: readonly string[];
}

/** More are a grid search, whose best is luck. */
const mostScenarios = 64;

export function backtestRule(options: BacktestOptions, manifest: MarketManifest): BacktestRule {
  const preset = options.preset === undefined ? usual : presets[options.preset];
  const fields = new Set(manifest.fields.map(({ name }) => name));
  const rule: PortfolioRule = {
    ...preset.rule,
    ...given('industry', options.industry, 1),
    ...given('size', options.size, 10),
    ...given('style', options.style, 10),
    ...given('trackingError', options.trackingError, 10, 'tracking-error', positive),
    costPenalty: penalty('cost-penalty', options.costPenalty ?? preset.rule.costPenalty),
    riskPenalty: penalty('risk-penalty', options.riskPenalty ?? preset.rule.riskPenalty),
  };
  const scenarios = variants(rule, {
    deviation: options.deviation?.map((limit) => limited('deviation', limit, 1, positive)) ?? preset.vary.deviation,
    turnover: options.turnover?.map((limit) => limited('turnover', limit, 2)) ?? preset.vary.turnover,
    memberFloor: options.memberFloor?.map((share) => within('member-floor', share, 0, 1)) ?? preset.vary.memberFloor,
  });
  needed(scenarios, manifest.fields);
  const price = options.trade ?? (options.preset || fields.has('VWAP') ? preset.trading.price : 'CLOSE');
  if (!fields.has(price)) {
    const there = (['VWAP', 'OPEN', 'CLOSE'] as const).filter((name) => fields.has(name));
    throw new EvolveError(
      'missing-field',
      `The market has no ${price} to trade at. Say what to trade at, such as --trade ${there[0] ?? 'CLOSE'}.`,
    );
  }
  const instead = options.trade === undefined && price !== preset.trading.price;
  return {
    notes: instead
      ? [
          `The market has no ${preset.trading.price}: trades are at ${price}, a price that nobody can be sure to get. Say which with --trade.`,
        ]
      : [],
    preset: options.preset,
    scenarios,
    trading: {
      rebalance: rebalance(options.rebalance ?? preset.trading.rebalance),
      price,
      costs: {
        buy: within('cost-buy', options.costBuy ?? preset.trading.costs.buy, 0, 0.5),
        sell: within('cost-sell', options.costSell ?? preset.trading.costs.sell, 0, 0.5),
      },
      tradability: options.tradability ?? 'signal',
      withSt: options.withSt ?? false,
      datesPerYear: within('dates-per-year', options.datesPerYear ?? manifest.datesPerYear, 1, 366),
    },
  };
}

type Vary = {
  readonly [K in 'deviation' | 'turnover' | 'memberFloor']?: readonly PortfolioRule[K][] | undefined;
};

/** One for each value of each; what varies gives them their names. */
function variants(rule: PortfolioRule, { deviation, turnover, memberFloor }: Vary): Scenario[] {
  const scenarios: Scenario[] = [];
  for (const floor of memberFloor ?? [rule.memberFloor]) {
    for (const cap of deviation ?? [rule.deviation]) {
      for (const most of turnover ?? [rule.turnover]) {
        const name = [
          (memberFloor?.length ?? 0) > 1 && (floor > 0 ? `members ${rate(floor)}` : 'any members'),
          (deviation?.length ?? 0) > 1 && (cap === undefined ? 'any deviation' : `deviation ${rate(cap)}`),
          (turnover?.length ?? 0) > 1 && (most === undefined ? 'any turnover' : `turnover ${rate(most)}`),
        ].filter((part) => part !== false);
        scenarios.push({
          name: name.join(', ') || 'portfolio',
          rule: { ...rule, memberFloor: floor, deviation: cap, turnover: most },
        });
      }
    }
  }
  if (scenarios.length > mostScenarios) {
    throw new EvolveError(
      'bad-argument',
      `These make ${scenarios.length} portfolios and at most ${mostScenarios} are compared at once. Give shorter lists.`,
    );
  }
  const twice = scenarios.find(({ name }, i) => scenarios.findIndex((other) => other.name === name) < i);
  if (twice) throw new EvolveError('bad-argument', `${twice.name} is asked for twice. Give each value once.`);
  return scenarios;
}

/** A constraint on something the market does not know is not met by leaving it out in silence. */
function needed(scenarios: readonly Scenario[], fields: MarketManifest['fields']): void {
  const named = (field: string) => fields.find(({ name }) => name === field);
  const asks = (of: (rule: PortfolioRule) => boolean): boolean => scenarios.some(({ rule }) => of(rule));
  if (asks(({ industry }) => industry !== undefined) && !named('INDUSTRY')) {
    throw new EvolveError(
      'missing-field',
      'Industries are limited, and the market has no INDUSTRY. Import it with --group INDUSTRY=FILE, or give --industry none.',
    );
  }
  if (asks(({ size }) => size !== undefined) && !named('CAP')) {
    throw new EvolveError(
      'missing-field',
      'Size is limited, and the market has no CAP. Import it, or give --size none.',
    );
  }
  if (asks(({ size }) => size !== undefined) && named('CAP')?.snapshot) {
    throw new EvolveError(
      'missing-field',
      'Size is limited, and CAP is known of one day only: on earlier dates it would know the future. Import one with dates, or give --size none.',
    );
  }
}

type Limited = 'industry' | 'size' | 'style' | 'trackingError';

function given<K extends Limited>(
  key: K,
  limit: Limit | undefined,
  most: number,
  flag: string = key,
  check?: Check,
): { [k in K]?: number | undefined } {
  if (limit === undefined) return {};
  return { [key]: limited(flag, limit, most, check) } as { [k in K]?: number | undefined };
}

type Check = (flag: string, value: number) => void;

function positive(flag: string, value: number): void {
  if (value > 0) return;
  throw new EvolveError('bad-argument', `--${flag} 0 leaves no portfolio but the index itself. Give more, or none.`);
}

function limited(flag: string, limit: Limit, most: number, check?: Check): number | undefined {
  if (limit === 'none') return undefined;
  const value = within(flag, limit, 0, most);
  check?.(flag, value);
  return value;
}

function within(flag: string, value: number, least: number, most: number): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw new EvolveError('bad-argument', `--${flag} should be a number from ${least} to ${most}, not ${value}.`);
}

const penalty = (flag: string, value: number): number => within(flag, value, 0, 1e6);

function rebalance(value: TradingRule['rebalance']): TradingRule['rebalance'] {
  if (value === 'week' || (Number.isInteger(value) && value >= 1)) return value;
  throw new EvolveError('bad-argument', `--rebalance should be week, or a whole number of dates from 1, not ${value}.`);
}
