/**
 * The day's bars, found in the stamps: how long a bar is, which times of day the session has, where it breaks, and
 * whether a stamp is the start or the end of its bar.
 */
import { clock } from '../../core/clock.ts';
import { EvolveError } from '../../core/failure.ts';
import type { MinuteGrid } from '../market.ts';

/** How often a time of day, in minutes since midnight, is a stamp. */
export interface StampCount {
  readonly minute: number;
  readonly rows: number;
  readonly days: number;
}

export type BarStamp = 'start' | 'end';

export interface FoundGrid {
  readonly grid: MinuteGrid;
  readonly stamp: BarStamp;
  /** `09:30-11:30,13:00-15:00`, by the starts and ends of bars. */
  readonly session: string;
  /** What was decided and from what, to be told to the user. */
  readonly says: readonly string[];
}

interface Session {
  readonly from: number;
  readonly to: number;
}

/** A time of day belongs to the session when it is a stamp on more than this share of the dates... */
const leastDays = 0.5;
/** ...and has this share of the rows of the median such time: bars before the open and after the close are few. */
const leastRows = 0.2;
/** A hole in the session shorter than this, in minutes, is minutes without trades; a longer one is a break. */
const shortestBreak = 30;

/** Continuous trading as exchanges have it. */
const knownSessions = [
  '09:30-11:30,13:00-15:00',
  '09:30-16:00',
  '09:30-12:00,13:00-16:00',
  '09:00-11:30,12:30-15:00',
  '09:00-11:30,12:30-15:30',
  '08:00-16:30',
  '09:00-17:30',
  '09:00-15:30',
  '09:15-15:30',
  '10:00-16:00',
  '00:00-24:00',
];

export function findGrid(
  counts: readonly StampCount[],
  days: number,
  options: { readonly barStamp?: 'auto' | BarStamp | undefined; readonly session?: string | undefined },
): FoundGrid {
  const stated = options.session === undefined ? undefined : parseSession(options.session);
  const usual = usualStamps(counts, days);
  if (usual.length < 2) {
    throw new EvolveError(
      'bad-data',
      'No bar grid can be found: fewer than two times of day occur on more than half of the dates. Give --session HH:MM-HH:MM if the bars are sparse, or --daily if they are daily.',
    );
  }
  const barMinutes = commonSpacing(usual);
  const spans = runs(usual, barMinutes);
  const { stamp, why } = decideStamp(spans, barMinutes, options.barStamp ?? 'auto', stated);
  const shift = stamp === 'end' ? barMinutes : 0;
  const sessions = stated ?? spans.map(({ from, to }) => ({ from: from - shift, to: to - shift + barMinutes }));
  const starts = sessions.flatMap(({ from, to }) => {
    const count = Math.floor((to - from) / barMinutes);
    return Array.from({ length: count }, (_, i) => from + i * barMinutes);
  });
  if (starts.some((start) => start < 0) || starts.length === 0) {
    throw new EvolveError(
      'bad-data',
      `Bars of ${barMinutes} minutes stamped with their ${stamp} do not fit into a day from midnight to midnight. Use --bar-stamp or --session.`,
    );
  }
  const session = formatSession(sessions);
  return {
    grid: { starts, barMinutes },
    stamp,
    session,
    says: [
      `${starts.length} bars of ${barMinutes} min a day, session ${session}`,
      `bars are stamped with their ${stamp}: ${why}`,
    ],
  };
}

function usualStamps(counts: readonly StampCount[], days: number): number[] {
  const frequent = counts.filter((count) => count.days > days * leastDays);
  const rows = frequent.map((count) => count.rows).sort((a, b) => a - b);
  const median = rows[rows.length >> 1] ?? 0;
  return frequent
    .filter((count) => count.rows >= median * leastRows)
    .map((count) => count.minute)
    .sort((a, b) => a - b);
}

function commonSpacing(minutes: readonly number[]): number {
  const votes = new Map<number, number>();
  for (let i = 1; i < minutes.length; i++) {
    const spacing = (minutes[i] as number) - (minutes[i - 1] as number);
    votes.set(spacing, (votes.get(spacing) ?? 0) + 1);
  }
  const [best] = [...votes].sort(([a, m], [b, n]) => n - m || a - b);
  return (best as [number, number])[0];
}

/** First and last stamp of each part of the session. */
function runs(minutes: readonly number[], barMinutes: number): Session[] {
  const longest = Math.max(shortestBreak, 2 * barMinutes);
  const spans: { from: number; to: number }[] = [];
  for (const minute of minutes) {
    const last = spans.at(-1);
    // A part of the session has one grid: what is off it belongs to no bar and is found as such row by row.
    if (last && minute - last.to < longest) last.to = (minute - last.from) % barMinutes === 0 ? minute : last.to;
    else spans.push({ from: minute, to: minute });
  }
  return spans;
}

function decideStamp(
  spans: readonly Session[],
  barMinutes: number,
  asked: 'auto' | BarStamp,
  stated: readonly Session[] | undefined,
): { stamp: BarStamp; why: string } {
  if (asked !== 'auto') return { stamp: asked, why: 'as --bar-stamp says' };
  const read = (shift: number): Session[] =>
    spans.map(({ from, to }) => ({ from: from - shift, to: to - shift + barMinutes }));
  const readings = { start: read(0), end: read(barMinutes) };
  const exchange = stated ? [formatSession(stated)] : knownSessions;
  for (const stamp of ['start', 'end'] as const) {
    const session = formatSession(readings[stamp]);
    if (exchange.includes(session))
      return { stamp, why: `so the session is ${session}, as ${stated ? '--session says' : 'exchanges have it'}` };
  }
  const round = (sessions: readonly Session[]): number =>
    sessions.flatMap(({ from, to }) => [from, to]).filter((minute) => minute % 30 === 0).length;
  const [start, end] = [round(readings.start), round(readings.end)];
  if (start === end)
    return { stamp: 'start', why: 'the session fits either reading, so state --bar-stamp if this is wrong' };
  const stamp = start > end ? 'start' : 'end';
  return {
    stamp,
    why: `the session is then ${formatSession(readings[stamp])} and not ${formatSession(readings[stamp === 'start' ? 'end' : 'start'])}`,
  };
}

/** Reads `09:30-11:30,13:00-15:00`. */
export function parseSession(text: string): Session[] {
  const sessions = text.split(',').map((part) => {
    const [, h1, m1, h2, m2] = /^\s*(\d?\d):(\d\d)-(\d?\d):(\d\d)\s*$/.exec(part) ?? [];
    return { from: Number(h1) * 60 + Number(m1), to: Number(h2) * 60 + Number(m2) };
  });
  const sound = sessions.every(({ from, to }, i) => from < to && to <= 1440 && from >= (sessions[i - 1]?.to ?? 0));
  if (!sound)
    throw new EvolveError('bad-argument', `--session ${text} is not a session such as 09:30-11:30,13:00-15:00.`);
  return sessions;
}

const formatSession = (sessions: readonly Session[]): string =>
  sessions.map(({ from, to }) => `${stampTime(from)}-${stampTime(to)}`).join(',');

/** 570 -> 09:30, as files write it. */
export const stampTime = (minute: number): string => clock(minute).padStart(5, '0');

/**
 * The last bar of a half day: from there on fewer than half of the rows expected come, bar for bar, for at least a
 * tenth of the session. Undefined on a whole day. `rows` and `usual` count rows by bar, that day and on the average
 * day; a day is compared at its own level, because there were fewer symbols once.
 */
export function earlyClose(rows: ArrayLike<number>, usual: ArrayLike<number>): number | undefined {
  const bars = rows.length;
  const morning = (counts: ArrayLike<number>): number => {
    let sum = 0;
    for (let b = 0; b < bars / 2; b++) sum += counts[b] as number;
    return sum;
  };
  const level = morning(rows) / morning(usual);
  let last = bars - 1;
  while (last >= 0 && (rows[last] as number) < ((usual[last] as number) * level) / 2) last--;
  return last >= 0 && bars - 1 - last >= Math.max(1, bars / 10) ? last : undefined;
}
