/**
 * Rows of CSV files of many columns, line by line: a database that is asked for a hundred columns of texts takes gigabytes
 * for what one line at a time does not notice.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import { cellsOf, delimiterOf } from '../import/csv.ts';
import { nullWords } from '../import/layout.ts';
import type { Source } from '../import/source.ts';
import { dateShown } from './database-rows.ts';
import { DayReader } from './day-reader.ts';
import type { ScoreLayout } from './score-columns.ts';
import type { ScoreRows } from './score-rows.ts';

/** Cells looked at together, and lines at least. */
const together = { cells: 1 << 16, lines: 64 };

/** `malformed` is told the number of each line that does not split into the columns. */
export async function* csvRows(
  db: DuckDBConnection,
  path: string,
  gzip: boolean,
  source: Source,
  layout: ScoreLayout,
  symbols: readonly string[],
  malformed: (line: number) => void,
): AsyncGenerator<ScoreRows> {
  const positions = new Map([...source.columns.keys()].map((column, i) => [column, i]));
  const places = layout.scores.map(({ column }) => positions.get(column) as number);
  const date = positions.get(layout.date.column) as number;
  const name = layout.kind === 'long' ? (positions.get(layout.symbol.column) as number) : undefined;
  const codes = new Map(symbols.map((symbol, n) => [symbol, n]));
  const days = new DayReader(db, path);
  const most = Math.max(together.lines, Math.floor(together.cells / positions.size));
  const numbers = new Float64Array(most);

  async function block(lines: readonly (readonly string[])[]): Promise<ScoreRows> {
    const texts = lines.map((cells) => cells[date]?.trim());
    const own = await days.of(texts);
    const cell = (column: number, row: number): string => lines[row]?.[places[column] as number] as string;
    const symbol = (row: number): string | undefined =>
      name === undefined ? undefined : lines[row]?.[name]?.trim() || undefined;
    return {
      rows: lines.length,
      days: own,
      ...(name !== undefined && {
        codes: Float64Array.from(lines, (_, row) => codes.get(symbol(row) ?? '') ?? Number.NaN),
      }),
      rawDate: (row) => dateShown(own[row] as number, texts[row]),
      symbol,
      numbers: (column) => {
        for (let i = 0; i < lines.length; i++) numbers[i] = numberIn(cell(column, i));
        return numbers;
      },
      word: (column, row) => {
        const text = cell(column, row);
        return nothing.has(text.trim().toLowerCase()) ? undefined : text;
      },
    };
  }

  let delimiter: string | undefined;
  let line = 0;
  let lines: string[][] = [];
  for await (const text of linesOf(path, gzip)) {
    line += 1;
    if (text.trim() === '') continue;
    if (delimiter === undefined) {
      delimiter = delimiterOf(text);
      continue;
    }
    const cells = text.includes('"') ? cellsOf(text, delimiter) : text.split(delimiter);
    if (cells.length === positions.size) lines.push(cells);
    else malformed(line);
    if (lines.length < most) continue;
    yield await block(lines);
    lines = [];
  }
  if (lines.length > 0) yield await block(lines);
}

/** A file that breaks off throws, which the line reader of Node does not. */
async function* linesOf(path: string, gzip: boolean): AsyncGenerator<string> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const bytes = gzip ? file.pipe(createGunzip()) : file;
  file.once('error', (cause) => bytes.destroy(cause));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for await (const piece of bytes) {
      const lines = (rest + decoder.decode(piece as Buffer, { stream: true })).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    rest += decoder.decode();
    if (rest !== '') yield rest;
  } finally {
    file.destroy();
  }
}

const nothing: ReadonlySet<string> = new Set(nullWords);
const numeral = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;
const infinite = /^\s*([-+]?)inf(inity)?\s*$/i;

function numberIn(cell: string): number {
  if (numeral.test(cell)) return Number(cell);
  const sign = infinite.exec(cell)?.[1];
  return sign === undefined ? Number.NaN : sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
