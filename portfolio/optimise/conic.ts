/** What a solver of portfolios with a predicted risk answers. */
import type { RiskSection } from '../risk/risk-section.ts';
import type { PortfolioProgram } from './build-program.ts';

/** Weights less the index's are this offset plus what a program's columns trade of each name. */
export interface ActiveRisk {
  readonly section: RiskSection;
  /** Weights held less the index's, one per name. */
  readonly offset: Float64Array;
}

/** Deviations are annual: the root of the predicted variance of the active weights. */
export type RiskAsk =
  /** The least deviation that the program's rows and bounds leave; its costs are not asked. */
  | { readonly kind: 'least' }
  /** The least of the program's costs plus penalty times variance, with a deviation up to the cap: Infinity for none. */
  | { readonly kind: 'best'; readonly cap: number; readonly penalty: number };

export interface ConicSolution {
  /** One per column: rows and bounds hold as closely as a linear solver keeps them. */
  readonly values: Float64Array;
  /** Of these values. */
  readonly deviation: number;
  /** Whether the active weights are the only ones that answer it, by a margin: every name has a variance of its own. */
  readonly only: boolean;
}

/** Solves one program after the other. */
export interface ConicSolver {
  solve(program: PortfolioProgram, risk: ActiveRisk, ask: RiskAsk): ConicSolution | 'infeasible';
  close(): void;
}
