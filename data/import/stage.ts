/**
 * The rows of all files in one table of the database: where each came from, its symbol, day and time, and its cells as
 * numbers. Cells that cannot be read are kept as text beside them, so that they can be counted and shown.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError } from '../../core/failure.ts';
import { barColumns, requiredColumns } from './columns.ts';
import { type Layout, layoutOf, numberOf, type StageRequest, stampColumn, symbolOf } from './layout.ts';
import { fileColumn, type Source, unreadable } from './source.ts';
import * as sql from './sql.ts';
import { withOffset } from './times.ts';

/** Rows of one file, which lie together. */
export interface StagedFile {
  readonly shown: string;
  /** Number of its first row in the table. */
  readonly first: number;
  readonly rows: number;
  /** Different times of day in it. */
  readonly times: number;
}

export interface Reject {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface Stage {
  readonly table: string;
  /** Columns of numbers that some file has: open, high, ... and the further ones. */
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
  readonly rows: number;
  readonly files: readonly StagedFile[];
  readonly rejects: readonly Reject[];
  /** Whether any cell could not be read as a number. */
  readonly bad: boolean;
  /** Columns nothing asked for. */
  readonly ignored: readonly string[];
}

/** The stamp of a row beside the columns of its file. */
const stamp = '_stamp_of_evolve';

/**
 * The column of the table for a bar's value, or for a further field: apart from those of the table itself, and where
 * upper and lower case are one.
 */
export const cellColumn = (name: string): string =>
  sql.name(Object.hasOwn(barColumns, name) ? name : `${name === name.toLowerCase() ? 'minute' : 'daily'} ${name}`);

/** `table` holds rn, file, symbol, day (since 1970), sec (of the day), the numbers, the texts, and raw and bad texts. */
export async function stage(
  db: DuckDBConnection,
  table: string,
  sources: readonly Source[],
  request: StageRequest,
): Promise<Stage> {
  const layouts = sources.map((source) => layoutOf(source, request));
  const has = (column: string): boolean => layouts.some((layout) => layout.numbers.has(column));
  const bars = [
    'open',
    'high',
    'low',
    'close',
    'volume',
    'amount',
    'vwap',
    'factor',
    'shares',
    'freeShares',
    'turn',
    'freeTurn',
  ];
  const numbers = [...bars.filter(has), ...request.numbers.keys()];
  const texts = [...request.texts.keys()];
  await db.run(`CREATE TABLE ${table} (rn DOUBLE, file VARCHAR, symbol VARCHAR, day INTEGER, sec DOUBLE,
    ${numbers.map((column) => `${cellColumn(column)} DOUBLE, `).join('')} ${texts.map((column) => `${cellColumn(column)} VARCHAR, `).join('')} raw VARCHAR, bad VARCHAR)`);
  let rows = 0;
  const rejects: Reject[] = [];
  for (const [i, source] of sources.entries()) {
    await insert(db, table, source, layouts[i] as Layout, { numbers, texts, after: rows }, request);
    rows = Number((await sql.rowsOf(db, `SELECT count(*) FROM ${table}`))[0]?.[0]);
    rejects.push(...(await rejected(db, source)));
  }
  const used = new Set(layouts.flatMap((layout) => [...layout.used]));
  const ignored = [...new Set(sources.flatMap((source) => [...source.columns.keys()]))].filter(
    (column) => !used.has(column),
  );
  const [[bad] = []] = await sql.rowsOf(db, `SELECT count(bad) FROM ${table}`);
  const files = await stagedFiles(db, table, sources);
  return { table, numbers, texts, rows, files, rejects, bad: Number(bad) > 0, ignored };
}

async function insert(
  db: DuckDBConnection,
  table: string,
  source: Source,
  layout: Layout,
  target: { readonly numbers: readonly string[]; readonly texts: readonly string[]; readonly after: number },
  request: StageRequest,
): Promise<void> {
  const file = source.files[0]?.shown ?? '';
  const { day, sec, raw } = await stampOf(db, source, layout, request);
  const cells = target.numbers.map((name) => numberOf(name, layout.numbers.get(name), source, file));
  const texts = target.texts.map((name) => {
    const column = layout.texts.get(name);
    return column === undefined ? 'NULL' : `nullif(trim(CAST(${sql.name(column)} AS VARCHAR)), '')`;
  });
  const bad = cells.flatMap((cell) => cell.bad ?? []);
  const select = [
    `row_number() OVER () + ${target.after}`,
    fileColumn,
    symbolOf(layout, request),
    day,
    sec,
    ...cells.map((cell) => cell.value),
    ...texts,
    raw,
    bad.length === 0 ? 'NULL' : `nullif(concat_ws(', ', ${bad.join(', ')}), '')`,
  ];
  try {
    await db.run(
      `INSERT INTO ${table} SELECT ${select.join(',\n')} FROM (SELECT *, ${stampColumn(source, layout, request)} AS ${stamp} FROM ${source.relation})`,
    );
  } catch (cause) {
    throw unreadable(
      source.files.length === 1 ? file : `One of ${file} and ${source.files.length - 1} others`,
      'bars',
      cause,
    );
  }
}

async function stampOf(
  db: DuckDBConnection,
  source: Source,
  layout: Layout,
  request: StageRequest,
): Promise<{ day: string; sec: string; raw: string }> {
  const date = layout.columns.get('date')?.column;
  const time = layout.columns.get('time')?.column;
  const column = date === undefined ? undefined : sql.name(date);
  if (column && source.columns.get(date as string) === 'VARCHAR' && !request.timezone && !request.dateFormat) {
    const [row] = await sampled(db, source, column);
    if (row) {
      throw new EvolveError(
        'bad-data',
        `${source.files[0]?.shown}: stamps such as "${row[0]}" carry a time zone. Say the exchange's with --timezone, such as America/New_York or Asia/Shanghai.`,
      );
    }
  }
  const sane = `isfinite(${stamp}) AND ${stamp} >= TIMESTAMP '1900-01-01' AND ${stamp} < TIMESTAMP '2200-01-01'`;
  const day = `CASE WHEN ${sane} THEN CAST(${stamp} AS DATE) - DATE '1970-01-01' END`;
  const sec = `CASE WHEN ${sane} THEN (epoch_us(${stamp}) - epoch_us(date_trunc('day', ${stamp}))) / 1e6 END`;
  const parts = [column ?? fileColumn, ...(time === undefined ? [] : [sql.name(time)])];
  const raw = `CASE WHEN (${sane}) IS NOT TRUE THEN concat_ws(' ', ${parts.map((part) => `CAST(${part} AS VARCHAR)`).join(', ')}) END`;
  return { day, sec, raw };
}

/** A stamp that carries a time zone among the first rows, if there is one. */
async function sampled(db: DuckDBConnection, source: Source, column: string): Promise<unknown[][]> {
  const head = `SELECT trim(${column}) AS stamp FROM ${source.relation} LIMIT 1000`;
  try {
    return await sql.rowsOf(db, `SELECT stamp FROM (${head}) WHERE regexp_full_match(stamp, '${withOffset}') LIMIT 1`);
  } catch (cause) {
    throw unreadable(source.files[0]?.shown ?? '', 'bars', cause);
  } finally {
    // The sample is read again with the rest, and its rejects with it.
    await forgetRejects(db, source);
  }
}

/** The lines that did not split into the columns when the source was read. */
export async function rejected(db: DuckDBConnection, source: Source): Promise<Reject[]> {
  if (!source.rejects) return [];
  const rows = await sql.rowsOf(
    db,
    `SELECT file_path, line, any_value(csv_line) FROM ${source.rejects} r
     JOIN ${source.rejects}_scan s USING (scan_id, file_id) GROUP BY ALL ORDER BY ALL`,
  );
  return rows.map(([path, line, text]) => ({
    file: source.files.find((file) => file.path === path)?.shown ?? String(path),
    line: Number(line),
    text: String(text).slice(0, 120),
  }));
}

export async function forgetRejects(db: DuckDBConnection, source: Source): Promise<void> {
  if (!source.rejects) return;
  await db.run(`DROP TABLE IF EXISTS ${source.rejects}; DROP TABLE IF EXISTS ${source.rejects}_scan`);
}

/** The columns that have any value: another kind of bars in the same table may have more of them. */
export async function filledColumns(
  db: DuckDBConnection,
  table: string,
  columns: readonly string[],
): Promise<string[]> {
  if (columns.length === 0) return [];
  const [counts = []] = await sql.rowsOf(
    db,
    `SELECT ${columns.map((column) => `count(${cellColumn(column)})`).join(', ')} FROM ${table}`,
  );
  return columns.filter(
    (column, c) => Number(counts[c]) > 0 || (requiredColumns as readonly string[]).includes(column),
  );
}

async function stagedFiles(db: DuckDBConnection, table: string, sources: readonly Source[]): Promise<StagedFile[]> {
  const rows = await sql.rowsOf(
    db,
    `SELECT file, min(rn), count(*), count(DISTINCT sec) FROM ${table} GROUP BY file ORDER BY min(rn)`,
  );
  const shown = new Map(sources.flatMap((source) => source.files.map((file) => [file.path, file.shown] as const)));
  return rows.map(([path, first, count, times]) => ({
    shown: shown.get(String(path)) ?? String(path),
    first: Number(first),
    rows: Number(count),
    times: Number(times),
  }));
}
