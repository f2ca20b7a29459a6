import { ratio } from '../../core/units.ts';
import type { DailyBars, Derived, DeriveOptions } from './derived.ts';

/**
 * Whether an order could be filled on a date, judged by that date's own bar. A symbol exists from its first bar on;
 * before it SUSPENDED and LISTED_DAYS are missing and nothing can be traded. A delisted symbol reads as suspended for
 * good: telling the two apart would take the future.
 */
export function* masks(
  bars: DailyBars,
  T: number,
  N: number,
  priceLimit: DeriveOptions['priceLimit'],
): Generator<Derived> {
  const missing = () => new Float32Array(T * N).fill(Number.NaN);
  const [suspended, listedDays, canBuy, canSell] = [missing(), missing(), missing().fill(0), missing().fill(0)];
  for (let n = 0; n < N; n++) {
    const limit = typeof priceLimit === 'object' ? (priceLimit[n] as number) : (priceLimit ?? Number.NaN);
    const has = (t: number) => !Number.isNaN(bars.close[t * N + n] as number);
    let first = 0;
    while (first < T && !has(first)) first++;
    let before = Number.NaN; // the last known close
    for (let t = first; t < T; t++) {
      const i = t * N + n;
      listedDays[i] = t - first + 1;
      const traded = has(t) && (bars.volume[i] as number) > 0;
      suspended[i] = traded ? 0 : 1;
      const open = bars.open[i] as number;
      canBuy[i] = traded && !atLimit(open - before, before, limit) ? 1 : 0;
      canSell[i] = traded && !atLimit(before - open, before, limit) ? 1 : 0;
      if (has(t)) before = bars.close[i] as number;
    }
  }
  const field = (name: string, doc: string, cells: Float32Array): Derived => ({
    info: { name, kind: 'm', unit: ratio, doc },
    cells,
  });
  yield field('SUSPENDED', '1 on dates without a trade, from the first bar on', suspended);
  yield field('LISTED_DAYS', "Dates since the symbol's first bar in this market, that date being 1", listedDays);
  yield field('CAN_BUY', '1 when it traded and did not open at its upper price limit', canBuy);
  yield field('CAN_SELL', '1 when it traded and did not open at its lower price limit', canSell);
}

/**
 * Exchanges round the limit price to a cent, so half a cent short of the limit is at it; adjusted prices no longer
 * fall on cents, hence the thousandth beside it.
 */
const atLimit = (move: number, before: number, limit: number): boolean =>
  move >= before * limit - Math.max(0.0051, before * 0.001);
