/** Columns as far as they say something that a constant and those before them do not, at right angles, of length 1. */

/** Of a column's length: styles are float32, and what is left of a column that depends on others is their rounding. */
const dependent = 1e-6;

/**
 * The thin QR of a constant and the columns, one after another in [k][rows]: the constant first, columns that depend on
 * others dropped. Each is taken off twice, which leaves them orthogonal to float64's rounding (Kahan's "twice is enough").
 */
export function orthonormal(columns: readonly Float64Array[], rows: number): Float64Array {
  const found: Float64Array[] = [];
  for (const column of [new Float64Array(rows).fill(1), ...columns]) {
    if (found.length === rows) break;
    const rest = column.slice();
    const length = norm(rest);
    for (const _ of [1, 2]) for (const direction of found) takeOff(rest, direction);
    const left = norm(rest);
    if (!(left > dependent * length)) continue;
    found.push(rest.map((x) => x / left));
  }
  const basis = new Float64Array(found.length * rows);
  for (const [k, column] of found.entries()) basis.set(column, k * rows);
  return basis;
}

function takeOff(x: Float64Array, direction: Float64Array): void {
  let slope = 0;
  for (let i = 0; i < x.length; i++) slope += (x[i] as number) * (direction[i] as number);
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) - slope * (direction[i] as number);
}

function norm(x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (x[i] as number);
  return Math.sqrt(sum);
}
