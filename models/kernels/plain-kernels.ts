/**
 * Dense layers, batch normalisation and pooling, forward and back, by SIMD kernels on the caller's thread. Calls are
 * synchronous, and answers are fresh arrays (docs/notes/dense-kernels.md).
 *
 * Rows come and go in blocks that fit the caches, so memory does not grow with their number. A block's size depends on the
 * width of its rows alone, and so do the bits of every answer.
 */
import { Stage } from './plain-stage.ts';

export interface DenseSize {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

export interface DenseGradients {
  /** [inputs][outputs] */
  readonly w: Float32Array;
  /** [outputs] */
  readonly b: Float32Array;
  /** [rows][inputs], when asked for. */
  readonly x?: Float32Array;
}

/** Of each channel; the variance is the mean squared distance from the mean. */
export interface Moments {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, where mean and variance are those of x itself. */
export interface Normalisation extends Moments {
  readonly gamma: Float32Array;
  readonly epsilon: number;
  readonly rows: number;
  readonly channels: number;
}

export interface NormGradients {
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  /** [rows][channels], when asked for. */
  readonly x?: Float32Array;
}

/** Each is [rows][channels]. */
export interface Pooled {
  readonly mean: Float32Array;
  readonly max: Float32Array;
  readonly min: Float32Array;
}

/** Numbers of a block of a dense layer, which stays in the second-level cache while panels pass over it. */
const denseBlock = 96 * 1024;
/** Weight gradients add up in single precision within so many rows, and in double precision from there on. */
const mostRows = 125;
/** Numbers of a block of everything else, which is passed over once or twice. */
const streamBlock = 16 * 1024;

export class PlainKernels {
  readonly #stage = new Stage();

  /** y[rows][outputs] = x[rows][inputs] times w[inputs][outputs], plus b[outputs]. */
  dense(x: Float32Array, w: Float32Array, b: Float32Array, size: DenseSize): Float32Array {
    const { rows, inputs, outputs } = size;
    expectLengths({ x: [x, rows * inputs], w: [w, inputs * outputs], b: [b, outputs] });
    const stage = this.#begin();
    const packed = stage.take(stage.kernels.packedBytes(inputs, outputs));
    const block = denseRows(size);
    const atX = stage.takeFloats(block * inputs);
    const atY = stage.takeFloats(block * outputs);
    const scratch = stage.take(stage.kernels.scratchBytes(block, outputs));
    stage.kernels.packPanels(stage.place(w), outputs, 1, inputs, outputs, stage.place(b), packed);
    const y = new Float32Array(rows * outputs);
    for (const { from, count } of blocks(rows, block)) {
      stage.put(atX, rowsOf(x, inputs, from, count));
      stage.kernels.multiply(atX, packed, atY, count, inputs, outputs, scratch);
      y.set(stage.floats(atY, count * outputs), from * outputs);
    }
    return y;
  }

  /** Gradients of a loss, given those with respect to what dense gave; of x too when asked. */
  denseGradients(
    x: Float32Array,
    w: Float32Array,
    dY: Float32Array,
    size: DenseSize,
    options: { readonly x?: boolean } = {},
  ): DenseGradients {
    const { rows, inputs, outputs } = size;
    expectLengths({ x: [x, rows * inputs], w: [w, inputs * outputs], dY: [dY, rows * outputs] });
    const stage = this.#begin();
    const { kernels } = stage;
    const block = denseRows(size);
    const atX = stage.takeFloats(block * inputs);
    const atY = stage.takeFloats(block * outputs);
    const scratch = stage.take(kernels.scratchBytes(block, outputs));
    const sums = stage.takeSums(kernels.weightSums(inputs, outputs));
    const biases = stage.takeSums(padded(outputs));
    const atW = stage.place(w);
    const dX = options.x ? new Float32Array(rows * inputs) : undefined;
    const packed = dX ? stage.take(kernels.packedBytes(outputs, inputs)) : 0;
    if (dX) kernels.packPanels(atW, 1, outputs, outputs, inputs, 0, packed);
    for (const { from, count } of blocks(rows, block)) {
      stage.put(atX, rowsOf(x, inputs, from, count));
      stage.put(atY, rowsOf(dY, outputs, from, count));
      kernels.addWeights(atX, atY, count, inputs, outputs, sums, scratch);
      kernels.addSums(atY, count, outputs, biases);
      if (!dX) continue;
      // The inputs have served, so theirs is the place of their gradients.
      kernels.multiply(atY, packed, atX, count, outputs, inputs, scratch);
      dX.set(stage.floats(atX, count * inputs), from * inputs);
    }
    kernels.finishWeights(sums, inputs, outputs, atW);
    const gradients = {
      w: stage.floats(atW, inputs * outputs).slice(),
      b: Float32Array.from(stage.doubles(biases, outputs)),
    };
    return dX ? { ...gradients, x: dX } : gradients;
  }

  /** Missing where there are no rows. */
  moments(x: Float32Array, rows: number, channels: number): Moments {
    expectLengths({ x: [x, rows * channels] });
    const stage = this.#begin();
    const block = streamRows(channels);
    const atX = stage.takeFloats(block * channels);
    const [atSums, atMeans, atSquares] = [0, 1, 2].map(() => stage.takeSums(padded(channels))) as [
      number,
      number,
      number,
    ];
    const sums = stage.doubles(atSums, channels);
    const means = stage.doubles(atMeans, channels);
    const squares = stage.doubles(atSquares, channels);
    const total = new Float64Array(channels);
    const spread = new Float64Array(channels);
    for (const { from, count } of blocks(rows, block)) {
      stage.put(atX, rowsOf(x, channels, from, count));
      sums.fill(0);
      squares.fill(0);
      stage.kernels.addSums(atX, count, channels, atSums);
      for (let c = 0; c < channels; c++) means[c] = (sums[c] as number) / count;
      stage.kernels.addSquares(atX, count, channels, atMeans, atSquares);
      // Chan, Golub and LeVeque 1983: squares about two means become squares about their common one.
      const weight = from === 0 ? 0 : (from * count) / (from + count);
      for (let c = 0; c < channels; c++) {
        const apart = from === 0 ? 0 : (means[c] as number) - (total[c] as number) / from;
        spread[c] = (spread[c] as number) + (squares[c] as number) + apart * apart * weight;
        total[c] = (total[c] as number) + (sums[c] as number);
      }
    }
    const perRow = (numbers: Float64Array) => Float32Array.from(numbers, (number) => number / rows);
    return { mean: perRow(total), variance: perRow(spread) };
  }

  /** x * scale + shift, channel by channel. */
  affine(x: Float32Array, scale: Float32Array, shift: Float32Array, rows: number, channels: number): Float32Array {
    expectLengths({ x: [x, rows * channels], scale: [scale, channels], shift: [shift, channels] });
    const stage = this.#begin();
    const block = streamRows(channels);
    const atX = stage.takeFloats(block * channels);
    const table = channelTable([scale, shift]);
    const atTable = stage.place(table);
    const y = new Float32Array(rows * channels);
    for (const { from, count } of blocks(rows, block)) {
      stage.put(atX, rowsOf(x, channels, from, count));
      stage.kernels.affine(atX, count * channels, atTable, atTable + table.byteLength);
      y.set(stage.floats(atX, count * channels), from * channels);
    }
    return y;
  }

  /** Gradients of batch normalisation in training, given those with respect to y; of x too when asked. */
  normGradients(
    x: Float32Array,
    dY: Float32Array,
    { mean, variance, gamma, epsilon, rows, channels }: Normalisation,
    options: { readonly x?: boolean } = {},
  ): NormGradients {
    expectLengths({ x: [x, rows * channels], dY: [dY, rows * channels] });
    expectLengths({ mean: [mean, channels], variance: [variance, channels], gamma: [gamma, channels] });
    const stage = this.#begin();
    const { kernels } = stage;
    const block = streamRows(channels);
    const atX = stage.takeFloats(block * channels);
    const atY = stage.takeFloats(block * channels);
    const atMean = stage.place(mean);
    const atDots = stage.takeSums(padded(channels));
    const atSums = stage.takeSums(padded(channels));
    for (const { from, count } of blocks(rows, block)) {
      stage.put(atX, rowsOf(x, channels, from, count));
      stage.put(atY, rowsOf(dY, channels, from, count));
      kernels.addNormSums(atX, atY, count, channels, atMean, atDots, atSums);
    }
    const inverse = Float64Array.from(variance, (value) => 1 / Math.sqrt(value + epsilon));
    const dots = stage.doubles(atDots, channels).map((dot, c) => (rows === 0 ? 0 : dot * (inverse[c] as number)));
    const sums = stage.doubles(atSums, channels).slice();
    const gradients = { gamma: Float32Array.from(dots), beta: Float32Array.from(sums) };
    if (!options.x) return gradients;
    // dX = factor * (dY - mean of dY - (x - mean) / deviation * mean of dY (x - mean) / deviation)
    const factor = inverse.map((value, c) => value * (gamma[c] as number));
    const table = channelTable([
      factor,
      factor.map((value, c) => (value * (sums[c] as number)) / rows),
      mean,
      factor.map((value, c) => (value * (dots[c] as number) * (inverse[c] as number)) / rows),
    ]);
    const atTable = stage.place(table);
    const dX = new Float32Array(rows * channels);
    for (const { from, count } of blocks(rows, block)) {
      stage.put(atX, rowsOf(x, channels, from, count));
      stage.put(atY, rowsOf(dY, channels, from, count));
      kernels.normBack(atX, atY, count * channels, atTable, atTable + table.byteLength);
      dX.set(stage.floats(atY, count * channels), from * channels);
    }
    return { ...gradients, x: dX };
  }

  /** Over steps: x is [rows][steps][channels]. All three are missing where a number is, or where there are no steps. */
  pool(x: Float32Array, rows: number, steps: number, channels: number): Pooled {
    expectLengths({ x: [x, rows * steps * channels] });
    const stage = this.#begin();
    const block = streamRows(steps * channels);
    const atX = stage.takeFloats(block * steps * channels);
    const names = ['mean', 'max', 'min'] as const;
    const at = names.map(() => stage.takeFloats(block * channels)) as [number, number, number];
    const pooled = names.map(() => new Float32Array(rows * channels)) as [Float32Array, Float32Array, Float32Array];
    if (steps === 0) for (const numbers of pooled) numbers.fill(Number.NaN);
    for (const { from, count } of blocks(steps === 0 ? 0 : rows, block)) {
      stage.put(atX, rowsOf(x, steps * channels, from, count));
      stage.kernels.pool(atX, count, steps, channels, ...at);
      pooled.forEach((numbers, i) => {
        numbers.set(stage.floats(at[i] as number, count * channels), from * channels);
      });
    }
    const [mean, max, min] = pooled;
    return { mean, max, min };
  }

  /**
   * The gradient of x, given those of the three. An extreme's goes to the first step that has it, and to none when it is
   * missing.
   */
  poolGradient(
    x: Float32Array,
    { max, min }: Pick<Pooled, 'max' | 'min'>,
    dMean: Float32Array,
    dMax: Float32Array,
    dMin: Float32Array,
    rows: number,
    steps: number,
    channels: number,
  ): Float32Array {
    const perRow = { max, min, dMean, dMax, dMin };
    expectLengths({ x: [x, rows * steps * channels] });
    for (const [name, numbers] of Object.entries(perRow)) expectLengths({ [name]: [numbers, rows * channels] });
    const stage = this.#begin();
    const block = streamRows(steps * channels);
    const atX = stage.takeFloats(block * steps * channels);
    const atDX = stage.takeFloats(block * steps * channels);
    const at = Object.values(perRow).map((numbers) => ({ numbers, address: stage.takeFloats(block * channels) }));
    const addresses = at.map(({ address }) => address) as [number, number, number, number, number];
    const dX = new Float32Array(x.length);
    for (const { from, count } of blocks(rows, block)) {
      stage.put(atX, rowsOf(x, steps * channels, from, count));
      for (const { numbers, address } of at) stage.put(address, rowsOf(numbers, channels, from, count));
      stage.kernels.poolGradient(atX, count, steps, channels, ...addresses, atDX);
      dX.set(stage.floats(atDX, count * steps * channels), from * steps * channels);
    }
    return dX;
  }

  #begin(): Stage {
    this.#stage.clear();
    return this.#stage;
  }
}

/** Rows of a block: whole tiles of five. */
function denseRows({ inputs, outputs }: DenseSize): number {
  const fitting = Math.floor(denseBlock / (inputs + outputs + 1));
  return Math.max(5, Math.min(mostRows, 5 * Math.floor(fitting / 5)));
}

const streamRows = (width: number): number => Math.max(1, Math.floor(streamBlock / (width + 1)));

const rowsOf = (numbers: Float32Array, width: number, from: number, count: number): Float32Array =>
  numbers.subarray(from * width, (from + count) * width);

function* blocks(rows: number, block: number): Generator<{ from: number; count: number }> {
  for (let from = 0; from < rows; from += block) yield { from, count: Math.min(block, rows - from) };
}

/** Channels that kernels add to: eight at a time. */
const padded = (channels: number): number => 8 * Math.ceil(channels / 8);

/** A vector of each column, and so on, until the channels come round to a whole vector. */
function channelTable(columns: readonly ArrayLike<number>[]): Float32Array {
  const channels = columns[0]?.length ?? 0;
  const table = new Float32Array(4 * channels * columns.length);
  for (let i = 0, to = 0; i < 4 * channels; i += 4) {
    for (const column of columns) {
      for (let lane = 0; lane < 4; lane++) table[to++] = column[(i + lane) % channels] as number;
    }
  }
  return table;
}

function expectLengths(arrays: Record<string, readonly [Float32Array, number]>): void {
  for (const [name, [numbers, length]] of Object.entries(arrays)) {
    if (numbers.length !== length) throw new RangeError(`${name} has ${numbers.length} numbers, not ${length}`);
  }
}
