import { ConeSolver } from '../optimise/cone-solver.ts';
import { HighsSolver } from '../optimise/highs-solver.ts';
import { Optimiser } from '../optimise/optimise.ts';
import type { PortfolioRule } from '../rule.ts';

/** With the solvers that one portfolio's dates need. */
export async function openOptimiser({ trackingError, riskPenalty }: PortfolioRule): Promise<Optimiser> {
  const risky = trackingError !== undefined || riskPenalty > 0;
  return new Optimiser(await HighsSolver.load(), risky ? new ConeSolver(await HighsSolver.load()) : undefined);
}
