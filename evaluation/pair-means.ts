import type { Answer } from './task.ts';

/** Means over dates of what one has in common with each of those before it, a few dates at a time. */
export class PairMeans {
  readonly #sums: Float64Array;
  readonly #dates: Float64Array;

  constructor(others: number) {
    this.#sums = new Float64Array(others);
    this.#dates = new Float64Array(others);
  }

  /** Takes its pairs, which begin at `pair`; the place where those of the next begin. */
  add({ sums, dates }: Extract<Answer, { readonly kind: 'correlated' }>, pair: number): number {
    const { length } = this.#sums;
    for (let j = 0; j < length; j++) {
      this.#sums[j] = (this.#sums[j] as number) + (sums[pair + j] as number);
      this.#dates[j] = (this.#dates[j] as number) + (dates[pair + j] as number);
    }
    return pair + length;
  }

  /** Missing for two that never have a correlation. */
  get means(): Float64Array {
    return this.#sums.map((sum, j) => sum / (this.#dates[j] as number));
  }
}
