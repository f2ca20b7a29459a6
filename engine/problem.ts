/**
 * What a search is about, as the engine sees it: opaque genomes that can be drawn, varied, named and judged. A toy with
 * numbers for genomes is as good a problem as a market.
 */
import type { Stream } from '../core/random.ts';

export interface Problem<G> {
  /** Names what a genome does: equal keys are judged alike. */
  key(genome: G): string;
  /** Of two as fit, the smaller is preferred. */
  size(genome: G): number;
  /** For snapshots; `read(write(g))` is g: it has g's key, and the same stream varies it in the same way. */
  write(genome: G): string;
  read(text: string): G;
  /** A simple individual out of nothing. */
  fresh(stream: Stream): G;
  vary(parent: G, stream: Stream): Variation<G>;
  /** Scores a full judgement has; the earlier ones come from parts of the data. */
  readonly stages: number;
  /**
   * One verdict for each genome, in their order; how the work is dealt out must not show in them. All are taken, but a
   * genome may be made only when it is: whoever begins with the first ones can have them judged meanwhile.
   */
  judge(genomes: Iterable<G>, terms: Terms): Promise<readonly Verdict[]>;
  /** |Correlation| of every pair, row by row, on a sample of the data drawn from the stream. */
  likeness(genomes: readonly G[], stream: Stream): Promise<readonly (readonly number[])[]>;
}

export type Variation<G> =
  | { readonly kind: 'child'; readonly genome: G; readonly move: string; readonly rejections: readonly Rejection[] }
  | { readonly kind: 'rejected'; readonly rejections: readonly Rejection[] };

/** A move that could not be made, for the record. */
export interface Rejection {
  readonly move: string;
  readonly rule: string;
}

/** What a judgement may spare itself. */
export interface Terms {
  /** One for every stage but the last: a lower score than this ends the judgement there. */
  readonly hurdles: readonly number[];
  /** Whether the verdict on this fingerprint is known, so that the judgement can end with the first score. */
  known(fingerprint: string): boolean;
}

export type Verdict = Scored | Rejected;

export interface Scored {
  readonly kind: 'scored';
  /** Of the stages reached, finite ones; the fitness is the last when it has all of them. */
  readonly scores: readonly number[];
  /** Genomes with the same one behave the same; absent when the problem cannot tell. */
  readonly fingerprint?: string | undefined;
  /** With all stages: bytes in base64 whose cosine says how alike two individuals are. */
  readonly behaviour?: string | undefined;
}

/** Not worth a score: missing almost everywhere, constant, fatal to its worker. */
export interface Rejected {
  readonly kind: 'rejected';
  readonly reason: string;
  /** Of the stages passed before: under higher hurdles it would have been stopped there. */
  readonly scores?: readonly number[] | undefined;
  readonly fingerprint?: string | undefined;
}

export const noTerms: Terms = { hurdles: [], known: () => false };

/** The fitness of an individual judged on all data. */
export const fitnessOf = (verdict: Verdict, stages: number): number | undefined =>
  verdict.kind === 'scored' && verdict.scores.length === stages ? verdict.scores[stages - 1] : undefined;

/** Below 0 when a is fitter: who got further is, and among those who got as far the better score. */
export function compareVerdicts(a: Verdict, b: Verdict): number {
  if (a.kind === 'rejected') return b.kind === 'rejected' ? 0 : 1;
  if (b.kind === 'rejected') return -1;
  return b.scores.length - a.scores.length || (b.scores.at(-1) as number) - (a.scores.at(-1) as number);
}

/** A verdict as it is under these hurdles; undefined when it ended before any of them stopped it. */
export function under(verdict: Verdict, hurdles: readonly number[], stages: number): Verdict | undefined {
  const { kind, scores = [], fingerprint } = verdict;
  const stop = scores.findIndex((score, stage) => score < (hurdles[stage] ?? Number.NEGATIVE_INFINITY));
  if (stop < 0) return kind === 'rejected' || scores.length === stages ? verdict : undefined;
  if (kind === 'scored' && stop === scores.length - 1) return verdict;
  return { kind: 'scored', scores: scores.slice(0, stop + 1), ...(fingerprint !== undefined && { fingerprint }) };
}
