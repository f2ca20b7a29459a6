/** A judgement: programs through stages of the dates, fewer at every stage, until each has its fitness or is stopped. */
import type { Matrix } from '../core/arena.ts';
import { allDone } from './all-done.ts';
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

/** One judgement for each program of a group; `tradable` are the cells with a label, of a stage. */
export async function judgeGroup<Instead extends { readonly kind: string }>(
  sizes: readonly number[],
  { stages, rule, hurdles, known }: JudgeOptions,
  tradable: (stretches: readonly Dates[]) => number,
  observe: Observe<Instead>,
): Promise<Judged[] | Instead> {
  const accounts = sizes.map((size) => new Account(rule, size));
  let open = accounts.map((_, i) => i);
  for (const [k, stretches] of stages.entries()) {
    const stage = { first: k === 0, last: k === stages.length - 1 };
    // Stretches are as many tasks: the longest part of a judgement is not left to one worker.
    const answers = await allDone(stretches.map((stretch) => observe(open, stretch, stage)));
    for (const [s, answer] of answers.entries()) {
      if (!Array.isArray(answer)) return answer as Instead;
      for (const [i, place] of open.entries()) {
        (accounts[place] as Account).take(answer[i] as Observation, stretches[s] as Dates);
      }
    }
    const cells = tradable(stretches);
    open = open.filter((place) => {
      const account = accounts[place] as Account;
      const score = account.close(cells, stage.last);
      if (score === undefined || score < (hurdles[k] ?? Number.NEGATIVE_INFINITY)) return false;
      return !(stage.first && known(account.fingerprint as string));
    });
    if (open.length === 0) break;
  }
  return accounts.map((account) => account.judged(stages.length));
}

/** What one program has come to. */
class Account {
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
  fingerprint: string | undefined;

  constructor(rule: FitnessRule, size: number) {
    this.#rule = rule;
    this.#size = size;
  }

  take(seen: Observation, { from }: Dates): void {
    this.#series.push(seen.ic);
    this.#dates += seen.ic.length;
    this.#spoken += seen.spoken;
    this.#covered += seen.covered;
    this.fingerprint ??= seen.fingerprint;
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
