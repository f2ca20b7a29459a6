/** What a factor's cells are like, taken in as they come: how many there are, their moments, and from when to when. */
export class CellTally {
  readonly #columns: number;
  #cells = 0;
  #known = 0;
  #mean = 0;
  /** Sum of squared distances from the mean. */
  #squares = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = Number.NEGATIVE_INFINITY;
  #first: number | undefined;
  #last: number | undefined;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** Whole dates from the place `first` of the calendar on. */
  add(cells: Float32Array, first: number): void {
    for (let at = 0; at < cells.length; at += this.#columns) {
      if (this.#addDate(cells.subarray(at, at + this.#columns))) {
        this.#last = first + at / this.#columns;
        this.#first ??= this.#last;
      }
    }
    this.#cells += cells.length;
  }

  /** True when the date has a value. */
  #addDate(cells: Float32Array): boolean {
    let [known, sum] = [0, 0];
    for (const cell of cells) {
      if (Number.isNaN(cell)) continue;
      known++;
      sum += cell;
      if (cell < this.#least) this.#least = cell;
      if (cell > this.#most) this.#most = cell;
    }
    if (known === 0) return false;
    const mean = sum / known;
    let squares = 0;
    for (const cell of cells) if (!Number.isNaN(cell)) squares += (cell - mean) ** 2;
    // Two groups as one (Chan, Golub and LeVeque): sums of all squares would lose small spreads of large numbers.
    const all = this.#known + known;
    const apart = mean - this.#mean;
    this.#squares += squares + (apart * apart * this.#known * known) / all;
    this.#mean += (apart * known) / all;
    this.#known = all;
    return true;
  }

  /** NaN where there is too little to tell. `calendar` gives the places their dates. */
  summary(calendar: readonly string[]): CellSummary {
    const none = this.#known === 0;
    return {
      coverage: this.#known / this.#cells,
      mean: none ? Number.NaN : this.#mean,
      std: this.#known > 1 ? Math.sqrt(this.#squares / (this.#known - 1)) : Number.NaN,
      min: none ? Number.NaN : this.#least,
      max: none ? Number.NaN : this.#most,
      first: calendar[this.#first ?? -1],
      last: calendar[this.#last ?? -1],
    };
  }
}

export interface CellSummary {
  /** Share of all dates and symbols that have a value. */
  readonly coverage: number;
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** First and last date with a value. */
  readonly first: string | undefined;
  readonly last: string | undefined;
}
