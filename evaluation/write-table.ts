/** What every format of a factor file is given: a date column, the symbols of each date where rows have one, numbers. */

export interface TableShape {
  /** Repeated for every date in a column of their own; without them a date is one row. */
  readonly symbols?: readonly string[] | undefined;
  /** Names of the number columns. */
  readonly numbers: readonly string[];
}

/** Some whole dates. */
export interface Block {
  /** Days since 1970. */
  readonly days: Int32Array;
  /** Cells of each number column, date by date; missing is NaN. */
  readonly numbers: readonly Float32Array[];
}

/** Blocks become bytes as they come, so memory is that of a block however long the table is. */
export interface TableWriter {
  write(block: Block): void;
  finish(): void;
}

/** Where a writer puts its bytes. They are used up when this returns. */
export type Sink = (bytes: Uint8Array) => void;

/** A bit a cell, the first cell in the lowest: 1 where there is a value. */
export function knownBits(cells: Float32Array): { bits: Uint8Array; missing: number } {
  const bits = new Uint8Array(Math.ceil(cells.length / 8));
  let missing = 0;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] as number;
    if (!Number.isNaN(cell)) (bits[i >> 3] as number) |= 1 << (i & 7);
    else missing++;
  }
  return { bits, missing };
}
