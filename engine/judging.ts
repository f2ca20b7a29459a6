/**
 * Verdicts on genomes, each judged once: by key without asking anybody, by fingerprint after the first score. A hurdle
 * lower than the one that stopped a candidate reopens its case, so what is remembered never changes who gets how far.
 */
import type { Stream } from '../core/random.ts';
import { BoundedMap } from './bounded-map.ts';
import { Hurdles } from './hurdles.ts';
import { compareVerdicts, fitnessOf, noTerms, type Problem, type Scored, settled, type Verdict } from './problem.ts';
import type { SearchRule } from './rule.ts';

/** What a batch came to, for the round record. */
export interface JudgingCounts {
  /** Genomes asked about, and those among them never asked about before. */
  asked: number;
  tried: number;
  /** Known by key; known by fingerprint. */
  knownByKey: number;
  knownByBehaviour: number;
  /** Stopped at each hurdle. */
  readonly stopped: number[];
  /** Judged on all data. */
  complete: number;
  /** By reason. */
  readonly rejected: Record<string, number>;
  /** Stopped ones judged on all data nevertheless, and those of them that would have been among the elites. */
  audited: number;
  missed: number;
}

export interface JudgingState {
  readonly byKey: readonly (readonly [string, Verdict])[];
  readonly byFingerprint: readonly (readonly [string, Scored])[];
  readonly hurdles: readonly (readonly number[])[];
  readonly tried: number;
}

export class Judging<G> {
  readonly #problem: Problem<G>;
  readonly #rule: SearchRule;
  readonly #reuse: boolean;
  readonly #byKey: BoundedMap<Verdict>;
  readonly #byFingerprint: BoundedMap<Scored>;
  readonly #hurdles: Hurdles;
  #tried: number;

  /** Without `reuse` what is known by key is judged again, to the same end. */
  constructor(problem: Problem<G>, rule: SearchRule, reuse: boolean, state?: JudgingState) {
    this.#problem = problem;
    this.#rule = rule;
    this.#reuse = reuse;
    this.#byKey = new BoundedMap(rule.remembered, state?.byKey);
    this.#byFingerprint = new BoundedMap(rule.remembered, state?.byFingerprint);
    this.#hurdles = new Hurdles(rule.hurdles, problem.stages, state?.hurdles);
    this.#tried = state?.tried ?? 0;
  }

  /** Genomes that have got a verdict of their own, by key or by behaviour. */
  get tried(): number {
    return this.#tried;
  }

  get hurdles(): number[] {
    return this.#hurdles.heights;
  }

  get state(): JudgingState {
    return {
      byKey: this.#byKey.entries(),
      byFingerprint: this.#byFingerprint.entries(),
      hurdles: this.#hurdles.state,
      tried: this.#tried,
    };
  }

  /** `exempt` genomes meet no hurdle. `elite` is the fitness the least of the elites has, for the audit. */
  async judge(
    genomes: readonly G[],
    counts: JudgingCounts,
    audit: Stream,
    { exempt = false, elite }: { exempt?: boolean; elite?: number | undefined } = {},
  ): Promise<Verdict[]> {
    const { stages } = this.#problem;
    const hurdles = exempt ? [] : this.#hurdles.heights;
    const keys = genomes.map((genome) => this.#problem.key(genome));
    const fresh = new Map<string, G>();
    for (const [i, key] of keys.entries()) {
      const known = this.#byKey.get(key);
      if (known === undefined || !settled(known, hurdles, stages)) fresh.set(key, genomes[i] as G);
      else if (!this.#reuse) fresh.set(key, genomes[i] as G);
      if (known !== undefined && settled(known, hurdles, stages)) counts.knownByKey++;
    }
    const asked = [...fresh];
    const terms = {
      hurdles,
      known: (fingerprint: string): boolean => this.#shared(fingerprint, hurdles) !== undefined,
    };
    const answers = await this.#problem.judge(
      asked.map(([, genome]) => genome),
      terms,
    );
    const verdicts = new Map<string, Verdict>();
    for (const [i, [key]] of asked.entries()) {
      verdicts.set(key, this.#settle(key, answers[i] as Verdict, hurdles, counts));
    }
    counts.asked += genomes.length;
    const result = keys.map((key) => (verdicts.get(key) ?? this.#byKey.get(key)) as Verdict);
    // Noted for known ones too, or hurdles would depend on what is remembered.
    for (const verdict of result) if (verdict.kind === 'scored') this.#hurdles.note(verdict.scores);
    await this.#audit(genomes, result, counts, audit, elite);
    return result;
  }

  /** In the order of the genomes: the first with a fingerprint speaks for those after it. */
  #settle(key: string, answer: Verdict, hurdles: readonly number[], counts: JudgingCounts): Verdict {
    const { stages } = this.#problem;
    const before = this.#byKey.get(key);
    let verdict = answer;
    if (answer.kind === 'scored' && answer.fingerprint !== undefined) {
      const shared = this.#shared(answer.fingerprint, hurdles);
      if (shared && !before) counts.knownByBehaviour++;
      if (shared) verdict = shared;
      else if (this.#rule.equivalence) this.#byFingerprint.set(answer.fingerprint, answer);
    }
    if (!before) {
      this.#tried++;
      counts.tried++;
      if (verdict.kind === 'rejected') counts.rejected[verdict.reason] = (counts.rejected[verdict.reason] ?? 0) + 1;
      else if (verdict.scores.length === stages) counts.complete++;
      else counts.stopped[verdict.scores.length - 1] = (counts.stopped[verdict.scores.length - 1] ?? 0) + 1;
    }
    if (!before || compareVerdicts(verdict, before) < 0) this.#byKey.set(key, verdict);
    return verdict;
  }

  #shared(fingerprint: string, hurdles: readonly number[]): Scored | undefined {
    if (!this.#rule.equivalence) return undefined;
    const known = this.#byFingerprint.get(fingerprint);
    return known && settled(known, hurdles, this.#problem.stages) ? known : undefined;
  }

  async #audit(
    genomes: readonly G[],
    verdicts: readonly Verdict[],
    counts: JudgingCounts,
    stream: Stream,
    elite: number | undefined,
  ): Promise<void> {
    const { stages } = this.#problem;
    if (elite === undefined) return;
    const stopped = genomes.filter((_, i) => {
      const verdict = verdicts[i] as Verdict;
      const chosen = stream.next() < this.#rule.audit;
      return chosen && verdict.kind === 'scored' && verdict.scores.length < stages;
    });
    if (stopped.length === 0) return;
    const full = await this.#problem.judge(stopped, noTerms);
    counts.audited += stopped.length;
    counts.missed += full.filter((verdict) => (fitnessOf(verdict, stages) ?? Number.NEGATIVE_INFINITY) > elite).length;
  }
}

export const noCounts = (stages: number): JudgingCounts => ({
  asked: 0,
  tried: 0,
  knownByKey: 0,
  knownByBehaviour: 0,
  stopped: new Array(Math.max(0, stages - 1)).fill(0),
  complete: 0,
  rejected: {},
  audited: 0,
  missed: 0,
});
