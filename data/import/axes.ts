/** The dates and symbols of a market: those with at least one usable close, in order. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError } from '../../core/failure.ts';
import * as sql from './sql.ts';
import type { Stage } from './stage.ts';

export interface Axes {
  readonly symbols: readonly string[];
  /** Days since 1970, ascending, and the position of each. */
  readonly days: readonly number[];
  readonly dayIndex: ReadonlyMap<number, number>;
}

/** Of everything staged. */
export async function findAxes(db: DuckDBConnection, stages: readonly Stage[]): Promise<Axes> {
  const usable = stages
    .map(
      ({ table }) =>
        `SELECT symbol, day FROM ${table} WHERE close > 0 AND isfinite(close) AND day IS NOT NULL AND symbol IS NOT NULL`,
    )
    .join(' UNION ALL ');
  const symbols = (await sql.rowsOf(db, `SELECT DISTINCT symbol FROM (${usable}) ORDER BY symbol`)).map(([symbol]) =>
    String(symbol),
  );
  const days = (await sql.rowsOf(db, `SELECT DISTINCT day FROM (${usable}) ORDER BY day`)).map(([day]) => Number(day));
  const axes = axesOf(symbols, days);
  await declareSymbols(db, axes);
  return axes;
}

export const axesOf = (symbols: readonly string[], days: readonly number[]): Axes => ({
  symbols,
  days,
  dayIndex: new Map(days.map((day, t) => [day, t])),
});

/** Makes the type `symbols` in the database, whose code is a symbol's position. */
export async function declareSymbols(db: DuckDBConnection, { symbols }: Pick<Axes, 'symbols'>): Promise<void> {
  await db.run('DROP TYPE IF EXISTS symbols');
  if (symbols.length > 0) await db.run(`CREATE TYPE symbols AS ENUM (${symbols.map(sql.text).join(', ')})`);
}

/** Refuses input without a single usable bar. */
export async function refuseNothing(
  db: DuckDBConnection,
  axes: Axes,
  stages: readonly Stage[],
  files: readonly string[],
): Promise<void> {
  if (axes.symbols.length > 0) return;
  const rows = stages.reduce((sum, stage) => sum + stage.rows, 0);
  const what = files.length === 1 ? `${files[0]} has` : `${files[0]} and ${files.length - 1} more files have`;
  const why = rows === 0 ? '' : await firstRow(db, stages[0] as Stage);
  throw new EvolveError(
    'bad-data',
    rows === 0
      ? `${what} no rows below the header.`
      : `${what} no row with a symbol, a date that can be read and a close above zero${why}.`,
  );
}

/** What cannot be read of the first row, as an example. */
async function firstRow(db: DuckDBConnection, { table }: Stage): Promise<string> {
  const [[raw, bad, symbol] = []] = await sql.rowsOf(db, `SELECT raw, bad, symbol FROM ${table} ORDER BY rn LIMIT 1`);
  const reasons = [
    ...(raw === null ? [] : [`the date is "${raw}" (--date-format says how dates are written)`]),
    ...(symbol === null ? ['there is no symbol'] : []),
    ...(bad === null ? [] : [String(bad)]),
  ];
  return reasons.length === 0 ? '' : `; in the first row ${reasons.join(', ')}`;
}
