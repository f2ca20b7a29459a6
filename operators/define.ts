/** What an operator row must say. Parser, checker, mutations, kernels, tests and the docs page read these rows. */
import type { Unit } from '../core/units.ts';

/** One column of numbers. Missing is NaN: never null, never 0. */
export type Series = Float64Array;

/**
 * What a value is: `s` a constant, `v` a market vector [T], `m` a daily matrix [T, N], `b` a minute matrix
 * [T, M, N], `g` a grouping of the symbols (industry codes).
 */
export type Kind = 's' | 'v' | 'm' | 'b' | 'g';

/** A constant written in the expression, after the series arguments. */
export interface Parameter {
  readonly name: string;
  /** `window`: whole number of rows or bars. `fraction`: in [0, 1]. `positive`, `number`: as they say. */
  readonly type: 'window' | 'fraction' | 'positive' | 'number';
}

export const window: Parameter = { name: 's', type: 'window' };

interface Row {
  /** One sentence; the operator's line in docs/operators.md and `evolve ops`. */
  readonly doc: string;
  /** Parsed, evaluated and printed back by a test. */
  readonly example: string;
  readonly aliases?: readonly string[];
  /** The unit of the result; undefined refuses the expression. Parameters are given too: `power` needs its exponent. */
  readonly unit: (inputs: readonly Unit[], parameters: readonly number[]) => Unit | undefined;
  /** How a refusal reads, `{0}` and `{1}` standing for the units met: "cannot add {0} to {1}". */
  readonly refusal?: string;
  /** `{0}`, `{1}` are the arguments in order, parameters included. */
  readonly latex: string;
  /** The name in another tool, only where the meaning is exactly ours; everything else is in program/dialects/. */
  readonly dialects?: { readonly qlib?: string; readonly alpha101?: string; readonly alphagen?: string };
  /** How many series arguments there are, parameters not counted. */
  /** Times what an addition takes, on a panel of daily values; 2 where it is about that. */
  readonly cost?: number;
  readonly arity: 1 | 2 | 3;
  readonly parameters: readonly Parameter[];
}

/** Cell by cell, on matrices, market vectors and minute matrices; smaller kinds are repeated to fit. */
export interface Elementwise extends Row {
  readonly shape: 'elementwise';
  /** Swapping the first two arguments changes nothing, so the canonical form may sort them. */
  readonly commutes?: true;
  readonly reference: (a: number, b: number, c: number) => number;
}

/**
 * A function of each symbol's last rows. On a minute value it is a reduction to one daily value: the same
 * function of the day's last `s` bars.
 */
export interface Rolling extends Row {
  readonly shape: 'rolling';
  /** Rows read for window s when the input is daily; today included. On minute bars it is always s. */
  readonly span: (s: number) => number;
  /** `every`: missing when any row of the span is. `ends`: only the rows the formula names matter. */
  readonly reads: 'every' | 'ends';
  /** The smallest window that can give a number. */
  readonly least: number;
  /** x and y hold the span, oldest first. `extra` is the parameter after the window. */
  readonly reference: (x: Series, y: Series, extra: number) => number;
}

/** A function of one date's row over all symbols; follows any reordering of the symbols. */
export interface CrossSection extends Row {
  readonly shape: 'cross-section';
  /** The second argument is a grouping rather than a series. */
  readonly grouped: boolean;
  readonly reference: (day: Series, other: Series, extra: number, out: Series) => void;
}

/** Minute in, minute out, within one day: the first s bars of a day are missing. */
export interface Bar extends Row {
  readonly shape: 'bar';
  /** x holds s + 1 bars, oldest first. */
  readonly reference: (x: Series) => number;
}

/** `interval(x, sum, 9:30, 10:00)`: one of the reductions of operators/reference/interval.ts over the bars in [start, end). */
export interface Interval extends Row {
  readonly shape: 'interval';
}

/** A market vector learned from labels that are already known at each date. */
export interface Learn extends Row {
  readonly shape: 'learn';
  /** One date's statistic of the factor row against its label row. */
  readonly reference: (factor: Series, label: Series) => number;
}

export type Operator = Elementwise | Rolling | CrossSection | Bar | Interval | Learn;
export type Shape = Operator['shape'];
