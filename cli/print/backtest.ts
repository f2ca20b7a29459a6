/** A backtest for a terminal: the tables of the research reports, and what was checked and given up. */
import type { BacktestReport, Rebalance, ScenarioReport } from '../../portfolio/backtest/backtest-report.ts';
import { type Relief, reliefs } from '../../portfolio/optimise/problem.ts';
import { count, countOf, figure, fixed, percent, rate } from './number.ts';
import { shortened, table } from './table.ts';

const mostOfName = 60;

interface Files {
  readonly report?: string | undefined;
  readonly pictures?: string | undefined;
  readonly weights?: string | undefined;
}

export function backtestSummary(report: BacktestReport, { report: page, pictures, weights }: Files): string {
  const parts = [headline(report), figures(report), years(report), checks(report)];
  if (report.warnings.length > 0) parts.push(report.warnings.map((sentence) => `! ${sentence}`).join('\n'));
  if (weights !== undefined) parts.push(`Weights of every rebalance: ${weights}`);
  if (page !== undefined) parts.push(`All of it with curves: ${page}`);
  if (pictures !== undefined) parts.push(`Pictures: ${pictures}`);
  return parts.join('\n\n');
}

function headline({ market, scores, preset, trading, index, dates }: BacktestReport): string {
  const { rebalance, price, costs, tradability } = trading;
  const often = rebalance === 'week' ? 'every week' : `every ${rebalance === 1 ? 'date' : `${rebalance} dates`}`;
  const known = tradability === 'trade' ? '; who can be traded is known on the date of the trade' : '';
  return [
    `${market.name}, ${dates[0]} to ${dates.at(-1)}: ${shortened(scores, mostOfName)}${preset ? `, preset ${preset}` : ''}, beside ${index.doc}.`,
    `Traded ${often} at the next date's ${price}, ${rate(costs.buy)} of what is bought and ${rate(costs.sell)} of what is sold${known}; ${count(trading.datesPerYear)} dates a year.`,
  ].join('\n');
}

function figures({ index, scenarios }: BacktestReport): string {
  const rows = scenarios.map(({ name, performance, excess, turnover }) => [
    shortened(name, mostOfName),
    ...alone(performance),
    percent(excess.annualReturn, 2),
    percent(excess.trackingError, 2),
    percent(excess.maxDrawdown, 2),
    fixed(excess.informationRatio, 2),
    fixed(excess.calmar, 2),
    percent(excess.monthlyWinRate, 2),
    percent(excess.weeklyWinRate, 2),
    percent(turnover, 2),
  ]);
  const headings = ['', 'return', 'vol', 'Sharpe', 'drawdown', 'weeks up'];
  const ofExcess = ['excess', 'TE', 'its drawdown', 'IR', 'Calmar', 'months won', 'weeks won', 'turnover'];
  return table(
    [...rows, ['index', ...alone(index.performance), ...ofExcess.map(() => '')]],
    [...headings, ...ofExcess],
  );
}

const alone = (own: ScenarioReport['performance']): string[] => [
  percent(own.annualReturn, 2),
  percent(own.volatility, 2),
  fixed(own.sharpe, 2),
  percent(own.maxDrawdown, 2),
  percent(own.weeklyWinRate, 2),
];

/** Returns, and what they are beyond the index. */
function years({ index, scenarios }: BacktestReport): string {
  const headings = ['', ...index.years.map(({ year }) => String(year))];
  const rows = scenarios.flatMap(({ name, years: ofOne }) => [
    [shortened(name, mostOfName), ...ofOne.map((year) => percent(year.return, 2))],
    ['  excess', ...ofOne.map(({ excess }) => percent(excess, 2))],
  ]);
  return table([...rows, ['index', ...index.years.map((year) => percent(year.return, 2))]], headings);
}

function checks({ scenarios }: BacktestReport): string {
  const worst = Math.max(...scenarios.map(({ worstViolation }) => worstViolation));
  const [first] = scenarios;
  const rebalances = first?.rebalances.length ?? 0;
  const lines = [
    `${countOf(rebalances, 'rebalance')} each; every constraint of every date checked apart from the optimiser, the worst off by ${worst.toExponential(1)}.`,
  ];
  for (const { name, rebalances: all, risk, delisted } of scenarios) {
    const facts = [
      given(all),
      risk &&
        `tracking error ${percent(risk.predicted, 2)} predicted, ${percent(risk.realised, 2)} realised (bias ${fixed(risk.bias, 2)})`,
      unfilled(all),
      delisted > 0 && `${countOf(delisted, 'holding')} delisted`,
    ].filter((fact) => fact);
    if (facts.length > 0) lines.push(`${shortened(name, mostOfName)}: ${facts.join('; ')}.`);
  }
  return lines.join('\n');
}

/** How often each constraint gave way, and the most it did. */
function given(rebalances: readonly Rebalance[]): string | undefined {
  const all = reliefs.flatMap((relief) => {
    const amounts = rebalances.flatMap(({ planned }) => {
      const slacks = planned.slacks.filter((slack) => slack.relief === relief);
      return slacks.length > 0 ? [Math.max(...slacks.map(({ amount }) => amount))] : [];
    });
    if (amounts.length === 0) return [];
    return [
      `${words[relief]} gave way on ${countOf(amounts.length, 'date')}, by ${amount(relief, Math.max(...amounts))} at most`,
    ];
  });
  return all.join(', ') || undefined;
}

const words: Readonly<Record<Relief, string>> = {
  turnover: 'turnover',
  style: 'industries and styles',
  'tracking-error': 'the tracking error',
  members: 'the floor of members',
  deviation: 'the cap on deviations',
  invested: 'being fully invested',
};

/** Styles are in deviations, all else is shares. What gave way by next to nothing is told apart from nothing. */
const amount = (relief: Relief, most: number): string => (relief === 'style' ? figure(most) : `${figure(100 * most)}%`);

function unfilled(rebalances: readonly Rebalance[]): string | undefined {
  const [buys, sells] = (['unbought', 'unsold'] as const).map((key) =>
    rebalances.reduce((sum, one) => sum + one[key], 0),
  ) as [number, number];
  if (buys + sells === 0) return undefined;
  return `${countOf(buys, 'order')} to buy and ${count(sells)} to sell could not be filled`;
}
