/** Rows of one or more dates' cross-sections, as networks and losses take them. */

/** Rows [from, to) of a batch are symbols of one date. */
export interface Section {
  readonly date: number;
  readonly from: number;
  readonly to: number;
  /**
   * Orthonormal columns, [k][rows of the section], that predictions are made neutral to: a constant and the styles.
   * Only for losses that ask for it.
   */
  readonly basis?: Float64Array;
  /** Of the whole date's labels, where the section is a piece of it: labels above are of its better half. */
  readonly middle?: number;
}

export interface Batch {
  readonly rows: number;
  readonly sections: readonly Section[];
  /** By part: [rows][steps][channels], scaled, nothing missing. */
  readonly inputs: ReadonlyMap<string, Float32Array>;
  /** [rows]; nothing missing. */
  readonly labels: Float32Array;
  /** [rows]: the returns themselves, where labels are freed from something. */
  readonly returns?: Float32Array;
  /** Of every row, the symbol's place in the market. */
  readonly symbols: Int32Array;
}
