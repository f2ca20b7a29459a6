/**
 * Verdicts on genomes, each judged once: by key without asking anybody, by fingerprint after the first score.
 *
 * What is remembered never changes who gets how far. A hurdle lower than the one that stopped a candidate reopens its
 * case, and one who got further when hurdles were lower stops, this time, where it would stop now.
 */
import type { Stream } from '../core/random.ts';
import { BoundedMap } from './bounded-map.ts';
import { Hurdles } from './hurdles.ts';
import { fitnessOf, noTerms, type Problem, under, type Verdict } from './problem.ts';
import type { SearchRule } from './rule.ts';

/** What a batch came to, for the round record. */
export interface JudgingCounts {
  /** Genomes asked about: the sum of the next three. */
  asked: number;
  /** Never asked about before, as far as is remembered. */
  tried: number;
  /** Known by key. */
  knownByKey: number;
  /** Asked about before, but hurdles that have sunk let them further now, or their score is forgotten. */
  reopened: number;
  /** Of the tried: known by fingerprint. */
  knownByBehaviour: number;
  /** Of the tried: stopped at each hurdle, judged on all data, rejected by reason. They add up to it. */
  readonly stopped: number[];
  complete: number;
  readonly rejected: Record<string, number>;
  /** Stopped ones judged on all data nevertheless, and those of them that would have been among the elites. */
  audited: number;
  missed: number;
}

/** Its verdict is that of its fingerprint: said once, so that all who behave the same keep having the same. */
interface Alike {
  readonly kind: 'alike';
  readonly fingerprint: string;
}

export interface JudgingState {
  readonly byKey: readonly (readonly [string, Verdict | Alike])[];
  readonly byFingerprint: readonly (readonly [string, Verdict])[];
  readonly hurdles: readonly (readonly number[])[];
  readonly tried: number;
}

/** A verdict, the fingerprint it is remembered by, and whether it is that of an earlier genome with this fingerprint. */
interface Answer {
  readonly verdict: Verdict;
  readonly fingerprint: string | undefined;
  readonly spoken: boolean;
}

export class Judging<G> {
  readonly #problem: Problem<G>;
  readonly #rule: SearchRule;
  readonly #reuse: boolean;
  readonly #byKey: BoundedMap<Verdict | Alike>;
  readonly #byFingerprint: BoundedMap<Verdict>;
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

  /**
   * Genomes may be made as they are taken. `exempt` ones meet no hurdle. `elite` is the fitness the least of the elites
   * has, for the audit.
   */
  async judge(
    genomes: Iterable<G>,
    counts: JudgingCounts,
    audit: Stream,
    { exempt = false, elite }: { exempt?: boolean; elite?: number | undefined } = {},
  ): Promise<Verdict[]> {
    const hurdles = exempt ? [] : this.#hurdles.heights;
    const keys: string[] = [];
    const known = new Map<string, Verdict>();
    /** Keys of what is asked about, in the order of asking. */
    const unknown: string[] = [];
    const audited: { readonly place: number; readonly genome: G }[] = [];
    let fulls: Promise<readonly Verdict[]> = Promise.resolve([]);
    const asked = function* (this: Judging<G>): Generator<G> {
      const seen = new Set<string>();
      for (const genome of genomes) {
        const key = this.#problem.key(genome);
        const place = keys.push(key) - 1;
        const verdict = this.#known(key, hurdles);
        const chosen = elite !== undefined && audit.next() < this.#rule.audit;
        if (chosen && (!verdict || this.#stopped(verdict))) audited.push({ place, genome });
        if (seen.has(key)) continue;
        seen.add(key);
        if (verdict) known.set(key, verdict);
        if (verdict && this.#reuse) continue;
        unknown.push(key);
        yield genome;
      }
      // Together with the others, whether they will be stopped or not: one at a time would keep nobody else busy.
      if (audited.length > 0)
        fulls = this.#problem.judge(
          audited.map(({ genome }) => genome),
          noTerms,
        );
    };
    const asking = this.#ask(asked.call(this), unknown, hurdles);
    const auditing = asking.then(
      () => fulls,
      () => fulls,
    );
    await Promise.allSettled([asking, auditing]); // nothing goes on when one of them has failed
    const answers = await asking;
    const news = [...answers].filter(([key]) => !known.has(key));
    for (const [key, answer] of news) this.#remember(key, answer, counts);
    counts.asked += keys.length;
    counts.knownByKey += keys.length - news.length;
    const verdicts = keys.map((key) => answers.get(key)?.verdict ?? (known.get(key) as Verdict));
    // Noted for known ones too, or hurdles would depend on what is remembered.
    for (const verdict of verdicts) if (verdict.kind === 'scored') this.#hurdles.note(verdict.scores);
    for (const [i, full] of (await auditing).entries()) {
      if (!this.#stopped(verdicts[audited[i]?.place as number] as Verdict)) continue;
      counts.audited++;
      const fitness = fitnessOf(full, this.#problem.stages) ?? Number.NEGATIVE_INFINITY;
      if (fitness > (elite as number)) counts.missed++;
    }
    return verdicts;
  }

  #stopped({ kind, scores }: Verdict): boolean {
    return kind === 'scored' && (scores as readonly number[]).length < this.#problem.stages;
  }

  /**
   * In the order of the genomes: the first with a fingerprint speaks for those after it. Nothing enters memory here, and
   * so nothing leaves it: an answer may have ended early because of what was known when it was asked for.
   */
  async #ask(genomes: Iterable<G>, keys: readonly string[], hurdles: readonly number[]): Promise<Map<string, Answer>> {
    const shared = (fingerprint: string): Verdict | undefined => {
      const speaker = this.#byFingerprint.get(fingerprint);
      return speaker && under(speaker, hurdles, this.#problem.stages);
    };
    const terms = { hurdles, known: (fingerprint: string): boolean => shared(fingerprint) !== undefined };
    const judged = await this.#problem.judge(genomes, terms);
    const answers = new Map<string, Answer>();
    const speakers = new Map<string, Verdict>();
    for (const [i, key] of keys.entries()) {
      const own = judged[i] as Verdict;
      const fingerprint = this.#rule.equivalence ? own.fingerprint : undefined;
      const speaker = fingerprint === undefined ? undefined : (shared(fingerprint) ?? speakers.get(fingerprint));
      const verdict = speaker ?? this.#checked(own, hurdles);
      if (fingerprint !== undefined) speakers.set(fingerprint, verdict);
      answers.set(key, { verdict, fingerprint, spoken: speaker !== undefined });
    }
    return answers;
  }

  #remember(key: string, { verdict, fingerprint, spoken }: Answer, counts: JudgingCounts): void {
    if (this.#byKey.get(key)) counts.reopened++;
    else {
      this.#tried++;
      counts.tried++;
      if (spoken) counts.knownByBehaviour++;
      if (verdict.kind === 'rejected') counts.rejected[verdict.reason] = (counts.rejected[verdict.reason] ?? 0) + 1;
      else if (verdict.scores.length === this.#problem.stages) counts.complete++;
      else counts.stopped[verdict.scores.length - 1] = (counts.stopped[verdict.scores.length - 1] ?? 0) + 1;
    }
    this.#byKey.set(key, fingerprint === undefined ? verdict : { kind: 'alike', fingerprint });
    if (fingerprint !== undefined && !spoken) this.#byFingerprint.set(fingerprint, verdict);
  }

  #known(key: string, hurdles: readonly number[]): Verdict | undefined {
    const memory = this.#byKey.get(key);
    const verdict = memory?.kind === 'alike' ? this.#byFingerprint.get(memory.fingerprint) : memory;
    return verdict && under(verdict, hurdles, this.#problem.stages);
  }

  /** No further than the hurdles let it, however far the problem went. */
  #checked(verdict: Verdict, hurdles: readonly number[]): Verdict {
    if (verdict.scores?.every(Number.isFinite) === false) throw new Error(`a score is no number: ${verdict.scores}`);
    const checked = under(verdict, hurdles, this.#problem.stages);
    if (!checked) throw new Error('a judgement ended before a hurdle did or the data');
    return checked;
  }
}

export const noCounts = (stages: number): JudgingCounts => ({
  asked: 0,
  tried: 0,
  knownByKey: 0,
  reopened: 0,
  knownByBehaviour: 0,
  stopped: new Array(Math.max(0, stages - 1)).fill(0),
  complete: 0,
  rejected: {},
  audited: 0,
  missed: 0,
});
