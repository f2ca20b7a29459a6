/** The latest entries of a map, by when they first came: which ones are kept depends on nothing but the order of entry. */
export class BoundedMap<V> {
  readonly #entries: Map<string, V>;
  readonly #capacity: number;
  /** Walks behind the entries. One begun anew for each that leaves would step over all that left before it. */
  readonly #oldest: Iterator<string>;

  constructor(capacity: number, entries: Iterable<readonly [string, V]> = []) {
    this.#capacity = capacity;
    this.#entries = new Map(entries);
    this.#oldest = this.#entries.keys();
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
    if (this.#entries.size > this.#capacity) this.#entries.delete(this.#oldest.next().value as string);
  }

  entries(): [string, V][] {
    return [...this.#entries];
  }
}
