/**
 * Scores from a file of anybody's making, such as a model's predictions, on the dates and symbols of a market. Long
 * (date, symbol, scores) or wide (a column for each symbol). What the market has no place for is counted, never lost
 * in silence; the file is streamed, so memory is that of the result.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError } from '../core/failure.ts';
import { unfinished } from '../core/unfinished.ts';
import { declareSymbols } from './import/axes.ts';
import type { Source } from './import/source.ts';
import { contentKind, openSources } from './import/sources.ts';
import * as sql from './import/sql.ts';
import { forgetRejects, rejected } from './import/stage.ts';
import { arrowRows, arrowScores } from './scores/arrow-rows.ts';
import { csvRows } from './scores/csv-rows.ts';
import { databaseRows } from './scores/database-rows.ts';
import { columnsTogether, noNumbers, type ScoreColumn, type ScoreSource, scoreLayout } from './scores/score-columns.ts';
import { type Dropped, ScoreGrid } from './scores/score-grid.ts';
import type { ScoreRows } from './scores/score-rows.ts';
import { encodingRemedy, unreadScores } from './scores/unread-scores.ts';

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

const databaseMemory = 2 * 1024 ** 3;
const mostBytes = 8 * 1024 ** 3;

export async function readScores(path: string, axes: ScoreAxes): Promise<Scores> {
  const scratch = await mkdtemp(join(tmpdir(), 'evolve-scores-'));
  const settled = unfinished(scratch);
  try {
    const { connection, close } = await sql.openDatabase(scratch, databaseMemory);
    try {
      return await read(connection, path, scratch, axes);
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
  scratch: string,
  { calendar, symbols, columns }: ScoreAxes,
): Promise<Scores> {
  await declareSymbols(db, { symbols });
  const kind = await contentKind(path);
  const [stored] = kind === 'arrow' ? [] : await openSources(db, [path], { scratch, encodingRemedy });
  const source: ScoreSource = stored ?? (await arrowScores(path));
  const layout = await scoreLayout(db, path, source, new Set(symbols), columns);
  const names = layout.kind === 'wide' ? [stem(path)] : layout.scores.map(({ name }) => name);
  refuseBulk(path, names.length, calendar.length * symbols.length);
  const reading = new Reading(new ScoreGrid(path, calendar, symbols, names.length), names, symbols);
  const lost: number[] = [];
  let rows = 0;
  try {
    if (stored) await forgetRejects(db, stored);
    const blocks = !stored
      ? arrowRows(db, path, source, layout, symbols)
      : kind !== 'parquet' && (layout.kind === 'wide' || layout.scores.length > columnsTogether)
        ? csvRows(db, path, kind === 'gzip', stored, layout, symbols, (line) => lost.push(line))
        : databaseRows(db, path, stored, layout);
    for await (const block of blocks) {
      if (layout.kind === 'long') {
        reading.takeLong(block);
        rows += block.rows;
        continue;
      }
      const { from, to } = block.columns ?? { from: 0, to: layout.scores.length };
      for (let c = from; c < to; c++) reading.takeColumn(block, c, (layout.scores[c] as ScoreColumn).name);
      rows += block.rows * (to - from);
    }
  } catch (cause) {
    if (cause instanceof EvolveError) throw cause;
    throw unreadScores(path, cause);
  }
  const { grid } = reading;
  if (stored && lost.length === 0) lost.push(...(await rejectedLines(db, stored)));
  for (const line of lost) {
    grid.drop('line that does not split into the columns', () => `line ${line}`);
    rows += 1;
  }
  grid.refuseNothing(rows);
  const kept = reading.scores();
  if (kept.length === 0) throw noNumbers(path, layout.kind === 'wide' ? [] : layout.scores);
  if (!reading.hasNumbers()) throw grid.nothing();
  return {
    names: kept.map((c) => names[c] as string),
    values: kept.map((c) => grid.values[c] as Float32Array),
    rows,
    dropped: grid.dropped(),
  };
}

/** None when the database was not asked for the rows. */
async function rejectedLines(db: DuckDBConnection, source: Source): Promise<number[]> {
  const [[asked] = []] = await sql.rowsOf(
    db,
    `SELECT count(*) FROM duckdb_tables() WHERE table_name = ${sql.text(source.rejects ?? '')}`,
  );
  return Number(asked) === 0 ? [] : (await rejected(db, source)).map(({ line }) => line);
}

/** Blocks of rows onto the grid. */
class Reading {
  readonly grid: ScoreGrid;
  readonly #names: readonly string[];
  readonly #symbols: readonly string[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #words: number[];
  readonly #numbers: number[];
  #cells = new Int32Array(0);

  constructor(grid: ScoreGrid, names: readonly string[], symbols: readonly string[]) {
    this.grid = grid;
    this.#names = names;
    this.#symbols = symbols;
    this.#positions = new Map(symbols.map((symbol, n) => [symbol, n]));
    this.#words = names.map(() => 0);
    this.#numbers = names.map(() => 0);
  }

  takeLong(block: ScoreRows): void {
    const codes = block.codes as Float64Array;
    const cells = this.#placed(block, (row) => codes[row] as number, block.symbol);
    for (let c = 0; c < this.#names.length; c++) this.#put(block, cells, c, c);
  }

  /** The column of one symbol. */
  takeColumn(block: ScoreRows, column: number, symbol: string): void {
    const code = this.#positions.get(symbol) ?? Number.NaN;
    const cells = this.#placed(
      block,
      () => code,
      () => symbol,
    );
    this.#put(block, cells, column, 0);
  }

  /** Columns that are scores: in others the first rows said nothing, and then came words. */
  scores(): number[] {
    return this.#names.flatMap((name, c) => {
      if ((this.#words[c] as number) <= (this.#numbers[c] as number)) return [c];
      this.grid.forget(noNumber(name));
      return [];
    });
  }

  hasNumbers(): boolean {
    return this.#numbers.some((count) => count > 0);
  }

  #placed(block: ScoreRows, code: (row: number) => number, symbol: (row: number) => string | undefined): Int32Array {
    if (this.#cells.length < block.rows) this.#cells = new Int32Array(block.rows);
    for (let i = 0; i < block.rows; i++) {
      this.#cells[i] = this.grid.place(block.days[i] as number, code(i), block.rawDate, symbol, i);
    }
    return this.#cells;
  }

  #put(block: ScoreRows, cells: Int32Array, column: number, score: number): void {
    const values = block.numbers(column);
    const out = this.grid.values[score] as Float32Array;
    for (let i = 0; i < block.rows; i++) {
      const cell = cells[i] as number;
      if (cell < 0) continue;
      const value = values[i] as number;
      const single = Math.fround(value);
      const where = () => `${this.#symbols[cell % this.#symbols.length]} on ${block.rawDate(i)}`;
      if (Number.isFinite(single)) {
        out[cell] = single;
        this.#numbers[score] = (this.#numbers[score] as number) + 1;
      } else if (!Number.isNaN(value)) {
        this.grid.drop('value that is infinite or beyond a float32', () => `${where()}: ${value}`);
      } else {
        const word = block.word(column, i);
        if (word === undefined) continue;
        this.#words[score] = (this.#words[score] as number) + 1;
        this.grid.drop(noNumber(this.#names[score] as string), () => `${where()}: "${word}"`);
      }
    }
  }
}

const noNumber = (name: string): string => `value of ${name} that is no number`;

function refuseBulk(path: string, columns: number, cells: number): void {
  if (columns * cells * Float32Array.BYTES_PER_ELEMENT <= mostBytes) return;
  throw new EvolveError(
    'out-of-memory',
    `${path} has ${columns} columns of scores, which do not fit in memory on this market. Read fewer at a time.`,
  );
}

const stem = (path: string): string =>
  basename(path).replace(/(\.(csv|tsv|txt|parquet|pq|arrow|feather|ipc|gz))+$/i, '');
