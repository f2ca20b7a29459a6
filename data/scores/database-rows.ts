/** Rows of CSV and Parquet files, which the database reads; wide CSV files are another matter. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { dateText } from '../../core/date.ts';
import { numberOf } from '../import/layout.ts';
import type { Source } from '../import/source.ts';
import * as sql from '../import/sql.ts';
import { stampExpression } from '../import/times.ts';
import type { ScoreColumn, ScoreLayout } from './score-columns.ts';
import type { ScoreRows } from './score-rows.ts';

type Long = Extract<ScoreLayout, { kind: 'long' }>;
type Wide = Extract<ScoreLayout, { kind: 'wide' }>;

export const databaseRows = (
  db: DuckDBConnection,
  path: string,
  source: Source,
  layout: ScoreLayout,
): AsyncGenerator<ScoreRows> =>
  layout.kind === 'long' ? longRows(db, path, source, layout) : wideRows(db, path, source, layout);

/** A DATE, or NULL where there is none that can be read. */
function dateExpression(path: string, { column, type }: ScoreColumn): string {
  const date = sql.name(column);
  const stamp = `CAST(${stampExpression(date, type, path, {})} AS DATE)`;
  if (type !== 'VARCHAR') return stamp;
  // The usual way to write a date goes first: the others try several patterns on every cell.
  return `CASE WHEN length(${date}) = 10 AND TRY_CAST(${date} AS DATE) IS NOT NULL THEN TRY_CAST(${date} AS DATE) ELSE ${stamp} END`;
}

/** The relation with a column `_day`: days since 1970. */
export const withDays = (path: string, date: ScoreColumn, relation: string): string =>
  `(SELECT *, CASE WHEN _date >= DATE '1900-01-01' AND _date < DATE '2200-01-01'
    THEN CAST(_date - DATE '1970-01-01' AS DOUBLE) END AS _day
    FROM (SELECT *, ${dateExpression(path, date)} AS _date FROM ${relation}))`;

const rawDate = ({ column }: ScoreColumn): string =>
  `CASE WHEN _day IS NULL THEN CAST(${sql.name(column)} AS VARCHAR) END`;

async function* longRows(db: DuckDBConnection, path: string, source: Source, layout: Long): AsyncGenerator<ScoreRows> {
  const { date, scores } = layout;
  const symbol = sql.symbolText(sql.name(layout.symbol.column));
  const plain = `TRY_CAST(CAST(${sql.name(layout.symbol.column)} AS VARCHAR) AS symbols)`;
  // Most are written as the market writes them, and those are not trimmed.
  const code = `enum_code(CASE WHEN ${plain} IS NULL THEN TRY_CAST(${symbol} AS symbols) ELSE ${plain} END)`;
  const cells = scores.map((score) => cellOf(path, source, score));
  const query = `SELECT ${[
    '_day',
    `CAST(${code} AS DOUBLE)`,
    ...cells.map(({ value }) => value),
    rawDate(date),
    `CASE WHEN ${code} IS NULL THEN ${symbol} END`,
    ...cells.map(({ word }) => word),
  ].join(', ')} FROM ${withDays(path, date, source.relation)}`;
  const texts = 2 + scores.length;
  for await (const { rows, columns, text } of sql.blocks(db, query, texts)) {
    const [days, codes] = columns as [Float64Array, Float64Array];
    yield {
      rows,
      days,
      codes,
      rawDate: (row) => dateShown(days[row] as number, text(texts, row)),
      symbol: (row) => text(texts + 1, row),
      numbers: (column) => columns[2 + column] as Float64Array,
      word: (column, row) => text(texts + 2 + column, row),
    };
  }
}

export const dateShown = (day: number, raw: string | undefined): string =>
  Number.isNaN(day) ? (raw ?? '') : dateText(day);

/** A number, and the text that stands where there should be one. */
function cellOf(path: string, source: Source, { name, column, type }: ScoreColumn): { value: string; word: string } {
  const { value, bad } = numberOf(name, { column, scale: 1 }, source, path);
  if (bad === undefined || type !== 'VARCHAR') return { value, word: 'NULL::VARCHAR' };
  const cell = sql.name(column);
  const plain = `TRY_CAST(${cell} AS DOUBLE)`;
  // Most cells are numbers, and those are not looked up among the words for nothing.
  return {
    value: `CASE WHEN ${plain} IS NOT NULL THEN ${plain} ELSE ${value} END`,
    word: `CASE WHEN ${plain} IS NULL AND ${cell} IS NOT NULL AND (${bad}) IS NOT NULL THEN ${cell} END`,
  };
}

/** So many columns are asked for at a time: a database takes much for each, and reads only those of a Parquet file. */
const columnsTogether = 500;

/** Blocks come once for each group of columns, and hold no others. */
async function* wideRows(db: DuckDBConnection, path: string, source: Source, layout: Wide): AsyncGenerator<ScoreRows> {
  const { date, scores } = layout;
  // Or the directory of the file is read again for each of them.
  await db.run('SET parquet_metadata_cache = true');
  for (let first = 0; first < scores.length; first += columnsTogether) {
    const group = scores.slice(first, first + columnsTogether);
    const cells = group.map((score) => cellOf(path, source, score).value);
    const columns = [date, ...group].map(({ column }) => sql.name(column));
    const relation = `(SELECT ${columns.join(', ')} FROM ${source.relation})`;
    const query = `SELECT _day, ${cells.join(', ')}, ${rawDate(date)} FROM ${withDays(path, date, relation)}`;
    for await (const { rows, columns, text } of sql.blocks(db, query, 1 + group.length)) {
      const days = columns[0] as Float64Array;
      yield {
        rows,
        columns: { from: first, to: first + group.length },
        days,
        rawDate: (row) => dateShown(days[row] as number, text(1 + group.length, row)),
        symbol: () => undefined,
        numbers: (column) => columns[1 + column - first] as Float64Array,
        word: () => undefined,
      };
    }
  }
}
