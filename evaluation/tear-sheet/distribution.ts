/** What a shelf of factors comes to: each counts the way it points, so that those low values of which are good do not cancel others. */
import { moments } from '../fitness.ts';
import type { CorrelationMatrix, Distribution, FactorSheet } from './sheet.ts';

/** A table of so many is read whole. */
const few = 12;
/** Mean RankIC of a factor that is worth a name, in the reports. */
const good = 0.05;

type Pointed = Pick<FactorSheet, 'sign' | 'rankIc'>;

/** RankIC of each factor the way it points; those without one are left out. */
export const pointed = (factors: readonly Pointed[], of: 'mean' | 'icir'): number[] =>
  factors.map(({ sign, rankIc }) => sign * known(rankIc[of])).filter(Number.isFinite);

/** Undefined of few. */
export function distributionOf(
  factors: readonly Pointed[],
  correlation: CorrelationMatrix | undefined,
): Distribution | undefined {
  if (factors.length <= few) return undefined;
  const means = pointed(factors, 'mean');
  const ratios = pointed(factors, 'icir');
  const pairs = (matrix: CorrelationMatrix['pearson']): number[] =>
    matrix.flatMap((row, i) => row.slice(0, i).map((value) => Math.abs(known(value))));
  const alike = (matrix: CorrelationMatrix['pearson'] = []) => moments(pairs(matrix)).mean;
  return {
    factors: means.length,
    rankIc: {
      mean: moments(means).mean,
      median: median(means),
      good,
      atLeastGood: means.filter((x) => x >= good).length,
    },
    icir: { mean: moments(ratios).mean, median: median(ratios) },
    likeness: { pearson: alike(correlation?.pearson), spearman: alike(correlation?.spearman) },
  };
}

/** In JSON what is missing is null. */
const known = (value: number | null): number => value ?? Number.NaN;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
