/** Candidates that are best together: the best alone, then each time the one that makes the most of those chosen. */
export async function forward(
  candidates: readonly number[],
  count: number,
  worth: (chosen: readonly number[], next: readonly number[]) => Promise<readonly number[]>,
  fits: (chosen: readonly number[], next: number) => boolean,
): Promise<{ readonly chosen: readonly number[]; readonly worth: readonly number[] }> {
  const chosen: number[] = [];
  const reached: number[] = [];
  while (chosen.length < count) {
    const open = candidates.filter((candidate) => !chosen.includes(candidate) && fits(chosen, candidate));
    if (open.length === 0) break;
    const worths = await worth(chosen, open);
    const best = worths.reduce((so, value, i) => (value > (worths[so] as number) ? i : so), 0);
    // Adding a factor that makes the combination worse helps nobody who asked for up to so many.
    if (chosen.length > 0 && !((worths[best] as number) > (reached.at(-1) as number))) break;
    chosen.push(open[best] as number);
    reached.push(worths[best] as number);
  }
  return { chosen, worth: reached };
}
