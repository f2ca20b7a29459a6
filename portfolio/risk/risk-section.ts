/** The risk of one date's names: exposures, what covaries with them, and what is each name's own. Annual variances. */
import type { PortfolioInputs } from '../inputs.ts';

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

/**
 * Of names by their places among the symbols, on the signal date of the row; undefined where its history is too short.
 * Those without an industry are in the last of them. A style that is missing is 0, the mean; an own variance that is
 * missing is the mean of the date's others.
 */
export function riskSection(
  { symbols, exposures, risk }: Pick<PortfolioInputs, 'symbols' | 'exposures' | 'risk'>,
  row: number,
  names: ArrayLike<number>,
): RiskSection | undefined {
  if (!exposures || !risk) throw new RangeError('no risk was made');
  const K = risk.factors;
  const covariance = risk.covariance.slice(row * K * K, (row + 1) * K * K);
  if (Number.isNaN(covariance[0])) return undefined;
  const start = row * symbols.length;
  const unknown = exposures.industryLabels.length;
  const known = (value: number | undefined, instead: number): number =>
    value === undefined || Number.isNaN(value) ? instead : value;
  const all = risk.specific.subarray(start, start + symbols.length).filter((value) => !Number.isNaN(value));
  const usual = all.reduce((sum, value) => sum + value, 0) / all.length;
  return {
    industries: Int32Array.from(names, (n) => known(exposures.industries?.[start + n], unknown)),
    industryCount: unknown + 1,
    styles: exposures.styles.map(({ values }) => Float64Array.from(names, (n) => known(values[start + n], 0))),
    covariance,
    specific: Float64Array.from(names, (n) => known(risk.specific[start + n], usual)),
  };
}
