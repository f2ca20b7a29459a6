/** What numbers of a channel are on average, and how far apart: of training's dates alone, whatever is scaled by it. */
import type { RecordReader } from './record-reader.ts';

/** By channel of a part. */
export interface Scaler {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
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
}

/** Of a mean's size, what float32 can tell apart: a channel that varies by less is a constant. */
const resolution = 1e-7;

/** The deviation is the population's. A constant's is taken to be 1: it scales to 0. */
export function fitScaler(reader: RecordReader, { channels, dates, labels }: ScalerRows): FittedScaler {
  const sums = new Moments(channels);
  for (const date of dates) {
    const record = reader.record(date);
    const symbols = record.length / channels;
    sums.add(record, labels?.subarray(date * symbols, (date + 1) * symbols));
  }
  return sums.scaler();
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

  constructor(channels: number) {
    const zeros = () => new Float64Array(channels);
    this.#channels = channels;
    [this.#count, this.#mean, this.#squares] = [zeros(), zeros(), zeros()];
    [this.#added, this.#sum, this.#square] = [zeros(), zeros(), zeros()];
  }

  add(record: Float32Array, labels: Float32Array | undefined): void {
    const channels = this.#channels;
    const [count, mean, added, sum, square] = [this.#count, this.#mean, this.#added, this.#sum, this.#square];
    for (const sums of [added, sum, square]) sums.fill(0);
    for (let n = 0; n * channels < record.length; n++) {
      if (labels && Number.isNaN(labels[n])) continue;
      const start = n * channels;
      for (let c = 0; c < channels; c++) {
        const x = record[start + c] as number;
        if (Number.isNaN(x)) continue;
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
