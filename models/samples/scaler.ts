/** What numbers of a channel are on average, and how far apart: of training's dates alone, whatever is scaled by it. */
import type { InputPart } from '../inputs.ts';
import { medians } from './medians.ts';
import type { RecordReader } from './record-reader.ts';

/** By channel of a part. */
export interface Scaler {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  /** Numbers are drawn in to these before they are scaled, where a part asks for it. */
  readonly bounds?: Bounds;
}

/** By channel; without end where a channel has none. */
export interface Bounds {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

export interface FittedScaler extends Scaler {
  /** Channels without one number on these dates: mean 0 and deviation 1, so that whatever comes later counts as it is. */
  readonly unknown: readonly number[];
}

export interface ScalerRows {
  readonly channels: number;
  /** Dates of training; numbers are those of the date itself, at whichever lag they are read. */
  readonly dates: readonly number[];
  /** [dates][symbols]: symbols with a label count. All do without. */
  readonly labels?: Float32Array;
  /** As of the part: those by its own series need no numbers of training. */
  readonly scaling?: InputPart['scaling'] | undefined;
}

/** Of a mean's size, what float32 can tell apart: a channel that varies by less is a constant. */
export const resolution = 1e-7;

/** Median deviations from the median that numbers are drawn in to. */
const reach = 7;

/** The deviation is the population's. A constant's is taken to be 1: it scales to 0. */
export function fitScaler(reader: RecordReader, rows: ScalerRows): FittedScaler {
  const { channels, dates, labels, scaling = 'training' } = rows;
  if (scaling === 'series-mean' || scaling === 'series-last') {
    return { mean: new Float32Array(channels), deviation: new Float32Array(channels).fill(1), unknown: [] };
  }
  const bounds = scaling === 'robust' ? robustBounds(reader, rows) : undefined;
  const sums = new Moments(channels, bounds);
  for (const date of dates) {
    const record = reader.record(date);
    const symbols = record.length / channels;
    sums.add(record, labels?.subarray(date * symbols, (date + 1) * symbols));
  }
  return { ...sums.scaler(), ...(bounds && { bounds }) };
}

/**
 * The median and so many median deviations from it to either side, exactly. A channel of which more than half of all
 * numbers are one has no bounds: all would be drawn in to that one.
 */
function robustBounds(reader: RecordReader, rows: ScalerRows): Bounds {
  const { channels } = rows;
  const median = medians(channels, () => counted(reader, rows));
  const deviation = medians(channels, () => counted(reader, rows, median));
  const bound = (side: 1 | -1): Float32Array =>
    Float32Array.from(median, (middle, c) => {
      const away = deviation[c] as number;
      return away > 0 ? middle + side * reach * away : side * Number.POSITIVE_INFINITY;
    });
  return { low: bound(-1), high: bound(1) };
}

/** Records without the rows of symbols that do not count; or how far their numbers are from these. */
function* counted(
  reader: RecordReader,
  { channels, dates, labels }: ScalerRows,
  from?: Float64Array,
): Generator<Float32Array, void, undefined> {
  let table = new Float32Array(0);
  for (const date of dates) {
    const record = reader.record(date);
    const symbols = record.length / channels;
    if (table.length !== record.length) table = new Float32Array(record.length);
    table.set(record);
    for (let n = 0; n < symbols; n++) {
      const start = n * channels;
      if (labels && Number.isNaN(labels[date * symbols + n])) table.fill(Number.NaN, start, start + channels);
      else if (from) {
        for (let c = 0; c < channels; c++) {
          table[start + c] = Math.abs((table[start + c] as number) - (from[c] as number));
        }
      }
    }
    yield table;
  }
}

/**
 * Sums of one record are of distances from the mean so far, and then added as those of two samples are (Chan, Golub,
 * LeVeque): nothing is lost where the mean is large beside the deviation, and a record is read once.
 */
class Moments {
  readonly #channels: number;
  readonly #count: Float64Array;
  readonly #mean: Float64Array;
  /** Sum of squares about the mean. */
  readonly #squares: Float64Array;
  readonly #added: Float64Array;
  readonly #sum: Float64Array;
  readonly #square: Float64Array;
  readonly #bounds: Bounds | undefined;

  constructor(channels: number, bounds: Bounds | undefined) {
    this.#bounds = bounds;
    const zeros = () => new Float64Array(channels);
    this.#channels = channels;
    [this.#count, this.#mean, this.#squares] = [zeros(), zeros(), zeros()];
    [this.#added, this.#sum, this.#square] = [zeros(), zeros(), zeros()];
  }

  add(record: Float32Array, labels: Float32Array | undefined): void {
    const channels = this.#channels;
    const [count, mean, added, sum, square] = [this.#count, this.#mean, this.#added, this.#sum, this.#square];
    const { low, high } = this.#bounds ?? {};
    for (const sums of [added, sum, square]) sums.fill(0);
    for (let n = 0; n * channels < record.length; n++) {
      if (labels && Number.isNaN(labels[n])) continue;
      const start = n * channels;
      for (let c = 0; c < channels; c++) {
        let x = record[start + c] as number;
        if (Number.isNaN(x)) continue;
        if (low && high) x = Math.min(Math.max(x, low[c] as number), high[c] as number);
        // Any number near the others does for a start.
        if (count[c] === 0 && added[c] === 0) mean[c] = x;
        const distance = x - (mean[c] as number);
        added[c] = (added[c] as number) + 1;
        sum[c] = (sum[c] as number) + distance;
        square[c] = (square[c] as number) + distance * distance;
      }
    }
    for (let c = 0; c < channels; c++) this.#merge(c);
  }

  #merge(c: number): void {
    const [before, more] = [this.#count[c] as number, this.#added[c] as number];
    if (more === 0) return;
    const all = before + more;
    const shift = (this.#sum[c] as number) / more;
    const within = Math.max(0, (this.#square[c] as number) - more * shift * shift);
    this.#squares[c] = (this.#squares[c] as number) + within + (shift * shift * before * more) / all;
    this.#mean[c] = (this.#mean[c] as number) + (shift * more) / all;
    this.#count[c] = all;
  }

  scaler(): FittedScaler {
    const mean = Float32Array.from(this.#mean);
    const deviation = Float32Array.from(this.#squares, (squares, c) => {
      const count = this.#count[c] as number;
      const found = Math.fround(Math.sqrt(squares / count));
      return count > 0 && found > resolution * Math.abs(mean[c] as number) ? found : 1;
    });
    const unknown = [...this.#count.keys()].filter((c) => this.#count[c] === 0);
    return { mean, deviation, unknown };
  }
}
