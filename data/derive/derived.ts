/**
 * Fields computed from daily bars, the same for imported and synthetic markets: returns, turnover, the six ratios
 * the models read, market vectors and masks. A value at date t uses bars up to and including t.
 *
 * Missing in, missing out: nothing here invents a price or a count of shares.
 */
import type { FieldInfo } from '../market.ts';
import { marketVectors } from './market-vectors.ts';
import { masks } from './masks.ts';
import { ratios } from './ratios.ts';
import { turnover } from './turnover.ts';

/** Date-major T x N cells, one array per field. */
export interface DailyBars {
  readonly open: Float32Array;
  readonly high: Float32Array;
  readonly low: Float32Array;
  readonly close: Float32Array;
  readonly volume: Float32Array;
  readonly vwap?: Float32Array | undefined;
  /** Shares outstanding, for TURN, in the unit of `volume`. */
  readonly shares?: Float32Array | undefined;
  /** Free-float shares, for FREE_TURN, in the unit of `volume`. */
  readonly freeShares?: Float32Array | undefined;
  /** Turnover as a fraction, when the source gives it ready made. */
  readonly turn?: Float32Array | undefined;
  readonly freeTurn?: Float32Array | undefined;
}

export interface DeriveOptions {
  /** Largest move from the last close, as a fraction: one for all, or one per symbol (NaN: no limit). */
  readonly priceLimit?: number | Float32Array | undefined;
  /** An index to describe the market with, instead of the mean of its symbols: T values each. */
  readonly index?: { readonly return: Float32Array; readonly amplitude: Float32Array } | undefined;
}

export interface Derived {
  readonly info: FieldInfo;
  /** T x N cells, or T values when `info.kind` is `v`. */
  readonly cells: Float32Array;
}

export function derive(bars: DailyBars, T: number, N: number, options: DeriveOptions = {}): Map<string, Derived> {
  return new Map([...eachDerived(bars, T, N, options)].map((field) => [field.info.name, field]));
}

/** One field at a time, so that a large market never holds them all. */
export function* eachDerived(bars: DailyBars, T: number, N: number, options: DeriveOptions = {}): Generator<Derived> {
  const turns = turnover(bars);
  yield* turns;
  const turn = turns.find((field) => field.info.name === 'TURN')?.cells;
  yield* ratios(bars, turn, turns.find((field) => field.info.name === 'FREE_TURN')?.cells, N);
  yield* marketVectors(bars, turn, T, N, options.index);
  yield* masks(bars, T, N, options.priceLimit);
}
