import type { Stream } from '../../core/random.ts';
import type { Refusal } from '../build.ts';
import type { Expression } from '../expression.ts';
import type { Graph } from './graph.ts';

/** One draw: the whole changed program, or why this one cannot be. */
export type Draw = (stream: Stream) => Expression | Refusal;

export interface Move {
  /** One sentence, for the documents. */
  readonly doc: string;
  /** Undefined where the program has no place for it. */
  readonly apply: (graph: Graph) => Draw | undefined;
  /** A child that is no longer than its parent is none of this move's. */
  readonly lengthens?: true;
}
