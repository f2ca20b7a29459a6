/** The dates at whose close portfolios are decided. */
import { dayNumber } from '../../core/date.ts';
import type { TradingRule } from '../rule.ts';

export interface SignalDates {
  /** Positions in the calendar, ascending. None is the last date, which has no date after it to trade on. */
  readonly signals: Int32Array;
  /** Due after the first of them, but unusable: holdings are kept on these. */
  readonly skipped: Int32Array;
  /** All of the range that could be decided on, due or not, and have a date after them. */
  readonly usable: Int32Array;
  /** How many dates of the range are due, usable or not. */
  readonly due: number;
}

/**
 * From the first usable date on: the last one of each ISO week, or every so many. `usable` says whether there is
 * something to decide with at the date's close, such as scores that differ and an index.
 */
export function signalDates(
  dates: readonly string[],
  rebalance: TradingRule['rebalance'],
  usable: (t: number) => boolean,
  range: { readonly from?: string | undefined; readonly to?: string | undefined } = {},
): SignalDates {
  const signals: number[] = [];
  const skipped: number[] = [];
  const all: number[] = [];
  let count = 0;
  const within = (date: string) => !(range.from && date < range.from) && !(range.to && date > range.to);
  for (let t = 0; t + 1 < dates.length; t++) {
    if (!within(dates[t] as string) || !within(dates[t + 1] as string)) continue;
    const [first, can] = [signals[0], usable(t)];
    if (can) all.push(t);
    const due =
      rebalance === 'week'
        ? isoWeek(dates[t] as string) !== isoWeek(dates[t + 1] as string)
        : first === undefined || (t - first) % rebalance === 0;
    if (!due) continue;
    count++;
    if (can) signals.push(t);
    else if (first !== undefined) skipped.push(t);
  }
  return {
    signals: Int32Array.from(signals),
    skipped: Int32Array.from(skipped),
    usable: Int32Array.from(all),
    due: count,
  };
}

/** Weeks since that of the first Monday before 1970: they change where ISO weeks do. */
export const isoWeek = (date: string): number => Math.floor((dayNumber(date) + 3) / 7);
