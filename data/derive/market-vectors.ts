import { ratio } from '../../core/units.ts';
import type { DailyBars, Derived, DeriveOptions } from './derived.ts';
import { returns } from './ratios.ts';

/** Dates a symbol's volume is compared with when no turnover is known. */
const volumeWindow = 20;

/** One number per date that describes the whole market. */
export function* marketVectors(
  bars: DailyBars,
  turn: Float32Array | undefined,
  T: number,
  N: number,
  index: DeriveOptions['index'],
): Generator<Derived> {
  const field = (name: string, doc: string, cells: Float32Array): Derived => ({
    info: { name, kind: 'v', unit: ratio, doc },
    cells,
  });
  const return1 = returns(bars.close, N);
  yield index
    ? field('MKT_RETURN', "The index's close over the close before, less 1", index.return)
    : field('MKT_RETURN', 'Mean of RETURN1 over the symbols, equally weighted', meanOfDates(return1, T, N));
  yield index
    ? field('MKT_AMPLITUDE', "The index's high less low, over its close before", index.amplitude)
    : field(
        'MKT_AMPLITUDE',
        'Mean over the symbols of high less low, over the close before',
        meanOfDates(amplitude(bars, N), T, N),
      );
  yield turn
    ? field('MKT_TURNOVER', 'Mean of TURN over the symbols', meanOfDates(turn, T, N))
    : field(
        'MKT_TURNOVER',
        `Mean over the symbols of volume over its own mean of ${volumeWindow} dates: shares outstanding are unknown`,
        meanOfDates(relativeVolume(bars.volume, T, N), T, N),
      );
  const up = return1.map((value) => (Number.isNaN(value) ? value : Number(value > 0)));
  yield field('MKT_UP_SHARE', 'Share of the symbols that closed above the date before', meanOfDates(up, T, N));
}

/** The mean of each date's values, missing ones left out; missing where all are. */
function meanOfDates(cells: Float32Array, T: number, N: number): Float32Array {
  const out = new Float32Array(T);
  for (let t = 0; t < T; t++) {
    let sum = 0;
    let count = 0;
    for (let i = t * N; i < (t + 1) * N; i++) {
      const value = cells[i] as number;
      if (!Number.isNaN(value)) {
        sum += value;
        count++;
      }
    }
    out[t] = count === 0 ? Number.NaN : sum / count;
  }
  return out;
}

function amplitude(bars: DailyBars, N: number): Float32Array {
  const out = new Float32Array(bars.close.length).fill(Number.NaN);
  for (let i = N; i < out.length; i++) {
    const before = bars.close[i - N] as number;
    if (before !== 0) out[i] = ((bars.high[i] as number) - (bars.low[i] as number)) / before;
  }
  return out;
}

function relativeVolume(volume: Float32Array, T: number, N: number): Float32Array {
  const out = new Float32Array(T * N).fill(Number.NaN);
  for (let n = 0; n < N; n++) {
    let sum = 0;
    let count = 0; // dates in a row with a volume, the window at most
    for (let t = 0; t < T; t++) {
      const today = volume[t * N + n] as number;
      if (Number.isNaN(today)) {
        sum = 0;
        count = 0;
        continue;
      }
      sum += today;
      if (count === volumeWindow) sum -= volume[(t - volumeWindow) * N + n] as number;
      else count++;
      if (count === volumeWindow && sum > 0) out[t * N + n] = today / (sum / volumeWindow);
    }
  }
  return out;
}
