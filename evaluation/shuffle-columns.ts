import type { Arena, Matrix } from '../core/arena.ts';
import { stream } from '../core/random.ts';

/**
 * Every column becomes another one, the same on all dates. Labels keep what they have in common on a date and from one
 * date to the next, so chance has as much room as it has in the true ones; only whose they are is wrong.
 */
export function shuffleColumns(matrix: Matrix, arena: Arena, seed: number): void {
  const random = stream(seed, matrix.columns, 0x73686666);
  const order = Array.from({ length: matrix.columns }, (_, n) => n);
  // Sattolo's way: one cycle, so that no symbol keeps its own.
  for (let left = order.length - 1; left > 0; left--) {
    const other = random.below(left);
    [order[left], order[other]] = [order[other] as number, order[left] as number];
  }
  for (let t = 0; t < matrix.rows; t++) {
    const row = arena.row(matrix, t);
    const before = row.slice();
    for (const [n, from] of order.entries()) row[n] = before[from] as number;
  }
}
