/** Statistics of a date's numbers in plain loops and doubles, written apart from the product to be held against it. */

export type Numbers = ArrayLike<number>;

/** Positions at which all of them are known. */
function bothKnown(...all: readonly Numbers[]): number[] {
  const [first] = all as [Numbers];
  const places: number[] = [];
  for (let n = 0; n < first.length; n++) if (all.every((one) => !Number.isNaN(one[n]))) places.push(n);
  return places;
}

/** Of the numbers both have. */
export function pearson(a: Numbers, b: Numbers): number {
  const places = bothKnown(a, b);
  const [meanA, meanB] = [meanOf(places.map((n) => a[n] as number)), meanOf(places.map((n) => b[n] as number))];
  let [xx, yy, xy] = [0, 0, 0];
  for (const n of places) {
    const [x, y] = [(a[n] as number) - meanA, (b[n] as number) - meanB];
    xx += x * x;
    yy += y * y;
    xy += x * y;
  }
  return xy / Math.sqrt(xx * yy);
}

/** Ranks from 1 on, ties sharing the mean of theirs; missing where the number is. */
export function meanRanks(x: Numbers): number[] {
  return Array.from(x, (one) => {
    if (Number.isNaN(one)) return Number.NaN;
    let [below, equal] = [0, 0];
    for (const other of Array.from(x)) {
      if (other < one) below++;
      if (other === one) equal++;
    }
    return below + (equal + 1) / 2;
  });
}

/** Of the ranks among the numbers both have. */
export function spearman(a: Numbers, b: Numbers): number {
  const places = bothKnown(a, b);
  return pearson(meanRanks(places.map((n) => a[n] as number)), meanRanks(places.map((n) => b[n] as number)));
}

export function standardised(x: Numbers): number[] {
  const known = Array.from(x).filter((one) => !Number.isNaN(one));
  const mean = meanOf(known);
  const deviation = Math.sqrt(meanOf(known.map((one) => (one - mean) ** 2)));
  return Array.from(x, (one) => (one - mean) / deviation);
}

/** What a regression on the columns leaves, over the places where everything is known; columns may overlap. */
export function residuals(y: Numbers, columns: readonly Numbers[]): number[] {
  const places = bothKnown(y, ...columns);
  const left = places.map((n) => y[n] as number);
  // Twice, so that what rounding left of a column is taken off too.
  const basis: number[][] = [];
  for (const column of columns) {
    const x = places.map((n) => column[n] as number);
    const before = Math.sqrt(dot(x, x));
    for (const direction of [...basis, ...basis]) takeOff(x, direction);
    const length = Math.sqrt(dot(x, x));
    if (length > 1e-9 * before) basis.push(x.map((one) => one / length));
  }
  for (const direction of [...basis, ...basis]) takeOff(left, direction);
  const out = Array.from(y, () => Number.NaN);
  for (const [i, n] of places.entries()) out[n] = left[i] as number;
  return out;
}

const meanOf = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0) / all.length;

/** Of those that are known. */
export const meanKnown = (all: readonly number[]): number => meanOf(all.filter((one) => !Number.isNaN(one)));

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

function takeOff(x: number[], direction: readonly number[]): void {
  const along = dot(x, direction);
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) - along * (direction[i] as number);
}
