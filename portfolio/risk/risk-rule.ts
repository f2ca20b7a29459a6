/** How the risk model looks back; docs/notes/risk-model.md says what for. Dates are those of the calendar. */
export interface RiskRule {
  /** Returns are drawn in to so many deviations around the date's mean. */
  readonly reach: number;
  /** Dates after which a return counts half: in deviations of factors, in their correlations, in what is symbols' own. */
  readonly halfLife: { readonly deviation: number; readonly correlation: number; readonly specific: number };
  /** Dates that a return may be correlated with before it. */
  readonly lags: number;
  /** Less history says nothing. */
  readonly leastDates: number;
  /** A symbol's own risk without a return for longer is unknown. */
  readonly longestGap: number;
  /** How readily a symbol's own deviation is taken to be that of symbols of its capital, the further off the sooner. */
  readonly shrinkage: number;
  /** Least own deviation, as a share of that of symbols of its capital. */
  readonly floor: number;
}

export const defaultRiskRule: RiskRule = {
  reach: 5,
  halfLife: { deviation: 84, correlation: 252, specific: 84 },
  lags: 2,
  leastDates: 63,
  longestGap: 252,
  shrinkage: 0.1,
  floor: 0.25,
};

/**
 * What products of returns so many dates apart count for, from 0 on, in a variance of sums of returns: Bartlett's
 * weights of Newey and West, both ways, for decayed sums. The root of both dates' decay, and not that of the later one
 * alone, keeps what they add up to positive semidefinite.
 */
export const lagWeights = (lags: number, decay: number): number[] =>
  Array.from({ length: lags + 1 }, (_, lag) => (lag === 0 ? 1 : 2 * (1 - lag / (lags + 1)) * decay ** (lag / 2)));

export const decayOf = (halfLife: number): number => 0.5 ** (1 / halfLife);
