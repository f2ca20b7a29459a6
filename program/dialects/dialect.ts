/** What a dialect is: a language another tool speaks, read into our expressions, written from them, or both. */
import type { Refusal } from '../build.ts';
import type { Expression } from '../expression.ts';
import type { Vocabulary } from '../vocabulary.ts';

export interface Read {
  readonly expression: Expression;
  /** Where their answer and ours may differ though the formula is the same: missing rows, ties, infinities. */
  readonly notes: readonly string[];
}

export interface Dialect {
  /** One sentence for `--help` and the docs. */
  readonly doc: string;
  /** Throws an EvolveError whose one sentence names what cannot be said exactly, and why. */
  readonly read?: (text: string, vocabulary: Vocabulary) => Read;
  /** Text that means exactly what the expression means, or why there is none. */
  readonly write?: (expression: Expression) => string | Refusal;
  /** What is true of every text written, for the head of an exported file. */
  readonly caveat?: string;
}
