/**
 * What AlphaNet extracts from the rows of its data picture: every operator over every row, or over every pair of rows.
 * Extraction has no weights, so the evaluator computes these formulas once for a symbol and date, and they are kept.
 */
import type { Channel } from '../inputs.ts';

/** A row of the picture: a field or a formula, and what its channels call it. */
export interface PictureRow {
  readonly name: string;
  readonly expression: string;
}

interface Extraction {
  /** Over every two rows, the earlier first. */
  readonly pairs: boolean;
  readonly expression: (rows: string, window: number) => string;
}

const by = (operator: string): Extraction['expression'] => {
  return (rows, window) => `${operator}(${rows},${window})`;
};

/** By the report's names, with our formulas. */
export const extractions = {
  ts_corr: { pairs: true, expression: by('ts_corr') },
  ts_cov: { pairs: true, expression: by('ts_cov') },
  ts_stddev: { pairs: false, expression: by('ts_std') },
  ts_zscore: { pairs: false, expression: by('ts_zscore') },
  // From the first date of the window to its last, a date fewer than it has.
  ts_return: { pairs: false, expression: (row, window) => `ts_return(${row},${window - 1})` },
  ts_decaylinear: { pairs: false, expression: by('ts_decaylinear') },
  ts_mean: { pairs: false, expression: by('ts_mean') },
  ts_min: { pairs: false, expression: by('ts_min') },
  ts_max: { pairs: false, expression: by('ts_max') },
  ts_sum: { pairs: false, expression: by('ts_sum') },
} as const satisfies Record<string, Extraction>;

export type ExtractionName = keyof typeof extractions;

/** Places of the rows an operator is taken over, in the order of its channels: (0, 1) (0, 2) .. or (0) (1) .. */
export function operandsOf(operator: ExtractionName, rows: number): number[][] {
  const places = Array.from({ length: rows }, (_, i) => i);
  if (!extractions[operator].pairs) return places.map((i) => [i]);
  return places.flatMap((i) => places.slice(i + 1).map((j) => [i, j]));
}

/** Operator by operator, in the order given. */
export const channelsOf = (
  rows: readonly PictureRow[],
  window: number,
  operators: readonly ExtractionName[],
): Channel[] =>
  operators.flatMap((operator) =>
    operandsOf(operator, rows.length).map((places) => {
      const operands = places.map((i) => rows[i] as PictureRow);
      return {
        name: `${operator}(${operands.map(({ name }) => name).join(',')},${window})`,
        expression: extractions[operator].expression(operands.map(({ expression }) => expression).join(','), window),
      };
    }),
  );

/** Places of the channels that are of one row, or of two of those drawn; ascending. */
export function channelsRead(rows: number, operators: readonly ExtractionName[], drawn: readonly number[]): number[] {
  const all = operators.flatMap((operator) => operandsOf(operator, rows));
  return all.flatMap((places, i) => (places.length === 1 || places.every((row) => drawn.includes(row)) ? [i] : []));
}

/** How many rows the picture has that so many channels were extracted from. */
export function rowsBehind(channels: number, operators: readonly ExtractionName[]): number {
  for (let rows = 1; rows <= channels; rows++) {
    if (operators.reduce((count, operator) => count + operandsOf(operator, rows).length, 0) === channels) return rows;
  }
  throw new Error(`no data picture gives ${channels} channels`);
}
