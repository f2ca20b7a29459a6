/** What a series of daily correlations says: one figure per sampled date in, a desk's table of them out. */
import { moments } from '../fitness.ts';
import { neweyWest, neweyWestLags } from '../newey-west.ts';

/** Dates without a correlation count in none of these. */
interface Figures {
  readonly mean: number;
  /** Sample standard deviation: over n - 1. */
  readonly std: number;
  /** mean / std, not annualised; missing, as both t are, where the correlations do not vary. */
  readonly icir: number;
  /** Of the dates, those with a correlation above 0, or below 0 where the mean of the whole report is negative. */
  readonly share: number;
  /** With a correlation. */
  readonly dates: number;
}

/** Figures of a series of daily correlations, one per sampled date. */
export interface IcReport extends Figures {
  /** Naive: mean / (std / sqrt(n)), as if no date were like its neighbours. */
  readonly t: number;
  readonly tNeweyWest: number;
  /** Sampled dates apart up to which autocovariances count in tNeweyWest. */
  readonly lags: number;
  /** Every year that was sampled, those without a correlation too. A year that went against the whole has share < 1/2. */
  readonly byYear: readonly IcOfYear[];
  readonly byMonth: readonly IcOfMonth[];
  /** One per sampled date, NaN where there is none. */
  readonly series: readonly number[];
  /** Running sum, to which a date without a correlation adds nothing. */
  readonly cumulative: readonly number[];
}

interface IcOfYear extends Figures {
  readonly year: string;
}

interface IcOfMonth {
  /** 2024-01. */
  readonly month: string;
  readonly mean: number;
  readonly dates: number;
}

/** How the dates were sampled. */
interface Sampling {
  /** Dates the label holds. */
  readonly horizon: number;
  /** One date in so many was sampled. */
  readonly every: number;
}

export function icReport(series: readonly number[], dates: readonly string[], sampling: Sampling): IcReport {
  if (series.length !== dates.length) throw new RangeError(`${series.length} correlations of ${dates.length} dates`);
  const overlap = overlapping(series, sampling);
  const sign = moments(series).mean < 0 ? -1 : 1;
  const whole = figures(series, sign);
  let sum = 0;
  return {
    ...whole,
    t: whole.icir * Math.sqrt(whole.dates),
    tNeweyWest: whole.std > 0 ? neweyWest(series, overlap) : Number.NaN,
    lags: neweyWestLags(whole.dates, overlap),
    byYear: parts(series, dates, 4).map(([year, part]) => ({ year, ...figures(part, sign) })),
    byMonth: parts(series, dates, 7).map(([month, part]) => {
      const { mean, count } = moments(part);
      return { month, mean, dates: count };
    }),
    series,
    cumulative: series.map((x) => {
      sum += Number.isNaN(x) ? 0 : x;
      return sum;
    }),
  };
}

/** The most neighbouring samples whose labels share dates; of a score that is known once a month, only that one. */
function overlapping(series: readonly number[], { horizon, every }: Sampling): number {
  const places = series.flatMap((x, i) => (Number.isNaN(x) ? [] : [i]));
  let [most, next] = [1, 0];
  for (const [first, place] of places.entries()) {
    while (next < places.length && ((places[next] as number) - place) * every < horizon) next++;
    most = Math.max(most, next - first);
  }
  return most;
}

function figures(series: readonly number[], sign: 1 | -1): Figures {
  const { mean, deviation, count } = moments(series);
  const std = count > 1 ? deviation : Number.NaN;
  const share = series.filter((x) => sign * x > 0).length / count;
  return { mean, std, icir: std > 0 ? mean / std : Number.NaN, share, dates: count };
}

/** The correlations of each year (4 characters of the date) or month (7), oldest first as the dates are. */
function parts(series: readonly number[], dates: readonly string[], characters: number): [string, number[]][] {
  const found = new Map<string, number[]>();
  for (const [i, date] of dates.entries()) {
    const name = date.slice(0, characters);
    const part = found.get(name);
    if (part) part.push(series[i] as number);
    else found.set(name, [series[i] as number]);
  }
  return [...found];
}
