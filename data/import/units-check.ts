import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError } from '../../core/failure.ts';
import * as sql from './sql.ts';
import type { Stage } from './stage.ts';

/**
 * Refuses units that do not fit: sources give volume in lots of 100, amount in thousands, shares in ten thousands.
 * Amount over volume must be about the price, and volume less than the shares there are.
 */
export async function refuseOddUnits(db: DuckDBConnection, { table, numbers, files }: Stage): Promise<void> {
  const file = files[0]?.shown ?? '';
  const median = async (ratio: string, where: string): Promise<number> => {
    const [[value] = []] = await sql.rowsOf(db, `SELECT approx_quantile(${ratio}, 0.5) FROM ${table} WHERE ${where}`);
    return value === null || value === undefined ? Number.NaN : Number(value);
  };
  if (numbers.includes('amount') && !numbers.includes('vwap')) {
    const times = await median('amount / volume / close', 'volume > 0 AND amount > 0 AND close > 0');
    if (times > 2 || times < 0.5) {
      throw new EvolveError(
        'bad-data',
        `${file}: amount / volume is ${Number(times.toPrecision(3))} times the close in the median row, so their units differ or the prices are adjusted. Scale them with --map volume=COLUMN*100 or --map amount=COLUMN*1000, or leave the amount out with --map amount=none.`,
      );
    }
  }
  for (const [shares, flag] of [
    ['shares', '--shares'],
    ['freeShares', '--free-shares'],
  ] as const) {
    if (!numbers.includes(shares)) continue;
    const turnover = await median(`volume / ${sql.name(shares)}`, `volume > 0 AND ${sql.name(shares)} > 0`);
    if (turnover > 1)
      throw new EvolveError('bad-data', `${file}: ${turnoverTooHigh(turnover)} Scale them with ${flag} COLUMN*10000.`);
  }
}

const turnoverTooHigh = (turnover: number): string =>
  `the median volume is ${Number(turnover.toPrecision(3))} times the shares there are, so their units differ.`;
