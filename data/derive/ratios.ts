import { price, ratio, shares, times, type Unit } from '../../core/units.ts';
import type { DailyBars, Derived } from './derived.ts';
import { quotient } from './quotient.ts';

/** RETURN1 and the six ratios of AlphaNet v2's data picture. A ratio whose parts are unknown is left out. */
export function* ratios(
  bars: DailyBars,
  turn: Float32Array | undefined,
  freeTurn: Float32Array | undefined,
  N: number,
): Generator<Derived> {
  const field = (name: string, unit: Unit, doc: string, cells: Float32Array): Derived => ({
    info: { name, kind: 'm', unit, doc },
    cells,
  });
  yield field('RETURN1', ratio, 'Close over the close of the date before, less 1', returns(bars.close, N));
  if (freeTurn) yield field('CLOSE_FREE_TURN', price, 'CLOSE / FREE_TURN', quotient(bars.close, freeTurn));
  if (turn) yield field('OPEN_TURN', price, 'OPEN / TURN', quotient(bars.open, turn));
  yield field('VOLUME_LOW', times(shares, price, -1), 'VOLUME / LOW', quotient(bars.volume, bars.low));
  if (bars.vwap) yield field('VWAP_HIGH', ratio, 'VWAP / HIGH', quotient(bars.vwap, bars.high));
  yield field('LOW_HIGH', ratio, 'LOW / HIGH', quotient(bars.low, bars.high));
  if (bars.vwap) yield field('VWAP_CLOSE', ratio, 'VWAP / CLOSE', quotient(bars.vwap, bars.close));
}

/** Today's close over that of the date before, less 1: missing on the first date and after a missing close. */
export function returns(close: Float32Array, N: number): Float32Array {
  const out = new Float32Array(close.length).fill(Number.NaN);
  for (let i = N; i < close.length; i++) {
    const before = close[i - N] as number;
    if (before !== 0) out[i] = (close[i] as number) / before - 1;
  }
  return out;
}
