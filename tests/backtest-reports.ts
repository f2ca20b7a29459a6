/** Plausible backtests: figures made by the real code from made-up series. */
import { dateText } from '../core/date.ts';
import { type Stream, stream } from '../core/random.ts';
import type { BacktestReport, Rebalance, ScenarioReport } from '../portfolio/backtest/backtest-report.ts';
import { type Calendar, indexReport, returnFigures, riskCheck } from '../portfolio/backtest/figures.ts';
import { signalDates } from '../portfolio/backtest/signal-dates.ts';
import type { Slack } from '../portfolio/optimise/problem.ts';
import type { PortfolioRule } from '../portfolio/rule.ts';

export interface BacktestSize {
  readonly portfolios?: number;
  readonly dates?: number;
  readonly risk?: boolean;
  /** Share of the rebalances at which something gives way. */
  readonly relaxed?: number;
  readonly names?: (place: number) => string;
  readonly rule?: Partial<PortfolioRule>;
}

const perYear = 244;
const styleNames = ['Beta', 'Size', 'Momentum', 'ResVol', 'NLSize', 'Liquidity'];

/** Five dates in seven. */
const weekdays = (dates: number): string[] =>
  Array.from({ length: dates }, (_, t) => dateText(17_168 + 7 * Math.floor(t / 5) + (t % 5)));

const returnsOf = (random: Stream, length: number, mean: number, deviation: number): Float64Array =>
  Float64Array.from({ length }, () => mean + deviation * random.normal());

export function backtestReport(seed: number, size: BacktestSize = {}): BacktestReport {
  const { portfolios = 3, dates: length = 2400 } = size;
  const { names = (i) => `turnover ${30 + 10 * i}%` } = size;
  const random = stream(seed, 0, 0);
  const dates = weekdays(length);
  const calendar: Calendar = { dates: dates.slice(1), perYear };
  const index = returnsOf(random, length - 1, 0.0001, 0.012);
  const { signals } = signalDates(dates, 'week', () => true);
  const rule: PortfolioRule = {
    ...{ deviation: 0.008, memberFloor: 0.8, industry: 0.02, size: 0.2, style: 0.5, turnover: 0.3 },
    ...{ trackingError: size.risk ? 0.05 : undefined, costPenalty: 0, riskPenalty: 0 },
    ...size.rule,
  };
  const scenarios = Array.from({ length: portfolios }, (_, i) => {
    const its = { ...rule, ...(rule.turnover !== undefined && { turnover: rule.turnover + 0.1 * i }) };
    return scenario(stream(seed, 1, i), { name: names(i), rule: its }, { dates, signals, index, calendar }, size);
  });
  return {
    schema: 1,
    market: { name: 'ashares', hash: '0f3a9c41d2b7' },
    scores: 'alpha.csv: score',
    preset: 'csi300@002',
    trading: {
      ...{ rebalance: 'week', price: 'VWAP', costs: { buy: 0.002, sell: 0.002 }, tradability: 'signal' },
      ...{ withSt: false, datesPerYear: perYear },
    },
    dates,
    index: indexReport('the 300 of the highest CAP', index, calendar),
    scenarios,
    warnings: ['On 2 dates due for a rebalance there was no score or no index: holdings were kept.'],
  };
}

interface Setting {
  readonly dates: readonly string[];
  readonly signals: Int32Array;
  readonly index: Float64Array;
  readonly calendar: Calendar;
}

function scenario(
  random: Stream,
  { name, rule }: Pick<ScenarioReport, 'name' | 'rule'>,
  { dates, signals, index, calendar }: Setting,
  { risk = false, relaxed = 0.05 }: BacktestSize,
): ScenarioReport {
  const own = returnsOf(random, index.length, 0.0003, 0.0035);
  const returns = own.map((x, t) => x + (index[t] as number));
  const walks = styleNames.map(() => 0.5 * random.normal());
  const rebalances = Array.from(signals, (s, k): Rebalance => {
    const slacks = k > 0 && random.next() < relaxed ? slacksOf(random, rule) : [];
    const turnover = k === 0 ? 1 : (rule.turnover ?? 0.6) * (1 - 0.2 * random.next() ** 3);
    const over = slacks.find(({ relief }) => relief === 'turnover')?.amount ?? 0;
    const side = 0.5 * (turnover + over) * (1 + 0.02 * random.normal());
    const styles = styleNames.map((style, i) => {
      const limit = (style === 'Size' ? rule.size : rule.style) ?? 0.8;
      const walk = 0.98 * (walks[i] as number) + 0.15 * random.normal();
      walks[i] = walk;
      return [style, limit * Math.max(-1, Math.min(1, walk))] as const;
    });
    return {
      signal: dates[s] as string,
      traded: dates[s + 1] as string,
      names: 90 + random.below(40),
      planned: {
        turnover: turnover + over,
        memberShare: Math.max(rule.memberFloor, 0.83 + 0.05 * random.normal()),
        deviation: rule.deviation ?? 0.03 * random.next(),
        industry: (rule.industry ?? 0.1) * Math.min(1, 0.8 + 0.4 * random.next()),
        styles: Object.fromEntries(styles),
        trackingError: risk ? Math.min(rule.trackingError ?? 1, 0.045 + 0.01 * random.normal()) : undefined,
        score: 1.4 + random.next(),
        solver: risk && k % 3 === 0 ? 'interior-point' : 'highs',
        slacks,
        violation: 1e-10 * random.next(),
      },
      bought: k === 0 ? 0.99 : side,
      sold: k === 0 ? 0 : side,
      cost: 0.004 * side,
      cash: 0.01 * random.next(),
      unbought: random.below(3),
      unsold: random.below(2),
    };
  });
  const later = rebalances.slice(1);
  return {
    ...{ name, rule },
    ...returnFigures(returns, index, calendar),
    turnover: later.reduce((sum, { bought, sold }) => sum + bought + sold, 0) / later.length,
    costs: rebalances.reduce((sum, { cost }) => sum + cost, 0),
    rebalances,
    worstViolation: Math.max(...rebalances.map(({ planned }) => planned.violation)),
    risk: riskCheck(rebalances, returns, index, calendar),
    delisted: random.below(4),
  };
}

function slacksOf(random: Stream, rule: PortfolioRule): Slack[] {
  const slacks: Slack[] = [];
  if (rule.turnover !== undefined) slacks.push({ relief: 'turnover', amount: 0.4 * random.next() });
  if (random.next() < 0.4) {
    for (const name of ['Banks', 'Food & Drink', 'Steel', 'Media', 'Size']) {
      if (random.next() < 0.7) slacks.push({ relief: 'style', name, amount: 0.01 * random.next() });
    }
  }
  if (random.next() < 0.2) slacks.push({ relief: 'members', amount: 0.05 * random.next() });
  return slacks;
}
