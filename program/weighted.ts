/** Things drawn as often as their weights say, in the time of a binary search. */
export class Weighted<T> {
  readonly items: readonly T[];
  readonly #upTo: Float64Array;

  constructor(items: readonly T[], weigh: (item: T) => number) {
    this.items = items;
    let total = 0;
    this.#upTo = Float64Array.from(items, (item) => {
      total += weigh(item);
      return total;
    });
  }

  pick(at: number): T | undefined {
    const wanted = at * (this.#upTo.at(-1) ?? 0);
    let [low, high] = [0, this.items.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (wanted < (this.#upTo[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return this.items[low];
  }
}
