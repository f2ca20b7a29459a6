/** Arrow files, copied into the database a batch at a time: DuckDB itself cannot read them. */
import { type FileHandle, open } from 'node:fs/promises';
import * as zlib from 'node:zlib';
import {
  BIGINT,
  BOOLEAN,
  DATE,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  TIMESTAMP,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import { compressionRegistry, DataType, type Field, RecordBatchReader } from 'apache-arrow';
import { lz4Frame } from './lz4.ts';
import { columnNames, fileColumn, type Source, unreadable } from './source.ts';
import * as sql from './sql.ts';

const chunkRows = 2048;
let tables = 0;

// The numbers of the format's own list. LZ4 is what pandas writes a Feather file with unless told otherwise.
const [lz4, zstd] = [0, 1];
compressionRegistry.set(lz4, { decode: lz4Frame });
compressionRegistry.set(zstd, { decode: zstdFrame });

/** Node itself knows zstd from 22.15 on. */
function zstdFrame(frame: Uint8Array): Uint8Array {
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Uint8Array };
  if (zstdDecompressSync) return zstdDecompressSync(frame);
  throw new RangeError('it is compressed with zstd, which needs Node 22.15 or LZ4 instead');
}

export async function arrowSource(db: DuckDBConnection, file: string): Promise<Source> {
  tables += 1;
  const table = `arrow_${tables}`;
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const reader = await RecordBatchReader.from(handle);
    await reader.open();
    const fields = reader.schema.fields;
    const converters = fields.map(converter);
    const types = [...converters.map((conversion) => conversion.type), VARCHAR];
    const own = fields.map((field) => field.name);
    const columns = columnNames(own);
    const names = [...columns, fileColumn];
    await db.run(`CREATE TABLE ${table} (${names.map((column, c) => `${sql.name(column)} ${types[c]}`).join(', ')})`);
    const appender = await db.createAppender(table);
    const chunk = DuckDBDataChunk.create(types);
    for await (const batch of reader) {
      for (let row = 0; row < batch.numRows; row += chunkRows) {
        const rows = Math.min(chunkRows, batch.numRows - row);
        chunk.reset();
        chunk.setColumns([
          ...converters.map(({ convert }, c) => {
            const column = batch.getChildAt(c);
            return Array.from({ length: rows }, (_, i) => {
              const value: unknown = column?.get(row + i);
              return value === null || value === undefined ? null : convert(value);
            });
          }),
          new Array<DuckDBValue>(rows).fill(file),
        ]);
        appender.appendDataChunk(chunk);
      }
    }
    appender.closeSync();
    const typed = new Map(columns.map((column, c) => [column, String(types[c])]));
    return { files: [{ shown: file, path: file }], columns: typed, names: own, relation: table };
  } catch (cause) {
    throw unreadable(file, 'Arrow', cause);
  } finally {
    await handle?.close();
  }
}

interface Conversion {
  readonly type: DuckDBType;
  readonly convert: (value: unknown) => DuckDBValue;
}

function converter({ type }: Field): Conversion {
  if (DataType.isDictionary(type)) return { type: VARCHAR, convert: String };
  if (DataType.isInt(type)) return { type: BIGINT, convert: (value) => BigInt(value as number | bigint) };
  if (DataType.isFloat(type)) return { type: DOUBLE, convert: Number };
  if (DataType.isDecimal(type)) {
    return { type: DOUBLE, convert: (value) => Number(String(value)) / 10 ** type.scale };
  }
  if (DataType.isBool(type)) return { type: BOOLEAN, convert: Boolean };
  // The reader gives milliseconds for all of these, whatever the file's own unit.
  if (DataType.isDate(type))
    return { type: DATE, convert: (ms) => new DuckDBDateValue(Math.floor(Number(ms) / 86_400_000)) };
  if (DataType.isTimestamp(type)) {
    const micros = (ms: unknown): bigint => BigInt(Math.round(Number(ms) * 1000));
    return type.timezone
      ? { type: TIMESTAMPTZ, convert: (ms) => new DuckDBTimestampTZValue(micros(ms)) }
      : { type: TIMESTAMP, convert: (ms) => new DuckDBTimestampValue(micros(ms)) };
  }
  return { type: VARCHAR, convert: String };
}
