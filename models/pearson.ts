/**
 * Pearson's correlation; missing where either side is the same throughout. Numbers count from the first: those of a constant
 * are then exactly 0, and have no correlation by rounding.
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [firstX, firstY] = [x[0] as number, y[0] as number];
  let [sumX, sumY] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    sumX += (x[i] as number) - firstX;
    sumY += (y[i] as number) - firstY;
  }
  const [meanX, meanY] = [sumX / x.length, sumY / x.length];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [(x[i] as number) - firstX - meanX, (y[i] as number) - firstY - meanY];
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : Number.NaN;
}
