import type { Panel } from '../inputs.ts';

/** How many symbols of the universe have a score on a date; 0 where no two of them differ, which says nothing of whom to hold. */
export function scoreCount(scores: Panel, universe: Panel | undefined, symbols: number, t: number): number {
  let [count, first, differ] = [0, Number.NaN, false];
  for (let n = 0; n < symbols; n++) {
    const score = scores.cells[t * scores.stride + n] as number;
    if (!Number.isFinite(score)) continue;
    if (universe && !((universe.cells[t * universe.stride + n] as number) > 0)) continue;
    if (count === 0) first = score;
    else differ ||= score !== first;
    count++;
  }
  return differ ? count : 0;
}
