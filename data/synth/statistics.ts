/**
 * What the planted formulas need, in plain f64: the same definitions the operators have (ddof 1, missing while any
 * value of a window is, a flat window has no answer), written again because bars must not depend on formulas.
 */

export function mean(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] as number;
  return sum / x.length;
}

export function deviation(x: ArrayLike<number>): number {
  const m = mean(x);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += ((x[i] as number) - m) ** 2;
  return Math.sqrt(sum / (x.length - 1));
}

export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [(x[i] as number) - mx, (y[i] as number) - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx > 0 && yy > 0 ? Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy))) : Number.NaN;
}

/** Correlation over the places where both are known. */
export function knownCorrelation(x: Float64Array, y: Float64Array): number {
  const both = [...x.keys()].filter((i) => !Number.isNaN(x[i]) && !Number.isNaN(y[i]));
  const pick = (from: Float64Array) => Float64Array.from(both, (i) => from[i] as number);
  return correlation(pick(x), pick(y));
}

/** Rank of the last among all, in (0, 1]; ties share their mean rank. */
export function lastRank(x: ArrayLike<number>): number {
  const last = x[x.length - 1] as number;
  let [less, equal] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    if ((x[i] as number) < last) less++;
    else if (x[i] === last) equal++;
  }
  return less + equal === 0 ? Number.NaN : (less + (equal + 1) / 2) / x.length;
}

/** Distance from the mean of the known cells, in their standard deviations. */
export function standardised(row: Float64Array): Float64Array {
  const known = row.filter((value) => !Number.isNaN(value));
  const [m, d] = [mean(known), deviation(known)];
  return row.map((value) => (d > 0 ? (value - m) / d : Number.NaN));
}
