/** When a search is over. */
import type { RoundRecord } from './record.ts';

export interface StopRule {
  /** Rounds after the first population. */
  readonly rounds?: number | undefined;
  /** Genomes given a verdict. */
  readonly evaluations?: number | undefined;
  readonly minutes?: number | undefined;
  /** Fitness of the best. */
  readonly target?: number | undefined;
  /** Rounds without a better best. */
  readonly stagnation?: number | undefined;
}

export type StopReason = keyof StopRule;

export class Stopping {
  readonly #rule: StopRule;
  #best = Number.NEGATIVE_INFINITY;
  #bestRound = 0;

  constructor(rule: StopRule) {
    this.#rule = rule;
  }

  /** Told every round in turn, says why it was the last one, if it was. */
  after({ round, tried, bestEver }: RoundRecord, minutes: number): StopReason | undefined {
    if (bestEver !== null && bestEver > this.#best) {
      this.#best = bestEver;
      this.#bestRound = round;
    }
    const { rounds, evaluations, target, stagnation } = this.#rule;
    if (rounds !== undefined && round >= rounds) return 'rounds';
    if (evaluations !== undefined && tried >= evaluations) return 'evaluations';
    if (target !== undefined && this.#best >= target) return 'target';
    if (stagnation !== undefined && round - this.#bestRound >= stagnation) return 'stagnation';
    if (this.#rule.minutes !== undefined && minutes >= this.#rule.minutes) return 'minutes';
    return undefined;
  }
}
