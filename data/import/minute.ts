/** Minute rows into slabs of one date at a time, judged row by row: memory holds a day, whatever the market's length. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { dateText } from '../../core/date.ts';
import { EvolveError } from '../../core/failure.ts';
import type { Axes } from './axes.ts';
import { priceColumns, shareColumns } from './daily.ts';
import { type BarStamp, earlyClose, type FoundGrid, findGrid, stampTime } from './grid.ts';
import { judge } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { Repairs } from './repairs.ts';
import { type RowBlock, rowBlocks } from './rows.ts';
import * as sql from './sql.ts';
import type { Stage } from './stage.ts';

export interface MinutePlan extends FoundGrid {
  /** Bar by stamp, in minutes since midnight. */
  readonly barOf: ReadonlyMap<number, number>;
  /** The last bar of each half day, by day since 1970. */
  readonly earlyCloses: ReadonlyMap<number, number>;
}

export async function planMinutes(
  db: DuckDBConnection,
  stage: Stage,
  axes: Axes,
  ledger: Ledger,
  options: { readonly barStamp?: 'auto' | BarStamp | undefined; readonly session?: string | undefined },
): Promise<MinutePlan> {
  const usable = `FROM ${stage.table} WHERE day IS NOT NULL AND close > 0`;
  const stamps = await sql.rowsOf(db, `SELECT sec, count(*), count(DISTINCT day) ${usable} GROUP BY sec ORDER BY sec`);
  const counts = stamps.flatMap(([sec, rows, days]) => {
    const minute = wholeMinute(Number(sec));
    return minute === undefined ? [] : [{ minute, rows: Number(rows), days: Number(days) }];
  });
  const [[days] = []] = await sql.rowsOf(db, `SELECT count(DISTINCT day) ${usable}`);
  const onMinutes = counts.reduce((sum, { rows }) => sum + rows, 0);
  const all = stamps.reduce((sum, [, rows]) => sum + Number(rows), 0);
  if (onMinutes < all / 2) {
    throw new EvolveError(
      'bad-data',
      'Most stamps are not on whole minutes. Bars of less than a minute and ticks are not read: aggregate them first.',
    );
  }
  const found = findGrid(counts, Number(days), options);
  const shift = found.stamp === 'end' ? found.grid.barMinutes : 0;
  const barOf = new Map(found.grid.starts.map((start, bar) => [start + shift, bar]));
  await noteMixed(db, stage, axes, found, ledger);
  const earlyCloses = await findEarlyCloses(db, usable, found, barOf);
  const half = [...earlyCloses].map(
    ([day, bar]) => `${dateText(day)} (${stampTime((found.grid.starts[bar] as number) + found.grid.barMinutes)})`,
  );
  const says =
    half.length === 0
      ? found.says
      : [...found.says, `${half.length} half days: ${half.slice(0, 6).join(', ')}${half.length > 6 ? ', ...' : ''}`];
  return { ...found, says, barOf, earlyCloses };
}

/** Stamps may be a second or less off the minute: some sources end a bar at 09:44:59. */
function wholeMinute(sec: number): number | undefined {
  const minute = Math.round(sec / 60);
  return Math.abs(sec - minute * 60) <= 1 ? minute : undefined;
}

/** Symbols whose bars are longer than the rest's, or fill the time between them with shorter ones. */
async function noteMixed(
  db: DuckDBConnection,
  stage: Stage,
  axes: Axes,
  { grid, stamp }: FoundGrid,
  ledger: Ledger,
): Promise<void> {
  const { starts, barMinutes } = grid;
  const shift = stamp === 'end' ? barMinutes : 0;
  const onGrid = new Set(starts.map((start) => start + shift));
  const between = (minute: number): boolean =>
    !onGrid.has(minute) && starts.some((start) => minute - shift > start && minute - shift < start + barMinutes);
  const seen = new Map<number, { first: number; step: number; count: number; between: number }>();
  const query = `SELECT coalesce(CAST(enum_code(TRY_CAST(symbol AS symbols)) AS DOUBLE), -1), sec FROM ${stage.table} WHERE day IS NOT NULL GROUP BY ALL`;
  for await (const { rows, columns } of sql.blocks(db, query, 2)) {
    for (let i = 0; i < rows; i++) {
      const [symbol, minute] = [columns[0]?.[i] as number, wholeMinute(columns[1]?.[i] as number)];
      if (symbol < 0 || minute === undefined) continue;
      const entry = seen.get(symbol) ?? { first: minute, step: 0, count: 0, between: 0 };
      entry.step = divisor(Math.abs(minute - entry.first), entry.step);
      entry.count += 1;
      if (between(minute)) entry.between += 1;
      seen.set(symbol, entry);
    }
  }
  for (const [symbol, entry] of seen) {
    const { step, count } = entry;
    const longer = step > barMinutes && count >= Math.max(4, (starts.length * barMinutes) / step / 2);
    const shorter = entry.between >= Math.max(4, starts.length / 2);
    if (!longer && !shorter) continue;
    ledger.note('mixed-frequency', 'minute', () => ({
      symbol: axes.symbols[symbol],
      detail: `bars of ${step} minutes where most have ${barMinutes}`,
    }));
  }
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

async function findEarlyCloses(
  db: DuckDBConnection,
  usable: string,
  { grid }: FoundGrid,
  barOf: ReadonlyMap<number, number>,
): Promise<Map<number, number>> {
  const M = grid.starts.length;
  const byDay = new Map<number, Uint32Array>();
  const usual = new Float64Array(M);
  const query = `SELECT CAST(day AS DOUBLE), sec, CAST(count(*) AS DOUBLE) ${usable} GROUP BY day, sec`;
  for await (const { rows, columns } of sql.blocks(db, query, 3)) {
    const [day, sec, count] = columns as [Float64Array, Float64Array, Float64Array];
    for (let i = 0; i < rows; i++) {
      const bar = barOf.get(wholeMinute(sec[i] as number) ?? -1);
      if (bar === undefined) continue;
      const counts = byDay.get(day[i] as number) ?? new Uint32Array(M);
      byDay.set(day[i] as number, counts);
      counts[bar] = (counts[bar] as number) + (count[i] as number);
      usual[bar] = (usual[bar] as number) + (count[i] as number);
    }
  }
  for (let b = 0; b < M; b++) usual[b] = (usual[b] as number) / byDay.size;
  const days = [...byDay].sort(([a], [b]) => a - b);
  return new Map(
    days.flatMap(([day, counts]) => {
      const last = earlyClose(counts, usual);
      return last === undefined ? [] : [[day, last] as const];
    }),
  );
}

export interface MinuteDaySlabs {
  readonly t: number;
  /** Bar-major M x N cells by the names of minute fields; theirs until the next date is asked for. */
  readonly slabs: ReadonlyMap<string, Float32Array>;
}

export interface MinuteCounts {
  kept: number;
  /** Cells --repair gaps filled. */
  filled: number;
}

export interface MinuteRequest {
  readonly repairs: Repairs;
  /** Minute fields of the market. */
  readonly fields: readonly string[];
  /** Adjustment factor by date and symbol, for bars that do not bring their own. */
  readonly factors?: Float32Array | undefined;
}

/** The dates in order. */
export async function* minuteDays(
  db: DuckDBConnection,
  stage: Stage,
  axes: Axes,
  plan: MinutePlan,
  request: MinuteRequest,
  ledger: Ledger,
  counts: MinuteCounts,
): AsyncGenerator<MinuteDaySlabs> {
  const N = axes.symbols.length;
  const cells = plan.grid.starts.length * N;
  const slabs = new Map(request.fields.map((name) => [name, new Float32Array(cells).fill(Number.NaN)]));
  const placed = new Uint8Array(cells);
  const keepFirst = request.repairs.get('duplicates') === 'first';
  let today = Number.NaN;
  const finish = (): MinuteDaySlabs => {
    if (request.repairs.has('gaps')) counts.filled += fillGaps(slabs, placed, N, plan.earlyCloses.get(today));
    return { t: axes.dayIndex.get(today) as number, slabs };
  };

  for await (const block of rowBlocks(db, stage, 'minute', axes, ledger)) {
    for (let i = 0; i < block.rows; i++) {
      const day = block.day[i] as number;
      if (day !== today && !Number.isNaN(day) && axes.dayIndex.has(day)) {
        if (!Number.isNaN(today)) {
          yield finish();
          for (const slab of slabs.values()) slab.fill(Number.NaN);
          placed.fill(0);
        }
        today = day;
      }
      if (!block.readable(i) || !judge(block.cells, i, false, block.note(i))) continue;
      const n = block.symbol[i] as number;
      if (n < 0 || !axes.dayIndex.has(day)) {
        block.note(i)(n < 0 ? 'empty-symbol' : 'empty-date', '');
        continue;
      }
      const bar = barFor(block, i, plan);
      if (bar === undefined) continue;
      const cell = bar * N + n;
      if (placed[cell] === 1) {
        block.note(i)('duplicate', keepFirst ? 'a row before it is kept' : 'the row before it gives way');
        if (keepFirst) continue;
      } else counts.kept += 1;
      placed[cell] = 1;
      place(block, i, slabs, cell, request.factors?.[(axes.dayIndex.get(day) as number) * N + n]);
    }
  }
  if (!Number.isNaN(today)) yield finish();
}

/** The row's bar on the grid, or undefined when it has none and that was noted. */
function barFor(block: RowBlock, i: number, plan: MinutePlan): number | undefined {
  const sec = block.sec[i] as number;
  const minute = wholeMinute(sec);
  const bar = plan.barOf.get(minute ?? -1);
  if (bar === undefined) {
    const { starts, barMinutes } = plan.grid;
    const start = (minute ?? Math.floor(sec / 60)) - (plan.stamp === 'end' ? barMinutes : 0);
    const inside = starts.some((known) => start > known && start < known + barMinutes);
    if (inside || minute === undefined)
      block.note(i)('off-grid', `bars are ${barMinutes} minutes from ${stampTime(starts[0] as number)} on`);
    else block.note(i)('outside-session', `the session is ${plan.session}`);
    return undefined;
  }
  const last = plan.earlyCloses.get(block.day[i] as number);
  if (last === undefined || bar <= last) return bar;
  block.note(i)(
    'after-early-close',
    `that day closed at ${stampTime((plan.grid.starts[last] as number) + plan.grid.barMinutes)}`,
  );
  return undefined;
}

function place(
  block: RowBlock,
  i: number,
  slabs: ReadonlyMap<string, Float32Array>,
  cell: number,
  dailyFactor: number | undefined,
): void {
  const factor = block.cells.factor?.[i] ?? dailyFactor ?? 1;
  const { amount, volume, vwap, high, low, close } = block.cells;
  for (const [name, slab] of slabs) {
    let value = block.numbers.get(name)?.[i] as number;
    if (name === 'vwap' && !vwap) {
      // Amount over volume where there is an amount; else the price the user asked to stand for it.
      value = amount
        ? (volume[i] as number) > 0 && (amount[i] as number) > 0
          ? (amount[i] as number) / (volume[i] as number)
          : Number.NaN
        : typicalPrice(high, low, close, i);
    }
    slab[cell] = priceColumns.includes(name) ? value * factor : shareColumns.includes(name) ? value / factor : value;
  }
}

export const typicalPrice = (
  high: ArrayLike<number>,
  low: ArrayLike<number>,
  close: ArrayLike<number>,
  i: number,
): number => ((high[i] as number) + (low[i] as number) + (close[i] as number)) / 3;

/** Minutes without a bar, after a symbol's first of the day and up to the close: the last close, and no volume. */
function fillGaps(
  slabs: ReadonlyMap<string, Float32Array>,
  placed: Uint8Array,
  N: number,
  lastBar: number | undefined,
): number {
  const end = lastBar === undefined ? placed.length : (lastBar + 1) * N;
  const close = slabs.get('close') as Float32Array;
  let filled = 0;
  for (let i = N; i < end; i++) {
    const before = close[i - N] as number;
    if (placed[i] === 1 || Number.isNaN(before)) continue;
    for (const [name, slab] of slabs)
      slab[i] = priceColumns.includes(name) ? before : name === 'volume' || name === 'amount' ? 0 : Number.NaN;
    filled += 1;
  }
  return filled;
}

/**
 * Compares each symbol's last close of the day with the daily bar, and under --repair minute-scale multiplies its
 * prices so that they agree. Volumes stay: the daily file's volumes are usually as traded.
 */
export function matchDaily({ t, slabs }: MinuteDaySlabs, axes: Axes, dailyClose: Float32Array, ledger: Ledger): void {
  const N = axes.symbols.length;
  const close = slabs.get('close') as Float32Array;
  for (let n = 0; n < N; n++) {
    const daily = dailyClose[t * N + n] as number;
    let at = close.length - N + n;
    while (at >= 0 && Number.isNaN(close[at])) at -= N;
    const minute = at < 0 ? Number.NaN : (close[at] as number);
    if (!(Math.abs(minute / daily - 1) > closeTolerance)) continue;
    const action = ledger.note('daily-minute', 'minute', () => ({
      symbol: axes.symbols[n],
      date: dateText(axes.days[t] as number),
      detail: `daily close ${daily.toPrecision(6)}, last minute close ${minute.toPrecision(6)}`,
    }));
    if (action !== 'fix') continue;
    for (const name of priceColumns) {
      const slab = slabs.get(name);
      if (slab) for (let i = n; i < slab.length; i += N) slab[i] = (slab[i] as number) * (daily / minute);
    }
  }
}

/** Closing auctions and late prints move a close a little; an adjustment moves it more. */
const closeTolerance = 0.005;
