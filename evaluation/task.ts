/** What the pool's workers are told and what they answer. Everything large is an address in the shared memory. */
import type { Matrix } from '../core/arena.ts';
import type { FailureCode } from '../core/failure.ts';
import type { MarketManifest } from '../data/market.ts';
import type { Call, Expression } from '../program/expression.ts';

/** The same for every worker of a pool. */
export interface WorkerSetting {
  readonly memory: WebAssembly.Memory;
  /** Symbols. */
  readonly columns: number;
  /** For the minute fields; undefined when the market has daily bars only. */
  readonly minute?: { readonly folder: string; readonly manifest: MarketManifest } | undefined;
}

/** A worker's own stretch of memory while it does a task. */
export interface Span {
  readonly address: number;
  readonly bytes: number;
}

/** Dates [from, to) by their place in the calendar. */
export interface Dates {
  readonly from: number;
  readonly to: number;
}

/** Values that exist already, by key: what a plan's leaves are. */
export type Available = ReadonlyMap<string, Matrix>;

interface OfPrograms extends Dates {
  readonly programs: readonly Expression[];
  readonly available: Available;
  readonly label?: Matrix | undefined;
  readonly labelDelay: number;
}

/** Daily correlation with the label, date by date. */
export interface ScoreTask extends OfPrograms {
  readonly kind: 'score';
  readonly label: Matrix;
  /** Rank correlation when there, Pearson's otherwise: the label's ranks, made once for all programs. */
  readonly labelRanks?: Matrix | undefined;
}

/** Values into matrices that are there for them, one a program, row t for date t. */
export interface StoreTask extends OfPrograms {
  readonly kind: 'store';
  readonly into: readonly Matrix[];
}

/** Minute reductions into matrices, one a reduction. */
export interface MinuteTask extends Dates {
  readonly kind: 'minute';
  readonly reductions: readonly Call[];
  readonly into: readonly Matrix[];
}

export type Task = ScoreTask | StoreTask | MinuteTask;
export type Assignment = Task & { readonly span: Span };

/** One program's answer: a value for each date of the task. */
export interface DailyScores {
  readonly ic: Float64Array;
  /** Symbols that had both a value and a label. */
  readonly counts: Float64Array;
}

export type Answer =
  | { readonly kind: 'scores'; readonly scores: readonly DailyScores[] }
  | { readonly kind: 'done' }
  /** The span cannot hold the task's blocks, and nothing was written; a smaller task may fit. */
  | { readonly kind: 'too-large' }
  | FailedAnswer;

/** What the user can see and fix. As an answer, because an error's class does not survive the way between threads. */
export interface FailedAnswer {
  readonly kind: 'failed';
  readonly code: FailureCode;
  readonly sentence: string;
  readonly details: readonly string[];
}
