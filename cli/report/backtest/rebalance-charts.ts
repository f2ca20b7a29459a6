/** One portfolio rebalance by rebalance: where it stood between its limits, and where they gave way. */
import { moments } from '../../../evaluation/fitness.ts';
import type { BacktestReport, ScenarioReport } from '../../../portfolio/backtest/backtest-report.ts';
import { count, countOf, rate } from '../../print/number.ts';
import type { Chart } from '../chart.ts';
import type { TitledChart } from '../page.ts';
import { decimals, percentOf } from '../tear-sheet/figures.ts';
import { numbers, numbersFromZero, percentAxis, thinned } from '../tear-sheet/plot.ts';
import { toneAt } from './drawn-portfolios.ts';
import { limits, plotOfDates, plotOfRebalances } from './limited-plot.ts';
import { hasSlack, isSize } from './slack-words.ts';

/** `prefix` keeps the names of charts on one page apart. */
export function rebalanceCharts(report: BacktestReport, scenario: ScenarioReport, prefix: string): TitledChart[] {
  const { rebalances } = scenario;
  if (rebalances.length === 0) return [];
  const named = (name: string): string => `${prefix}${name}`;
  const styles = rebalances.some(({ planned }) => Object.keys(planned.styles).length > 0);
  const predicted = rebalances.some(({ planned }) => Number.isFinite(planned.trackingError));
  return [
    {
      title: 'Largest deviations from the index',
      note: 'planned, at each rebalance',
      chart: deviationChart(named('deviations'), scenario),
    },
    ...(styles
      ? [
          {
            title: 'Styles beyond the index',
            note: 'in deviations over the symbols',
            chart: styleChart(named('styles'), scenario),
          },
        ]
      : []),
    { title: 'Share in members of the index', note: 'planned', chart: memberChart(named('members'), scenario) },
    ...(rebalances.length > 1
      ? [
          {
            title: 'Turnover',
            note: 'bought and sold, after the first rebalance',
            chart: turnoverChart(named('turnover'), scenario),
          },
        ]
      : []),
    ...(predicted
      ? [
          {
            title: 'Tracking error',
            note: 'predicted, and of the quarter before',
            chart: trackingChart(named('tracking-error'), report, scenario),
          },
        ]
      : []),
  ];
}

function deviationChart(name: string, { rule, rebalances }: ScenarioReport): Chart {
  const industries = rebalances.map(({ planned }) => planned.industry);
  const names = rebalances.map(({ planned }) => planned.deviation);
  const known = industries.some(Number.isFinite);
  const most = (values: readonly (number | undefined)[]) => percentOf(largest(values), 2);
  return plotOfRebalances({
    name,
    says: `The most a weight and an industry differ from the index at each rebalance. A weight: ${most(names)} at most${known ? `; an industry: ${most(industries)}` : ''}.`,
    rebalances,
    yAxis: {
      ...numbersFromZero(percentAxis),
      max: ({ max }: { readonly max: number }) => (max < 1e-3 ? 1e-3 : null),
    },
    lines: [
      ...(known
        ? [
            {
              label: 'an industry',
              tone: 'middle' as const,
              values: industries,
              limits: limits(rule.industry, 'one', 'industry limit'),
              limitTone: 'strong' as const,
            },
          ]
        : []),
      {
        label: 'a weight',
        tone: 'pale',
        values: names,
        limits: limits(rule.deviation, 'one', 'weight limit'),
        limitTone: 'warm',
      },
    ],
  });
}

function styleChart(name: string, { rule, rebalances }: ScenarioReport): Chart {
  const names = [...new Set(rebalances.flatMap(({ planned }) => Object.keys(planned.styles)))].sort(
    (a, b) => Number(isSize(b)) - Number(isSize(a)),
  );
  const of = (style: string) => rebalances.map(({ planned }) => planned.styles[style]);
  const said = names.map(
    (style) => `${style}: ${decimals(largest(of(style).map((x) => Math.abs(x ?? Number.NaN))), 3)}`,
  );
  const isLast = (style: string): boolean => style === names.at(-1);
  return plotOfRebalances({
    name,
    says: `Exposures to styles less those of the index at each rebalance. At most, either way: ${said.join('; ')}.`,
    rebalances,
    // What is neutral is nought but for rounding, which is not to fill the chart.
    yAxis: {
      ...numbers(),
      min: ({ min, max }: Extent) => (max - min < 1e-3 ? -0.01 : null),
      max: ({ min, max }: Extent) => (max - min < 1e-3 ? 0.01 : null),
    },
    lines: names.map((style, i) => ({
      label: style,
      tone: toneAt(i),
      values: of(style),
      thickness: isSize(style) ? 2 : 1.2,
      // That of all other styles is one line.
      ...(isSize(style)
        ? { limits: limits(rule.size, 'both', `${style} limit`, String) }
        : isLast(style) && { limits: limits(rule.style, 'both', 'limit of others', String), limitTone: 'shuffled' }),
    })),
  });
}

function memberChart(name: string, { rule, rebalances }: ScenarioReport): Chart {
  const values = rebalances.map(({ planned }) => planned.memberShare);
  const floor = rule.memberFloor > 0 ? rule.memberFloor : undefined;
  return plotOfRebalances({
    name,
    says: `Share of the value in members of the index at each rebalance: ${percentOf(extremeOf(values, Math.min))} at least${floor === undefined ? '' : `, where ${rate(floor)} is the floor`}.`,
    rebalances,
    yAxis: {
      ...numbers(percentAxis),
      min: ({ min, max }: Extent) => (max - min < 0.01 ? Math.max(0, Math.floor(20 * min - 0.5) / 20) : null),
      max: ({ min, max }: Extent) => (max - min < 0.01 ? Math.ceil(20 * max) / 20 : null),
    },
    lines: [
      {
        label: 'members',
        tone: 'middle',
        values,
        extreme: Math.min,
        limits: limits(floor, 'one', 'floor'),
        limitTone: 'warm',
      },
    ],
  });
}

function turnoverChart(name: string, { rule, rebalances }: ScenarioReport): Chart {
  const later = rebalances.slice(1);
  const values = later.map(({ bought, sold }) => bought + sold);
  const relaxed = later.flatMap((one, k) => (hasSlack(one) ? [k] : []));
  return plotOfRebalances({
    name,
    says: `Bought and sold at each rebalance after the first: ${percentOf(largest(values))} at most${rule.turnover === undefined ? '' : `, where ${rate(rule.turnover)} is the cap`}. On ${count(relaxed.length)} of these dates a constraint gave way.`,
    rebalances: later,
    yAxis: numbersFromZero(percentAxis),
    lines: [
      { label: 'turnover', tone: 'middle', values, limits: limits(rule.turnover, 'one', 'cap'), limitTone: 'warm' },
    ],
    marks: { label: 'something gave way', places: relaxed, values },
  });
}

function trackingChart(name: string, { dates, trading }: BacktestReport, scenario: ScenarioReport): Chart {
  const { excessNav, rebalances, rule, risk } = scenario;
  const shown = thinned(dates.length);
  const window = Math.max(2, Math.round(trading.datesPerYear / 4));
  const active = excessNav.map((value, t) => (t === 0 ? Number.NaN : value / (excessNav[t - 1] as number) - 1));
  const realised = shown.map((t) =>
    t < window ? Number.NaN : moments(active.slice(t - window + 1, t + 1)).deviation * Math.sqrt(trading.datesPerYear),
  );
  const byDate = new Map(rebalances.map(({ traded, planned }) => [traded, planned.trackingError]));
  let last: number | undefined;
  const predicted = dates.map((date) => {
    if (byDate.has(date)) last = byDate.get(date);
    return last;
  });
  return plotOfDates({
    name,
    says: `Annual tracking error, predicted at each rebalance and of the ${countOf(window, 'date')} before. Predicted ${percentOf(risk?.predicted)}, realised ${percentOf(risk?.realised)} over the whole time.`,
    dates: shown.map((t) => dates[t] as string),
    yAxis: numbersFromZero(percentAxis),
    lines: [
      { label: 'realised', tone: 'shuffled', values: realised, thickness: 1.3 },
      {
        label: 'predicted',
        tone: 'strong',
        values: shown.map((t) => predicted[t]),
        limits: limits(rule.trackingError, 'one', 'cap'),
        limitTone: 'warm',
      },
    ],
  });
}

interface Extent {
  readonly min: number;
  readonly max: number;
}

const largest = (values: readonly (number | undefined)[]): number => extremeOf(values, Math.max);

function extremeOf(values: readonly (number | undefined)[], extreme: (a: number, b: number) => number): number {
  const known = values.filter((x): x is number => typeof x === 'number' && Number.isFinite(x));
  return known.length > 0 ? known.reduce((a, b) => extreme(a, b)) : Number.NaN;
}
