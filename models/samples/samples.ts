/**
 * Batches of rows as networks take them: scaled, nothing missing, whole dates or random pieces of them. A row is a symbol
 * on a date. It needs at least half of its numbers, and to teach it needs a label.
 *
 * Which rows there are depends on all channels of the parts, not on those that one network reads: an ensemble's networks
 * learn from the same rows and predict the same ones.
 */
import type { Stream } from '../../core/random.ts';
import type { Batch, Section } from '../batch.ts';
import type { InputPart } from '../inputs.ts';
import { RecordKernels, type Scaling } from '../kernels/record-kernels.ts';
import { middleLabel } from '../middle-label.ts';
import { knownOf } from './known.ts';
import type { RecordReader } from './record-reader.ts';
import type { Bounds, Scaler } from './scaler.ts';
import { SeriesScaling } from './series-scaling.ts';
import { shuffle } from './shuffle.ts';
import { StyleBasis, type StyleCells } from './style-basis.ts';

export interface SamplePart {
  readonly part: InputPart;
  /** Records hold all channels of the part; closed with the samples. */
  readonly reader: RecordReader;
  readonly scaler: Scaler;
  /** Places of the channels in rows, ascending; all of them without. */
  readonly read?: readonly number[] | undefined;
}

export interface SampleOptions {
  readonly parts: readonly SamplePart[];
  /** [dates][symbols], NaN without. */
  readonly labels: Float32Array;
  /** As labels; those of labels that are freed from something. */
  readonly returns?: Float32Array | undefined;
  readonly symbols: number;
  /** Inputs, once scaled, are drawn in to so many deviations; 0 leaves them. */
  readonly limit: number;
  /** For losses that are neutral to them: sections then have a basis. */
  readonly styles?: StyleCells | undefined;
}

export interface BatchOptions {
  /** Dates are never cut, however large. */
  readonly whole: boolean;
  /** Without, dates and symbols come in their order. */
  readonly shuffle?: Stream | undefined;
}

export interface RowCounts {
  readonly rows: number;
  /** Dates with a row. */
  readonly dates: number;
  /** Symbols with a label, left out for want of numbers. */
  readonly tooFewKnown: number;
}

/** Symbols of one date that go into a batch together. */
interface Piece {
  readonly date: number;
  readonly symbols: Int32Array;
  /** Of all labels of the date, where there is more of it. */
  readonly middle?: number;
}

/** Dates of up to so many batches' size are not cut: halves would be far from the size asked for. */
const mostUncut = 1.5;

export class Samples {
  readonly #inputs: readonly Input[];
  readonly #labels: Float32Array;
  readonly #returns: Float32Array | undefined;
  readonly #symbols: number;
  /** Numbers a row must have. */
  readonly #leastKnown: number;
  readonly #basis: StyleBasis | undefined;

  constructor({ parts, labels, returns, symbols, limit, styles }: SampleOptions) {
    this.#inputs = parts.map((part) => new Input(part, symbols, limit));
    this.#labels = labels;
    this.#returns = returns;
    this.#symbols = symbols;
    this.#leastKnown = parts.reduce((sum, { part }) => sum + part.lags.length * part.channels.length, 0) / 2;
    this.#basis = styles && new StyleBasis(styles, symbols);
  }

  /** Every row of the dates once: dates shuffled and cut at random by the stream, or in their order. */
  *batches(dates: readonly number[], size: number, options: BatchOptions): Generator<Batch, void, undefined> {
    const order = Int32Array.from(dates);
    if (options.shuffle) shuffle(order, options.shuffle);
    let pieces: Piece[] = [];
    let rows = 0;
    for (const date of order) {
      for (const piece of this.#cut(date, size, options)) {
        if (rows > 0 && rows + piece.symbols.length > size) {
          yield this.#batch(pieces, rows);
          pieces = [];
          rows = 0;
        }
        pieces.push(piece);
        rows += piece.symbols.length;
      }
    }
    if (rows > 0) yield this.#batch(pieces, rows);
  }

  /** What there is to predict on a date: every symbol with enough numbers. Nothing of it looks at a label; labels are NaN. */
  section(date: number): Batch {
    const symbols = this.#known(date);
    const sections: Section[] = symbols.length > 0 ? [{ date, from: 0, to: symbols.length }] : [];
    return {
      rows: symbols.length,
      sections,
      inputs: this.#gathered(symbols.length > 0 ? [{ date, symbols }] : [], symbols.length),
      labels: new Float32Array(symbols.length).fill(Number.NaN),
      symbols,
    };
  }

  /** Rows that the dates teach. */
  count(dates: readonly number[]): RowCounts {
    let [rows, some, all] = [0, 0, 0];
    for (const date of dates) {
      const here = this.#taught(date).length;
      rows += here;
      if (here > 0) some++;
      for (const label of this.#labelsOf(date)) if (!Number.isNaN(label)) all++;
    }
    return { rows, dates: some, tooFewKnown: all - rows };
  }

  close(): void {
    for (const input of this.#inputs) input.close();
  }

  #labelsOf(date: number): Float32Array {
    return this.#labels.subarray(date * this.#symbols, (date + 1) * this.#symbols);
  }

  #taught(date: number): Int32Array {
    return this.#known(date, this.#labelsOf(date));
  }

  /** Symbols with enough numbers, and with a label if there are labels to look at, ascending. */
  #known(date: number, labels?: Float32Array): Int32Array {
    const counts = this.#inputs.flatMap((input) => input.known(date));
    const found = new Int32Array(this.#symbols);
    let rows = 0;
    for (let n = 0; n < this.#symbols; n++) {
      if (labels && Number.isNaN(labels[n])) continue;
      let known = 0;
      for (const count of counts) known += count[n] as number;
      if (known >= this.#leastKnown && known > 0) found[rows++] = n;
    }
    return found.slice(0, rows);
  }

  /** A date's rows in pieces of about the size, symbols ascending in each: their numbers then lie one behind another. */
  #cut(date: number, size: number, { whole, shuffle: random }: BatchOptions): Piece[] {
    const symbols = this.#taught(date);
    if (symbols.length === 0) return [];
    if (whole || symbols.length <= mostUncut * size) return [{ date, symbols }];
    if (random) shuffle(symbols, random);
    const labels = this.#labelsOf(date);
    const middle = middleLabel(Float32Array.from(symbols, (n) => labels[n] as number));
    const count = Math.round(symbols.length / size);
    const edge = (k: number): number => Math.round((k * symbols.length) / count);
    return Array.from({ length: count }, (_, k) => ({
      ...{ date, middle },
      symbols: symbols.slice(edge(k), edge(k + 1)).sort(),
    }));
  }

  #batch(pieces: readonly Piece[], rows: number): Batch {
    const labels = new Float32Array(rows);
    const returns = this.#returns && new Float32Array(rows);
    const symbols = new Int32Array(rows);
    const sections: Section[] = [];
    let from = 0;
    for (const piece of pieces) {
      for (let i = 0; i < piece.symbols.length; i++) {
        const cell = piece.date * this.#symbols + (piece.symbols[i] as number);
        labels[from + i] = this.#labels[cell] as number;
        if (returns) returns[from + i] = this.#returns?.[cell] as number;
      }
      symbols.set(piece.symbols, from);
      const to = from + piece.symbols.length;
      const basis = this.#basis?.of(piece.date, piece.symbols);
      const { date, middle } = piece;
      sections.push({ date, from, to, ...(basis && { basis }), ...(middle !== undefined && { middle }) });
      from = to;
    }
    return { rows, sections, inputs: this.#gathered(pieces, rows), labels, ...(returns && { returns }), symbols };
  }

  #gathered(pieces: readonly Piece[], rows: number): Map<string, Float32Array> {
    const among = (date: number): Int32Array => this.#known(date);
    return new Map(this.#inputs.map((input) => [input.name, input.gathered(pieces, rows, among)]));
  }
}

let ofThread: RecordKernels | undefined;

/** One for all samples of a thread: between calls they hold nothing but their memory. */
function kernels(): RecordKernels {
  ofThread ??= new RecordKernels();
  return ofThread;
}

/** Of every symbol the numbers known of a record. */
type Known = ReturnType<typeof knownOf>;

/** One part of the rows. */
class Input {
  readonly name: string;
  readonly #part: InputPart;
  readonly #reader: RecordReader;
  readonly #read: Int32Array | undefined;
  readonly #scaling: Scaling;
  /** In place of the scaling, where a part asks for it. */
  readonly #series: SeriesScaling | undefined;
  /** By channel read: what scaled numbers are drawn in to. */
  readonly #bounds: Bounds | undefined;
  readonly #symbols: number;
  /** By date of the record: scanned once, for it is read at every lag and in every epoch. */
  readonly #counts = new Map<number, Known>();

  constructor({ part, reader, scaler, read }: SamplePart, symbols: number, limit: number) {
    const channels = part.channels.length;
    if (scaler.mean.length !== channels || scaler.deviation.length !== channels) {
      throw new RangeError(`a scaler of ${scaler.mean.length} channels for the ${channels} of ${part.name}`);
    }
    const chosen = read ?? [...part.channels.keys()];
    this.name = part.name;
    this.#part = part;
    this.#reader = reader;
    this.#read = read && Int32Array.from(read);
    this.#symbols = symbols;
    this.#scaling = {
      mean: Float64Array.from(chosen, (c) => scaler.mean[c] as number),
      inverse: Float64Array.from(chosen, (c) => 1 / (scaler.deviation[c] as number)),
      limit: limit > 0 ? limit : Number.POSITIVE_INFINITY,
    };
    this.#bounds = scaler.bounds && scaledBounds(scaler.bounds, chosen, this.#scaling);
    if (part.scaling === 'series-mean' || part.scaling === 'series-last') {
      if (read) throw new RangeError(`the series of ${part.name} are read whole`);
      const recordOf = (date: number): Float32Array => this.#record(date);
      this.#series = new SeriesScaling({ part, symbols, limit: this.#scaling.limit, recordOf });
    }
  }

  /** Of every symbol the numbers known, step by step; before the calendar there are none. */
  known(date: number): Known[] {
    return this.#part.lags.flatMap((lag) => (date >= lag ? [this.#countsOf(date - lag)] : []));
  }

  #countsOf(date: number): Known {
    const counted = this.#counts.get(date);
    if (counted) return counted;
    const counts = knownOf(this.#record(date), this.#part.channels.length);
    this.#counts.set(date, counts);
    return counts;
  }

  /** [rows][steps][channels], piece by piece. `among` are all symbols of a date that could be rows. */
  gathered(pieces: readonly Piece[], rows: number, among: (date: number) => Int32Array): Float32Array {
    const { lags, channels } = this.#part;
    const shape = { steps: lags.length, channels: channels.length, read: this.#read, scaling: this.#scaling };
    const stride = lags.length * this.#scaling.mean.length;
    const values = new Float32Array(rows * stride);
    let from = 0;
    for (const { date, symbols } of pieces) {
      const to = from + symbols.length * stride;
      const out = values.subarray(from, to);
      from = to;
      if (this.#series) {
        this.#series.put(date, symbols, () => among(date), out);
        continue;
      }
      const recordOf = (step: number) => {
        const lag = lags[step] as number;
        return date < lag ? undefined : this.#record(date - lag);
      };
      kernels().scaled({ symbols, ...shape }, recordOf, out);
    }
    if (this.#bounds) drawIn(values, this.#bounds);
    return values;
  }

  #record(date: number): Float32Array {
    const record = this.#reader.record(date);
    if (record.length !== this.#symbols * this.#part.channels.length) {
      throw new RangeError(
        `a record of ${record.length} numbers for ${this.#symbols} symbols and ${this.#part.channels.length} channels`,
      );
    }
    return record;
  }

  close(): void {
    this.#reader.close();
  }
}

/** Drawn in to its bounds and then scaled, a number is the same as scaled and then drawn in to bounds that are scaled. */
const scaledBounds = ({ low, high }: Bounds, read: readonly number[], { mean, inverse }: Scaling): Bounds => {
  const scaled = (bound: Float32Array): Float32Array =>
    Float32Array.from(read, (c, i) => ((bound[c] as number) - (mean[i] as number)) * (inverse[i] as number));
  return { low: scaled(low), high: scaled(high) };
};

/** Rows of [steps][channels]. A 0, the mean of numbers between bounds, stays one. */
function drawIn(values: Float32Array, { low, high }: Bounds): void {
  const channels = low.length;
  for (let start = 0; start < values.length; start += channels) {
    for (let c = 0; c < channels; c++) {
      const x = values[start + c] as number;
      if (x < (low[c] as number)) values[start + c] = low[c] as number;
      else if (x > (high[c] as number)) values[start + c] = high[c] as number;
    }
  }
}
