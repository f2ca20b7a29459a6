/**
 * Rows of a batch from records, [symbols][channels] of a date, by SIMD kernels on the caller's thread: numbers are scaled,
 * drawn in to a limit, and 0 where they are missing. The arithmetic is in float64, so the bits are those of
 * plain-reference.ts, a mean far above its deviation costs nothing, and the inverse of a deviation near float32's smallest
 * is a number.
 */
import { Stage } from './plain-stage.ts';

/** By channel read. */
export interface Scaling {
  readonly mean: Float64Array;
  readonly inverse: Float64Array;
  /** Scaled numbers are drawn in to so many deviations; Infinity leaves them. */
  readonly limit: number;
}

export interface RecordRows {
  /** Rows are these, ascending. */
  readonly symbols: Int32Array;
  readonly steps: number;
  /** Channels of a record. */
  readonly channels: number;
  /** Places of those that go into rows; all of them without. */
  readonly read?: Int32Array | undefined;
  readonly scaling: Scaling;
}

/** Numbers of a block of a record's rows on their way in. */
const blockNumbers = 16 * 1024;

export class RecordKernels {
  readonly #stage = new Stage();

  /**
   * Writes [symbols][steps][channels read] into `out`. The record of a step is asked for in the order of steps and is done
   * with before the next; a step without one is 0.
   */
  scaled(
    { symbols, steps, channels, read, scaling }: RecordRows,
    recordOf: (step: number) => Float32Array | undefined,
    out: Float32Array,
  ): void {
    const { mean, inverse, limit } = scaling;
    const width = mean.length;
    const numbers = symbols.length * steps * width;
    if (out.length !== numbers) throw new RangeError(`rows of ${numbers} numbers for a place of ${out.length}`);
    if ((read?.length ?? channels) !== width) throw new RangeError(`a scaling of ${width} channels for others`);
    const stage = this.#stage;
    stage.clear();
    const means = stage.placeDoubles(mean);
    const inverses = stage.placeDoubles(inverse);
    const places = read && stage.placeInts(read.map((channel) => 4 * channel));
    const block = Math.max(1, Math.floor(blockNumbers / (channels + 1)));
    const atRows = stage.takeFloats(block * channels);
    const atOut = stage.takeFloats(out.length);
    const stride = 4 * steps * width;
    const rows = stage.floats(atRows, block * channels);
    for (let step = 0; step < steps; step++) {
      const record = recordOf(step);
      for (let from = 0; from < symbols.length; from += block) {
        const count = Math.min(block, symbols.length - from);
        const to = atOut + from * stride + 4 * step * width;
        if (record) putRows(rows, record, channels, symbols, from, count);
        else rows.fill(Number.NaN);
        if (places === undefined) {
          stage.kernels.scaleAll(atRows, count, channels, means, inverses, limit, to, stride);
        } else stage.kernels.scaleSome(atRows, count, channels, places, width, means, inverses, limit, to, stride);
      }
    }
    out.set(stage.floats(atOut, out.length));
  }
}

/** Symbols that follow each other are copied at once: most of a date's do. */
function putRows(
  rows: Float32Array,
  record: Float32Array,
  channels: number,
  symbols: Int32Array,
  from: number,
  count: number,
): void {
  for (let r = 0; r < count; ) {
    const first = symbols[from + r] as number;
    let run = 1;
    while (r + run < count && symbols[from + r + run] === first + run) run++;
    rows.set(record.subarray(first * channels, (first + run) * channels), r * channels);
    r += run;
  }
}
