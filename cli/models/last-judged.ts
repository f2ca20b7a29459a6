import type { LabelRule } from '../../data/market.ts';

/** The last date of the calendar whose return is over at its end: later scores cannot be judged yet. */
export const lastJudged = (calendar: readonly string[], { lag, horizon }: LabelRule): string | undefined =>
  calendar[calendar.length - 1 - lag - horizon];
