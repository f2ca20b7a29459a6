/**
 * Which constraints give way on a date that cannot meet all of them, and by how much: the fewest in the order of
 * `reliefs`, and of these the last by as little as possible, then the one before it, up to the first.
 */
import type { Relaxation } from './build-program.ts';
import type { Relief } from './problem.ts';

/** The least of the goal that can be had under a relaxation, with a portfolio that has it. */
export type LeastOf<Stage> = (relaxation: Relaxation, goal: Relief) => Least<Stage> | 'infeasible';
export interface Least<Stage> {
  readonly amount: number;
  readonly stage: Stage;
  /** Whether no other portfolio has as little, so that nothing is left to choose. */
  readonly only: boolean;
}

export interface Relaxed<Stage> {
  readonly relaxation: Relaxation;
  /** A portfolio within the relaxation. */
  readonly stage: Stage;
  /** Whether it is the one to take: there is no other, or none that a solver finds. */
  readonly decided: boolean;
}

/**
 * Above what feasibility is kept to (1e-10), so that later programs are feasible too, and below what is reported as
 * slack (1e-9). Programs with a cone need more: a set that is thinner has no inside for an interior point.
 */
const room = { linear: 5e-10, conic: 1e-7 };

/** `order` are the reliefs that the problem has; those before `first` are known not to be enough. */
export function relax<Stage>(
  order: readonly Relief[],
  first: Relief,
  conic: boolean,
  leastOf: LeastOf<Stage>,
): Relaxed<Stage> {
  const relaxation = new Map<Relief, number>();
  const spare = conic ? room.conic : room.linear;
  const capOf = (amount: number): number => (amount > room.linear || !conic ? Math.max(0, amount) + spare : 0);
  for (const [last, relief] of order.entries()) {
    relaxation.set(relief, Number.POSITIVE_INFINITY);
    if (last < order.indexOf(first)) continue;
    let least = leastOf(relaxation, relief);
    if (least === 'infeasible') continue;
    let { stage } = least;
    for (const earlier of order.slice(0, last + 1).reverse()) {
      if (earlier !== relief) least = leastOf(relaxation, earlier);
      // What led here is a portfolio, if next to no other is one.
      if (least === 'infeasible') return { relaxation, stage, decided: true };
      stage = least.stage;
      if (least.only) return { relaxation, stage, decided: true };
      relaxation.set(earlier, capOf(least.amount));
    }
    return { relaxation, stage, decided: false };
  }
  throw new Error('no portfolio even when every constraint gives way: what can be reached does not fit the value');
}
