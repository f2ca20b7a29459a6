/** Dates in texts as the database reads them, each text once: a file of scores repeats the few it has. */
import type { DuckDBConnection } from '@duckdb/node-api';
import * as sql from '../import/sql.ts';
import { withDays } from './database-rows.ts';

export class DayReader {
  readonly #db: DuckDBConnection;
  readonly #path: string;
  readonly #known = new Map<string, number>();

  constructor(db: DuckDBConnection, path: string) {
    this.#db = db;
    this.#path = path;
  }

  /** Days since 1970, NaN where there is none. */
  async of(texts: readonly (string | undefined)[]): Promise<Float64Array> {
    const fresh = new Set(texts.filter((text) => text !== undefined && !this.#known.has(text)));
    if (fresh.size > 0) await this.#learn([...fresh] as string[]);
    return Float64Array.from(texts, (text) => this.#known.get(text ?? '') ?? Number.NaN);
  }

  async #learn(texts: readonly string[]): Promise<void> {
    const column = { name: 'date', column: 'date', type: 'VARCHAR' };
    const values = `(SELECT * FROM (VALUES ${texts.map((text) => `(${sql.text(text)})`).join(', ')}) AS t(date))`;
    const rows = await sql.rowsOf(this.#db, `SELECT date, _day FROM ${withDays(this.#path, column, values)}`);
    for (const [text, day] of rows) this.#known.set(String(text), day === null ? Number.NaN : Number(day));
  }
}
