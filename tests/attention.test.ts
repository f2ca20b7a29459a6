/** Attention's kernels against their reference, the reference against differences of its own values, and by hand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { AttentionKernels, type AttentionSize, type AttentionWeights } from '../models/kernels/attention-kernels.ts';
import { referenceAttention, referenceAttentionGradients } from '../models/kernels/attention-reference.ts';

const kernels = new AttentionKernels();

const numbersFrom = (seed: number) => {
  const random = stream(seed, 0, 0);
  return (length: number, scale = 1) => Float32Array.from({ length }, () => (2 * random.next() - 1) * scale);
};
function drawn({ rows, steps, units, hidden }: AttentionSize, seed: number, scale = 1) {
  const numbers = numbersFrom(seed);
  return {
    z: numbers(rows * steps * units, scale),
    weights: { kernel: numbers(units * hidden), bias: numbers(hidden), score: numbers(hidden, 2) },
    dContext: numbers(rows * units),
  };
}
const largest = (values: ArrayLike<number>) => Array.from(values).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, what).toBe(wanted.length);
  const off = Array.from(wanted, (value, i) => Math.abs(value - (actual[i] as number)));
  // Of one step, gradients of scores are nothing but rounding.
  const scale = Math.max(largest(wanted), 0.3);
  expect(largest(off) / scale, what).toBeLessThan(tolerance);
}
function expectAgreement(size: AttentionSize, seed: number, scale = 1): void {
  const { z, weights, dContext } = drawn(size, seed, scale);
  const wanted = referenceAttention(z, weights, size);
  const found = kernels.forward(z, weights, size);
  expectClose(found.context, wanted.context, 5e-6, 'context');
  expectClose(found.shares, wanted.shares, 5e-6, 'shares');
  const back = kernels.backward(z, weights, found, dContext, size);
  const slopes = referenceAttentionGradients(z, weights, dContext, size);
  for (const name of ['z', 'kernel', 'bias', 'score'] as const) expectClose(back[name], slopes[name], 2e-5, name);
}

test("the reference's gradients are those of its values", () => {
  const size = { rows: 2, steps: 3, units: 4, hidden: 3 };
  const { z, weights, dContext } = drawn(size, 1);
  const numbers = {
    z: Float64Array.from(z),
    kernel: Float64Array.from(weights.kernel),
    bias: Float64Array.from(weights.bias),
    score: Float64Array.from(weights.score),
  };
  const loss = () =>
    referenceAttention(numbers.z, numbers, size).context.reduce((sum, x, i) => sum + x * (dContext[i] as number), 0);
  const slopes = referenceAttentionGradients(numbers.z, numbers, dContext, size);
  for (const name of ['z', 'kernel', 'bias', 'score'] as const) {
    const values = numbers[name];
    const differences = values.map((value, i) => {
      const at = (moved: number) => {
        values[i] = moved;
        return loss();
      };
      const slope = (at(value + 1e-5) - at(value - 1e-5)) / 2e-5;
      values[i] = value;
      return slope;
    });
    expectClose(slopes[name], differences, 1e-8, name);
  }
});

describe('kernels', () => {
  test('agree with the reference at any size', () => {
    const upTo = (max: number, min = 1) => fc.integer({ min, max });
    const shape = fc.record({ rows: upTo(3, 0), steps: upTo(90), units: upTo(19), hidden: upTo(19) });
    fc.assert(
      fc.property(shape, fc.nat(), (size, seed) => expectAgreement(size, seed)),
      { numRuns: 50 },
    );
  });

  test.each([
    { rows: 4, steps: 320, units: 30, hidden: 30, scale: 1 },
    { rows: 3, steps: 1000, units: 8, hidden: 16, scale: 30 },
  ])('$rows x $steps x $units', ({ scale, ...size }) => expectAgreement(size, 7, scale));

  test('a missing number stays in its row', () => {
    const size = { rows: 3, steps: 41, units: 6, hidden: 5 };
    const { z, weights, dContext } = drawn(size, 3);
    const whole = kernels.forward(z, weights, size);
    const wholeBack = kernels.backward(z, weights, whole, dContext, size);
    z[41 * 6 + 100] = Number.NaN;
    const found = kernels.forward(z, weights, size);
    const back = kernels.backward(z, weights, found, dContext, size);
    for (const [now, before, width] of [
      [found.context, whole.context, 6],
      [found.shares, whole.shares, 41],
      [back.z, wholeBack.z, 41 * 6],
    ] as const) {
      for (const row of [0, 2]) {
        expect(now.subarray(row * width, (row + 1) * width)).toEqual(before.subarray(row * width, (row + 1) * width));
      }
      expect(now.subarray(width, 2 * width).every(Number.isNaN)).toBe(true);
    }
    expect([...back.kernel, ...back.score].every(Number.isNaN)).toBe(true);
  });

  test('a row does not know its neighbours', () => {
    const size = { rows: 9, steps: 50, units: 7, hidden: 7 };
    const { z, weights } = drawn(size, 4);
    const all = kernels.forward(z, weights, size).context;
    const alone = kernels.forward(z.slice(5 * 350, 6 * 350), weights, { ...size, rows: 1 }).context;
    expect(alone).toEqual(all.slice(35, 42));
  });

  test('by hand: equal scores share alike, and a score far above the others takes all', () => {
    const size = { rows: 1, steps: 4, units: 1, hidden: 1 };
    const weights = (score: number): AttentionWeights => ({
      kernel: Float32Array.of(1),
      bias: Float32Array.of(0),
      score: Float32Array.of(score),
    });
    const z = Float32Array.of(1, 2, 3, 6);
    expect(kernels.forward(z, weights(0), size)).toEqual({
      context: Float32Array.of(3),
      shares: Float32Array.of(0.25, 0.25, 0.25, 0.25),
    });
    const { shares, context } = kernels.forward(Float32Array.of(-9, 2, -9, -9), weights(300), size);
    expect([...shares].map((share) => Math.round(share * 1e6))).toEqual([0, 1e6, 0, 0]);
    expect(context[0]).toBeCloseTo(2, 6);
  });

  test('refuse a wrong length and no steps', () => {
    const size = { rows: 1, steps: 1, units: 1, hidden: 1 };
    const one = Float32Array.of(1);
    const weights = { kernel: one, bias: one, score: one };
    expect(() => kernels.forward(one, { ...weights, bias: new Float32Array(2) }, size)).toThrow('bias has 2 numbers');
    expect(() => kernels.forward(new Float32Array(), weights, { ...size, steps: 0 })).toThrow('one step at least');
  });
});
