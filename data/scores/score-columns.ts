/** What the columns of a file of scores are: long with a symbol column, or wide with a column for each symbol. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError } from '../../core/failure.ts';
import { printableName } from '../../core/printable.ts';
import { barColumns, columnNamed, listColumns, plain } from '../import/columns.ts';
import { numberOf } from '../import/layout.ts';
import type { Source } from '../import/source.ts';
import * as sql from '../import/sql.ts';
import { unreadScores } from './unread-scores.ts';

/** A column under its own name, and under the one the database gives it: there upper and lower case are one. */
export interface ScoreColumn {
  readonly name: string;
  readonly column: string;
  readonly type: string;
}

/** What is asked of a file before it is read. */
export type ScoreSource = Pick<Source, 'columns' | 'names' | 'relation'>;

export type ScoreLayout = { readonly date: ScoreColumn } & (
  | { readonly kind: 'long'; readonly symbol: ScoreColumn; readonly scores: readonly ScoreColumn[] }
  | { readonly kind: 'wide'; readonly scores: readonly ScoreColumn[] }
);

const isNumber = (type: string): boolean => /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(type);
const isUnnamed = (name: string): boolean => name === '' || /^__index_level_\d+__$/.test(name);

export async function scoreLayout(
  db: DuckDBConnection,
  path: string,
  source: ScoreSource,
  symbols: ReadonlySet<string>,
  wanted: readonly string[] | undefined,
): Promise<ScoreLayout> {
  const columns = await namedColumns(db, path, source);
  refuseTwins(path, columns);
  // A stock may be called DAY or SID: among its like it is no column of dates or of symbols.
  const tickers = columns.filter(({ name }) => symbols.has(name));
  const named = columns.filter((column) => !tickers.includes(column));
  const date = usual(path, named, 'date') ?? columns.find(({ name }, i) => i === 0 && isUnnamed(name));
  if (!date) throw new EvolveError('bad-data', noDates(path, columns));
  if (date.type === 'TIMESTAMP WITH TIME ZONE') {
    throw new EvolveError(
      'bad-data',
      `${path}: the stamps in ${date.name} carry a time zone, so their date depends on where one is. Write dates such as 2024-01-31.`,
    );
  }
  const others = columns.filter((column) => column !== date);
  const symbol = usual(path, named, 'symbol', date);
  if (!symbol) {
    if (wanted) {
      throw new EvolveError(
        'bad-argument',
        `${path} has no column of symbols, so it holds one score and there are no columns to choose from. Leave them out.`,
      );
    }
    // A text in a file that knows numbers is none.
    const csv = columns.every(({ type }) => type === 'VARCHAR');
    const scores = others.filter(({ name, type }) => !isUnnamed(name) && (isNumber(type) || csv));
    if (!scores.some(({ name }) => symbols.has(name))) {
      throw new EvolveError('bad-data', noSymbols(path, scores, symbols));
    }
    return { kind: 'wide', date, scores };
  }
  const rest = others.filter((column) => column !== symbol);
  const scores = wanted ? chosen(path, rest, wanted) : await numbers(db, path, source, rest);
  if (scores.length === 0) throw noNumbers(path, rest);
  return { kind: 'long', date, symbol, scores };
}

/** In the order of the file. */
async function namedColumns(db: DuckDBConnection, path: string, source: ScoreSource): Promise<ScoreColumn[]> {
  const columns = [...source.columns].map(([column, type], i) => ({
    name: printableName(source.names?.[i] ?? column),
    column,
    type,
  }));
  if (!source.relation.startsWith('read_parquet')) return columns;
  const schema = await sql.rowsOf(db, `SELECT name FROM parquet_schema(${sql.path(path)}) OFFSET 1`);
  // Nested columns have more rows than one; they hold no scores, and then the database's names must do.
  if (schema.length !== columns.length) return columns;
  return columns.map((column, i) => ({ ...column, name: printableName(String(schema[i]?.[0])) }));
}

function refuseTwins(path: string, columns: readonly ScoreColumn[]): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (isUnnamed(name)) continue;
    if (seen.has(name)) throw new EvolveError('bad-data', `${path} has two columns "${name}". Keep one of them.`);
    seen.add(name);
  }
}

function usual(
  path: string,
  columns: readonly ScoreColumn[],
  bar: 'date' | 'symbol',
  taken?: ScoreColumn,
): ScoreColumn | undefined {
  for (const known of barColumns[bar]) {
    const [first, second] = columns.filter((column) => column !== taken && plain(column.name) === plain(known));
    if (second) {
      throw new EvolveError(
        'bad-data',
        `${path} has columns "${first?.name}" and "${second.name}" that could both be the ${bar}. Leave one of them out.`,
      );
    }
    if (first) return first;
  }
  return undefined;
}

function chosen(path: string, columns: readonly ScoreColumn[], wanted: readonly string[]): ScoreColumn[] {
  const names = columns.map(({ name }) => name);
  return [...new Set(wanted)].map((text) => {
    const column = columns.find(({ name }) => name === columnNamed(names, text));
    if (!column) {
      throw new EvolveError(
        'bad-argument',
        `${path} has no column "${text}" of scores; beside dates and symbols it has: ${listColumns(names)}.`,
      );
    }
    if (isNumber(column.type) || column.type === 'VARCHAR') return column;
    throw new EvolveError('bad-data', `${path}: column "${column.name}" has type ${column.type} and holds no numbers.`);
  });
}

/** The database is asked for so many columns of texts at a time: it takes tens of megabytes for each. */
export const columnsTogether = 24;

/**
 * Columns of numbers. Every column of a CSV file is a text, so the first rows tell: one with more words than numbers
 * is none. A score may also begin with years of nothing; such a column stays, and reading it tells.
 */
async function numbers(
  db: DuckDBConnection,
  path: string,
  source: ScoreSource,
  columns: readonly ScoreColumn[],
): Promise<ScoreColumn[]> {
  const named = columns.filter(({ name }) => !isUnnamed(name));
  const texts = named.filter(({ type }) => type === 'VARCHAR');
  const wordy = new Set<ScoreColumn>();
  for (let first = 0; first < texts.length; first += columnsTogether) {
    const group = texts.slice(first, first + columnsTogether);
    const counts = group.flatMap(({ column, name }) => {
      const { value, bad } = numberOf(name, { column, scale: 1 }, source, path);
      return [`count(${value})`, `count(${bad})`];
    });
    const head = `SELECT ${group.map(({ column }) => sql.name(column)).join(', ')} FROM ${source.relation} LIMIT 10000`;
    let row: unknown[] = [];
    try {
      [row = []] = await sql.rowsOf(db, `SELECT ${counts.join(', ')} FROM (${head})`);
    } catch (cause) {
      throw unreadScores(path, cause);
    }
    for (const [i, column] of group.entries()) if (Number(row[2 * i + 1]) > Number(row[2 * i])) wordy.add(column);
  }
  return named.filter((column) => (isNumber(column.type) || column.type === 'VARCHAR') && !wordy.has(column));
}

const list = (columns: readonly ScoreColumn[]): string =>
  listColumns(columns.map(({ name }) => name || 'one without a name'));

function noDates(path: string, columns: readonly ScoreColumn[]): string {
  const headless = columns.filter(({ name }) => /^[-+\d]/.test(name)).length > columns.length / 2;
  const remedy = headless ? 'Its first line looks like data: give it a header line' : 'Call the column of dates "date"';
  return `${path} has no column of dates; it has: ${list(columns)}. ${remedy}.`;
}

export const noNumbers = (path: string, columns: readonly ScoreColumn[]): EvolveError =>
  new EvolveError(
    'bad-data',
    columns.length === 0
      ? `${path} has dates and symbols, and no column of numbers beside them. Write the scores into one.`
      : `${path} has no column of numbers beside dates and symbols; it has: ${list(columns)}.`,
  );

function noSymbols(path: string, columns: readonly ScoreColumn[], symbols: ReadonlySet<string>): string {
  const [first] = columns;
  const [known] = symbols;
  return first
    ? `${path} has no column of symbols, and none of its ${columns.length} other columns is a symbol of the market; it has e.g. ${first.name}, the market ${known}. Call the column of symbols "symbol", or write the market's symbols.`
    : `${path} has dates and nothing else. Give it a column of symbols and one of scores.`;
}
