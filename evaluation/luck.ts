/**
 * How good the best of many worthless programs looks: the t statistic, either sign, that one of n independent ones is
 * expected to pass. Programs of a search are not independent, so the true one is lower.
 */
export const luckyT = (programs: number): number => (programs > 1 ? normalQuantile(1 - 1 / (2 * programs)) : 0);

/** By bisection on the distribution: asked once a run, right to the last digits that matter. */
function normalQuantile(p: number): number {
  let [low, high] = [-40, 40];
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (upperTail(middle) > 1 - p) low = middle;
    else high = middle;
  }
  return low;
}

/** P(Z > z), by the continued fraction where it converges and a series nearer to 0. */
function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let [term, sum] = [z, z];
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = 0;
  for (let k = 200; k > 0; k--) fraction = k / (z + fraction);
  return density / (z + fraction);
}
