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

export interface StoppingState {
  readonly best: number | null;
  readonly bestRound: number;
}

export class Stopping {
  readonly #rule: StopRule;
  #best: number | null;
  #bestRound: number;

  constructor(rule: StopRule, state?: StoppingState) {
    this.#rule = rule;
    this.#best = state?.best ?? null;
    this.#bestRound = state?.bestRound ?? 0;
  }

  get state(): StoppingState {
    return { best: this.#best, bestRound: this.#bestRound };
  }

  /** Told every round in turn. */
  note({ round, bestEver }: RoundRecord): void {
    if (bestEver === null || (this.#best !== null && bestEver <= this.#best)) return;
    this.#best = bestEver;
    this.#bestRound = round;
  }

  /** Why this round was the last one, if it was. */
  after({ round, tried }: RoundRecord, minutes: number): StopReason | undefined {
    const { rounds, evaluations, target, stagnation } = this.#rule;
    if (rounds !== undefined && round >= rounds) return 'rounds';
    if (evaluations !== undefined && tried >= evaluations) return 'evaluations';
    if (target !== undefined && this.#best !== null && this.#best >= target) return 'target';
    if (stagnation !== undefined && round - this.#bestRound >= stagnation) return 'stagnation';
    if (this.#rule.minutes !== undefined && minutes >= this.#rule.minutes) return 'minutes';
    return undefined;
  }
}
