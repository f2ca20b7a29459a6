/**
 * One bar made of several: the first open, the highest high, the lowest low, the last close, the sum of volume and
 * amount, the volume-weighted vwap. Bars that are missing are passed over; a bar made of nothing is missing.
 */
import type { FieldInfo } from '../market.ts';

type Slabs = ReadonlyMap<string, Float32Array>;

/** Rows [from, to) of bar-major slabs of N symbols into row `row` of the outs, field by field. */
export function combineBars(
  fields: readonly FieldInfo[],
  slabs: Slabs,
  N: number,
  from: number,
  to: number,
  outs: Slabs,
  row: number,
): void {
  for (const field of fields) {
    const bars = slabs.get(field.name);
    const out = outs.get(field.name);
    if (!bars || !out) continue;
    const combine = rules[field.name] ?? (field.unit.shares === 1 ? sum : last);
    const weights = field.name === 'vwap' ? slabs.get('volume') : undefined;
    for (let n = 0; n < N; n++) out[row * N + n] = combine(bars, n, N, from, to, weights);
  }
}

type Combine = (
  bars: Float32Array,
  n: number,
  N: number,
  from: number,
  to: number,
  weights: Float32Array | undefined,
) => number;

const first: Combine = (bars, n, N, from, to) => {
  for (let b = from; b < to; b++) if (!Number.isNaN(bars[b * N + n])) return bars[b * N + n] as number;
  return Number.NaN;
};

const last: Combine = (bars, n, N, from, to) => {
  for (let b = to - 1; b >= from; b--) if (!Number.isNaN(bars[b * N + n])) return bars[b * N + n] as number;
  return Number.NaN;
};

/** Folds the bars that are there. */
const fold =
  (step: (so: number, bar: number) => number): Combine =>
  (bars, n, N, from, to) => {
    let so = Number.NaN;
    for (let b = from; b < to; b++) {
      const bar = bars[b * N + n] as number;
      if (!Number.isNaN(bar)) so = Number.isNaN(so) ? bar : step(so, bar);
    }
    return so;
  };

const sum = fold((so, bar) => so + bar);

/** Bars without volume weigh nothing; when none has any, the last price stands for all. */
const weighted: Combine = (bars, n, N, from, to, weights) => {
  let [total, weight] = [0, 0];
  for (let b = from; b < to; b++) {
    const [bar, w] = [bars[b * N + n] as number, weights?.[b * N + n] ?? Number.NaN];
    if (Number.isNaN(bar) || !(w > 0)) continue;
    total += bar * w;
    weight += w;
  }
  return weight > 0 ? total / weight : last(bars, n, N, from, to, undefined);
};

const rules: Readonly<Record<string, Combine>> = {
  open: first,
  high: fold(Math.max),
  low: fold(Math.min),
  close: last,
  volume: sum,
  amount: sum,
  vwap: weighted,
};
