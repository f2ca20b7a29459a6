import { EvolveError } from '../../core/failure.ts';
import type { SignalDates } from '../../portfolio/backtest/signal-dates.ts';
import { countOf } from '../print/number.ts';

export interface Known {
  readonly calendar: readonly string[];
  /** First date of the backtest, and the position of the date after its last. */
  readonly from: string | undefined;
  readonly end: number;
  readonly universe: string | undefined;
  /** Whether symbols have scores that differ at the close of a date, and whether there is an index. */
  readonly scored: (t: number) => boolean;
  readonly indexed: (t: number) => boolean;
}

/** Without a date to decide on nothing is traded: says what it is that lacks. */
export function refuseIdle(found: SignalDates, known: Known): void {
  if (found.signals.length === 0)
    throw new EvolveError('bad-data', `There is nothing to trade on: ${why(found, known)}`);
}

function why({ usable, due }: SignalDates, { calendar, from, end, universe, scored, indexed }: Known): string {
  const start = from === undefined ? 0 : calendar.findIndex((date) => date >= from);
  const [first, last] = [calendar[start], calendar[end - 1]];
  const [example] = usable;
  // Every so many dates begins with the first that has both, so these are about weeks.
  if (example !== undefined && due === 0) {
    return `no week ends from ${first} to ${last} with a date after it to trade on. Widen --from and --to, or decide on any date with --rebalance 1.`;
  }
  if (example !== undefined) {
    const both = `${countOf(usable.length, 'date')} with scores and an index, such as ${calendar[example]}`;
    return `of ${both}, none is the last of its week, which --rebalance week decides on. Decide on any date with --rebalance 1.`;
  }
  const dates = Array.from({ length: end - 1 - start }, (_, i) => start + i);
  const none = `no date from ${first} to ${last}, but for the last, which has none after it to trade on, has`;
  const scores = `two scores that differ${universe === undefined ? '' : ` among symbols above 0 in ${universe}`}`;
  if (!dates.some(scored)) {
    return `${none} ${scores}. Widen --from and --to, or give scores of these dates.`;
  }
  if (!dates.some(indexed)) return `${none} an index. Widen --from and --to, or say which index with --index.`;
  return `${none} both an index and ${scores}. Widen --from and --to, or give scores of dates with an index.`;
}
