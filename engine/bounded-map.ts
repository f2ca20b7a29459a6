/** The latest entries of a map, by when they first came: which ones are kept depends on nothing but the order of entry. */
export class BoundedMap<V> {
  readonly #entries: Map<string, V>;
  readonly #capacity: number;

  constructor(capacity: number, entries: Iterable<readonly [string, V]> = []) {
    this.#capacity = capacity;
    this.#entries = new Map(entries);
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#capacity) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): [string, V][] {
    return [...this.#entries];
  }
}
