/**
 * Where the bytes of each column lie in an Arrow IPC file: read once from its footer, so that any piece of any column
 * is one positioned read. Reads what arrow-file.ts writes (float32 and int32 columns without missing marks) and
 * refuses anything else. Written out here because a full Arrow reader takes longer to load than a market to open.
 *
 * The slot numbers of the tables are those of Arrow's Schema.fbs, Message.fbs and File.fbs.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { Table, text } from './flatbuffer.ts';
import { remake } from './manifest.ts';

export interface ColumnLayout {
  readonly name: string;
  /** Cells of four bytes per row. */
  readonly width: number;
  /** Buffers of missing marks that stand before its numbers. */
  readonly marks: 1 | 2;
}

export interface Batch {
  readonly rows: number;
  /** Position in the file of each column's first cell. */
  readonly positions: readonly number[];
}

export class ArrowLayout {
  readonly path: string;
  readonly fd: number;
  readonly columns: readonly ColumnLayout[];
  readonly batches: readonly Batch[];

  private constructor(path: string, fd: number, columns: readonly ColumnLayout[], batches: readonly Batch[]) {
    this.path = path;
    this.fd = fd;
    this.columns = columns;
    this.batches = batches;
  }

  /** Opens the file; whoever asked closes it. */
  static open(path: string): ArrowLayout {
    let fd: number;
    try {
      fd = openSync(path, 'r');
    } catch (cause) {
      throw new EvolveError('bad-market', `${path} cannot be read: ${fileProblem(cause)}. ${remake}`, { cause });
    }
    try {
      const footer = readFooter(fd);
      const columns = footer.fields.map(columnLayout);
      const { size } = fstatSync(fd);
      const batches = footer.blocks.map((block) => readBatch(fd, block, columns, size));
      return new ArrowLayout(path, fd, columns, batches);
    } catch (cause) {
      closeSync(fd);
      // A damaged offset leads outside the bytes, which DataView answers with a RangeError.
      if (cause instanceof RangeError) throw damaged(path, cause.message, cause);
      throw cause;
    }
  }

  /** Position among the columns of the one with this name and so many cells a row. */
  column(name: string, width: number): number {
    const found = this.columns.findIndex((column) => column.name === name);
    const has = this.columns[found]?.width;
    if (has === undefined) throw damaged(this.path, `it has no column ${name}`);
    if (has !== width) throw damaged(this.path, `its column ${name} has ${has} cells a row where ${width} belong`);
    return found;
  }

  /** Fills `into`, anywhere in memory, with the bytes from `position` on. */
  read(into: Uint8Array, position: number): void {
    const read = readSync(this.fd, into, 0, into.byteLength, position);
    if (read !== into.byteLength) throw damaged(this.path, `it ends at byte ${position + read}`);
  }

  close(): void {
    closeSync(this.fd);
  }
}

export const damaged = (path: string, reason: string, cause?: unknown): EvolveError =>
  new EvolveError('bad-market', `${path} is damaged: ${reason}. ${remake}`, { cause });

interface Block {
  readonly position: number;
  readonly header: number;
}

const magic = 'ARROW1';

function readFooter(fd: number): { fields: Table[]; blocks: Block[] } {
  const size = fstatSync(fd).size;
  const tail = bytesAt(fd, size - 10, 10);
  if (text(bytesAt(fd, 0, 6), 0, 6) !== magic || text(tail, 4, 6) !== magic) {
    throw new RangeError('it is not a whole Arrow file');
  }
  const length = tail.getInt32(0, true);
  const footer = Table.root(bytesAt(fd, size - 10 - length, length));
  const schema = footer.table(1);
  if (!schema) throw new RangeError('it has no schema');
  const blocks = footer.structs(3, 24, (view, at) => ({
    position: Number(view.getBigInt64(at, true)),
    header: view.getInt32(at + 8, true),
  }));
  return { fields: schema.tables(1), blocks };
}

const typeNumber = { floatingPoint: 3, date: 8, time: 9, fixedSizeList: 16 };
const single = 1;

function columnLayout(field: Table): ColumnLayout {
  const name = field.text(0);
  const isFloat = (type: Table) => type.byte(2) === typeNumber.floatingPoint && type.table(3)?.short(0) === single;
  const type = field.byte(2);
  if (isFloat(field) || type === typeNumber.date || type === typeNumber.time) return { name, width: 1, marks: 1 };
  const item = field.tables(5)[0];
  if (type !== typeNumber.fixedSizeList || !item || !isFloat(item)) {
    throw new RangeError(`its column ${name} is not of float32 numbers`);
  }
  return { name, width: field.table(3)?.int(0) ?? 0, marks: 2 };
}

function readBatch(fd: number, block: Block, columns: readonly ColumnLayout[], size: number): Batch {
  const header = bytesAt(fd, block.position, block.header);
  // Four bytes of continuation mark and four of length stand before the message.
  const batch = Table.root(new DataView(header.buffer, 8)).table(2);
  if (!batch) throw new RangeError('a record batch has no header');
  if (batch.table(3)) throw new RangeError('it is compressed');
  const rows = batch.long(0);
  if (rows < 0) throw new RangeError('a record batch has less than no rows');
  const buffers = batch.structs(2, 16, (view, at) => ({
    offset: Number(view.getBigInt64(at, true)),
    bytes: Number(view.getBigInt64(at + 8, true)),
  }));
  let next = 0;
  const positions = columns.map(({ name, width, marks }) => {
    const before = buffers.slice(next, next + marks);
    const numbers = buffers[next + marks];
    next += marks + 1;
    if (before.some(({ bytes }) => bytes > 0)) throw new RangeError(`its column ${name} has missing marks`);
    if (!numbers || numbers.bytes < rows * width * 4) throw new RangeError(`its column ${name} is cut short`);
    const position = block.position + block.header + numbers.offset;
    if (numbers.offset < 0 || position + rows * width * 4 > size) {
      throw new RangeError(`its column ${name} lies outside the file`);
    }
    return position;
  });
  return { rows, positions };
}

function bytesAt(fd: number, position: number, bytes: number): DataView {
  if (position < 0 || bytes < 0 || bytes > 2 ** 30) throw new RangeError('it is not a whole Arrow file');
  const into = new Uint8Array(bytes);
  if (readSync(fd, into, 0, bytes, position) !== bytes) throw new RangeError('it is cut short');
  return new DataView(into.buffer);
}
