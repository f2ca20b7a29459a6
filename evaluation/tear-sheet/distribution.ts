/** What a shelf of factors comes to: each counts the way it points, so that those low values of which are good do not cancel others. */
import { moments } from '../fitness.ts';
import type { CorrelationMatrix, Distribution, FactorSheet, Spread } from './sheet.ts';

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
  factors: readonly (Pointed & Pick<FactorSheet, 'group'>)[],
  correlation: CorrelationMatrix | undefined,
): Distribution | undefined {
  if (factors.length <= few) return undefined;
  const groups = groupsOf(factors).map(([name, places]) => ({ name, ...spreadOf(factors, places, correlation) }));
  return {
    ...spreadOf(factors, [...factors.keys()], correlation),
    ...(groups.length > 1 && { groups }),
  };
}

/** Places of the factors of each group. */
export function groupsOf(factors: readonly Pick<FactorSheet, 'group'>[]): [string, number[]][] {
  const groups = new Map<string, number[]>();
  for (const [i, { group }] of factors.entries()) {
    if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), i]);
  }
  return [...groups];
}

function spreadOf(
  factors: readonly Pointed[],
  places: readonly number[],
  correlation: CorrelationMatrix | undefined,
): Spread {
  const own = places.map((i) => factors[i] as Pointed);
  const means = pointed(own, 'mean');
  const ratios = pointed(own, 'icir');
  const pairs = (matrix: CorrelationMatrix['pearson']): number[] =>
    places.flatMap((i, k) => places.slice(0, k).map((j) => Math.abs(known(matrix[i]?.[j] ?? null))));
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
