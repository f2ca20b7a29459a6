/**
 * Tables beside the bars: an industry or a number per symbol, or as of each date; index members; an index's own bars.
 * A value holds from its date until the symbol's next one; a table without dates holds throughout, and says so.
 */
import { existsSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError } from '../../core/failure.ts';
import type { Axes } from './axes.ts';
import { barColumns, columnNamed, listColumns, resolveColumns } from './columns.ts';
import { codeOf, type Grouping, missing } from './daily.ts';
import type { ReadOptions, Source } from './source.ts';
import { openSources } from './sources.ts';
import * as sql from './sql.ts';
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

function sideFile(flag: string, text: string): SideFile {
  const { head, suffix } = splitSuffix(text);
  if (!existsSync(head)) throw new EvolveError('missing-file', `${flag} ${text}: there is no file ${head}.`);
  return { file: head, columns: suffix?.split(',').map((column) => column.trim()) };
}

interface SideValues {
  /** Whether values have dates. */
  readonly dated: boolean;
  /** Day (-1 without dates), position of the symbol, value, in the order of days. */
  readonly rows: readonly (readonly [number, number, string])[];
}

async function readSide(
  flag: string,
  text: string,
  valueNames: readonly string[],
  context: SideContext,
): Promise<SideValues> {
  const { db, axes, options, notes } = context;
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
  const name = `trim(CAST(${sql.name(symbol)} AS VARCHAR))`;
  const rows = await sql.rowsOf(
    db,
    `SELECT ${day} AS day, enum_code(TRY_CAST(${name} AS symbols)) AS id, trim(CAST(${sql.name(value)} AS VARCHAR)), ${name}
    FROM ${source.relation} WHERE ${name} IS NOT NULL ORDER BY day NULLS FIRST`,
  );
  const undatable = rows.filter(([when]) => when === null).length;
  if (undatable > 0)
    throw new EvolveError(
      'bad-data',
      `${flag} ${text}: ${undatable} rows of ${file} have a date that cannot be read. Give --date-format.`,
    );
  const known = rows.filter(([, id]) => id !== null);
  if (known.length === 0) {
    throw new EvolveError(
      'bad-data',
      `${flag} ${text}: ${file} has none of the market's symbols; it writes "${rows[0]?.[3] ?? ''}" and the market "${axes.symbols[0]}".`,
    );
  }
  const covered = new Set(known.map(([, id]) => id)).size;
  if (covered < axes.symbols.length)
    notes.push(`${file} lacks ${axes.symbols.length - covered} of the market's ${axes.symbols.length} symbols`);
  refuseRepeats(flag, text, known, axes);
  const values = known.map(
    ([when, id, written]) => [Number(when), Number(id), written === null ? '' : String(written)] as const,
  );
  return { dated: date !== undefined, rows: values };
}

function refuseRepeats(flag: string, text: string, rows: readonly unknown[][], axes: Axes): void {
  const seen = new Map<string, unknown>();
  for (const [day, id, value] of rows) {
    const key = `${day},${id}`;
    if (seen.has(key) && seen.get(key) !== value) {
      throw new EvolveError(
        'bad-data',
        `${flag} ${text}: it gives ${axes.symbols[Number(id)]} twice, as ${seen.get(key)} and as ${value}. Keep one, or name the date column too.`,
      );
    }
    seen.set(key, value);
  }
}

/** A number per date and symbol. */
export async function sideNumbers(
  flag: string,
  text: string,
  valueNames: readonly string[],
  context: SideContext,
): Promise<{ cells: Float32Array; dated: boolean }> {
  const { rows, dated } = await readSide(flag, text, valueNames, context);
  const parsed = rows.map(([day, symbol, value]) => [day, symbol, value === '' ? Number.NaN : Number(value)] as const);
  const bad = rows.find(
    ([, , value]) => value !== '' && Number.isNaN(Number(value)) && !/^(nan|null|none|na|n\/a|-+)$/i.test(value),
  );
  if (bad)
    throw new EvolveError(
      'bad-data',
      `${flag} ${text}: the value of ${context.axes.symbols[bad[1]]} is "${bad[2]}" and not a number.`,
    );
  return { cells: spread(parsed, context.axes), dated };
}

/** A label per date and symbol, as codes. */
export async function sideLabels(
  flag: string,
  text: string,
  valueNames: readonly string[],
  context: SideContext,
): Promise<Grouping & { dated: boolean }> {
  const { rows, dated } = await readSide(flag, text, valueNames, context);
  const labels = [...new Set(rows.flatMap(([, , value]) => (value === '' ? [] : [value])))].sort();
  const codes = new Map(labels.map((label, code) => [label, code]));
  const coded = rows.map(
    ([day, symbol, value]) => [day, symbol, value === '' ? Number.NaN : codeOf(codes, labels, value)] as const,
  );
  return { codes: spread(coded, context.axes), labels, dated };
}

/** 1 and the weight of each symbol in the index; a dated table is a whole list for each of its dates. */
export async function sideMembers(
  text: string,
  context: SideContext,
): Promise<{ member: Float32Array; weight: Float32Array | undefined; dated: boolean }> {
  const { axes } = context;
  const weightNames = ['weight', 'weights', 'wgt', '权重'];
  const { file, columns } = sideFile('--members', text);
  const [source] = (await openSources(context.db, [file], context.options)) as [Source];
  const names = [...source.columns.keys()];
  const weighted = columns ? columns.length > 1 : weightNames.some((name) => columnNamed(names, name));
  const usual = resolveColumns(names, new Map(), file);
  // Without weights the symbol stands for its own value.
  const columnsOf = ['date', 'symbol', 'symbol'].flatMap((name) => usual.get(name as 'date' | 'symbol')?.column ?? []);
  const described = weighted
    ? text
    : `${file}:${columns ? [...columns, columns.at(-1)].join(',') : columnsOf.join(',')}`;
  const { rows, dated } = await readSide('--members', described, weightNames, context);
  const N = axes.symbols.length;
  const [member, weight] = [missing(axes.days.length * N), missing(axes.days.length * N)];
  const lists = new Map<number, (readonly [number, number])[]>();
  for (const [day, symbol, value] of rows) {
    const share = weighted ? Number(value) : 1;
    if (!(share >= 0))
      throw new EvolveError(
        'bad-data',
        `--members ${text}: the weight of ${axes.symbols[symbol]} is "${value}" and not a number.`,
      );
    lists.set(day, [...(lists.get(day) ?? []), [symbol, share]]);
  }
  const dates = [...lists.keys()].sort((a, b) => a - b);
  for (const [t, day] of axes.days.entries()) {
    const list = lists.get(dates.findLast((date) => date <= day) ?? Number.NaN);
    if (!list) continue; // before the first list nothing is known
    member.fill(0, t * N, (t + 1) * N);
    weight.fill(0, t * N, (t + 1) * N);
    const whole = list.reduce((sum, [, share]) => sum + share, 0);
    for (const [symbol, share] of list) {
      member[t * N + symbol] = 1;
      // Sources give per cent or fractions; either way a list's weights make one.
      weight[t * N + symbol] = share / whole;
    }
  }
  return { member, weight: weighted ? weight : undefined, dated };
}

/** Each value from its date on; the one with the latest date not after a market's date holds. */
function spread(rows: readonly (readonly [number, number, number])[], { days, symbols }: Axes): Float32Array {
  const N = symbols.length;
  const cells = missing(days.length * N);
  const current = missing(N);
  let next = 0;
  for (const [t, today] of days.entries()) {
    for (; next < rows.length && (rows[next]?.[0] as number) <= today; next++) {
      const [, symbol, value] = rows[next] as readonly [number, number, number];
      current[symbol] = value;
    }
    cells.set(current, t * N);
  }
  return cells;
}

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
  const symbolText = symbol === undefined ? "''" : `trim(CAST(${sql.name(symbol)} AS VARCHAR))`;
  const rows = await sql.rowsOf(
    db,
    `SELECT CAST(${stampExpression(sql.name(date), source.columns.get(date) ?? '', file, options)} AS DATE) - DATE '1970-01-01',
       ${number('close')}, ${number('high')}, ${number('low')}, ${symbolText} FROM ${source.relation}`,
  );
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
      throw new EvolveError(
        'bad-data',
        `--index ${text}: ${file} has two rows for ${new Date(Number(day) * 86_400_000).toISOString().slice(0, 10)}.`,
      );
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
