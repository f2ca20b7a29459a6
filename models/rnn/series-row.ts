/** A series of a data set: a row of its table. */
export interface SeriesRow {
  readonly name: string;
  /** What it says, in one line. */
  readonly doc: string;
  /** On the market it was asked for. */
  readonly expression: string;
}

/** What a user whose market lacks a field of a data set is told to say. */
export const instead = '--dataset l2 --fields';
