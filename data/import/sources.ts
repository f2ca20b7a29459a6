/** Input files opened: told apart by content, grouped by columns, ready to be read. */
import { open } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { arrowSource } from './arrow.ts';
import { csvSources } from './csv.ts';
import { fileColumn, type ReadOptions, type Source, type SourceFile, unreadable } from './source.ts';
import * as sql from './sql.ts';

/** The files grouped by what they are and which columns they have, in the order given. */
export async function openSources(
  db: DuckDBConnection,
  files: readonly string[],
  options: ReadOptions,
): Promise<Source[]> {
  const kinds = { csv: [] as string[], gzip: [] as string[], parquet: [] as string[], arrow: [] as string[] };
  for (const file of files) kinds[await contentKind(file, options.encoding !== undefined)].push(file);
  const arrows: Source[] = [];
  for (const file of kinds.arrow) arrows.push(await arrowSource(db, file));
  return [
    ...(await csvSources(kinds.csv, false, options)),
    ...(await csvSources(kinds.gzip, true, options)),
    ...(await parquetSources(db, kinds.parquet)),
    ...arrows,
  ];
}

/** Told by its first bytes: names lie, and a download often has none. */
export async function contentKind(file: string, encoded = false): Promise<'csv' | 'gzip' | 'parquet' | 'arrow'> {
  const head = Buffer.alloc(512);
  let bytes: number;
  try {
    const handle = await open(file);
    bytes = (await handle.read(head, 0, head.length, 0).finally(() => handle.close())).bytesRead;
  } catch (cause) {
    throw new EvolveError('missing-file', `Cannot read ${file}: ${fileProblem(cause)}.`, { cause });
  }
  if (bytes === 0) throw new EvolveError('bad-data', `${file} is empty. Leave it out or write it again.`);
  const magic = head.toString('latin1', 0, 6);
  if (magic.startsWith('PAR1')) return 'parquet';
  if (magic === 'ARROW1' || magic.startsWith('\u00ff\u00ff\u00ff\u00ff')) return 'arrow';
  if (magic.startsWith('\u001f\u008b')) return 'gzip';
  // Half of UTF-16 is zeros; whoever names an encoding means text.
  const utf16 = encoded || magic.startsWith('\u00ff\u00fe') || magic.startsWith('\u00fe\u00ff');
  if (!utf16 && head.subarray(0, bytes).includes(0)) {
    throw new EvolveError('bad-data', `${file} is not CSV, CSV.gz, Parquet or Arrow. Export it to one of these first.`);
  }
  return 'csv';
}

async function parquetSources(db: DuckDBConnection, files: readonly string[]): Promise<Source[]> {
  if (files.length === 0) return [];
  const layouts = new Map<string, SourceFile[]>();
  for (const file of files) {
    const columns = await columnsOf(db, file);
    const layout = JSON.stringify([...columns]);
    layouts.set(layout, [...(layouts.get(layout) ?? []), { shown: file, path: file }]);
  }
  return [...layouts].map(([layout, alike]) => ({
    files: alike,
    columns: new Map(JSON.parse(layout) as [string, string][]),
    relation: `read_parquet([${alike.map((file) => sql.path(file.path)).join(', ')}], filename = '${fileColumn}')`,
  }));
}

async function columnsOf(db: DuckDBConnection, file: string): Promise<Map<string, string>> {
  try {
    const rows = await sql.rowsOf(db, `DESCRIBE SELECT * FROM read_parquet(${sql.path(file)})`);
    return new Map(rows.map(([column, type]) => [String(column), String(type)]));
  } catch (cause) {
    throw unreadable(file, 'Parquet', cause);
  }
}
