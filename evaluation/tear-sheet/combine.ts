/**
 * One score of many: the weighted sum of standardised members. How much each one weighs is decided on training dates;
 * the absolute weights add up to 1, so the ways to combine can be read side by side.
 */
import type { Section } from './section.ts';

/** Each as much as the others, turned so that high values foretell high returns. */
export const equalWeights = (signs: readonly (1 | -1)[]): number[] => asShares(signs);

/** By the mean of the daily correlation on the training dates, its sign included; 0 for a member without one. */
export const icWeights = (means: readonly number[]): number[] =>
  asShares(means.map((mean) => (Number.isNaN(mean) ? 0 : mean)));

/** Scaled to an absolute sum of 1; all 0 where there is nothing to go by. */
export function asShares(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
  return weights.map((weight) => (total > 0 ? weight / total : 0));
}

/** A date of a combination in the making. */
interface WeightedSum {
  readonly sum: Float32Array;
  /** Of the member that is added. */
  readonly weight: number;
}

/** Adds a member to each sum, and counts it where it is known. A missing member counts 0, which is its mean. */
export function addMember(member: Section, sums: readonly WeightedSum[], known: Float32Array): void {
  for (let n = 0; n < member.length; n++) {
    if (!Number.isNaN(member[n])) known[n] = (known[n] as number) + 1;
  }
  // One sum after the other: a loop over sums within that over symbols takes twice as long.
  for (const { sum, weight } of sums) {
    for (let n = 0; n < member.length; n++) {
      const x = member[n] as number;
      if (!Number.isNaN(x)) sum[n] = (sum[n] as number) + weight * x;
    }
  }
}

/**
 * Once all are added: a symbol of which fewer than half of the members know anything is missing, whatever they weigh.
 * How many are left.
 */
export function leaveOut(sums: readonly Float32Array[], known: Float32Array, members: number): number {
  let left = 0;
  for (let n = 0; n < known.length; n++) {
    if (2 * (known[n] as number) >= members) left++;
    else for (const sum of sums) sum[n] = Number.NaN;
  }
  return left;
}
