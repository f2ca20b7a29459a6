/** Names and texts as DuckDB spells them, and the database an import works in. */

import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
/** A path to be read as it is: DuckDB would take its brackets and stars as a pattern. */
export const path = (value: string): string => text(value.replace(/[[*?]/g, '[$&]'));

/** A column as a symbol's name, NULL where it is blank: also tabs, and the blanks of spreadsheets and of Chinese texts. */
export const symbolText = (column: string): string =>
  `nullif(trim(CAST(${column} AS VARCHAR), ' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288) || chr(65279)), '')`;

export interface Database {
  readonly connection: DuckDBConnection;
  /** Lets go of its files, so that the folder can be removed on every system. */
  close(): void;
}

/** A database in the folder: what does not fit in `memory` bytes is kept there. */
export async function openDatabase(folder: string, memory: number): Promise<Database> {
  const instance = await DuckDBInstance.create(join(folder, 'stage.duckdb'), {
    memory_limit: `${Math.floor(memory / 1024)}KiB`,
    temp_directory: join(folder, 'spill'),
    // Row numbers are given in the order of the files, and the first of two rows is the one that comes first.
    preserve_insertion_order: 'true',
  });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  return { connection, close };
}

export async function rowsOf(db: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await db.runAndReadAll(sql)).getRowsJS();
}

/** Rows of a query of numbers, a block at a time: a column each, NaN where the database has null. */
export interface Block {
  readonly rows: number;
  readonly columns: readonly Float64Array[];
  /** The columns after the numbers, as texts; read only where needed. */
  text(column: number, row: number): string | undefined;
}

/** Streams a query whose first `numbers` columns are DOUBLE and whose others are VARCHAR. Blocks are reused. */
export async function* blocks(db: DuckDBConnection, sql: string, numbers: number): AsyncGenerator<Block> {
  const result = await db.stream(sql);
  const columns = Array.from({ length: numbers }, () => new Float64Array(2048));
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    const rows = chunk.rowCount;
    for (const [c, out] of columns.entries()) {
      const vector = chunk.getColumnVector(c);
      for (let i = 0; i < rows; i++) out[i] = (vector.getItem(i) as number | null) ?? Number.NaN;
    }
    const text = (column: number, row: number): string | undefined =>
      (chunk.getColumnVector(column).getItem(row) as string | null) ?? undefined;
    yield { rows, columns, text };
  }
}
