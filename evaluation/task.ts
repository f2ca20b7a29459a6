/** What the pool's workers are told and what they answer. Everything large is an address in the shared memory. */
import type { Matrix } from '../core/arena.ts';
import type { FailureCode } from '../core/failure.ts';
import type { MarketManifest } from '../data/market.ts';
import type { Adapter, DeviceMode } from '../operators/gpu/dawn.ts';
import type { Call, Expression } from '../program/expression.ts';
import type { Vocabulary } from '../program/vocabulary.ts';
import type { PartialMean } from './mean.ts';
import type { SheetAnswer, SheetTask } from './tear-sheet/tasks.ts';

/** The same for every worker of a pool. */
export interface WorkerSetting {
  readonly memory: WebAssembly.Memory;
  /** Symbols. */
  readonly columns: number;
  /** What programs are written in. */
  readonly vocabulary: Vocabulary;
  /** Of a worker with a graphics device: which, and the most bytes of a matrix on it where that is less than it binds. */
  readonly device?: { readonly mode: DeviceMode; readonly largestBytes?: number | undefined } | undefined;
  /** For the minute fields; undefined when the market has daily bars only. */
  readonly minute?: { readonly folder: string; readonly manifest: MarketManifest } | undefined;
}

export interface DeviceState {
  readonly mode: DeviceMode;
  /** None in `webasm`. */
  readonly adapter?: Adapter | undefined;
  /** The most that was in use at a time. */
  readonly peakBytes: number;
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

/** Programs on a stretch of dates, for a judgement: what they correlate with there. */
export interface ObserveTask extends OfPrograms {
  readonly kind: 'observe';
  readonly label: Matrix;
  readonly labelRanks?: Matrix | undefined;
  /** Whether a fingerprint is wanted. */
  readonly first: boolean;
  /** What only a full judgement asks for. */
  readonly last?: {
    readonly turnover: boolean;
    /** Values of factors that are had already, by calendar position. */
    readonly against: readonly Numbered[];
  };
}

export interface Observation {
  /** Daily correlations; silence counts as 0. */
  readonly ic: Float64Array;
  /** Dates on which there was one. */
  readonly spoken: number;
  /** Cells that had both a value and a label. */
  readonly covered: number;
  readonly fingerprint?: string | undefined;
  /** A part of the behaviour. */
  readonly projected?: Float64Array | undefined;
  /** Correlation with the date before, and with each of the others. */
  readonly turnover?: PartialMean | undefined;
  readonly against?: readonly PartialMean[] | undefined;
}

/** Correlations of each of the pairs of factors, date by date summed up. */
export interface CorrelateTask {
  readonly kind: 'correlate';
  readonly matrices: readonly Matrix[];
  /** Pairs (i, j) for i in [from, to) and all j before i that are among the first so many. */
  readonly first: number;
  readonly from: number;
  readonly to: number;
  /** The first so many rows. */
  readonly rows: number;
}

/** A matrix that stays as it is; another one at its address, when it is released, has another number. */
export interface Numbered extends Matrix {
  readonly number: number;
}

/** What a worker's device is and has come to. */
export interface DeviceTask {
  readonly kind: 'device';
}

export type Task = DeviceTask | ScoreTask | StoreTask | MinuteTask | ObserveTask | CorrelateTask | SheetTask;
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
  | { readonly kind: 'observed'; readonly observations: readonly Observation[] }
  /** By pair, j before i: the sum over dates, and how many dates there are. */
  | { readonly kind: 'correlated'; readonly sums: Float64Array; readonly dates: Float64Array }
  | SheetAnswer
  | { readonly kind: 'device'; readonly device: DeviceState }
  /** There is none. */
  | { readonly kind: 'no-device'; readonly reason: string; readonly remedy: string }
  /** The device is lost, or refuses something, and so nothing it gave can be believed. */
  | { readonly kind: 'device-lost'; readonly reason: string }
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
