/**
 * Attention over the steps of sequences, forward and back, by SIMD kernels on the caller's thread: a share for every step,
 * by what a small layer makes of its state, and the states' mean by these shares. What it is: attention-reference.ts.
 *
 * Rows come and go a few at a time, so memory does not grow with their number; answers are fresh arrays.
 */
import { Stage } from './plain-stage.ts';

/** Sequences are z, [rows][steps][units]. */
export interface AttentionSize {
  readonly rows: number;
  readonly steps: number;
  readonly units: number;
  /** Units of the layer that scores a step. */
  readonly hidden: number;
}

export interface AttentionWeights<Numbers extends ArrayLike<number> = Float32Array> {
  /** [units][hidden] */
  readonly kernel: Numbers;
  /** [hidden] */
  readonly bias: Numbers;
  /** [hidden]: what a score makes of the layer. */
  readonly score: Numbers;
}

export interface Attended<Numbers extends ArrayLike<number> = Float32Array> {
  /** [rows][units] */
  readonly context: Numbers;
  /** [rows][steps], adding up to 1 in every row. */
  readonly shares: Numbers;
}

export interface AttentionGradients extends AttentionWeights {
  /** [rows][steps][units] */
  readonly z: Float32Array;
}

/** Numbers of a block of rows. */
const blockNumbers = 16 * 1024;

export class AttentionKernels {
  readonly #stage = new Stage();

  forward(z: Float32Array, weights: AttentionWeights, size: AttentionSize): Attended {
    const { rows, steps, units, hidden } = size;
    expectFits(z, weights, size);
    const { kernels } = this.#stage;
    const { packed, score, scratch } = this.#begin(weights, size);
    const block = rowsOfBlock(size);
    const stage = this.#stage;
    const [atZ, atShares, atContext] = [steps * units, steps, units].map((width) =>
      stage.takeFloats(block * width),
    ) as [number, number, number];
    const context = new Float32Array(rows * units);
    const shares = new Float32Array(rows * steps);
    for (let from = 0; from < rows; from += block) {
      const to = Math.min(rows, from + block);
      stage.put(atZ, z.subarray(from * steps * units, to * steps * units));
      kernels.attend(atZ, to - from, steps, units, hidden, packed, score, atShares, atContext, scratch);
      shares.set(stage.floats(atShares, (to - from) * steps), from * steps);
      context.set(stage.floats(atContext, (to - from) * units), from * units);
    }
    return { context, shares };
  }

  /** Gradients of a loss, given what forward gave and the gradient of its context. */
  backward(
    z: Float32Array,
    weights: AttentionWeights,
    { context, shares }: Attended,
    dContext: Float32Array,
    size: AttentionSize,
  ): AttentionGradients {
    const { rows, steps, units, hidden } = size;
    expectFits(z, weights, size);
    expectLengths({ dContext: [dContext, rows * units], shares: [shares, rows * steps] });
    expectLengths({ context: [context, rows * units] });
    const stage = this.#stage;
    const { kernels } = stage;
    const { packed, kernel, score, scratch } = this.#begin(weights, size);
    const packedBack = stage.take(kernels.packedBytes(hidden, units));
    kernels.packPanels(kernel, 1, hidden, hidden, units, 0, packedBack);
    const width = padded(hidden, 8);
    const kernelSums = padded(units, 5) * width;
    const sums = stage.takeSums(kernelSums + 2 * width);
    const block = rowsOfBlock(size);
    const [atZ, atDZ] = [0, 1].map(() => stage.takeFloats(block * steps * units)) as [number, number];
    const atShares = stage.takeFloats(block * steps);
    const [atContext, atSlope] = [0, 1].map(() => stage.takeFloats(block * units)) as [number, number];
    const dZ = new Float32Array(z.length);
    for (let from = 0; from < rows; from += block) {
      const to = Math.min(rows, from + block);
      stage.put(atZ, z.subarray(from * steps * units, to * steps * units));
      stage.put(atShares, shares.subarray(from * steps, to * steps));
      stage.put(atContext, context.subarray(from * units, to * units));
      stage.put(atSlope, dContext.subarray(from * units, to * units));
      kernels.attendBack(
        ...([atZ, to - from, steps, units, hidden, packed, packedBack, score] as const),
        ...([atShares, atContext, atSlope, atDZ, sums, scratch] as const),
      );
      dZ.set(stage.floats(atDZ, (to - from) * steps * units), from * steps * units);
    }
    const of = (from: number, count: number) => stage.doubles(sums + 8 * from, count);
    const dKernel = new Float32Array(units * hidden);
    for (let k = 0; k < units; k++) dKernel.set(of(k * width, hidden), k * hidden);
    return {
      z: dZ,
      kernel: dKernel,
      bias: Float32Array.from(of(kernelSums, hidden)),
      score: Float32Array.from(of(kernelSums + width, hidden)),
    };
  }

  #begin({ kernel, bias, score }: AttentionWeights, { units, hidden }: AttentionSize) {
    const stage = this.#stage;
    stage.clear();
    const { kernels } = stage;
    const packed = stage.take(kernels.packedBytes(units, hidden));
    const atKernel = stage.place(kernel);
    kernels.packPanels(atKernel, hidden, 1, units, hidden, stage.place(bias), packed);
    // Hidden units that only fill a panel up score nothing.
    const scores = new Float32Array(padded(hidden, 8));
    scores.set(score);
    const scratch = stage.take(kernels.attentionScratch(units, hidden));
    return { packed, kernel: atKernel, score: stage.place(scores), scratch };
  }
}

const padded = (count: number, to: number): number => to * Math.ceil(count / to);

const rowsOfBlock = ({ steps, units }: AttentionSize): number =>
  Math.max(1, Math.floor(blockNumbers / (steps * units + 1)));

function expectFits(z: Float32Array, { kernel, bias, score }: AttentionWeights, size: AttentionSize): void {
  const { rows, steps, units, hidden } = size;
  if (steps < 1) throw new RangeError('attention is over one step at least');
  expectLengths({ z: [z, rows * steps * units], kernel: [kernel, units * hidden] });
  expectLengths({ bias: [bias, hidden], score: [score, hidden] });
}

function expectLengths(arrays: Record<string, readonly [Float32Array, number]>): void {
  for (const [name, [numbers, length]] of Object.entries(arrays)) {
    if (numbers.length !== length) throw new RangeError(`${name} has ${numbers.length} numbers, not ${length}`);
  }
}
