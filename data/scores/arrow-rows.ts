/** Rows of Arrow files, batch by batch with no database between: the numbers already lie in memory as they are used. */
import { open } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DataType, type Field, RecordBatchReader, type Vector } from 'apache-arrow';
import { columnNames, unreadable } from '../import/source.ts';
import { dateShown } from './database-rows.ts';
import { DayReader } from './day-reader.ts';
import type { ScoreLayout, ScoreSource } from './score-columns.ts';
import type { ScoreRows } from './score-rows.ts';

/** Its columns, under the types the database has for them; texts are no numbers here. */
export async function arrowScores(path: string): Promise<ScoreSource> {
  const handle = await open(path);
  try {
    const reader = await RecordBatchReader.from(handle);
    await reader.open();
    const { fields } = reader.schema;
    const names = fields.map((field) => field.name);
    const columns = columnNames(names).map((column, i) => [column, typeOf(fields[i] as Field)] as const);
    return { columns: new Map(columns), names, relation: '' };
  } catch (cause) {
    throw unreadable(path, 'Arrow', cause);
  } finally {
    await handle.close();
  }
}

function typeOf({ type }: Field): string {
  if (DataType.isInt(type)) return 'BIGINT';
  if (DataType.isFloat(type) || DataType.isDecimal(type)) return 'DOUBLE';
  if (DataType.isTimestamp(type) && type.timezone) return 'TIMESTAMP WITH TIME ZONE';
  return DataType.isDate(type) || DataType.isTimestamp(type) ? 'DATE' : 'TEXT';
}

export async function* arrowRows(
  db: DuckDBConnection,
  path: string,
  source: ScoreSource,
  layout: ScoreLayout,
  symbols: readonly string[],
): AsyncGenerator<ScoreRows> {
  const positions = new Map([...source.columns.keys()].map((column, i) => [column, i]));
  const days = new DayReader(db, path);
  const codes = new Map(symbols.map((symbol, n) => [symbol, n]));
  const handle = await open(path);
  try {
    const reader = await RecordBatchReader.from(handle);
    for await (const batch of reader) {
      const rows = batch.numRows;
      const child = ({ column }: { readonly column: string }) =>
        batch.getChildAt(positions.get(column) as number) as Vector;
      const dates = child(layout.date);
      const own = await daysOf(dates, rows, days);
      const names = layout.kind === 'long' ? child(layout.symbol) : undefined;
      const name = (row: number): string | undefined => textOf(names?.get(row))?.trim() || undefined;
      const cells = new Float64Array(rows);
      yield {
        rows,
        days: own,
        ...(names && { codes: Float64Array.from({ length: rows }, (_, i) => codes.get(name(i) ?? '') ?? Number.NaN) }),
        rawDate: (row) => dateShown(own[row] as number, textOf(dates.get(row))),
        symbol: name,
        numbers: (column) => {
          const vector = child(layout.scores[column] as { column: string });
          const number = numberIn(vector.type);
          for (let i = 0; i < rows; i++) cells[i] = number(vector.get(i));
          return cells;
        },
        word: () => undefined,
      };
    }
  } catch (cause) {
    throw unreadable(path, 'Arrow', cause);
  } finally {
    await handle.close();
  }
}

const textOf = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : String(value);

function numberIn(type: DataType): (value: unknown) => number {
  const scale = DataType.isDecimal(type) ? 10 ** type.scale : 1;
  return (value) => {
    if (typeof value === 'number') return value;
    return value === null || value === undefined ? Number.NaN : Number(String(value)) / scale;
  };
}

/** Dates of any column: of texts and numbers too. */
async function daysOf(dates: Vector, rows: number, reader: DayReader): Promise<Float64Array> {
  if (DataType.isDate(dates.type) || DataType.isTimestamp(dates.type)) {
    // The library gives milliseconds for all of these.
    const day = (ms: unknown): number => (ms === null ? Number.NaN : Math.floor(Number(ms) / 86_400_000));
    return Float64Array.from({ length: rows }, (_, i) => day(dates.get(i)));
  }
  return await reader.of(Array.from({ length: rows }, (_, i) => textOf(dates.get(i))));
}
