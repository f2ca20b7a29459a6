import type { Section } from '../batch.ts';

export interface Correlations {
  readonly ic: number;
  readonly rankIc: number;
}

/** Of predictions with labels, section by section; missing where either is the same for all rows. */
export function sectionCorrelations(
  sections: readonly Section[],
  predictions: Float32Array,
  labels: Float32Array,
): Correlations[] {
  return sections.map(({ from, to }) => {
    const [x, y] = [Float64Array.from(predictions.subarray(from, to)), Float64Array.from(labels.subarray(from, to))];
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

function pearson(x: Float64Array, y: Float64Array): number {
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [(x[i] as number) - meanX, (y[i] as number) - meanY];
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : Number.NaN;
}

function mean(x: Float64Array): number {
  let sum = 0;
  for (const value of x) sum += value;
  return sum / x.length;
}
