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
/** Numbers that nobody asked for but which are copied sooner than two copies begin. */
const idleNumbers = 1024;

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
    const atSymbols = stage.placeInts(symbols);
    const most = Math.max(1, Math.floor(blockNumbers / (channels + 1)));
    const atRows = stage.takeFloats(most * channels);
    const atOut = stage.takeFloats(out.length);
    const stride = 4 * steps * width;
    const rows = stage.floats(atRows, most * channels);
    const placed = stage.floats(atOut, out.length);
    const spans = [...spansOf(symbols, most, Math.floor(idleNumbers / (channels + 1)))];
    for (let step = 0; step < steps; step++) {
      const record = recordOf(step);
      if (!record) {
        for (let at = step * width; at < placed.length; at += steps * width) placed.fill(0, at, at + width);
        continue;
      }
      for (const { from, to } of spans) {
        const first = symbols[from] as number;
        rows.set(record.subarray(first * channels, ((symbols[to - 1] as number) + 1) * channels));
        // Where the record would begin, if it lay around these rows.
        const around = [atRows - 4 * first * channels, atSymbols + 4 * from, to - from, channels] as const;
        const scale = [means, inverses, limit, atOut + from * stride + 4 * step * width, stride] as const;
        if (places === undefined) stage.kernels.scaleAll(...around, ...scale);
        else stage.kernels.scaleSome(...around, places, width, ...scale);
      }
    }
    out.set(placed);
  }
}

/**
 * Symbols [from, to) of which the rows are copied at once: those between them come along, if they are few. Most symbols
 * of a date follow each other.
 */
function* spansOf(symbols: Int32Array, most: number, idle: number): Generator<{ from: number; to: number }> {
  for (let from = 0, to = 1; from < symbols.length; from = to++) {
    const end = (symbols[from] as number) + most;
    for (; to < symbols.length; to++) {
      const next = symbols[to] as number;
      if (next >= end || next - (symbols[to - 1] as number) > idle + 1) break;
    }
    yield { from, to };
  }
}
