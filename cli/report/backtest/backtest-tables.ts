/** The tables of a backtest: those of the research reports, and what was checked. */
import type {
  BacktestReport,
  ExcessYear,
  Rebalance,
  ScenarioReport,
} from '../../../portfolio/backtest/backtest-report.ts';
import { reliefs } from '../../../portfolio/optimise/problem.ts';
import { rate } from '../../print/number.ts';
import { figureTable } from '../figure-table.ts';
import { type Content, type Html, html } from '../html.ts';
import { decimals, percentOf, whole } from '../tear-sheet/figures.ts';
import { indexName, mostDrawn, toneAt } from './drawn-portfolios.ts';
import { hasSlack, reliefTitles, slackText } from './slack-words.ts';

/** Its name, with the way to its tale, and its number in the colour it is drawn in. */
const headOf = ({ name }: ScenarioReport, i: number): Content[] => [
  html`<a class="portfolio" href="#portfolio-${i + 1}">${name}</a>`,
  i < mostDrawn ? html`<span class="swatch" style="background:var(--${toneAt(i)})"></span>${i + 1}` : i + 1,
];
const indexHead: readonly Content[] = [
  indexName,
  html`<span class="swatch" style="background:var(--shuffled)"></span>`,
];

const ofReturns = (own: ScenarioReport['performance']): string[] => [
  percentOf(own.annualReturn, 2),
  percentOf(own.volatility, 2),
  decimals(own.sharpe, 2),
  percentOf(own.maxDrawdown, 2),
  percentOf(own.weeklyWinRate),
];

/** The columns of the research reports. */
export const performanceTable = ({ index, scenarios }: BacktestReport): Html =>
  figureTable(
    'Performance',
    [
      ...['portfolio', '#', 'return', 'volatility', 'Sharpe', 'drawdown', 'weeks up', 'excess', 'TE', 'its drawdown'],
      ...['IR', 'Calmar', 'months won', 'weeks won', 'turnover'],
    ],
    [
      ...scenarios.map((scenario, i) => {
        const { performance, excess, turnover } = scenario;
        return [
          ...headOf(scenario, i),
          ...ofReturns(performance),
          percentOf(excess.annualReturn, 2),
          percentOf(excess.trackingError, 2),
          percentOf(excess.maxDrawdown, 2),
          decimals(excess.informationRatio, 2),
          decimals(excess.calmar, 2),
          percentOf(excess.monthlyWinRate),
          percentOf(excess.weeklyWinRate),
          percentOf(turnover, 2),
        ];
      }),
      [...indexHead, ...ofReturns(index.performance), ...new Array<string>(8).fill('')],
    ],
  );

export function yearsTable({ index, scenarios }: BacktestReport, of: 'return' | 'excess'): Html {
  const years = index.years.map(({ year }) => year);
  const rows = scenarios.map((scenario, i) => [
    ...headOf(scenario, i),
    ...years.map((year) => percentOf(scenario.years.find((one) => one.year === year)?.[of], 2)),
  ]);
  const last = [...indexHead, ...index.years.map((year) => percentOf(year.return, 2))];
  return figureTable(
    of === 'return' ? 'Return by year' : 'Excess by year',
    ['portfolio', '#', ...years],
    of === 'return' ? [...rows, last] : rows,
  );
}

const none = 'none';
const limit = (value: number | undefined, written: (value: number) => string = rate): string =>
  value === undefined ? none : value === 0 ? 'neutral' : written(value);
const weight = (penalty: number): string => (penalty === 0 ? none : String(penalty));

/** The rule of each. */
export const constraintTable = ({ scenarios }: BacktestReport): Html =>
  figureTable(
    'Constraints',
    [
      ...['portfolio', '#', 'deviation', 'members', 'industries', 'size', 'other styles', 'turnover', 'TE'],
      ...['cost penalty', 'risk penalty'],
    ],
    scenarios.map((scenario, i) => {
      const { rule } = scenario;
      return [
        ...headOf(scenario, i),
        rule.deviation === undefined ? none : rate(rule.deviation),
        rule.memberFloor === 0 ? none : rate(rule.memberFloor),
        limit(rule.industry),
        limit(rule.size, String),
        limit(rule.style, String),
        rule.turnover === undefined ? none : rate(rule.turnover),
        rule.trackingError === undefined ? none : rate(rule.trackingError),
        weight(rule.costPenalty),
        weight(rule.riskPenalty),
      ];
    }),
  );

const solverNames = { highs: 'HiGHS', 'interior-point': 'interior point' } as const;

/** How each was solved, checked and traded. */
export const tradingTable = ({ scenarios }: BacktestReport): Html =>
  figureTable(
    'Solved, checked and traded',
    [
      ...['portfolio', '#', 'rebalances', 'names', 'cash', 'relaxed', 'worst violation', 'solver', 'not bought'],
      ...['not sold', 'delisted', 'costs'],
    ],
    scenarios.map((scenario, i) => {
      const { rebalances, worstViolation, delisted, costs } = scenario;
      const sum = (of: (one: Rebalance) => number): number => rebalances.reduce((total, one) => total + of(one), 0);
      const solvers = (['highs', 'interior-point'] as const).flatMap((solver) => {
        const dates = sum(({ planned }) => Number(planned.solver === solver));
        if (dates === 0) return [];
        return dates === rebalances.length ? [solverNames[solver]] : [`${solverNames[solver]} ${whole(dates)}`];
      });
      return [
        ...headOf(scenario, i),
        whole(rebalances.length),
        whole(sum(({ names }) => names) / rebalances.length),
        percentOf(sum(({ cash }) => cash) / rebalances.length, 2),
        whole(sum((one) => Number(hasSlack(one)))),
        violationText(worstViolation),
        solvers.join(', '),
        whole(sum(({ unbought }) => unbought)),
        whole(sum(({ unsold }) => unsold)),
        whole(delisted),
        percentOf(costs, 2),
      ];
    }),
  );

const violationText = (violation: number): string =>
  Number.isFinite(violation) && violation !== 0 ? violation.toExponential(1) : decimals(violation, 0);

/** What the risk model foretold; nothing where there is none. */
export function riskTable({ scenarios }: BacktestReport): Html | undefined {
  if (!scenarios.some(({ risk }) => risk)) return undefined;
  return figureTable(
    'Tracking error predicted and realised',
    ['portfolio', '#', 'predicted', 'realised', 'bias'],
    scenarios.map((scenario, i) => [
      ...headOf(scenario, i),
      percentOf(scenario.risk?.predicted, 2),
      percentOf(scenario.risk?.realised, 2),
      decimals(scenario.risk?.bias, 2),
    ]),
  );
}

/** All of each year, of one portfolio. */
export const ownYearsTable = ({ years }: ScenarioReport, { index }: BacktestReport): Html =>
  figureTable(
    'Figures by year',
    ['year', 'return', indexName, 'excess', 'TE', 'IR', 'its drawdown', 'drawdown', 'dates'],
    years.map((own: ExcessYear) => [
      own.year,
      percentOf(own.return, 2),
      percentOf(index.years.find(({ year }) => year === own.year)?.return, 2),
      percentOf(own.excess, 2),
      percentOf(own.trackingError, 2),
      decimals(own.informationRatio, 2),
      percentOf(own.excessMaxDrawdown, 2),
      percentOf(own.maxDrawdown, 2),
      whole(own.dates),
    ]),
  );

const mostRelaxed = 30;

/** The dates on which a constraint gave way, and a column for each that ever did. */
export function relaxedTable({ rebalances }: ScenarioReport): Html {
  const relaxed = rebalances.filter(hasSlack);
  if (relaxed.length === 0)
    return html`<p>Every constraint was met at each of the ${whole(rebalances.length)} rebalances.</p>`;
  const ever = reliefs.filter((relief) =>
    relaxed.some(({ planned }) => planned.slacks.some((slack) => slack.relief === relief)),
  );
  const more = relaxed.length - mostRelaxed;
  return html`${figureTable(
    'Dates on which a constraint gave way',
    ['decided at the close of', ...ever.map((relief) => reliefTitles[relief])],
    relaxed.slice(0, mostRelaxed).map((one) => [one.signal, ...ever.map((relief) => slackText(one, relief))]),
  )}
<p class="note">By how much each went beyond its limit, on ${whole(relaxed.length)} of ${whole(rebalances.length)} rebalances.${more > 0 ? ` The first ${mostRelaxed} are shown; there are ${whole(more)} more.` : ''}</p>`;
}
