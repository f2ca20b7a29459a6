import { existsSync } from 'node:fs';
import { dateText } from '../../core/date.ts';
import { EvolveError } from '../../core/failure.ts';
import { barColumns, listColumns, resolveColumns } from './columns.ts';
import { missing } from './daily.ts';
import { refuseMalformed, type SideContext, splitSuffix } from './side-table.ts';
import type { Source } from './source.ts';
import { openSources } from './sources.ts';
import * as sql from './sql.ts';
import { stampExpression } from './times.ts';

/** Return and amplitude of an index on the market's dates, from its own bars. */
export async function indexVectors(
  text: string,
  context: SideContext,
): Promise<{ return: Float32Array; amplitude: Float32Array }> {
  const { db, axes, options, notes } = context;
  const { head: file, suffix: wanted } = splitSuffix(text);
  if (!existsSync(file)) throw new EvolveError('missing-file', `--index ${text}: there is no file ${file}.`);
  const [source] = (await openSources(db, [file], options)) as [Source];
  const names = [...source.columns.keys()];
  const found = resolveColumns(names, new Map(), file);
  const need = (name: 'date' | 'close' | 'high' | 'low'): string => {
    const column = found.get(name)?.column;
    if (column === undefined) {
      throw new EvolveError(
        'bad-data',
        `--index ${text}: ${file} has no column for ${name} (one of ${barColumns[name].slice(0, 4).join(', ')}); it has: ${listColumns(names)}.`,
      );
    }
    return column;
  };
  const date = need('date');
  const number = (name: 'close' | 'high' | 'low'): string => `TRY_CAST(${sql.name(need(name))} AS DOUBLE)`;
  const symbol = found.get('symbol')?.column;
  const symbolText = symbol === undefined ? "''" : sql.symbolText(sql.name(symbol));
  const rows = await sql.rowsOf(
    db,
    `SELECT CAST(${stampExpression(sql.name(date), source.columns.get(date) ?? '', file, options)} AS DATE) - DATE '1970-01-01',
       ${number('close')}, ${number('high')}, ${number('low')}, ${symbolText} FROM ${source.relation}`,
  );
  await refuseMalformed(`--index ${text}`, db, source);
  const symbols = [...new Set(rows.map((row) => String(row[4])))];
  if (wanted === undefined ? symbols.length > 1 : !symbols.includes(wanted)) {
    throw new EvolveError(
      'bad-data',
      `--index ${text}: say which index of ${file} to take, as ${file}:${symbols[0]}; it has: ${symbols.slice(0, 12).join(', ')}.`,
    );
  }
  const T = axes.days.length;
  const [close, high, low] = [missing(T), missing(T), missing(T)];
  for (const [day, c, h, l, of] of rows) {
    const t = axes.dayIndex.get(Number(day));
    if (t === undefined || (wanted !== undefined && of !== wanted)) continue;
    if (!Number.isNaN(close[t]))
      throw new EvolveError('bad-data', `--index ${text}: ${file} has two rows for ${dateText(Number(day))}.`);
    [close[t], high[t], low[t]] = [c, h, l].map((value) =>
      value === null || Number(value) <= 0 ? Number.NaN : Number(value),
    ) as [number, number, number];
  }
  const covered = close.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
  if (covered === 0) throw new EvolveError('bad-data', `--index ${text}: ${file} has none of the market's dates.`);
  if (covered < T) notes.push(`${file} lacks ${T - covered} of the market's ${T} dates`);
  const before = (t: number): number => (t === 0 ? Number.NaN : (close[t - 1] as number));
  return {
    return: close.map((value, t) => value / before(t) - 1),
    amplitude: high.map((value, t) => (value - (low[t] as number)) / before(t)),
  };
}
