/**
 * Candidates that are best together: the best alone, then each time the one that makes the most of those chosen, until
 * there are enough or none helps any more.
 */
export function forward(
  candidates: readonly number[],
  count: number,
  worth: (chosen: readonly number[]) => number,
  fits: (chosen: readonly number[], next: number) => boolean,
): number[] {
  const chosen: number[] = [];
  let reached = Number.NEGATIVE_INFINITY;
  while (chosen.length < count) {
    let best: number | undefined;
    let most = reached;
    for (const candidate of candidates) {
      if (chosen.includes(candidate) || !fits(chosen, candidate)) continue;
      const value = worth([...chosen, candidate]);
      if (value > most) [best, most] = [candidate, value];
    }
    if (best === undefined) break;
    chosen.push(best);
    reached = most;
  }
  return chosen;
}
