/**
 * The inner loops of samples: runs of a record's numbers, scaled, into the rows of a batch. Their shape is what the
 * compiler turns into the fewest instructions: one comparison for most numbers, which missing ones fail, and no store for
 * those, as rows are 0 when they are new.
 */

/** By channel read; in float64, so that the inverse of a deviation near float32's smallest is a number. */
export interface Scaling {
  readonly mean: Float64Array;
  readonly inverse: Float64Array;
  /** Scaled numbers are drawn in to so many deviations; Infinity leaves them. */
  readonly limit: number;
}

/** Where the numbers of a step go, all 0 so far: row r's begin at `start + r * stride`. */
export interface Target {
  readonly values: Float32Array;
  readonly start: number;
  readonly stride: number;
}

/** All channels of some symbols of a record, [symbols][channels]. What is missing stays 0, the mean of training. */
export function gather(record: Float32Array, symbols: Int32Array, scaling: Scaling, target: Target): void {
  const { mean, inverse, limit } = scaling;
  const { values, start, stride } = target;
  const channels = mean.length;
  for (let r = 0; r < symbols.length; r++) {
    const source = (symbols[r] as number) * channels;
    const out = start + r * stride;
    for (let c = 0; c < channels; c++) {
      const x = ((record[source + c] as number) - (mean[c] as number)) * (inverse[c] as number);
      if (Math.abs(x) <= limit) values[out + c] = x;
      else if (x > 0) values[out + c] = limit;
      else if (x < 0) values[out + c] = -limit;
    }
  }
}

/** The same for those channels that are read, of `width` there are. */
export function gatherSome(
  record: Float32Array,
  symbols: Int32Array,
  read: Int32Array,
  width: number,
  scaling: Scaling,
  target: Target,
): void {
  const { mean, inverse, limit } = scaling;
  const { values, start, stride } = target;
  for (let r = 0; r < symbols.length; r++) {
    const source = (symbols[r] as number) * width;
    const out = start + r * stride;
    for (let c = 0; c < read.length; c++) {
      const x = ((record[source + (read[c] as number)] as number) - (mean[c] as number)) * (inverse[c] as number);
      if (Math.abs(x) <= limit) values[out + c] = x;
      else if (x > 0) values[out + c] = limit;
      else if (x < 0) values[out + c] = -limit;
    }
  }
}

/** Of each symbol, how many of its numbers are known. Those of years of dates are kept, so they are small if they can be. */
export function knownOf(record: Float32Array, channels: number): Uint16Array | Uint32Array {
  const symbols = record.length / channels;
  const known = channels < 2 ** 16 ? new Uint16Array(symbols) : new Uint32Array(symbols);
  for (let n = 0, at = 0; n < known.length; n++) {
    let count = 0;
    for (const end = at + channels; at < end; at++) if (!Number.isNaN(record[at])) count++;
    known[n] = count;
  }
  return known;
}
