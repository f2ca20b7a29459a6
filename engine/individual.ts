import { compareVerdicts, type Verdict } from './problem.ts';

export interface Individual<G> {
  /** Its place in the order of birth: the smallest is the oldest. */
  readonly id: number;
  readonly key: string;
  readonly genome: G;
  readonly verdict: Verdict;
  readonly size: number;
  readonly line: Line<G>;
}

/** Below 0 when a is to be preferred: the fitter, and of two as fit the smaller. */
export const compare = <G>(a: Individual<G>, b: Individual<G>): number =>
  compareVerdicts(a.verdict, b.verdict) || a.size - b.size;

/** Where an individual comes from, back to a fresh or given one. */
export interface Line<G> {
  readonly genome: G;
  /** `fresh`, `seed`, or the move that made it from its parent. */
  readonly origin: string;
  readonly round: number;
  /** Absent where it was stopped before it had one. */
  readonly fitness?: number | undefined;
  readonly parent?: Line<G> | undefined;
}

/** From the first ancestor to the individual itself. */
export function ancestry<G>(line: Line<G>): Line<G>[] {
  const lines: Line<G>[] = [];
  for (let at: Line<G> | undefined = line; at; at = at.parent) lines.push(at);
  return lines.reverse();
}
