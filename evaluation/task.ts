/** What the pool's workers are told and what they answer. Everything large is an address in the shared memory. */
import type { Matrix } from '../core/arena.ts';
import type { FailureCode } from '../core/failure.ts';
import type { MarketManifest } from '../data/market.ts';
import type { Call, Expression } from '../program/expression.ts';
import type { Vocabulary } from '../program/vocabulary.ts';
import type { FitnessRule } from './fitness.ts';

/** The same for every worker of a pool. */
export interface WorkerSetting {
  readonly memory: WebAssembly.Memory;
  /** Symbols. */
  readonly columns: number;
  /** What programs are written in. */
  readonly vocabulary: Vocabulary;
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
  /** Only these dates of [from, to), one to a row of the matrices. */
  readonly dates?: readonly number[] | undefined;
}

/** Minute reductions into matrices, one a reduction. */
export interface MinuteTask extends Dates {
  readonly kind: 'minute';
  readonly reductions: readonly Call[];
  readonly into: readonly Matrix[];
}

/** Programs judged on some stages of the dates, each as far as hurdles let it. */
export interface JudgeTask {
  readonly kind: 'judge';
  readonly programs: readonly Expression[];
  readonly available: Available;
  readonly label: Matrix;
  readonly labelRanks?: Matrix | undefined;
  readonly labelDelay: number;
  /** By program: what the stages before came to. */
  readonly before: readonly Progress[];
  /** Operator nodes of each, which the rule may charge for. */
  readonly sizes: readonly number[];
  readonly stages: readonly StageTask[];
  readonly rule: FitnessRule;
  /** Values of factors that are had already, by calendar position. */
  readonly against: readonly Matrix[];
}

export interface StageTask {
  readonly stretches: readonly Dates[];
  /** Cells that have a label, on all its dates. */
  readonly tradable: number;
  /** The least score to go on with. */
  readonly hurdle: number;
  /** After it everything is known that makes a fitness. */
  readonly last: boolean;
}

/** What a program has come to, stage by stage. */
export interface Progress {
  readonly scores: readonly number[];
  /** Daily correlations in the order the stages have the dates; left out once nobody needs them any more. */
  readonly ic: Float64Array | undefined;
  /** Dates on which it had a correlation. */
  readonly spoken: number;
  /** Cells that had both a value and a label, and cells with a label. */
  readonly covered: number;
  readonly tradable: number;
  readonly rejected?: string | undefined;
  /** Of the first stage. */
  readonly fingerprint?: string | undefined;
  /** Of all of them. */
  readonly behaviour?: string | undefined;
}

/** Correlations of each of the pairs of factors, date by date summed up. */
export interface CorrelateTask {
  readonly kind: 'correlate';
  readonly matrices: readonly Matrix[];
  /** Pairs (i, j) for i in [from, to) and all j before i. */
  readonly from: number;
  readonly to: number;
  /** The first so many rows. */
  readonly rows: number;
}

export type Task = ScoreTask | StoreTask | MinuteTask | JudgeTask | CorrelateTask;
/** As it travels: programs by their spelling, because trees of objects take longer to send than texts to read. */
type Sent<T> = T extends { readonly programs: readonly Expression[] }
  ? Omit<T, 'programs'> & { readonly programs: readonly string[] }
  : T;
export type Assignment = Sent<Task> & { readonly span: Span };

export const assignment = (task: Task, span: Span): Assignment =>
  ('programs' in task
    ? { ...task, programs: task.programs.map(({ key }) => key), span }
    : { ...task, span }) as Assignment;

/** One program's answer: a value for each date of the task. */
export interface DailyScores {
  readonly ic: Float64Array;
  /** Symbols that had both a value and a label. */
  readonly counts: Float64Array;
}

export type Answer =
  | { readonly kind: 'scores'; readonly scores: readonly DailyScores[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'judged'; readonly progress: readonly Progress[] }
  /** By pair, j before i: the sum over dates, and how many dates there are. */
  | { readonly kind: 'correlated'; readonly sums: Float64Array; readonly dates: Float64Array }
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
