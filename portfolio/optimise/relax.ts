/**
 * Which constraints give way on a date that cannot meet all of them, and by how much: the fewest in the order of
 * `reliefs`, and of these the last by as little as possible, then the one before it, up to the first.
 */
import type { Relaxation } from './build-program.ts';
import type { Relief } from './problem.ts';

/** The least of the goal that can be had under a relaxation; a little more than that is allowed from then on. */
export type LeastOf = (relaxation: Relaxation, goal: Relief) => number | 'infeasible';

/**
 * Above what feasibility is kept to (1e-10), so that later programs are feasible too, and below what is reported as
 * slack (1e-9).
 */
const room = 5e-10;
const capOf = (amount: number): number => (amount < room ? room : amount + room);

/** `order` are the reliefs that the problem has; those before `first` are known not to be enough. */
export function relax(order: readonly Relief[], first: Relief, leastOf: LeastOf): Relaxation {
  const relaxation = new Map<Relief, number>();
  for (const [last, relief] of order.entries()) {
    relaxation.set(relief, Number.POSITIVE_INFINITY);
    if (last < order.indexOf(first)) continue;
    const amount = leastOf(relaxation, relief);
    if (amount === 'infeasible') continue;
    relaxation.set(relief, capOf(amount));
    for (const earlier of order.slice(0, last).reverse()) {
      const amount = leastOf(relaxation, earlier);
      if (amount === 'infeasible') throw new Error(`no portfolio is left once ${[...relaxation.keys()]} gave way`);
      relaxation.set(earlier, capOf(amount));
    }
    return relaxation;
  }
  throw new Error('no portfolio even when every constraint gives way: what can be reached does not fit the value');
}
