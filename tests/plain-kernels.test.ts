/** Dense, normalisation, pooling and record kernels against their float64 reference, and the reference against its own differences. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { PlainKernels } from '../models/kernels/plain-kernels.ts';
import * as reference from '../models/kernels/plain-reference.ts';
import { RecordKernels, type RecordRows } from '../models/kernels/record-kernels.ts';

const kernels = new PlainKernels();
const epsilon = 1e-3;

/** Numbers between -scale and scale, around a centre. */
function numbersFrom(seed: number): (count: number, scale?: number, centre?: number) => Float32Array {
  const random = stream(seed, 0, 0);
  return (count, scale = 1, centre = 0) =>
    Float32Array.from({ length: count }, () => centre + (2 * random.next() - 1) * scale);
}

/** Agreement to a part of the largest number, and missing in the same places. */
function expectClose(got: Float32Array | undefined, want: ArrayLike<number>, tolerance = 1e-5, least = 0): void {
  expect(got).toHaveLength(want.length);
  const numbers = got as Float32Array;
  let [error, scale] = [0, least];
  for (let i = 0; i < want.length; i++) {
    const [ours, theirs] = [numbers[i] as number, want[i] as number];
    if (Number.isNaN(theirs) !== Number.isNaN(ours)) expect.fail(`number ${i} is ${ours}, not ${theirs}`);
    if (Number.isNaN(theirs)) continue;
    error = Math.max(error, Math.abs(ours - theirs));
    scale = Math.max(scale, Math.abs(theirs));
  }
  expect(error).toBeLessThanOrEqual(tolerance * scale);
}

/** The slope of a sum of answers, weighted, as each number of an input moves. */
function expectSlopes(input: Float64Array, loss: () => number, gradient: Float64Array): void {
  input.forEach((value, i) => {
    input[i] = value + 1e-5;
    const above = loss();
    input[i] = value - 1e-5;
    const slope = (above - loss()) / 2e-5;
    input[i] = value;
    expect(Math.abs((gradient[i] as number) - slope), `number ${i}`).toBeLessThan(1e-7);
  });
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] as number), 0);

describe('dense', () => {
  const problem = (size: { rows: number; inputs: number; outputs: number }, seed = 1) => {
    const numbers = numbersFrom(seed);
    return {
      size,
      x: numbers(size.rows * size.inputs),
      w: numbers(size.inputs * size.outputs),
      b: numbers(size.outputs),
      dY: numbers(size.rows * size.outputs),
    };
  };

  function expectAgreement({ size, x, w, b, dY }: ReturnType<typeof problem>): void {
    expectClose(kernels.dense(x, w, b, size), reference.referenceDense(x, w, b, size));
    const got = kernels.denseGradients(x, w, dY, size, { x: true });
    const want = reference.referenceDenseGradients(x, w, dY, size);
    for (const name of ['w', 'b', 'x'] as const) expectClose(got[name], want[name]);
  }

  test('the reference has the gradients its own values have', () => {
    const size = { rows: 3, inputs: 4, outputs: 2 };
    const { x, w, b, dY } = problem(size);
    const double = { x: Float64Array.from(x), w: Float64Array.from(w), b: Float64Array.from(b) };
    const gradients = reference.referenceDenseGradients(double.x, double.w, dY, size);
    const loss = () => dot(reference.referenceDense(double.x, double.w, double.b, size), dY);
    for (const name of ['x', 'w', 'b'] as const) expectSlopes(double[name], loss, gradients[name]);
  });

  test('any size agrees with the reference', () => {
    const upTo = (max: number) => fc.integer({ min: 0, max });
    const size = fc.record({ rows: upTo(270), inputs: upTo(40), outputs: upTo(20) });
    fc.assert(
      fc.property(size, fc.nat(), (size, seed) => expectAgreement(problem(size, seed))),
      { numRuns: 40 },
    );
  });

  test.each([
    { rows: 1000, inputs: 702, outputs: 30 },
    { rows: 7, inputs: 30_000, outputs: 3 },
    { rows: 131, inputs: 30, outputs: 1 },
    { rows: 6, inputs: 3, outputs: 1030 },
  ])('$rows rows of $inputs to $outputs', (size) => expectAgreement(problem(size)));

  test('a row does not depend on its neighbours, nor the rest on whether the gradient of x is asked for', () => {
    const { size, x, w, b, dY } = problem({ rows: 261, inputs: 19, outputs: 11 });
    const y = kernels.dense(x, w, b, size);
    const dX = kernels.denseGradients(x, w, dY, size, { x: true });
    for (const row of [0, 4, 124, 125, 260]) {
      const own = x.slice(row * 19, (row + 1) * 19);
      const slope = dY.slice(row * 11, (row + 1) * 11);
      const alone = { ...size, rows: 1 };
      expect(kernels.dense(own, w, b, alone)).toEqual(y.slice(row * 11, (row + 1) * 11));
      const { x: gradient } = kernels.denseGradients(own, w, slope, alone, { x: true });
      expect(gradient).toEqual(dX.x?.slice(row * 19, (row + 1) * 19));
    }
    expect(kernels.denseGradients(x, w, dY, size)).toEqual({ w: dX.w, b: dX.b });
  });

  test('what is missing stays in its row, its column, its input', () => {
    const { size, x, w, b, dY } = problem({ rows: 133, inputs: 21, outputs: 9 });
    for (const [name, index] of [
      ['x', 127 * 21 + 20],
      ['w', 3 * 9 + 8],
      ['b', 4],
      ['dY', 132 * 9 + 8],
    ] as const) {
      const inputs = { x, w, b, dY, [name]: { x, w, b, dY }[name].slice().fill(Number.NaN, index, index + 1) };
      expectAgreement({ size, ...inputs });
    }
  });
});

describe('normalisation', () => {
  const shape = fc.record({
    rows: fc.integer({ min: 0, max: 60 }),
    channels: fc.integer({ min: 0, max: 40 }),
    seed: fc.nat(),
  });

  function expectAgreement(x: Float32Array, rows: number, channels: number, seed: number): void {
    const numbers = numbersFrom(seed);
    const [scale, shift, gamma] = [numbers(channels), numbers(channels), numbers(channels)];
    const dY = numbers(rows * channels);
    const moments = kernels.moments(x, rows, channels);
    const want = reference.referenceMoments(x, rows, channels);
    expectClose(moments.mean, want.mean, 1e-6);
    expectClose(moments.variance, want.variance, 1e-6);
    expectClose(kernels.affine(x, scale, shift, rows, channels), reference.referenceAffine(x, scale, shift, channels));
    const normalisation = { ...moments, gamma, epsilon, rows, channels };
    const got = kernels.normGradients(x, dY, normalisation, { x: true });
    const gradients = reference.referenceNormGradients(x, dY, gamma, epsilon, rows, channels);
    // Of one row or equal ones the gradient of gamma is nothing but the mean's last digit.
    for (const name of ['gamma', 'beta', 'x'] as const) expectClose(got[name], gradients[name], 1e-5, 1);
    expect(kernels.normGradients(x, dY, normalisation)).toEqual({ gamma: got.gamma, beta: got.beta });
  }

  test('the reference has the gradients its own values have', () => {
    const [rows, channels] = [5, 3];
    const numbers = numbersFrom(1);
    const x = Float64Array.from(numbers(rows * channels));
    const gamma = Float64Array.from(numbers(channels));
    const beta = Float64Array.from(numbers(channels));
    const dY = numbers(rows * channels);
    const loss = () => {
      const { mean, variance } = reference.referenceMoments(x, rows, channels);
      const scale = gamma.map((value, c) => value / Math.sqrt((variance[c] as number) + epsilon));
      const shift = beta.map((value, c) => value - (mean[c] as number) * (scale[c] as number));
      return dot(reference.referenceAffine(x, scale, shift, channels), dY);
    };
    const gradients = reference.referenceNormGradients(x, dY, gamma, epsilon, rows, channels);
    expectSlopes(x, loss, gradients.x);
    expectSlopes(gamma, loss, gradients.gamma);
    expectSlopes(beta, loss, gradients.beta);
  });

  test('any size agrees with the reference', () => {
    fc.assert(
      fc.property(shape, ({ rows, channels, seed }) => {
        expectAgreement(numbersFrom(seed)(rows * channels, 2, 0.5), rows, channels, seed + 1);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    { rows: 3000, channels: 117 },
    { rows: 40_000, channels: 1 },
    { rows: 3, channels: 20_000 },
  ])('$rows rows of $channels channels', ({ rows, channels }) => {
    expectAgreement(numbersFrom(2)(rows * channels, 2, -1), rows, channels, 3);
  });

  test('a mean ten thousand deviations from zero costs the variance and the gradients nothing', () => {
    const [rows, channels] = [5000, 7];
    const x = numbersFrom(4)(rows * channels, 1, 10_000);
    const { mean, variance } = kernels.moments(x, rows, channels);
    const want = reference.referenceMoments(x, rows, channels);
    expectClose(mean, want.mean, 1e-7);
    expectClose(variance, want.variance, 1e-6);
    const numbers = numbersFrom(5);
    const [dY, gamma] = [numbers(rows * channels), numbers(channels)];
    const got = kernels.normGradients(x, dY, { mean, variance, gamma, epsilon, rows, channels }, { x: true });
    const gradients = reference.referenceNormGradients(x, dY, gamma, epsilon, rows, channels);
    expectClose(got.x, gradients.x);
    // The mean itself has no more than its float32 digits: 5e-4 of a deviation of 0.6.
    expectClose(got.gamma, gradients.gamma, 1e-3);
  });

  test('channels that do not vary have no variance', () => {
    const { mean, variance } = kernels.moments(new Float32Array(900).fill(0.1), 300, 3);
    expect(mean).toEqual(new Float32Array(3).fill(0.1));
    expect(variance).toEqual(new Float32Array(3));
  });

  test('what is missing stays in its channel', () => {
    const [rows, channels] = [700, 30];
    const x = numbersFrom(6)(rows * channels);
    x[611 * channels + 29] = Number.NaN;
    expectAgreement(x, rows, channels, 7);
  });
});

describe('pooling', () => {
  const names = ['mean', 'max', 'min'] as const;

  function expectAgreement(x: Float32Array, rows: number, steps: number, channels: number, seed: number): void {
    const numbers = numbersFrom(seed);
    const [mean, max, min] = names.map(() => numbers(rows * channels)) as [Float32Array, Float32Array, Float32Array];
    const got = kernels.pool(x, rows, steps, channels);
    const want = reference.referencePool(x, rows, steps, channels);
    for (const name of names) expectClose(got[name], want[name], name === 'mean' ? 1e-6 : 0);
    const gradient = kernels.poolGradient(x, got, mean, max, min, rows, steps, channels);
    expectClose(gradient, reference.referencePoolGradient(x, { mean, max, min }, rows, steps, channels), 1e-6);
  }

  test('the reference has the gradients its own values have', () => {
    const [rows, steps, channels] = [2, 4, 3];
    const numbers = numbersFrom(1);
    const x = Float64Array.from(numbers(rows * steps * channels));
    const slopes = { mean: numbers(6), max: numbers(6), min: numbers(6) };
    const loss = () => {
      const pooled = reference.referencePool(x, rows, steps, channels);
      return names.reduce((sum, name) => sum + dot(pooled[name], slopes[name]), 0);
    };
    expectSlopes(x, loss, reference.referencePoolGradient(x, slopes, rows, steps, channels));
  });

  test('any size agrees with the reference, ties and missing numbers included', () => {
    const upTo = (max: number) => fc.integer({ min: 0, max });
    const shape = fc.record({ rows: upTo(12), steps: upTo(9), channels: upTo(40), seed: fc.nat() });
    fc.assert(
      fc.property(shape, fc.boolean(), ({ rows, steps, channels, seed }, ties) => {
        const x = numbersFrom(seed)(rows * steps * channels, 2);
        // Few values, so that most extremes are shared; one of them is missing.
        const few = x.map((value) => (Math.round(value) === 2 ? Number.NaN : Math.round(value)));
        expectAgreement(ties ? few : x, rows, steps, channels, seed + 1);
      }),
      { numRuns: 80 },
    );
  });

  test.each([
    { rows: 1000, steps: 3, channels: 117 },
    { rows: 2, steps: 30_000, channels: 5 },
  ])('$rows rows of $steps steps of $channels channels', ({ rows, steps, channels }) => {
    expectAgreement(numbersFrom(2)(rows * steps * channels), rows, steps, channels, 3);
  });

  test('by hand: the first of equal extremes gets their gradient', () => {
    const x = Float32Array.of(1, 3, 3, 1);
    const pooled = kernels.pool(x, 1, 4, 1);
    expect(pooled).toEqual({ mean: Float32Array.of(2), max: Float32Array.of(3), min: Float32Array.of(1) });
    const [dMean, dMax, dMin] = [Float32Array.of(4), Float32Array.of(10), Float32Array.of(100)];
    expect(kernels.poolGradient(x, pooled, dMean, dMax, dMin, 1, 4, 1)).toEqual(Float32Array.of(101, 11, 1, 1));
  });
});

describe('rows of records', () => {
  const records = new RecordKernels();

  function scaled(rows: RecordRows, of: readonly (Float32Array | undefined)[]): Float32Array {
    const width = rows.scaling.mean.length;
    const out = new Float32Array(rows.symbols.length * rows.steps * width).fill(7);
    records.scaled(rows, (step) => of[step], out);
    return out;
  }

  test('are the reference to the bit: any size, any channels, missing, infinite and far numbers', () => {
    const shape = fc.record({
      // Records are copied in spans: of 27 symbols at most where there are 600 channels.
      ...{
        count: fc.integer({ min: 1, max: 60 }),
        channels: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(600)),
      },
      ...{ seed: fc.nat(), apart: fc.integer({ min: 1, max: 6 }) },
      ...{ some: fc.boolean(), limit: fc.constantFrom(0.5, 3, Number.POSITIVE_INFINITY), steps: fc.nat(4) },
    });
    fc.assert(
      fc.property(shape, ({ count, channels, seed, apart, some, limit, steps }) => {
        const random = stream(seed, 0, 0);
        const one = () => {
          const kind = random.below(40);
          if (kind < 2) return Number.NaN;
          return kind < 3 ? (random.next() - 0.5) / 0 : 1e4 + random.normal() * (kind < 5 ? 1e38 : 1);
        };
        const of = Array.from({ length: steps }, () =>
          random.below(4) === 0 ? undefined : Float32Array.from({ length: count * channels }, one),
        );
        const chosen = (length: number, apart: number) =>
          Int32Array.from({ length }, (_, i) => i).filter(() => random.next() * apart < 1);
        const read = some ? chosen(channels, 1.5) : undefined;
        const width = read?.length ?? channels;
        const scaling = {
          mean: Float64Array.from({ length: width }, () => 1e4 + random.normal()),
          inverse: Float64Array.from({ length: width }, () => 1 / (random.below(9) ? random.next() : 1e-45)),
          limit,
        };
        const rows = { symbols: chosen(count, apart), steps, channels, read, scaling };
        expect(scaled(rows, of)).toEqual(Float32Array.from(reference.referenceScaled(rows, of)));
      }),
      { numRuns: 40 },
    );
  });

  test('by hand: what is missing is 0, and what is far is drawn in', () => {
    const scaling = { mean: Float64Array.of(1, 2), inverse: Float64Array.of(2, 1), limit: 3 };
    const rows = { symbols: Int32Array.of(0, 2), steps: 2, channels: 2, scaling };
    const record = Float32Array.of(1.5, 9, 0, 0, Number.NaN, -8);
    expect(scaled(rows, [undefined, record])).toEqual(Float32Array.of(0, 0, 1, 3, 0, 0, 0, -3));
  });

  test('of another size are refused', () => {
    const scaling = { mean: new Float64Array(2), inverse: new Float64Array(2), limit: 1 };
    const rows = { symbols: Int32Array.of(0), steps: 1, channels: 2, scaling };
    const none = () => undefined;
    expect(() => records.scaled(rows, none, new Float32Array(3))).toThrow('rows of 2 numbers for a place of 3');
    expect(() => records.scaled({ ...rows, channels: 5 }, none, new Float32Array(2))).toThrow('2 channels for others');
  });
});

test('answers belong to the caller, and a wrong length is said', () => {
  const size = { rows: 1, inputs: 1, outputs: 1 };
  const one = Float32Array.of(1);
  const first = kernels.dense(one, one, one, size);
  kernels.dense(Float32Array.of(5), one, one, size);
  expect(first).toEqual(Float32Array.of(2));
  expect(() => kernels.dense(one, one, new Float32Array(2), size)).toThrow('b has 2 numbers, not 1');
});
