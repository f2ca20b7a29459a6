import type { LinearProgram } from './linear-program.ts';

/** The most by which values are outside a program's bounds or rows; NaN where one of them is no number. */
export function violation(program: LinearProgram, values: Float64Array): number {
  const { columns, rows, columnLower, columnUpper, rowLower, rowUpper, starts, indices } = program;
  const activity = new Float64Array(rows);
  let most = 0;
  for (let c = 0; c < columns; c++) {
    const x = values[c] as number;
    most = Math.max(most, (columnLower[c] as number) - x, x - (columnUpper[c] as number));
    for (let k = starts[c] as number; k < (starts[c + 1] as number); k++) {
      const row = indices[k] as number;
      activity[row] = (activity[row] as number) + (program.values[k] as number) * x;
    }
  }
  for (const [row, x] of activity.entries()) {
    most = Math.max(most, (rowLower[row] as number) - x, x - (rowUpper[row] as number));
  }
  return most;
}
