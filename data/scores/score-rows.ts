/** Rows of a file of scores as they come, whatever the file is: some dates, and the numbers of each column on them. */

export interface ScoreRows {
  readonly rows: number;
  /** Those it has, where it does not have all columns of scores. */
  readonly columns?: { readonly from: number; readonly to: number };
  /** Days since 1970, NaN where there is none that can be read. */
  readonly days: Float64Array;
  rawDate(row: number): string;
  /** Of a long file: the symbol's position, NaN where the market does not have it. */
  readonly codes?: Float64Array;
  symbol(row: number): string | undefined;
  /** Cells of a column, NaN where there is no number; used up when the next column is asked for. */
  numbers(column: number): Float64Array;
  /** What stands there instead of a number, where it is no word for nothing. */
  word(column: number, row: number): string | undefined;
}
