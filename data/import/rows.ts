/** The staged rows, streamed as blocks that know where each row came from; common to daily and minute bars. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { dateText } from '../../core/date.ts';
import type { Axes } from './axes.ts';
import { stampTime } from './grid.ts';
import type { BarCells, Note } from './judge.ts';
import type { Ledger, Place } from './ledger.ts';
import type { RuleName } from './rules.ts';
import * as sql from './sql.ts';
import { cellColumn, type Stage } from './stage.ts';

export interface RowBlock {
  readonly rows: number;
  readonly cells: BarCells;
  /** By the names of the stage's columns. */
  readonly numbers: ReadonlyMap<string, Float64Array>;
  /** Position on the axes, -1 for a symbol or date that has no usable bar. */
  readonly symbol: Float64Array;
  readonly day: Float64Array;
  /** Seconds since midnight. */
  readonly sec: Float64Array;
  text(column: string, row: number): string | undefined;
  /** For the ledger: what is done about a finding in row i. */
  note(row: number): Note;
  /** Notes what is wrong with the row's symbol, date or cells; whether it stays. */
  readable(row: number): boolean;
}

const fixedNumbers = 4;
const fixedTexts = ['symbol', 'raw', 'bad'];

export async function* rowBlocks(
  db: DuckDBConnection,
  stage: Stage,
  bars: 'daily' | 'minute',
  axes: Axes,
  ledger: Ledger,
): AsyncGenerator<RowBlock> {
  const columns = stage.numbers.map(cellColumn);
  const texts = [...fixedTexts, ...stage.texts.map(cellColumn)];
  const order = bars === 'minute' ? ' ORDER BY day, rn' : '';
  const code = axes.symbols.length > 0 ? 'enum_code(TRY_CAST(symbol AS symbols))' : 'NULL';
  const query = `SELECT rn, coalesce(CAST(${code} AS DOUBLE), -1), CAST(day AS DOUBLE), sec,
    ${[...columns, ...texts].join(', ')} FROM ${stage.table}${order}`;
  const textColumn = (name: string): number => {
    const at = [...fixedTexts, ...stage.texts].indexOf(name);
    return fixedNumbers + stage.numbers.length + at;
  };
  const [symbolText, rawText, badText] = fixedTexts.map(textColumn) as [number, number, number];
  for await (const block of sql.blocks(db, query, fixedNumbers + stage.numbers.length)) {
    const [rn, symbol, day, sec, ...cellColumns] = block.columns as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      ...Float64Array[],
    ];
    const numbers = new Map(stage.numbers.map((name, c) => [name, cellColumns[c] as Float64Array]));
    const column = (name: string): Float64Array => numbers.get(name) as Float64Array;
    const cells: BarCells = {
      open: column('open'),
      high: column('high'),
      low: column('low'),
      close: column('close'),
      volume: column('volume'),
      amount: numbers.get('amount'),
      vwap: numbers.get('vwap'),
      factor: numbers.get('factor'),
      all: cellColumns,
    };
    const placeOf = (row: number, detail: string): Place => {
      const known = !Number.isNaN(day[row] as number);
      const time = bars === 'minute' && known ? ` ${stampClock(sec[row] as number)}` : '';
      return {
        ...whereFrom(stage, rn[row] as number),
        symbol: block.text(symbolText, row),
        date: known ? dateText(day[row] as number) + time : undefined,
        detail,
      };
    };
    const note =
      (row: number): Note =>
      (rule: RuleName, detail: string) =>
        ledger.note(rule, bars, () => placeOf(row, detail));
    const readable = (row: number): boolean => {
      const id = symbol[row] as number;
      const stays = (rule: RuleName, detail: string): boolean => ['fix', 'warn'].includes(note(row)(rule, detail));
      if (id < 0 && block.text(symbolText, row) === undefined) return stays('no-symbol', '');
      if (Number.isNaN(day[row] as number)) return stays('bad-date', `the date is "${block.text(rawText, row) ?? ''}"`);
      const bad = stage.bad ? block.text(badText, row) : undefined;
      return bad === undefined || stays('bad-number', bad);
    };
    const text = (name: string, row: number) => block.text(textColumn(name), row);
    yield { rows: block.rows, cells, numbers, symbol, day, sec, text, note, readable };
  }
}

function whereFrom(stage: Stage, rn: number): { file: string | undefined; row: number } {
  const file = stage.files.findLast((candidate) => candidate.first <= rn);
  return { file: file?.shown, row: rn - (file?.first ?? 0) + 1 };
}

function stampClock(sec: number): string {
  const rest = sec % 60;
  return stampTime(Math.floor(sec / 60)) + (rest === 0 ? '' : `:${rest < 10 ? '0' : ''}${rest}`);
}
