/**
 * What a model reads of a symbol at a date: parts, each a table of channels at dates back. AlphaNet's features of three
 * windows, a year of daily bars or one day's mined factors are all of this shape.
 */

/** A number for each symbol and date: a formula of daily fields, and the name it is explained by. */
export interface Channel {
  readonly name: string;
  readonly expression: string;
}

export interface InputPart {
  readonly name: string;
  readonly channels: readonly Channel[];
  /** Dates back, oldest first: [20, 10, 0] reads three steps, the last of them the date's own. */
  readonly lags: readonly number[];
}

/** What one network of an ensemble reads of a part: places in its channels, ascending. All of them when left out. */
export type Reads = ReadonlyMap<string, readonly number[]>;

/** As a network is told: a row of a batch is [steps][channels] of each part. */
export interface PartShape {
  readonly steps: number;
  readonly channels: number;
}
