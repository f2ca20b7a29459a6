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

/**
 * The weighted sum of the members. A missing member counts 0, which is its mean; a symbol of which fewer than half of
 * the members know anything is missing, whatever they weigh.
 */
export function combined(sections: readonly Section[], weights: readonly number[], out: Section): void {
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    let known = 0;
    for (let m = 0; m < sections.length; m++) {
      const x = (sections[m] as Section)[i] as number;
      if (Number.isNaN(x)) continue;
      sum += (weights[m] as number) * x;
      known++;
    }
    out[i] = 2 * known >= sections.length ? sum : Number.NaN;
  }
}
