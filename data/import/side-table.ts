/**
 * Tables beside the bars: a value per symbol, or as of each date. A value holds from its date until the symbol's next
 * one; a table without dates holds throughout.
 */
import { existsSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError } from '../../core/failure.ts';
import type { Axes } from './axes.ts';
import { columnNamed, listColumns, resolveColumns } from './columns.ts';
import { missing } from './daily.ts';
import { type ReadOptions, type Source, unreadable } from './source.ts';
import { openSources } from './sources.ts';
import * as sql from './sql.ts';
import { rejected } from './stage.ts';
import { type StampOptions, stampExpression } from './times.ts';

export interface SideContext {
  readonly db: DuckDBConnection;
  readonly axes: Axes;
  readonly options: ReadOptions & StampOptions;
  /** Facts to tell the user. */
  readonly notes: string[];
}

/** `FILE` or `FILE:symbol,market_cap`, the columns in that order; the last of them is the value. */
interface SideFile {
  readonly file: string;
  readonly columns: readonly string[] | undefined;
}

/** Splits at the last colon, unless that is the drive of a Windows path or a part of the name. */
export function splitSuffix(text: string): { head: string; suffix: string | undefined } {
  const at = text.lastIndexOf(':');
  if (existsSync(text) || at <= 1 || /[\\/]/.test(text.slice(at))) return { head: text, suffix: undefined };
  return { head: text.slice(0, at), suffix: text.slice(at + 1) };
}

export function sideFile(flag: string, text: string): SideFile {
  const { head, suffix } = splitSuffix(text);
  if (!existsSync(head)) throw new EvolveError('missing-file', `${flag} ${text}: there is no file ${head}.`);
  return { file: head, columns: suffix?.split(',').map((column) => column.trim()) };
}

/** A table of the database: day (-1 without dates), id (the symbol's position), value, in no order. */
export interface SideTable {
  readonly table: string;
  /** Whether values have dates. */
  readonly dated: boolean;
}

let tables = 0;

export async function stageSide(
  flag: string,
  text: string,
  valueNames: readonly string[],
  context: SideContext,
): Promise<SideTable> {
  const { db, options } = context;
  const { file, columns } = sideFile(flag, text);
  const [source] = (await openSources(db, [file], options)) as [Source];
  const names = [...source.columns.keys()];
  const pick = (column: string): string => {
    const found = columnNamed(names, column);
    if (found === undefined) {
      throw new EvolveError(
        'bad-data',
        `${flag} ${text}: ${file} has no column "${column}"; it has: ${listColumns(names)}.`,
      );
    }
    return found;
  };
  const usual = resolveColumns(names, new Map(), file);
  const listed = columns?.map(pick);
  const value = listed?.at(-1) ?? valueNames.map((name) => columnNamed(names, name)).find((name) => name !== undefined);
  const symbol = listed?.at(-2) ?? usual.get('symbol')?.column;
  const date = listed ? listed.at(-3) : usual.get('date')?.column;
  if (value === undefined || symbol === undefined) {
    throw new EvolveError(
      'bad-data',
      `${flag} ${text}: say which columns of ${file} to take, as ${file}:SYMBOL,VALUE or ${file}:DATE,SYMBOL,VALUE; it has: ${listColumns(names)}.`,
    );
  }
  const day =
    date === undefined
      ? '-1'
      : `CAST(${stampExpression(sql.name(date), source.columns.get(date) ?? '', file, options)} AS DATE) - DATE '1970-01-01'`;
  tables += 1;
  const table = `side_${tables}`;
  const name = sql.symbolText(sql.name(symbol));
  try {
    await db.run(`CREATE TABLE ${table} AS SELECT ${day} AS day, enum_code(TRY_CAST(${name} AS symbols)) AS id,
      nullif(trim(CAST(${sql.name(value)} AS VARCHAR)), '') AS value, ${name} AS symbol
      FROM ${source.relation} WHERE ${name} IS NOT NULL`);
  } catch (cause) {
    throw unreadable(file, 'a table', cause);
  }
  await refuseMalformed(`${flag} ${text}`, db, source);
  await refuseMisfit(flag, text, file, table, context);
  return { table, dated: date !== undefined };
}

/** Lines of a table beside the bars that do not split into its columns: no repair is for them. */
export async function refuseMalformed(said: string, db: DuckDBConnection, source: Source): Promise<void> {
  const lines = await rejected(db, source);
  if (lines.length === 0) return;
  throw new EvolveError(
    'bad-data',
    `${said}: ${lines.length === 1 ? 'a line does' : `${lines.length} lines do`} not split into the columns, line ${lines[0]?.line} first. Correct the file.`,
  );
}

async function refuseMisfit(
  flag: string,
  text: string,
  file: string,
  table: string,
  { db, axes, notes }: SideContext,
): Promise<void> {
  const [[rows, undatable, covered, example] = []] = await sql.rowsOf(
    db,
    `SELECT count(*), count(*) - count(day), count(DISTINCT id), any_value(symbol) FROM ${table}`,
  );
  const refuse = (sentence: string): never => {
    throw new EvolveError('bad-data', `${flag} ${text}: ${sentence}`);
  };
  if (Number(rows) === 0) refuse(`${file} has no rows with a symbol.`);
  if (Number(undatable) > 0) {
    refuse(`${undatable} rows of ${file} have a date that cannot be read. Give --date-format.`);
  }
  if (Number(covered) === 0) {
    refuse(`${file} has none of the market's symbols; it writes "${example}" and the market "${axes.symbols[0]}".`);
  }
  if (Number(covered) < axes.symbols.length) {
    notes.push(`${file} lacks ${axes.symbols.length - Number(covered)} of the market's ${axes.symbols.length} symbols`);
  }
  const [twice] = await sql.rowsOf(
    db,
    `SELECT any_value(symbol), min(value), max(value) FROM ${table} WHERE id IS NOT NULL
     GROUP BY day, id HAVING min(value) <> max(value) ORDER BY day, id LIMIT 1`,
  );
  if (twice) {
    refuse(`it gives ${twice[0]} twice, as ${twice[1]} and as ${twice[2]}. Keep one, or name the date column too.`);
  }
}

/** The values in the order of their days. */
export async function* sideRows(
  { table }: SideTable,
  { db }: SideContext,
): AsyncGenerator<{ day: number; symbol: number; number: number; text: string | undefined }> {
  const query = `SELECT CAST(day AS DOUBLE), CAST(id AS DOUBLE), TRY_CAST(value AS DOUBLE), value FROM ${table}
    WHERE id IS NOT NULL ORDER BY day`;
  for await (const { rows, columns, text } of sql.blocks(db, query, 3)) {
    const [day, symbol, number] = columns as [Float64Array, Float64Array, Float64Array];
    for (let i = 0; i < rows; i++) {
      yield { day: day[i] as number, symbol: symbol[i] as number, number: number[i] as number, text: text(3, i) };
    }
  }
}

/** Each value from its date on: the one with the latest date not after a market's date holds. */
export async function spread(
  side: SideTable,
  context: SideContext,
  valueFor: (text: string | undefined, symbol: number, number: number) => number,
): Promise<Float32Array> {
  const { days, symbols } = context.axes;
  const N = symbols.length;
  const cells = missing(days.length * N);
  const current = missing(N);
  let t = 0;
  for await (const { day, symbol, number, text } of sideRows(side, context)) {
    for (; t < days.length && (days[t] as number) < day; t++) cells.set(current, t * N);
    current[symbol] = valueFor(text, symbol, number);
  }
  for (; t < days.length; t++) cells.set(current, t * N);
  return cells;
}
