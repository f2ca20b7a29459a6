/**
 * The fittest of some candidates of which no two are alike. Taken fittest first, so that nobody who is accepted has to
 * make room for a better one later.
 */
export function uncorrelated(
  candidates: readonly number[],
  likeness: (a: number, b: number) => number,
  { limit, most, had = [] }: { readonly limit: number; readonly most: number; readonly had?: readonly number[] },
): number[] {
  const accepted: number[] = [];
  for (const candidate of candidates) {
    if (accepted.length >= most) break;
    if ([...had, ...accepted].every((other) => likeness(candidate, other) < limit)) accepted.push(candidate);
  }
  return accepted;
}
