import type { Section } from '../batch.ts';
import { pearson } from '../pearson.ts';

export interface Correlations {
  readonly ic: number;
  readonly rankIc: number;
}

/** Of predictions with labels, or returns, section by section; missing where either is the same for all rows. */
export function sectionCorrelations(
  sections: readonly Section[],
  predictions: Float32Array,
  wanted: Float32Array,
): Correlations[] {
  return sections.map(({ from, to }) => {
    const [x, y] = [Float64Array.from(predictions.subarray(from, to)), Float64Array.from(wanted.subarray(from, to))];
    return { ic: pearson(x, y), rankIc: pearson(ranks(x), ranks(y)) };
  });
}

/** Equal numbers share their mean rank. */
function ranks(x: Float64Array): Float64Array {
  const order = Uint32Array.from(x.keys()).sort((a, b) => (x[a] as number) - (x[b] as number));
  const out = new Float64Array(x.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && x[order[to] as number] === x[order[from] as number]) to++;
    for (let i = from; i < to; i++) out[order[i] as number] = (from + to - 1) / 2;
    from = to;
  }
  return out;
}
