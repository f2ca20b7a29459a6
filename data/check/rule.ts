/** Counts what breaks a rule and remembers the first example. */
export class Rule {
  readonly #words: string;
  #count = 0;
  #example = '';

  constructor(words: string) {
    this.#words = words;
  }

  broken(example: () => string): void {
    if (this.#count++ === 0) this.#example = example();
  }

  problems(): string[] {
    const times = this.#count === 1 ? 'once' : `${this.#count} times`;
    return this.#count === 0 ? [] : [`${this.#words}: ${times}, first ${this.#example}.`];
  }
}
