/**
 * Parquet files, a row group a block: numbers plain and optional, dates and symbols as short indices into a dictionary.
 * Nothing is compressed: float32 hardly gets smaller, and the other columns are small already.
 *
 * Written out here because a database takes names that differ only in case for one, and renames the second of
 * `ts_mean(close, 240)` and `ts_mean(CLOSE, 240)`. The numbers are those of Parquet's parquet.thrift.
 */
import { binary, type Encoded, i32, i64, list, struct, text, varint } from './compact-thrift.ts';
import { type Block, knownBits, type Sink, type TableShape, type TableWriter } from './write-table.ts';

const types = { int32: 1, float: 4, byteArray: 6 };
const encodings = { plain: 0, rle: 3, dictionary: 8 };
const pages = { data: 0, dictionary: 2 };
const required = i32(0);
const optional = i32(1);
const nothing = struct({});

interface Column {
  readonly name: string;
  readonly type: number;
  /** Its row of the schema. */
  readonly element: Encoded;
}

const dateColumn: Column = {
  name: 'date',
  type: types.int32,
  element: struct({ 1: i32(types.int32), 3: required, 4: text('date'), 6: i32(6), 10: struct({ 6: nothing }) }),
};
const symbolColumn: Column = {
  name: 'symbol',
  type: types.byteArray,
  element: struct({ 1: i32(types.byteArray), 3: required, 4: text('symbol'), 6: i32(0), 10: struct({ 1: nothing }) }),
};
const numberColumn = (name: string): Column => ({
  name,
  type: types.float,
  element: struct({ 1: i32(types.float), 3: optional, 4: text(name) }),
});

export function parquetWriter({ symbols, numbers }: TableShape, sink: Sink): TableWriter {
  const numberColumns = numbers.map(numberColumn);
  const columns = [dateColumn, ...(symbols ? [symbolColumn] : []), ...numberColumns];
  const width = symbols?.length ?? 1;
  const symbolTexts = symbols && Buffer.concat(symbols.flatMap(prefixed));
  const symbolIndices = repeatedIndices(width);
  const groups: Encoded[] = [];
  let [position, rows] = [0, 0];

  const put = (bytes: Uint8Array): void => {
    sink(bytes);
    position += bytes.byteLength;
  };
  put(Buffer.from('PAR1'));

  /** A column of a row group; its pages follow each other from here on. */
  function chunk(column: Column, values: number, { dictionary, page }: Pages, statistics: Encoded): Encoded {
    const start = position;
    if (dictionary) {
      const header = struct({ 1: i32(dictionary.values), 2: i32(encodings.plain) });
      putPage(pages.dictionary, { 7: header }, [dictionary.bytes]);
    }
    const data = position;
    const levels = i32(encodings.rle);
    const encoding = dictionary ? encodings.dictionary : encodings.plain;
    putPage(pages.data, { 5: struct({ 1: i32(values), 2: i32(encoding), 3: levels, 4: levels }) }, page);
    const bytes = i64(position - start);
    const meta = struct({
      1: i32(column.type),
      2: list([i32(encodings.plain), levels, ...(dictionary ? [i32(encodings.dictionary)] : [])]),
      3: list([text(column.name)]),
      4: i32(0),
      5: i64(values),
      6: bytes,
      7: bytes,
      9: i64(data),
      ...(dictionary && { 11: i64(start) }),
      12: statistics,
    });
    return struct({ 2: i64(start), 3: meta });
  }

  function putPage(type: number, header: Readonly<Record<number, Encoded>>, parts: readonly Uint8Array[]): void {
    const bytes = i32(parts.reduce((sum, part) => sum + part.byteLength, 0));
    put(Uint8Array.from(struct({ 1: i32(type), 2: bytes, 3: bytes, ...header }).bytes));
    for (const part of parts) put(part);
  }

  return {
    write(block) {
      const values = block.days.length * width;
      const start = position;
      const chunks = [chunk(dateColumn, values, datePages(block, width), dateStatistics(block))];
      if (symbolTexts) {
        const dictionary = { values: width, bytes: symbolTexts };
        chunks.push(chunk(symbolColumn, values, { dictionary, page: symbolIndices(values) }, struct({ 3: i64(0) })));
      }
      for (const [i, cells] of block.numbers.entries()) {
        const { page, missing } = numberPage(cells);
        chunks.push(chunk(numberColumns[i] as Column, values, { page }, struct({ 3: i64(missing) })));
      }
      groups.push(struct({ 1: list(chunks), 2: i64(position - start), 3: i64(values) }));
      rows += values;
    },
    finish() {
      const root = struct({ 4: text('factors'), 5: i32(columns.length) });
      const order = struct({ 1: nothing });
      const footer = struct({
        1: i32(2),
        2: list([root, ...columns.map(({ element }) => element)]),
        3: i64(rows),
        4: list(groups),
        6: text('evolve'),
        7: list(columns.map(() => order)),
      });
      put(Uint8Array.from(footer.bytes));
      put(word(footer.bytes.length));
      put(Buffer.from('PAR1'));
    },
  };
}

interface Pages {
  readonly dictionary?: { readonly values: number; readonly bytes: Uint8Array };
  /** The one data page, in parts. */
  readonly page: readonly Uint8Array[];
}

/** Where a date is many rows, its place among the block's dates with the count of its rows. */
function datePages({ days }: Block, width: number): Pages {
  const plain = new Uint8Array(days.buffer, days.byteOffset, days.byteLength);
  if (width === 1) return { page: [plain] };
  const bits = bitsFor(days.length);
  const runs = Array.from(days, (_, t) => [...varint(2 * width), ...wholeBytes(t, bits)]);
  return { dictionary: { values: days.length, bytes: plain }, page: [Uint8Array.from([bits, ...runs.flat()])] };
}

/** First and last date, so that a reader of some dates can pass over the other row groups. */
function dateStatistics({ days }: Block): Encoded {
  const [first, last] = [days.at(0) as number, days.at(-1) as number];
  return struct({ 3: i64(0), 5: binary(word(last)), 6: binary(word(first)) });
}

/** The indices 0 to width - 1 again and again, packed; a shorter column is the beginning of a longer one. */
function repeatedIndices(width: number): (values: number) => readonly Uint8Array[] {
  const bits = bitsFor(width);
  let packed = new Uint8Array(0);
  return (values) => {
    const groups = Math.ceil(values / 8);
    if (packed.length < groups * bits) packed = packIndices(groups * 8, width, bits);
    return [Uint8Array.from([bits, ...varint(groups * 2 + 1)]), packed.subarray(0, groups * bits)];
  };
}

function packIndices(values: number, width: number, bits: number): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array((values / 8) * bits);
  let [pending, have, at] = [0, 0, 0];
  for (let i = 0; i < values; i++) {
    pending |= (i % width) << have;
    for (have += bits; have >= 8; have -= 8) {
      packed[at++] = pending & 255;
      pending >>>= 8;
    }
  }
  return packed;
}

/** Which cells have a value, then these values. */
function numberPage(cells: Float32Array): { page: readonly Uint8Array[]; missing: number } {
  const { bits, missing } = knownBits(cells);
  // Whole groups of eight and their count, one bit each.
  const head = varint(bits.length * 2 + 1);
  let known = cells;
  if (missing > 0) {
    known = new Float32Array(cells.length - missing);
    let next = 0;
    for (const cell of cells) if (!Number.isNaN(cell)) known[next++] = cell;
  }
  const values = new Uint8Array(known.buffer, known.byteOffset, known.byteLength);
  return { page: [word(head.length + bits.length), Uint8Array.from(head), bits, values], missing };
}

const bitsFor = (count: number): number => Math.max(1, 32 - Math.clz32(count - 1));
const wholeBytes = (value: number, bits: number): number[] =>
  Array.from({ length: Math.ceil(bits / 8) }, (_, i) => (value >>> (8 * i)) & 255);

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

function prefixed(value: string): Uint8Array[] {
  const bytes = Buffer.from(value);
  return [word(bytes.length), bytes];
}
