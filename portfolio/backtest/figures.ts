/** Figures of net values beside their index. Returns are daily, one per date after the first signal's. */
import { moments } from '../../evaluation/fitness.ts';
import {
  excessPerformance,
  lessBenchmark,
  netValues,
  netValuesFromOne,
  performance,
  wins,
} from '../../evaluation/tear-sheet/performance.ts';
import type {
  ExcessYear,
  IndexReport,
  Rebalance,
  RiskCheck,
  ScenarioReport,
  Weekly,
  YearFigures,
} from './backtest-report.ts';
import { isoWeek } from './signal-dates.ts';

/** What days to count by: a date per return. */
export interface Calendar {
  readonly dates: readonly string[];
  readonly perYear: number;
}

export const indexReport = (doc: string, returns: Float64Array, calendar: Calendar): IndexReport => ({
  doc,
  performance: { ...performance(returns, calendar.perYear), ...weekly(returns, calendar.dates) },
  nav: netValuesFromOne(returns),
  years: yearsOf(calendar).map(({ year, from, to }) => yearFigures(year, returns.subarray(from, to), calendar)),
});

export function returnFigures(
  returns: Float64Array,
  index: Float64Array,
  calendar: Calendar,
): Pick<ScenarioReport, 'performance' | 'excess' | 'years' | 'nav' | 'excessNav'> {
  const { dates, perYear } = calendar;
  const active = lessBenchmark(returns, index);
  return {
    performance: { ...performance(returns, perYear), ...weekly(returns, dates) },
    excess: { ...excessPerformance(returns, index, dates, perYear), ...weekly(active, dates) },
    years: yearsOf(calendar).map(({ year, from, to }): ExcessYear => {
      const its = returns.subarray(from, to);
      const beside = index.subarray(from, to);
      const excess = excessPerformance(its, beside, dates.slice(from, to), perYear);
      return {
        ...yearFigures(year, its, calendar),
        excess: growthOf(lessBenchmark(its, beside)),
        trackingError: excess.trackingError,
        informationRatio: excess.informationRatio,
        excessMaxDrawdown: excess.maxDrawdown,
      };
    }),
    nav: netValuesFromOne(returns),
    excessNav: netValuesFromOne(active),
  };
}

/**
 * Whether the risk that was predicted is what came. Bias is that of risk models: the deviation, over the rebalances, of
 * the active return until the next one over the predicted deviation of so many dates.
 */
export function riskCheck(
  rebalances: readonly Rebalance[],
  returns: Float64Array,
  index: Float64Array,
  { dates, perYear }: Calendar,
): RiskCheck | undefined {
  const active = lessBenchmark(returns, index);
  const place = new Map(dates.map((date, t) => [date, t]));
  const starts = rebalances.map(({ traded }) => place.get(traded) as number);
  const held: number[] = [];
  const standardised: number[] = [];
  let [squares, known] = [0, 0];
  for (const [k, { planned }] of rebalances.entries()) {
    const predicted = planned.trackingError;
    if (predicted === undefined) continue;
    squares += predicted ** 2;
    known++;
    const days = active.subarray(starts[k], starts[k + 1]);
    for (const x of days) held.push(x);
    const sum = days.reduce((total, x) => total + x, 0);
    if (predicted > 0) standardised.push(sum / (predicted * Math.sqrt(days.length / perYear)));
  }
  if (known === 0) return undefined;
  return {
    predicted: Math.sqrt(squares / known),
    realised: deviation(held) * Math.sqrt(perYear),
    bias: deviation(standardised),
  };
}

function weekly(returns: Float64Array, dates: readonly string[]): Weekly {
  const { rate, periods } = wins(returns, (t) => isoWeek(dates[t] as string));
  return { weeklyWinRate: rate, weeks: periods };
}

const deviation = (numbers: readonly number[]): number =>
  numbers.length < 2 ? Number.NaN : moments(numbers).deviation;

function yearFigures(year: number, returns: Float64Array, { perYear }: Calendar): YearFigures {
  const { dates, maxDrawdown } = performance(returns, perYear);
  return { year, dates, return: growthOf(returns), maxDrawdown };
}

function yearsOf({ dates }: Calendar): { year: number; from: number; to: number }[] {
  const years: { year: number; from: number; to: number }[] = [];
  for (const [t, date] of dates.entries()) {
    const year = Number(date.slice(0, 4));
    const last = years.at(-1);
    if (last?.year === year) last.to = t + 1;
    else years.push({ year, from: t, to: t + 1 });
  }
  return years;
}

const growthOf = (returns: Float64Array): number => (netValues(returns).at(-1) ?? 1) - 1;
