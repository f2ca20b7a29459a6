/** When a synthetic market trades: its dates and the bars of a day. */
import { EvolveError } from '../../core/failure.ts';
import type { MinuteGrid } from '../market.ts';

const [open, noon, afternoon] = [9 * 60 + 30, 11 * 60 + 30, 13 * 60];
const sessionMinutes = 240;

/**
 * Whole-minute bars over 9:30-11:30 and 13:00-15:00 where they fit (240, 48, 16, 4 ...); any other number follows
 * 9:30 without a break.
 */
export function sessionGrid(bars: number): MinuteGrid | undefined {
  if (bars === 0) return undefined;
  const barMinutes = Math.max(1, Math.floor(sessionMinutes / bars));
  const fits = barMinutes * bars === sessionMinutes && (noon - open) % barMinutes === 0;
  const start = (j: number) => open + j * barMinutes + (fits && open + j * barMinutes >= noon ? afternoon - noon : 0);
  if (start(bars - 1) + barMinutes > 24 * 60) {
    throw new EvolveError('bad-argument', `${bars} bars from 9:30 on do not fit into a day; ${24 * 60 - open} do.`);
  }
  return { starts: Array.from({ length: bars }, (_, j) => start(j)), barMinutes };
}

/** Weekdays from the first Tuesday of 2018 on, without New Year's Day, a week in February, one in May and one in October. */
export function sessionDates(count: number): string[] {
  const dates: string[] = [];
  for (let day = Date.UTC(2018, 0, 2); dates.length < count; day += 86_400_000) {
    const date = new Date(day);
    const [weekday, month, ofMonth] = [date.getUTCDay(), date.getUTCMonth(), date.getUTCDate()];
    const holiday = (month === 0 && ofMonth === 1) || ([1, 4, 9].includes(month) && ofMonth <= 7);
    if (weekday !== 0 && weekday !== 6 && !holiday) dates.push(date.toISOString().slice(0, 10));
  }
  return dates;
}
