/** What the columns of a file are to us, and the SQL that reads each of them: symbols, stamps, numbers. */
import { basename } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError } from '../../core/failure.ts';
import {
  type BarColumn,
  type ColumnUse,
  columnNamed,
  isUsual,
  listColumns,
  type Mapping,
  requiredColumns,
  resolveColumns,
} from './columns.ts';
import { fileColumn, type Source } from './source.ts';
import * as sql from './sql.ts';
import { type StampOptions, stampExpression, timeExpression } from './times.ts';

export interface StageRequest extends StampOptions {
  readonly mapping: Mapping;
  /** A pattern whose (...) is the symbol in a file name, '' for the whole name; undefined: there is a column. */
  readonly symbolFromName?: string | undefined;
  readonly dateFromName?: boolean | undefined;
  /** Further columns of numbers, and of texts, by the names they get here. */
  readonly numbers: ReadonlyMap<string, ColumnUse>;
  readonly texts: ReadonlyMap<string, string>;
}

export interface Layout {
  readonly columns: ReadonlyMap<BarColumn, ColumnUse>;
  readonly numbers: ReadonlyMap<string, ColumnUse>;
  readonly texts: ReadonlyMap<string, string>;
  readonly used: ReadonlySet<string>;
}

export function layoutOf(source: Source, request: StageRequest): Layout {
  const names = [...source.columns.keys()];
  const file = source.files[0]?.shown ?? '';
  const columns = resolveColumns(names, request.mapping, file);
  const missing = requiredColumns.filter(
    (column) =>
      !columns.has(column) &&
      !(column === 'symbol' && request.symbolFromName !== undefined) &&
      !(column === 'date' && request.dateFromName),
  );
  if (missing.length > 0) throw new EvolveError('bad-data', missingSentence(file, names, missing, request.mapping));
  const numbers = new Map<string, ColumnUse>();
  for (const [name, use] of columns) if (!['date', 'time', 'symbol'].includes(name)) numbers.set(name, use);
  for (const [name, use] of request.numbers) {
    const column = columnNamed(names, use.column);
    if (column) numbers.set(name, { column, scale: use.scale });
  }
  const texts = new Map<string, string>();
  for (const [name, wanted] of request.texts) {
    const column = columnNamed(names, wanted);
    if (column) texts.set(name, column);
  }
  const used = new Set([...[...columns.values(), ...numbers.values()].map((use) => use.column), ...texts.values()]);
  return { columns, numbers, texts, used };
}

function missingSentence(
  file: string,
  names: readonly string[],
  missing: readonly BarColumn[],
  mapping: Mapping,
): string {
  const only = missing.length === 1 ? missing[0] : undefined;
  const byName =
    only === 'symbol'
      ? ', or --symbol-from-name if each file is one symbol'
      : only === 'date'
        ? ', or --date-from-name if each file is one date'
        : '';
  const user = [...mapping].find(([, use]) => use && missing.some((name) => isUsual(name, use.column)));
  if (user) {
    const [name, use] = user;
    return `${file} has no column left for ${missing.join(', ')}: ${saidOf(name, use?.column ?? '')} takes ${use?.column}. Name another with one of the two.`;
  }
  const headless = names.filter((name) => /^[-+\d]/.test(name)).length > names.length / 2;
  const hint = headless
    ? 'Its first line looks like data: give it a header line'
    : `Name it with --map ${missing[0]}=COLUMN${byName}`;
  return `${file} has no column for ${missing.join(', ')}; it has: ${listColumns(names)}. ${hint}.`;
}

/** How the user said which column this is. */
function saidOf(name: BarColumn, column: string): string {
  const flags: Partial<Record<BarColumn, string>> = {
    factor: '--adjust-factor',
    shares: '--shares',
    freeShares: '--free-shares',
  };
  return flags[name] ? `${flags[name]} ${column}` : `--map ${name}=${column}`;
}

/** A column the user names must be in some file. */
export function refuseUnknown(sources: readonly Source[], request: StageRequest): void {
  const names = [...new Set(sources.flatMap((source) => [...source.columns.keys()]))];
  const wanted = [
    ...[...request.mapping].flatMap(([name, use]) => (use ? [[saidOf(name, use.column), use.column]] : [])),
    ...[...request.numbers].map(([name, use]) => [`${name}=${use.column}`, use.column]),
    ...[...request.texts].map(([name, column]) => [`${name}=${column}`, column]),
  ] as [string, string][];
  for (const [said, column] of wanted) {
    if (columnNamed(names, column) === undefined) {
      const files = sources.flatMap((source) => source.files);
      const where = files.length === 1 ? `${files[0]?.shown} has` : `${files[0]?.shown} and the others have`;
      throw new EvolveError('bad-data', `${said}: ${where} no column "${column}"; there are: ${listColumns(names)}.`);
    }
  }
}

const extensions = '(\\.(csv|tsv|txt|parquet|pq|arrow|feather|ipc|gz))*$';
const stem = `regexp_replace(parse_filename(${fileColumn}, false, 'both_slash'), '${extensions}', '', 'i')`;

/** A pattern that fits some file leaves the rows of the others without a symbol, which is counted; one that fits none is refused. */
export function refusePattern(pattern: string, files: readonly string[]): void {
  const names = files.map((file) => basename(file).replace(new RegExp(extensions, 'i'), ''));
  if (names.some((name) => new RegExp(pattern).test(name))) return;
  const others = names.length > 1 ? ` or any of the ${names.length - 1} other names` : '';
  throw new EvolveError(
    'bad-argument',
    `--symbol-from-name ${pattern} does not fit ${names[0]}${others}; extensions such as .csv are left out of it.`,
  );
}

/** The database knows no (?=...) and no \1: a pattern only Node understands is refused before it meets one. */
export async function refuseDialect(db: DuckDBConnection, pattern: string): Promise<void> {
  try {
    await sql.rowsOf(db, `SELECT regexp_extract('', ${sql.text(pattern)}, 1)`);
  } catch (cause) {
    throw new EvolveError(
      'bad-argument',
      `--symbol-from-name ${pattern} looks ahead, behind or back, which is not possible here. Write a plain pattern such as (.+)_5min.`,
      { cause },
    );
  }
}

export function symbolOf(layout: Layout, request: StageRequest): string {
  const { symbolFromName } = request;
  if (symbolFromName === undefined) {
    const column = sql.name((layout.columns.get('symbol') as ColumnUse).column);
    return sql.symbolText(column);
  }
  return symbolFromName === '' ? stem : `nullif(regexp_extract(${stem}, ${sql.text(symbolFromName)}, 1), '')`;
}

export function stampColumn(source: Source, layout: Layout, request: StageRequest): string {
  const file = source.files[0]?.shown ?? '';
  const typeOf = (column: string): string => source.columns.get(column) ?? 'VARCHAR';
  const date = layout.columns.get('date')?.column;
  const fromName = request.dateFromName && date === undefined;
  const digits = `regexp_replace(regexp_extract(${stem}, '\\d{4}[-_.]?\\d\\d[-_.]?\\d\\d'), '\\D', '', 'g')`;
  const stamp = fromName
    ? `try_strptime(${digits}, '%Y%m%d')`
    : stampExpression(sql.name(date as string), typeOf(date as string), file, request);
  const time = layout.columns.get('time')?.column;
  if (time === undefined) return stamp;
  return `(date_trunc('day', ${stamp}) + to_microseconds(${timeExpression(sql.name(time), typeOf(time))}))`;
}

/** Texts that mean "no value" in a column of numbers. */
export const nullWords = ['', 'null', 'nan', 'na', 'n/a', '#n/a', 'none', 'nat', '-', '--', '\\n'];

export function numberOf(
  name: string,
  use: ColumnUse | undefined,
  source: Pick<Source, 'columns'>,
  file: string,
): { value: string; bad?: string } {
  if (use === undefined) return { value: 'NULL' };
  const column = sql.name(use.column);
  const type = source.columns.get(use.column) ?? 'VARCHAR';
  const scale = use.scale === 1 ? '' : ` * ${use.scale}`;
  if (/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(type))
    return { value: `CAST(${column} AS DOUBLE)${scale}` };
  if (type !== 'VARCHAR') {
    throw new EvolveError(
      'bad-data',
      `${file}: column ${use.column} has type ${type}, and ${name} needs numbers. Name another with --map ${name}=COLUMN.`,
    );
  }
  const number = `TRY_CAST(trim(${column}) AS DOUBLE)`;
  const empty = `(${column} IS NULL OR lower(trim(${column})) IN (${nullWords.map(sql.text).join(', ')}))`;
  return {
    value: `CASE WHEN NOT ${empty} THEN ${number}${scale} END`,
    bad: `CASE WHEN NOT ${empty} AND ${number} IS NULL THEN ${sql.text(`${use.column} is "`)} || ${column} || '"' END`,
  };
}
