import { HighsSolver } from '../optimise/highs-solver.ts';
import { Optimiser } from '../optimise/optimise.ts';
import type { PortfolioRule } from '../rule.ts';

/** With the solvers that one portfolio's dates need. */
export async function openOptimiser(_rule: PortfolioRule): Promise<Optimiser> {
  return new Optimiser(await HighsSolver.load(), undefined);
}
