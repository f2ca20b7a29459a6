import { isDate } from '../core/date.ts';
import { EvolveError } from '../core/failure.ts';
import type { Dates } from './task.ts';

/** The market's dates between two others, both included; undefined when there is none. */
export function calendarStretch(
  calendar: readonly string[],
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): Dates | undefined {
  for (const [flag, date] of Object.entries({ from, to })) {
    if (date !== undefined && !isDate(date)) {
      throw new EvolveError('bad-argument', `--${flag} ${date} is not a date such as 2024-01-31.`);
    }
  }
  const first = from === undefined ? 0 : calendar.findIndex((date) => date >= from);
  const last = to === undefined ? calendar.length - 1 : calendar.findLastIndex((date) => date <= to);
  return first >= 0 && last >= first ? { from: first, to: last + 1 } : undefined;
}
