/**
 * Values that miss rows by a little, moved so that they do not: by as little as possible, in shares of what each has left
 * to its nearest bound, so that what is at a bound stays there.
 */
import { factorise, substitute } from '../risk/cholesky.ts';
import type { LinearProgram } from './linear-program.ts';

const rounds = 4;

export function settle(program: LinearProgram, values: Float64Array): Float64Array {
  const { columns, rows, columnLower, columnUpper, rowLower, rowUpper, starts, indices } = program;
  const held = new Uint8Array(rows);
  const settled = values.slice();
  for (let round = 0; round < rounds; round++) {
    const missing = new Float64Array(rows);
    for (let c = 0; c < columns; c++) {
      for (let k = starts[c] as number; k < (starts[c + 1] as number); k++) {
        const row = indices[k] as number;
        missing[row] = (missing[row] as number) - (program.values[k] as number) * (settled[c] as number);
      }
    }
    for (const [row, below] of missing.entries()) {
      const [lower, upper] = [(rowLower[row] as number) + below, (rowUpper[row] as number) + below];
      if (lower >= 0 || upper <= 0) held[row] = 1;
      missing[row] = held[row] === 0 ? 0 : Math.abs(lower) < Math.abs(upper) ? lower : upper;
    }
    const matrix = new Float64Array(rows * rows);
    const room = new Float64Array(columns);
    for (let c = 0; c < columns; c++) {
      const x = settled[c] as number;
      const left = Math.max(0, Math.min(1, x - (columnLower[c] as number), (columnUpper[c] as number) - x));
      room[c] = left * left;
      if (left === 0) continue;
      for (let k = starts[c] as number; k < (starts[c + 1] as number); k++) {
        const i = indices[k] as number;
        if (held[i] === 0) continue;
        for (let g = starts[c] as number; g < (starts[c + 1] as number); g++) {
          const j = indices[g] as number;
          if (held[j] === 0 || j > i) continue;
          const at = i * rows + j;
          matrix[at] =
            (matrix[at] as number) +
            (room[c] as number) * (program.values[k] as number) * (program.values[g] as number);
        }
      }
    }
    for (let row = 0; row < rows; row++) if (held[row] === 0) matrix[row * rows + row] = 1;
    factorise(matrix, rows);
    substitute(matrix, rows, missing);
    for (let c = 0; c < columns; c++) {
      if (room[c] === 0) continue;
      let step = 0;
      for (let k = starts[c] as number; k < (starts[c + 1] as number); k++) {
        step += (program.values[k] as number) * (missing[indices[k] as number] as number);
      }
      const x = (settled[c] as number) + (room[c] as number) * step;
      settled[c] = Math.min(columnUpper[c] as number, Math.max(columnLower[c] as number, x));
    }
  }
  return settled;
}
