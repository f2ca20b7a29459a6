import type { Batch } from '../batch.ts';
import { standardised } from './own-scale.ts';

/** Outputs of a network, [rows][columns], each column standardised over the rows of its date. */
export function standardByDate(
  outputs: Float32Array,
  { rows, sections }: Pick<Batch, 'rows' | 'sections'>,
): Float32Array {
  const columns = rows === 0 ? 1 : outputs.length / rows;
  const all = new Float32Array(outputs.length);
  for (const { from, to } of sections) {
    for (let column = 0; column < columns; column++) {
      const values = Float32Array.from(
        { length: to - from },
        (_, i) => outputs[(from + i) * columns + column] as number,
      );
      for (const [i, value] of standardised(values).entries()) all[(from + i) * columns + column] = value;
    }
  }
  return all;
}
