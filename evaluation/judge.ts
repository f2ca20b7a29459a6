/** A judgement: programs through stages of the dates, fewer at every stage, until each has its fitness or is stopped. */

import { allDone } from '../core/all-done.ts';
import type { Matrix } from '../core/arena.ts';
import { behaviour, behaviourLength, projected } from './behaviour.ts';
import { baseScore, type FitnessRule, moments } from './fitness.ts';
import { meanOf, nothing, type PartialMean, together } from './mean.ts';
import type { Dates, Observation } from './task.ts';

/** How far a batch is judged. */
export interface JudgeOptions {
  /** Stretches of dates by stage, as stagesOf has them. */
  readonly stages: readonly (readonly Dates[])[];
  readonly rule: FitnessRule;
  /** One for each stage but the last: a lower score ends the judgement. */
  readonly hurdles: readonly number[];
  /** Whether a judgement with this fingerprint can end after the first stage. */
  readonly known: (fingerprint: string) => boolean;
  /** Operator nodes the rule charges for, where they are not those of the programs themselves. */
  readonly sizes?: readonly number[] | undefined;
  /** Values of factors that are had already, on every date. */
  readonly against?: readonly Matrix[] | undefined;
}

export type Judged =
  | {
      readonly kind: 'scored';
      /** Of the stages reached. */
      readonly scores: readonly number[];
      readonly fingerprint?: string | undefined;
      /** With all stages. */
      readonly behaviour?: string | undefined;
    }
  | {
      readonly kind: 'rejected';
      readonly reason: string;
      /** Of the stages passed before. */
      readonly scores?: readonly number[] | undefined;
      readonly fingerprint?: string | undefined;
    };

/** Observations of some of a group's programs on a stretch, or what came instead. */
type Observe<Instead> = (
  chosen: readonly number[],
  stretch: Dates,
  stage: { readonly first: boolean; readonly last: boolean },
) => Promise<readonly Observation[] | Instead>;

/**
 * Takes the accounts of a group through stages [0, end), each from where it stands and as far as it may go; `tradable`
 * are the cells with a label. What came instead of an observation, if anything did.
 */
export async function judgeGroup<Instead extends { readonly kind: string }>(
  accounts: readonly Account[],
  { stages, hurdles, known }: JudgeOptions,
  end: number,
  tradable: (stretches: readonly Dates[]) => number,
  observe: Observe<Instead>,
): Promise<Instead | undefined> {
  for (const [k, stretches] of stages.slice(0, end).entries()) {
    const stage = { first: k === 0, last: k === stages.length - 1 };
    const open = [...accounts.keys()].filter((place) => accounts[place]?.stage === k);
    if (open.length === 0) continue;
    // Stretches are as many tasks: the longest part of a judgement is not left to one worker.
    const answers = await allDone(stretches.map((stretch) => observe(open, stretch, stage)));
    const instead = answers.find((answer): answer is Instead => !Array.isArray(answer));
    if (instead) return instead;
    const cells = tradable(stretches);
    for (const [i, place] of open.entries()) {
      const account = accounts[place] as Account;
      for (const [s, stretch] of stretches.entries()) {
        account.take((answers[s] as readonly Observation[])[i] as Observation, stretch);
      }
      const score = account.close(cells, stage.last);
      const stops = score !== undefined && score < (hurdles[k] ?? Number.NEGATIVE_INFINITY);
      if (stops || (stage.first && known(account.fingerprint as string))) account.stop();
    }
  }
  return undefined;
}

/** What one program has come to. */
export class Account {
  readonly #rule: FitnessRule;
  readonly #size: number;
  readonly #scores: number[] = [];
  readonly #series: Float64Array[] = [];
  /** Stretches whose directions no worker has worked out: all but those of the last stage, which are the longest. */
  readonly #early: { readonly ic: Float64Array; readonly from: number }[] = [];
  readonly #directions = new Float64Array(behaviourLength);
  #spoken = 0;
  #dates = 0;
  #covered = 0;
  #tradable = 0;
  #turnover = nothing;
  #against: PartialMean[] = [];
  #rejected: string | undefined;
  #stopped = false;
  fingerprint: string | undefined;

  constructor(rule: FitnessRule, size: number) {
    this.#rule = rule;
    this.#size = size;
  }

  /** The stage it is to go through next; undefined when it goes no further. */
  get stage(): number | undefined {
    return this.#stopped || this.#rejected !== undefined ? undefined : this.#scores.length;
  }

  stop(): void {
    this.#stopped = true;
  }

  take(seen: Observation, { from }: Dates): void {
    this.#series.push(seen.ic);
    this.#dates += seen.ic.length;
    this.#spoken += seen.spoken;
    this.#covered += seen.covered;
    // Who pays for size shares a verdict only with those as large.
    const size = this.#rule.complexity > 0 ? `/${this.#size}` : '';
    if (seen.fingerprint !== undefined) this.fingerprint ??= `${seen.fingerprint}${size}`;
    this.#turnover = together(this.#turnover, seen.turnover ?? nothing);
    this.#against = (seen.against ?? []).map((mean, k) => together(mean, this.#against[k] ?? nothing));
    if (seen.projected) this.#turn(seen.projected);
    else this.#early.push({ ic: seen.ic, from });
  }

  /** The stage is over; its score unless there is a reason against one. */
  close(tradable: number, last: boolean): number | undefined {
    this.#tradable += tradable;
    if (this.#covered < this.#rule.coverage * this.#tradable) this.#rejected = 'missing too often';
    // A date without a label has no correlation either, and is nobody's fault; most dates without one are.
    else if (this.#spoken < this.#dates / 2) this.#rejected = 'alike for all symbols';
    if (this.#rejected !== undefined) return undefined;
    const score = baseScore(this.#rule, joined(this.#series), this.#size) - (last ? this.#penalty() : 0);
    if (!Number.isFinite(score)) {
      this.#rejected = 'no deviation';
      return undefined;
    }
    this.#scores.push(score);
    if (last) for (const { ic, from } of this.#early) this.#turn(projected(ic, from, moments(ic).mean));
    return score;
  }

  judged(stages: number): Judged {
    const { fingerprint } = this;
    const scores = this.#scores;
    if (this.#rejected !== undefined) {
      return { kind: 'rejected', reason: this.#rejected, scores, ...(scores.length > 0 && { fingerprint }) };
    }
    const complete = scores.length === stages;
    return { kind: 'scored', scores, fingerprint, ...(complete && { behaviour: behaviour(this.#directions) }) };
  }

  #turn(directions: Float64Array): void {
    for (const [k, value] of directions.entries()) this.#directions[k] = (this.#directions[k] as number) + value;
  }

  #penalty(): number {
    const { turnover, novelty } = this.#rule;
    const likest = this.#against.reduce((most, mean) => Math.max(most, Math.abs(meanOf(mean))), 0);
    return turnover * (1 - meanOf(this.#turnover)) + novelty * likest;
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
