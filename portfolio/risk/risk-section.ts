/** The risk of one date's names: exposures, what covaries with them, and what is each name's own. Annual variances. */
export interface RiskSection {
  /** A code from 0 per name, its industry among the factors; every name has one. */
  readonly industries: Int32Array;
  /** How many factors are industries: the first ones. */
  readonly industryCount: number;
  /** Exposures to the other factors, one array over the names each; nothing missing. */
  readonly styles: readonly Float64Array[];
  /** Of the factors' returns, industries first, then styles: symmetric, positive semidefinite, row-major. */
  readonly covariance: Float64Array;
  /** Each name's own variance, above 0. */
  readonly specific: Float64Array;
}
