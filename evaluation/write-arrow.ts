/** Arrow IPC files (Feather version 2), a record batch a block. Missing numbers are null. */
import {
  AsyncByteQueue,
  type Data,
  DateDay,
  Field,
  Float32,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Utf8,
} from 'apache-arrow';
import { type Block, knownBits, type Sink, type TableShape, type TableWriter } from './write-table.ts';

/** Hands on the library's pieces as they come instead of queueing them for a reader. */
class Pieces extends AsyncByteQueue {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    super();
    this.#sink = sink;
  }

  override write(piece: Uint8Array): void {
    if (piece.byteLength > 0) this.#sink(piece);
  }
}

export function arrowWriter({ symbols, numbers }: TableShape, sink: Sink): TableWriter {
  const schema = new Schema([
    new Field('date', new DateDay(), false),
    ...(symbols ? [new Field('symbol', new Utf8(), false)] : []),
    ...numbers.map((name) => new Field(name, new Float32(), true)),
  ]);
  const writer = new RecordBatchFileWriter({ autoDestroy: false });
  writer.reset(new Pieces(sink), schema);
  const names = symbols && repeatedTexts(symbols);
  return {
    write(block) {
      const width = symbols?.length ?? 1;
      const length = block.days.length * width;
      const children: Data[] = [makeData({ type: new DateDay(), length, nullCount: 0, data: repeated(block, width) })];
      if (names) children.push(names(block.days.length));
      for (const cells of block.numbers) {
        const { bits, missing } = knownBits(cells);
        children.push(makeData({ type: new Float32(), length, nullCount: missing, nullBitmap: bits, data: cells }));
      }
      const data = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children });
      writer.write(new RecordBatch(schema, data));
    },
    finish: () => writer.close(),
  };
}

function repeated({ days }: Block, width: number): Int32Array {
  if (width === 1) return days;
  const cells = new Int32Array(days.length * width);
  for (const [t, day] of days.entries()) cells.fill(day, t * width, (t + 1) * width);
  return cells;
}

/** The same texts so many times over. Text, not a dictionary: polars joins a dictionary with nothing but its like. */
function repeatedTexts(texts: readonly string[]): (times: number) => Data {
  const encoded = texts.map((text) => Buffer.from(text));
  const once = Buffer.concat(encoded);
  let known: Data<Utf8> | undefined;
  return (times) => {
    const length = times * texts.length;
    if (known?.length === length) return known;
    const valueOffsets = new Int32Array(length + 1);
    for (let i = 0; i < length; i++) {
      valueOffsets[i + 1] = (valueOffsets[i] as number) + (encoded[i % texts.length] as Buffer).length;
    }
    const data = Buffer.alloc(times * once.length, once);
    known = makeData({ type: new Utf8(), length, nullCount: 0, valueOffsets, data });
    return known;
  };
}
