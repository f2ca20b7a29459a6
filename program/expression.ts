/** A program as data: an immutable, already type- and unit-checked expression. Built by program/build.ts alone. */
import type { Unit } from '../core/units.ts';
import type { Kind } from '../operators/define.ts';
import type { Reduction } from '../operators/reference/interval.ts';
import type { OperatorName } from '../operators/table.ts';

interface Typed {
  readonly kind: Kind;
  readonly unit: Unit;
  /**
   * The whole spelling, every operator as a call. Equal keys mean equal values; the key of the canonical form
   * (program/canonical.ts) names caches and shared subtrees.
   */
  readonly key: string;
  /** Operator nodes in it, shared ones counted each time they are written. */
  readonly size: number;
}

export interface Field extends Typed {
  readonly node: 'field';
  readonly name: string;
}

export interface Literal extends Typed {
  readonly node: 'literal';
  readonly value: number;
}

export interface Call extends Typed {
  readonly node: 'call';
  readonly operator: OperatorName;
  /** The series arguments, in order; a grouping is one of them. */
  readonly inputs: readonly Expression[];
  /** The constants after them: window, quantile, exponent. */
  readonly parameters: readonly number[];
  /** Only on `interval`. */
  readonly interval?: IntervalArguments;
}

export interface IntervalArguments {
  readonly reduction: Reduction;
  /** Minutes since midnight; bars that begin in [start, end). */
  readonly start: number;
  readonly end: number;
}

export type Expression = Field | Literal | Call;
