import type { Arena, Matrix } from '../core/arena.ts';
import { stream } from '../core/random.ts';

/** Within each row, the values there are change places at random; what is missing stays missing. */
export function shuffleRows(matrix: Matrix, arena: Arena, seed: number): void {
  for (let t = 0; t < matrix.rows; t++) {
    const row = arena.row(matrix, t);
    const random = stream(seed, t, 0x73686666);
    const known = [...row.keys()].filter((n) => !Number.isNaN(row[n] as number));
    for (let left = known.length; left > 1; left--) {
      const [a, b] = [known[left - 1] as number, known[random.below(left)] as number];
      [row[a], row[b]] = [row[b] as number, row[a] as number];
    }
  }
}
