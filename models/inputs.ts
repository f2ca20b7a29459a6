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
  /** Steps of one date: channels are then [steps][series], and a row's steps those of all dates. 1 without. */
  readonly stepsPerDate?: number;
  /** How numbers become comparable; `training` without. */
  readonly scaling?: Scaling;
}

/**
 * `training`: by each channel's mean and deviation on the training dates. `robust`: the same, after being drawn in to the
 * median and 7 median deviations of them. `series-mean` and `series-last`: each series of a row over its mean, or over its
 * last value, then every step of a series standardised over the date's symbols; one that is the same for all is 0.
 */
export type Scaling = 'training' | 'robust' | 'series-mean' | 'series-last';

/** What one network of an ensemble reads of a part: places in its channels, ascending. All of them when left out. */
export type Reads = ReadonlyMap<string, readonly number[]>;

/** As a network is told: a row of a batch is [steps][channels] of each part. */
export interface PartShape {
  readonly steps: number;
  readonly channels: number;
}
