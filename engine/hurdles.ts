/**
 * The score a candidate needs at each stage to be judged further: a quantile of what the candidates before it scored
 * there. Fixed while a batch is judged, so who is asked when does not matter.
 */
import { quantile } from './quantile.ts';

export interface HurdleRule {
  /** Of the scores at a stage, the share that stops there; 0 lets everything through. */
  readonly quantile: number;
  /** How many of the latest scores count. */
  readonly memory: number;
}

/** With fewer scores than this a quantile is chance, and nothing is stopped. */
const least = 20;

export class Hurdles {
  readonly #rule: HurdleRule;
  /** By stage, oldest first. */
  readonly #scores: number[][];

  /** `stages` counts the last one, which has no hurdle after it. */
  constructor(rule: HurdleRule, stages: number, scores?: readonly (readonly number[])[]) {
    this.#rule = rule;
    this.#scores = Array.from({ length: stages - 1 }, (_, stage) => [...(scores?.[stage] ?? [])]);
  }

  get heights(): number[] {
    const { quantile: share } = this.#rule;
    return this.#scores.map((scores) =>
      share > 0 && scores.length >= least ? quantile(scores, share) : Number.NEGATIVE_INFINITY,
    );
  }

  note(scores: readonly number[]): void {
    for (const [stage, latest] of this.#scores.entries()) {
      const score = scores[stage];
      if (score === undefined) return;
      latest.push(score);
      if (latest.length > this.#rule.memory) latest.shift();
    }
  }

  get state(): readonly (readonly number[])[] {
    return this.#scores.map((scores) => [...scores]);
  }
}
