/**
 * Functions of one window, oldest value first: the living definitions of every `ts_*` operator, on daily rows and on
 * a day's minute bars alike. Two passes, plain f64. The caller has already made windows with a missing value missing.
 */
import type { Series } from '../define.ts';
import { divide } from './elementwise.ts';

const at = (x: Series, i: number): number => x[i] as number;
export const oldest = (x: Series): number => at(x, 0);
export const newest = (x: Series): number => at(x, x.length - 1);

export const sum = (x: Series): number => x.reduce((total, value) => total + value, 0);
export const mean = (x: Series): number => sum(x) / x.length;
export const product = (x: Series): number => x.reduce((total, value) => total * value, 1);
export const largest = (x: Series): number => x.reduce((a, b) => Math.max(a, b));
export const smallest = (x: Series): number => x.reduce((a, b) => Math.min(a, b));
export const range = (x: Series): number => largest(x) - smallest(x);
export const difference = (x: Series): number => newest(x) - oldest(x);
export const change = (x: Series): number => divide(newest(x), oldest(x)) - 1;

/** Σ (x - mean x)^k, or Σ (x - mean x)(y - mean y). */
function central(x: Series, k: number): number {
  const m = mean(x);
  return x.reduce((total, value) => total + (value - m) ** k, 0);
}
function cross(x: Series, y: Series): number {
  const [mx, my] = [mean(x), mean(y)];
  return x.reduce((total, value, i) => total + (value - mx) * (at(y, i) - my), 0);
}

export const variance = (x: Series): number => central(x, 2) / (x.length - 1);
export const deviation = (x: Series): number => Math.sqrt(variance(x));
export const covariance = (x: Series, y: Series): number => cross(x, y) / (x.length - 1);
export const correlation = (x: Series, y: Series): number => {
  const [vx, vy] = [central(x, 2), central(y, 2)];
  return vx > 0 && vy > 0 ? Math.max(-1, Math.min(1, cross(x, y) / Math.sqrt(vx) / Math.sqrt(vy))) : Number.NaN;
};
/** Slope of x on y. */
export const beta = (x: Series, y: Series): number => {
  const vy = central(y, 2);
  return vy > 0 ? divide(cross(x, y), vy) : Number.NaN;
};

/** Adjusted Fisher-Pearson, as pandas; a constant window has no shape, so it is missing. */
export function skewness(x: Series): number {
  const n = x.length;
  const m2 = central(x, 2) / n;
  if (!(m2 > 0)) return Number.NaN;
  return (Math.sqrt(n * (n - 1)) / (n - 2)) * (central(x, 3) / n / m2 ** 1.5);
}
/** Excess, bias-corrected, as pandas. */
export function kurtosis(x: Series): number {
  const n = x.length;
  const m2 = central(x, 2) / n;
  if (!(m2 > 0)) return Number.NaN;
  const g2 = central(x, 4) / n / m2 ** 2 - 3;
  return ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * g2 + 6);
}

export function quantile(x: Series, q: number): number {
  const sorted = x.slice().sort();
  const place = q * (x.length - 1);
  const below = Math.floor(place);
  const low = at(sorted, below);
  const high = at(sorted, Math.min(below + 1, x.length - 1));
  return low + (high - low) * (place - below);
}
export const median = (x: Series): number => quantile(x, 0.5);

/** Today's rank in (0, 1]; ties share their mean rank. */
export function rank(x: Series): number {
  const today = newest(x);
  let [less, equal] = [0, 0];
  for (const value of x) {
    if (value < today) less++;
    else if (value === today) equal++;
  }
  return (less + (equal + 1) / 2) / x.length;
}

export const zscore = (x: Series): number => over(mean(x), deviation(x));
export const normalised = (x: Series): number => over(newest(x) - mean(x), deviation(x));
const over = (a: number, deviation: number): number => (deviation > 0 ? divide(a, deviation) : Number.NaN);

/** Position of the first largest, from the oldest (0) to today (s - 1). */
export const placeOfLargest = (x: Series): number => x.indexOf(largest(x));
export const placeOfSmallest = (x: Series): number => x.indexOf(smallest(x));

function weighted(x: Series, weight: (age: number) => number): number {
  let [total, weights] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const w = weight(x.length - 1 - i);
    total += w * at(x, i);
    weights += w;
  }
  return total / weights;
}
export const decayLinear = (x: Series): number => weighted(x, (age) => x.length - age);
/** Span s, so alpha = 2 / (s + 1); the weights stop, and are normalised, at the window's edge. */
export const exponential = (x: Series): number => weighted(x, (age) => (1 - 2 / (x.length + 1)) ** age);

const days = (x: Series): Series => Float64Array.from(x, (_, i) => i);
/** Slope per row of the least-squares line through the window. */
export const slope = (x: Series): number => cross(x, days(x)) / central(days(x), 2);
export const rsquare = (x: Series): number => correlation(x, days(x)) ** 2;
/** Today's distance above that line. */
export const residual = (x: Series): number => newest(x) - mean(x) - (slope(x) * (x.length - 1)) / 2;
