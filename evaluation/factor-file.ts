/**
 * Factor values as a file other tools read: Arrow, Parquet or CSV, by the ending of its name. Long: a row for each date
 * and symbol, a column for each factor. Wide: a row for each date, a column for each symbol, one factor.
 */
import { EvolveError } from '../core/failure.ts';
import { nearest } from '../core/nearest.ts';
import { OutputFile, type OutputOptions } from './write-output.ts';
import type { Sink, TableShape, TableWriter } from './write-table.ts';

export type FactorShape = 'long' | 'wide';

export interface FactorFileOptions extends OutputOptions {
  readonly path: string;
  readonly shape: FactorShape;
  readonly factors: readonly string[];
  readonly symbols: readonly string[];
}

type Format = 'arrow' | 'parquet' | 'csv';

const endings: Readonly<Record<string, Format>> = { arrow: 'arrow', feather: 'arrow', parquet: 'parquet', csv: 'csv' };

/** What a block may hold at most: enough that calls cost nothing, few enough that memory does not matter. */
const mostCells = 1 << 22;
const mostRows = 1 << 18;

export class FactorFile {
  readonly format: Format;
  /** Dates a block should have. */
  readonly blockDates: number;
  readonly #output: OutputFile;
  readonly #writer: TableWriter;
  readonly #symbols: number;
  readonly #shape: FactorShape;
  #rows = 0;

  private constructor(format: Format, output: OutputFile, writer: TableWriter, options: FactorFileOptions) {
    this.format = format;
    this.#output = output;
    this.#writer = writer;
    this.#shape = options.shape;
    this.#symbols = options.symbols.length;
    const rows = options.shape === 'wide' ? 1 : options.symbols.length;
    const cells = options.symbols.length * options.factors.length;
    this.blockDates = Math.max(1, Math.floor(Math.min(mostRows / rows, mostCells / cells)));
  }

  static async create(options: FactorFileOptions): Promise<FactorFile> {
    const format = formatOf(options.path);
    const columns = tableOf(options);
    const output = new OutputFile(options.path, options);
    try {
      const writer = await writerOf(format, columns, (bytes) => output.write(bytes));
      return new FactorFile(format, output, writer, options);
    } catch (error) {
      output.abandon();
      throw error;
    }
  }

  get bytes(): number {
    return this.#output.bytes;
  }

  get rows(): number {
    return this.#rows;
  }

  /** The cells of each factor on these dates, date by date. */
  write(days: Int32Array, values: readonly Float32Array[]): void {
    const numbers = this.#shape === 'long' ? values : transposed(values[0] as Float32Array, this.#symbols);
    this.#writer.write({ days, numbers });
    this.#rows += days.length * (this.#shape === 'long' ? this.#symbols : 1);
  }

  finish(): void {
    this.#writer.finish();
    this.#output.finish();
  }

  abandon(): void {
    this.#output.abandon();
  }
}

function formatOf(path: string): Format {
  const ending = /\.([^./\\]*)$/.exec(path)?.[1]?.toLowerCase();
  const format = ending === undefined ? undefined : endings[ending];
  if (format) return format;
  const meant = ending && nearest(ending, Object.keys(endings));
  throw new EvolveError(
    'bad-argument',
    `${path} must end in .arrow, .parquet or .csv, so that its format is known.${meant ? ` Did you mean .${meant}?` : ''}`,
  );
}

function tableOf({ shape, factors, symbols, path }: FactorFileOptions): TableShape {
  if (shape === 'wide' && factors.length > 1) {
    throw new EvolveError(
      'bad-argument',
      `A wide file holds one factor and there are ${factors.length}. Leave --wide out, or write a file for each.`,
    );
  }
  const table: TableShape = shape === 'wide' ? { numbers: symbols } : { symbols, numbers: factors };
  const taken = table.numbers.find((name) => name === 'date' || (table.symbols && name === 'symbol'));
  if (taken === undefined) return table;
  throw new EvolveError(
    'bad-argument',
    shape === 'wide'
      ? `The market has a symbol "${taken}", which is the name of another column of ${path}. Leave --wide out.`
      : `A factor cannot be called "${taken}", which is the name of another column of ${path}. Rename it.`,
  );
}

async function writerOf(format: Format, table: TableShape, sink: Sink): Promise<TableWriter> {
  switch (format) {
    case 'arrow':
      return (await import('./write-arrow.ts')).arrowWriter(table, sink);
    case 'parquet':
      return (await import('./write-parquet.ts')).parquetWriter(table, sink);
    case 'csv':
      return (await import('./write-csv.ts')).csvWriter(table, sink);
  }
}

/** A column for each symbol. */
function transposed(cells: Float32Array, symbols: number): Float32Array[] {
  const dates = cells.length / symbols;
  const columns = Array.from({ length: symbols }, () => new Float32Array(dates));
  for (let t = 0; t < dates; t++) {
    for (let n = 0; n < symbols; n++) (columns[n] as Float32Array)[t] = cells[t * symbols + n] as number;
  }
  return columns;
}
