/** A first population takes as long as ten rounds and more; between its portions it can be left. */
import type { Problem } from '../../engine/problem.ts';

/** Thrown where no question is open, so that every answer so far can be kept. */
export class LeftBetween extends Error {}

export function stoppable<G>(problem: Problem<G>, due: () => boolean): Problem<G> {
  let open = 0;
  return {
    ...problem,
    judge: async (genomes, terms) => {
      if (open === 0 && due()) throw new LeftBetween('the search was to stop');
      open++;
      try {
        return await problem.judge(genomes, terms);
      } finally {
        open--;
      }
    },
  };
}
