/**
 * Writes an Arrow IPC file one record batch at a time, straight from the arrays given: nothing is copied and nothing
 * is kept but the positions of the batches. The hash of the bytes is known when the last of them is written.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writevSync } from 'node:fs';
import {
  AsyncByteQueue,
  type Data,
  type DataType,
  DateDay,
  Field,
  FixedSizeList,
  Float32,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimeSecond,
} from 'apache-arrow';

/** `cell`: one float32 a row. `row`: `width` float32 a row. `date`: days since 1970. `time`: seconds since midnight. */
export type Column =
  | { readonly name: string; readonly type: 'cell' | 'date' | 'time' }
  | { readonly name: string; readonly type: 'row'; readonly width: number };

export type ColumnCells = Float32Array | Int32Array;

/** Takes the writer's pieces as they come instead of queueing them for a reader. */
class Pieces extends AsyncByteQueue {
  pieces: Uint8Array[] = [];

  override write(piece: Uint8Array): void {
    if (piece.byteLength > 0) this.pieces.push(piece);
  }
}

export class ArrowFile {
  readonly #fd: number;
  readonly #columns: readonly Column[];
  readonly #schema: Schema;
  readonly #sink = new Pieces();
  readonly #writer = new RecordBatchFileWriter({ autoDestroy: false });
  readonly #hash = createHash('sha256');
  #bytes = 0;

  constructor(path: string, columns: readonly Column[]) {
    this.#columns = columns;
    this.#schema = new Schema(columns.map((column) => new Field(column.name, arrowType(column), false)));
    this.#fd = openSync(path, 'wx');
    this.#writer.reset(this.#sink, this.#schema);
    this.#flush();
  }

  /** One record batch; `cells` are the columns in order. They may be reused as soon as this returns. */
  write(rows: number, cells: readonly ColumnCells[]): void {
    const children = this.#columns.map((column, i) => columnData(column, rows, cells[i] as ColumnCells));
    const data = makeData({ type: new Struct(this.#schema.fields), length: rows, nullCount: 0, children });
    this.#writer.write(new RecordBatch(this.#schema, data));
    this.#flush();
  }

  /** Writes the footer and makes sure the bytes are on the disk. */
  finish(): { bytes: number; sha256: string } {
    this.#writer.close();
    this.#flush();
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  abandon(): void {
    closeSync(this.#fd);
  }

  #flush(): void {
    for (const piece of this.#sink.pieces) this.#hash.update(piece);
    for (let pieces = this.#sink.pieces; pieces.length > 0; ) {
      // Systems take 1024 pieces a call at most, and may take fewer bytes than offered.
      const batch = pieces.slice(0, 512);
      let written = writevSync(this.#fd, batch);
      this.#bytes += written;
      const rest = batch.flatMap((piece) => {
        const done = Math.min(written, piece.byteLength);
        written -= done;
        return done === piece.byteLength ? [] : [piece.subarray(done)];
      });
      pieces = [...rest, ...pieces.slice(512)];
    }
    this.#sink.pieces = [];
  }
}

function arrowType(column: Column): DataType {
  switch (column.type) {
    case 'cell':
      return new Float32();
    case 'date':
      return new DateDay();
    case 'time':
      return new TimeSecond();
    case 'row':
      return new FixedSizeList(column.width, new Field('item', new Float32(), false));
  }
}

function columnData(column: Column, rows: number, cells: ColumnCells): Data {
  const expected = column.type === 'row' ? rows * column.width : rows;
  if (cells.length !== expected) {
    throw new RangeError(`${column.name} needs ${expected} cells for ${rows} rows, not ${cells.length}`);
  }
  const type = arrowType(column);
  if (column.type !== 'row') return makeData({ type, length: rows, nullCount: 0, data: cells } as never);
  const child = makeData({ type: new Float32(), length: expected, nullCount: 0, data: cells });
  return makeData({ type: type as FixedSizeList, length: rows, nullCount: 0, child });
}
