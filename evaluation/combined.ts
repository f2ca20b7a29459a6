/**
 * The IC of the equally weighted sum of standardised factors, each turned so that it foretells high returns: the sum of
 * their ICs over the standard deviation of the sum, which their correlations give. Nothing need be evaluated for it.
 * Exact on a date when all have the same cells; over dates, with mean correlations, close to it.
 */
export function combinedIc(
  members: readonly number[],
  ic: (member: number) => number,
  sign: (member: number) => number,
  /** With its sign, of two different members. */
  correlation: (a: number, b: number) => number,
): number {
  let sum = 0;
  let variance = 0;
  for (const a of members) {
    sum += sign(a) * ic(a);
    for (const b of members) variance += a === b ? 1 : sign(a) * sign(b) * correlation(a, b);
  }
  // Sampling noise may make a sum of near opposites look as if it had no variance at all.
  return variance > 0 ? sum / Math.sqrt(variance) : 0;
}
