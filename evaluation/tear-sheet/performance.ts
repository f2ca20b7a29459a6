/**
 * What a series of daily returns comes to. Annual figures are made with the dates per year they are given: nothing here
 * guesses 244 or 252.
 */
import { moments } from '../fitness.ts';

/** Missing where there is nothing to divide by: a Sharpe ratio without volatility, a Calmar ratio without a drawdown. */
export interface Performance {
  /** Compounded. */
  readonly annualReturn: number;
  /** Sample standard deviation, times the square root of the dates per year. */
  readonly volatility: number;
  /** Annual return over volatility. */
  readonly sharpe: number;
  /** The largest loss since a former height, as a share of it: 0.3 after a fall from 1 to 0.7. */
  readonly maxDrawdown: number;
  /** Annual return over maximal drawdown. */
  readonly calmar: number;
  /** Returns there are. */
  readonly dates: number;
}

/** Of the daily returns less a benchmark's, compounded: a net value of prod(1 + r - b). */
export interface ExcessPerformance {
  readonly annualReturn: number;
  /** Sample standard deviation of the daily differences, times the square root of the dates per year. */
  readonly trackingError: number;
  /** Annual return over tracking error. */
  readonly informationRatio: number;
  readonly maxDrawdown: number;
  readonly calmar: number;
  /** Share of the calendar months in which the net value rose. Months that are cut by the first or last date count. */
  readonly monthlyWinRate: number;
  readonly months: number;
}

type Returns = ArrayLike<number> & Iterable<number>;

export function performance(returns: Returns, datesPerYear: number): Performance {
  const annualReturn = annualised(returns, datesPerYear);
  const volatility = annualDeviation(returns, datesPerYear);
  const maxDrawdown = drawdown(returns);
  return {
    annualReturn,
    volatility,
    sharpe: ratio(annualReturn, volatility),
    maxDrawdown,
    calmar: ratio(annualReturn, maxDrawdown),
    dates: returns.length,
  };
}

/** `dates` has one for each return, in order, as 2024-01-31. */
export function excessPerformance(
  returns: Returns,
  benchmark: Returns,
  dates: readonly string[],
  datesPerYear: number,
): ExcessPerformance {
  const excess = lessBenchmark(returns, benchmark);
  const { annualReturn, volatility, sharpe, maxDrawdown, calmar } = performance(excess, datesPerYear);
  return {
    annualReturn,
    trackingError: volatility,
    informationRatio: sharpe,
    maxDrawdown,
    calmar,
    ...monthlyWins(excess, dates),
  };
}

export const lessBenchmark = (returns: Returns, benchmark: Returns): Float64Array =>
  Float64Array.from(returns, (r, t) => r - (benchmark[t] as number));

/** After each return, from 1. Who has lost everything, as a long-short can, has nothing from then on. */
export function netValues(returns: Returns): Float64Array {
  const values = new Float64Array(returns.length);
  let value = 1;
  for (let t = 0; t < returns.length; t++) values[t] = value = Math.max(0, value * (1 + (returns[t] as number)));
  return values;
}

/** With the 1 they start from; none of no returns. */
export const netValuesFromOne = (returns: Returns): number[] => (returns.length > 0 ? [1, ...netValues(returns)] : []);

export function monthlyWins(
  returns: Returns,
  dates: readonly string[],
): Pick<ExcessPerformance, 'monthlyWinRate' | 'months'> {
  const { rate, periods } = wins(returns, (t) => (dates[t] as string).slice(0, 7));
  return { monthlyWinRate: rate, months: periods };
}

/** Share of the periods in which the net value rose; a period goes on as long as its name does. */
export function wins(returns: Returns, periodOf: (t: number) => unknown): { rate: number; periods: number } {
  let [won, periods] = [0, 0];
  for (let t = 0; t < returns.length; ) {
    const period = periodOf(t);
    let growth = 1;
    for (; t < returns.length && periodOf(t) === period; t++) growth *= 1 + (returns[t] as number);
    periods++;
    if (growth > 1) won++;
  }
  return { rate: won / periods, periods };
}

function annualised(returns: Returns, datesPerYear: number): number {
  if (returns.length === 0) return Number.NaN;
  const last = netValues(returns)[returns.length - 1] as number;
  return last ** (datesPerYear / returns.length) - 1;
}

function annualDeviation(returns: Returns, datesPerYear: number): number {
  const { deviation, count } = moments(returns);
  return count < 2 ? Number.NaN : deviation * Math.sqrt(datesPerYear);
}

function drawdown(returns: Returns): number {
  if (returns.length === 0) return Number.NaN;
  let [height, deepest] = [1, 0];
  for (const value of netValues(returns)) {
    height = Math.max(height, value);
    deepest = Math.max(deepest, 1 - value / height);
  }
  return deepest;
}

/** Less than 1e-12 is what rounding leaves of nothing: a layer that is its own benchmark has no tracking error. */
const ratio = (above: number, below: number): number => (below > 1e-12 ? above / below : Number.NaN);
