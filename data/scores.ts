/**
 * Scores from a file of anybody's making, such as a model's predictions, on the dates and symbols of a market. Long
 * (date, symbol, scores) or wide (a column for each symbol). What the market has no place for is counted, never lost
 * in silence; the file is streamed, so memory is that of the result.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { dateText } from '../core/date.ts';
import { EvolveError } from '../core/failure.ts';
import { unfinished } from '../core/unfinished.ts';
import { declareSymbols } from './import/axes.ts';
import { numberOf } from './import/layout.ts';
import { type Source, unreadable } from './import/source.ts';
import { openSources } from './import/sources.ts';
import * as sql from './import/sql.ts';
import { forgetRejects, rejected } from './import/stage.ts';
import { stampExpression } from './import/times.ts';
import { noNumbers, type ScoreLayout, scoreLayout } from './scores/score-columns.ts';
import { type Dropped, ScoreGrid } from './scores/score-grid.ts';

export interface ScoreAxes {
  readonly calendar: readonly string[];
  readonly symbols: readonly string[];
  /** The columns to read of a long file; all of its columns of numbers without. */
  readonly columns?: readonly string[] | undefined;
}

export interface Scores {
  /** Of the columns; the file's own for a wide one. */
  readonly names: readonly string[];
  /** Date-major cells by name, NaN where there is no score. */
  readonly values: readonly Float32Array[];
  /** Pairs of a date and a symbol in the file. */
  readonly rows: number;
  readonly dropped: readonly Dropped[];
}

const databaseMemory = 1024 ** 3;
const mostBytes = 8 * 1024 ** 3;

export async function readScores(path: string, axes: ScoreAxes): Promise<Scores> {
  const scratch = await mkdtemp(join(tmpdir(), 'evolve-scores-'));
  const settled = unfinished(scratch);
  try {
    const { connection, close } = await sql.openDatabase(scratch, databaseMemory);
    try {
      const [source] = (await openSources(connection, [path], { scratch })) as [Source];
      const layout = await scoreLayout(connection, path, source, new Set(axes.symbols), axes.columns);
      return await read(connection, path, source, layout, axes);
    } finally {
      close();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
    settled();
  }
}

async function read(
  db: DuckDBConnection,
  path: string,
  source: Source,
  layout: ScoreLayout,
  { calendar, symbols }: ScoreAxes,
): Promise<Scores> {
  await declareSymbols(db, { symbols });
  await forgetRejects(db, source);
  const wide = layout.kind === 'wide';
  const names = wide ? [stem(path)] : layout.scores.map(({ name }) => name);
  refuseBulk(path, names.length, calendar.length * symbols.length);
  const grid = new ScoreGrid(path, calendar, symbols, names.length);
  const positions = new Map(symbols.map((symbol, n) => [symbol, n]));
  const places = wide ? Float64Array.from(layout.scores, ({ name }) => positions.get(name) ?? Number.NaN) : undefined;
  const words = names.map(() => 0);
  const numbers = names.map(() => 0);
  let rows = 0;
  try {
    for await (const block of sql.blocks(db, query(path, source, layout), 2 + names.length)) {
      const [days, codes, ...columns] = block.columns as [Float64Array, Float64Array, ...Float64Array[]];
      const texts = 2 + names.length;
      for (let i = 0; i < block.rows; i++) {
        const day = days[i] as number;
        const code = codes[i] as number;
        const symbol = places ? (places[code] as number) : code;
        const rawDate = () => (Number.isNaN(day) ? (block.text(texts, i) ?? '') : dateText(day));
        const name = () => (wide ? layout.scores[code]?.name : block.text(texts + 1, i));
        const cell = grid.place(day, symbol, rawDate, name);
        if (cell < 0) continue;
        const where = () => `${symbols[symbol]} on ${rawDate()}`;
        for (let c = 0; c < columns.length; c++) {
          const value = (columns[c] as Float64Array)[i] as number;
          const single = Math.fround(value);
          if (Number.isFinite(single)) {
            (grid.values[c] as Float32Array)[cell] = single;
            numbers[c] = (numbers[c] as number) + 1;
          } else if (!Number.isNaN(value)) {
            grid.drop('value that is infinite or beyond a float32', () => `${where()}: ${value}`);
          } else {
            const bad = block.text(texts + 2 + c, i);
            if (bad === undefined) continue;
            words[c] = (words[c] as number) + 1;
            grid.drop(noNumber(names[c] as string), () => `${where()}: "${bad}"`);
          }
        }
      }
      rows += block.rows;
    }
  } catch (cause) {
    if (cause instanceof EvolveError) throw cause;
    throw unreadable(path, 'scores', cause);
  }
  for (const { line } of await rejected(db, source)) {
    grid.drop('line that does not split into the columns', () => `line ${line}`);
    rows += 1;
  }
  grid.refuseNothing(rows);
  // The first rows of a column said nothing, and then came words.
  const kept = names.flatMap((name, c) => {
    if ((words[c] as number) <= (numbers[c] as number)) return [c];
    grid.forget(noNumber(name));
    return [];
  });
  if (kept.length === 0) throw noNumbers(path, wide ? [] : layout.scores);
  return {
    names: kept.map((c) => names[c] as string),
    values: kept.map((c) => grid.values[c] as Float32Array),
    rows,
    dropped: grid.dropped(),
  };
}

const noNumber = (name: string): string => `value of ${name} that is no number`;

/** Day, the symbol's code (wide: the column's place) and values as numbers; then texts of what is none of them. */
function query(path: string, source: Source, layout: ScoreLayout): string {
  const { date } = layout;
  const stamp = stampExpression(sql.name(date.column), date.type, path, {});
  const known = `_stamp >= TIMESTAMP '1900-01-01' AND _stamp < TIMESTAMP '2200-01-01'`;
  const days = [
    `CASE WHEN ${known} THEN CAST(CAST(_stamp AS DATE) - DATE '1970-01-01' AS DOUBLE) END`,
    `CASE WHEN (${known}) IS NOT TRUE THEN CAST(${sql.name(date.column)} AS VARCHAR) END`,
  ] as const;
  const relation = `(SELECT *, ${stamp} AS _stamp FROM ${source.relation})`;
  if (layout.kind === 'long') {
    const symbol = sql.symbolText(sql.name(layout.symbol.column));
    const code = `enum_code(TRY_CAST(${symbol} AS symbols))`;
    const cells = layout.scores.map(({ name, column }) => numberOf(name, { column, scale: 1 }, source, path));
    const bad = layout.scores.map(({ column }, c) => textOf(cells[c]?.bad, column));
    const unknown = `CASE WHEN ${code} IS NULL THEN ${symbol} END`;
    return `SELECT ${[days[0], `CAST(${code} AS DOUBLE)`, ...cells.map(({ value }) => value), days[1], unknown, ...bad].join(', ')} FROM ${relation}`;
  }
  const text = layout.scores.some(({ type }) => type === 'VARCHAR');
  const type = text ? 'VARCHAR' : 'DOUBLE';
  const cells = layout.scores.map(({ column }) => `CAST(${sql.name(column)} AS ${type})`);
  const melted = `(SELECT _stamp, ${sql.name(date.column)}, unnest(range(${cells.length})) AS place, unnest([${cells.join(', ')}]) AS score FROM ${relation})`;
  const flat: Source = { ...source, columns: new Map([['score', type]]) };
  const { value, bad } = numberOf('the score', { column: 'score', scale: 1 }, flat, path);
  return `SELECT ${days[0]}, CAST(place AS DOUBLE), ${value}, ${days[1]}, NULL::VARCHAR, ${textOf(bad, 'score')} FROM ${melted}`;
}

/** The cell itself where it is no number. */
const textOf = (bad: string | undefined, column: string): string =>
  bad === undefined ? 'NULL::VARCHAR' : `CASE WHEN (${bad}) IS NOT NULL THEN ${sql.name(column)} END`;

function refuseBulk(path: string, columns: number, cells: number): void {
  if (columns * cells * Float32Array.BYTES_PER_ELEMENT <= mostBytes) return;
  throw new EvolveError(
    'out-of-memory',
    `${path} has ${columns} columns of scores, which do not fit in memory on this market. Read fewer at a time.`,
  );
}

const stem = (path: string): string =>
  basename(path).replace(/(\.(csv|tsv|txt|parquet|pq|arrow|feather|ipc|gz))+$/i, '');
