import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import type { Vocabulary } from '../program/vocabulary.ts';

const most = 1000;

/** Programs by their spelling, the latest of them read once. */
export class RecentPrograms {
  readonly #vocabulary: Vocabulary;
  readonly #known = new Map<string, Expression>();

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  read(spellings: readonly string[]): Expression[] {
    return spellings.map((spelling) => {
      let program = this.#known.get(spelling);
      if (!program) {
        program = parse(spelling, this.#vocabulary);
        this.#known.set(spelling, program);
        if (this.#known.size > most) this.#known.delete(this.#known.keys().next().value as string);
      }
      return program;
    });
  }
}
