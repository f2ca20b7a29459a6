/** A worker's private stretch of the arena, handed out from the front and taken back all at once. */
export class Region {
  readonly #start: number;
  readonly #end: number;
  #next: number;

  constructor(address: number, bytes: number) {
    this.#start = address;
    this.#end = address + bytes;
    this.#next = address;
  }

  get bytes(): number {
    return this.#end - this.#start;
  }

  /** Aligned to a cache line, with room for vectors that read past the end; undefined when it does not fit. */
  take(bytes: number): number | undefined {
    const address = this.#next;
    const next = address + Math.ceil((bytes + 64) / 64) * 64;
    if (next > this.#end) return undefined;
    this.#next = next;
    return address;
  }

  /** What is left, as a region of its own. */
  rest(): Region {
    return new Region(this.#next, this.#end - this.#next);
  }

  clear(): void {
    this.#next = this.#start;
  }
}
