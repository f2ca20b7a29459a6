/**
 * The signals hidden in a synthetic market. Each row is a formula in the operator language beside the plain code that
 * computes exactly it while the market is being made; a test evaluates the formula and expects the same IC.
 */
import type { MinuteGrid, PlantedSignal } from '../market.ts';
import type { Bars } from './bars.ts';
import { correlation, deviation, lastRank, mean, standardised } from './statistics.ts';

/** Daily bars so far, date-major; a signal at t may look at t and before. */
export interface DailyHistory extends DailyFields {
  readonly symbols: number;
}

interface DailyFields {
  readonly open: Float32Array;
  readonly high: Float32Array;
  readonly low: Float32Array;
  readonly close: Float32Array;
  readonly vwap: Float32Array;
  readonly volume: Float32Array;
  readonly amount: Float32Array;
}

interface Row {
  readonly name: string;
  readonly kind: PlantedSignal['kind'];
  /** The IC it is planted with, at a place in [0, 1] of the calendar. */
  readonly strength: (place: number) => number;
}

/** A number per symbol from daily bars. */
export interface DailySignal extends Row {
  readonly expression: string;
  readonly values: (history: DailyHistory, t: number) => Float64Array;
}

/** A number from the bars of one symbol on one date. */
export interface MinuteSignal extends Row {
  readonly kind: 'minute';
  readonly expression: (grid: MinuteGrid) => string;
  readonly value: (bars: Bars, grid: MinuteGrid, dailyVolume: number) => number;
}

const always = (ic: number) => () => ic;
const newest = (x: Float64Array): number => x[x.length - 1] as number;
const distance = (x: Float64Array): number => {
  const d = deviation(x);
  return d > 0 ? (newest(x) - mean(x)) / d : Number.NaN;
};
const rankedVolume = rolling(20, 'volume', 'volume', lastRank);
const dayMove = rolling(1, 'close', 'open', (close, open) => newest(close) / newest(open));

export const dailySignals: readonly DailySignal[] = [
  {
    name: 'reversal',
    kind: 'daily',
    expression: 'neg(ts_norm(CLOSE, 10))',
    strength: always(0.065),
    values: rolling(10, 'close', 'close', (close) => -distance(close)),
  },
  {
    name: 'quiet-volume',
    kind: 'daily',
    expression: 'neg(ts_mean(VOLUME, 5) / ts_mean(VOLUME, 20))',
    strength: always(0.04),
    values: rolling(20, 'volume', 'volume', (volume) => -(mean(volume.subarray(15)) / mean(volume))),
  },
  {
    name: 'busy-move',
    kind: 'interaction',
    expression: 'cs_norm(CLOSE / OPEN) * cs_norm(ts_rank(VOLUME, 20))',
    strength: always(0.06),
    values: (history, t) => {
      const busy = standardised(rankedVolume(history, t));
      return standardised(dayMove(history, t)).map((value, n) => value * (busy[n] as number));
    },
  },
  {
    name: 'fading-divergence',
    kind: 'decaying',
    expression: 'neg(ts_corr(HIGH, VOLUME, 10))',
    strength: (place) => 0.13 * Math.max(0, 1 - place / 0.55),
    values: rolling(10, 'high', 'volume', (high, volume) => -correlation(high, volume)),
  },
];

export const minuteSignals: readonly MinuteSignal[] = [
  {
    name: 'opening-rush',
    kind: 'minute',
    expression: () => 'neg(interval(volume, sum, 9:30, 10:00) / VOLUME)',
    strength: always(0.06),
    value: ({ volume }, { starts }, dailyVolume) => {
      const early = starts.filter((start) => start >= 570 && start < 600).length;
      return -((mean(volume.subarray(0, early)) * early) / dailyVolume);
    },
  },
  {
    name: 'price-without-volume',
    kind: 'minute',
    expression: ({ starts }) => `neg(ts_corr(close, volume, ${starts.length}))`,
    strength: always(0.06),
    value: ({ close, volume }) => -correlation(close, volume),
  },
];

/** A function of each symbol's last `span` dates of two fields; missing while any of their values is. */
function rolling(
  span: number,
  x: keyof DailyFields,
  y: keyof DailyFields,
  formula: (x: Float64Array, y: Float64Array) => number,
): DailySignal['values'] {
  const [left, right] = [new Float64Array(span), new Float64Array(span)];
  return (history, t) => {
    const N = history.symbols;
    return Float64Array.from({ length: N }, (_, n) => {
      if (t + 1 < span) return Number.NaN;
      let whole = true;
      for (let i = 0; i < span && whole; i++) {
        const cell = (t + 1 - span + i) * N + n;
        left[i] = history[x][cell] as number;
        right[i] = history[y][cell] as number;
        whole = !Number.isNaN(left[i]) && !Number.isNaN(right[i]);
      }
      return whole ? formula(left, right) : Number.NaN;
    });
  };
}
