/** Daily rows into matrices, judged row by row. All of one market's daily fields fit in memory; its minutes need not. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { dateText } from '../../core/date.ts';
import type { Axes } from './axes.ts';
import { judge } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { Repairs } from './repairs.ts';
import { rowBlocks } from './rows.ts';
import type { Stage } from './stage.ts';

export interface DailyTable {
  /** Date-major cells by the stage's column names; prices and volumes adjusted. */
  readonly fields: Map<string, Float32Array>;
  readonly groups: Map<string, Grouping>;
  /** Rows that were placed. */
  readonly kept: number;
}

export interface Grouping {
  readonly codes: Float32Array;
  readonly labels: string[];
}

export const priceColumns = ['open', 'high', 'low', 'close', 'vwap'];
export const shareColumns = ['volume', 'shares', 'freeShares'];

export async function readDaily(
  db: DuckDBConnection,
  stage: Stage,
  axes: Axes,
  repairs: Repairs,
  ledger: Ledger,
): Promise<DailyTable> {
  const N = axes.symbols.length;
  const cells = axes.days.length * N;
  const fields = new Map(stage.numbers.map((name) => [name, missing(cells)]));
  const groups = new Map(stage.texts.map((name) => [name, { codes: missing(cells), labels: [] as string[] }]));
  const codes = new Map(stage.texts.map((name) => [name, new Map<string, number>()]));
  const placed = new Uint8Array(cells);
  const keepFirst = repairs.get('duplicates') === 'first';
  let kept = 0;

  for await (const block of rowBlocks(db, stage, 'daily', axes, ledger)) {
    for (let i = 0; i < block.rows; i++) {
      if (!block.readable(i) || !judge(block.cells, i, true, block.note(i))) continue;
      const t = axes.dayIndex.get(block.day[i] as number) ?? -1;
      const n = block.symbol[i] as number;
      // Neither the symbol nor the date has a close anywhere: what is left of the row belongs to no bar.
      if (n < 0 || t < 0) {
        block.note(i)(n < 0 ? 'empty-symbol' : 'empty-date', '');
        continue;
      }
      const cell = t * N + n;
      if (placed[cell] === 1) {
        block.note(i)('duplicate', keepFirst ? 'a row before it is kept' : 'the row before it gives way');
        if (keepFirst) continue;
      } else kept += 1;
      placed[cell] = 1;
      for (const [name, column] of block.numbers) (fields.get(name) as Float32Array)[cell] = column[i] as number;
      adjust(fields, cell, block.cells.factor?.[i]);
      for (const [name, { codes: column, labels }] of groups) {
        const label = block.text(name, i);
        column[cell] = label === undefined ? Number.NaN : codeOf(codes.get(name) as Map<string, number>, labels, label);
      }
    }
  }
  const table = { fields, groups, kept };
  return { ...table, kept: kept - dropSpikes(table, axes, ledger) };
}

export const missing = (length: number): Float32Array => new Float32Array(length).fill(Number.NaN);

function adjust(fields: ReadonlyMap<string, Float32Array>, cell: number, factor: number | undefined): void {
  if (factor === undefined) return;
  for (const name of priceColumns) scale(fields.get(name), cell, factor);
  for (const name of shareColumns) scale(fields.get(name), cell, 1 / factor);
}

function scale(column: Float32Array | undefined, cell: number, by: number): void {
  if (column) column[cell] = (column[cell] as number) * by;
}

function codeOf(codes: Map<string, number>, labels: string[], label: string): number {
  const known = codes.get(label);
  if (known !== undefined) return known;
  codes.set(label, labels.length);
  labels.push(label);
  return labels.length - 1;
}

/** A move this large in a day is looked at. */
const largeMove = 0.4;

/** Closes that jump and are back the next date; the number of rows dropped. */
function dropSpikes({ fields }: Pick<DailyTable, 'fields'>, { days, symbols }: Axes, ledger: Ledger): number {
  const close = fields.get('close') as Float32Array;
  const N = symbols.length;
  let dropped = 0;
  for (let i = N; i < close.length - N; i++) {
    const [before, today, after] = [close[i - N] as number, close[i] as number, close[i + N] as number];
    const back = Math.abs(after / before - 1) < 0.1;
    if (!(back && isLarge(today / before) && isLarge(after / today))) continue;
    const action = ledger.note('spike', 'daily', () => ({
      symbol: symbols[i % N],
      date: dateText(days[Math.floor(i / N)] as number),
      detail: `close ${tidy(before)}, ${tidy(today)}, ${tidy(after)}`,
    }));
    if (action !== 'drop') continue;
    for (const column of fields.values()) column[i] = Number.NaN;
    dropped += 1;
  }
  return dropped;
}

const isLarge = (change: number): boolean => change < 1 - largeMove || change > 1 / (1 - largeMove);
const tidy = (value: number): string => String(Number(value.toPrecision(6)));

/** Warns of dates with hardly any bars, and of moves no day of trading makes. */
export function warnOfDaily(
  close: Float32Array,
  axes: Axes,
  limitOf: (symbol: number) => number,
  ledger: Ledger,
): void {
  const { days, symbols } = axes;
  const N = symbols.length;
  const counts = days.map((_, t) =>
    close.subarray(t * N, (t + 1) * N).reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0),
  );
  for (const [t, count] of counts.entries()) {
    const usual = medianOf(counts.slice(Math.max(0, t - 20), t + 21));
    if (count < usual / 10)
      ledger.note('thin-date', 'daily', () => ({ date: dateText(days[t] as number), detail: `${count} symbols` }));
  }
  for (let n = 0; n < N; n++) {
    const limit = limitOf(n);
    // A tenth beyond the limit: it is rounded to cents, and the first dates after a listing have their own.
    const beyond = (change: number): boolean =>
      Number.isNaN(limit) ? isLarge(change) : Math.abs(change - 1) > limit * 1.1 + 0.005;
    let before = Number.NaN;
    for (let t = 0; t < days.length; t++) {
      const today = close[t * N + n] as number;
      if (Number.isNaN(today)) continue;
      if (beyond(today / before)) {
        ledger.note('jump', 'daily', () => ({
          symbol: symbols[n],
          date: dateText(days[t] as number),
          detail: `close ${tidy(before)}, then ${tidy(today)}`,
        }));
      }
      before = today;
    }
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
