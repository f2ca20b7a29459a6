import { moments } from './fitness.ts';

/**
 * The mean over its standard error when neighbouring dates are alike: autocovariances up to neweyWestLags dates apart
 * count, with Bartlett's weights. Missing dates are left out, as if the calendar lacked them.
 */
export function neweyWest(series: Iterable<number>, horizon = 1): number {
  const { mean, error } = meanAndError(series, horizon);
  return mean / error;
}

/** Missing of fewer than two dates. */
export function meanAndError(
  series: Iterable<number>,
  horizon = 1,
): { readonly mean: number; readonly error: number; readonly count: number } {
  const known = [...series].filter((x) => !Number.isNaN(x));
  const { mean, count } = moments(known);
  if (count < 2) return { mean, error: Number.NaN, count };
  const lags = neweyWestLags(count, horizon);
  let variance = 0;
  for (let lag = 0; lag <= lags; lag++) {
    let covariance = 0;
    for (let t = lag; t < count; t++) covariance += ((known[t] as number) - mean) * ((known[t - lag] as number) - mean);
    variance += (lag === 0 ? 1 : 2 * (1 - lag / (lags + 1))) * (covariance / count);
  }
  return { mean, error: Math.sqrt(variance / count), count };
}

/**
 * Lags that count for so many known dates: floor(4 (T / 100)^(2/9)), the usual choice. Labels held for h dates share
 * h - 1 of them with the next date's: twice as many lags count then, because the weights of the last ones are small. Of
 * few dates a quarter at most, or what is estimated is noise, and too small.
 */
export function neweyWestLags(dates: number, horizon = 1): number {
  const usual = Math.floor(4 * (dates / 100) ** (2 / 9));
  const overlapping = Math.min(2 * (horizon - 1), Math.floor(dates / 4));
  return Math.max(0, Math.min(dates - 1, Math.max(usual, overlapping)));
}
