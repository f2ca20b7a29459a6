/** SHAP values: against Shapley values by enumeration, against dense float64 integrals, and by what they promise. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Stream, stream } from '../core/random.ts';
import { type Attribution, lagTable, rankedFeatures } from '../models/explain/attribution.ts';
import { type ExpectedGradients, expectedGradients } from '../models/explain/expected-gradients.ts';
import { gaussLegendre } from '../models/explain/gauss-legendre.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import type { FeatureSums } from '../models/graph/network.ts';

beforeAll(async () => {
  await chooseBackend('cpu');
});

/** A function twice: of tensors, and of one row of plain numbers. */
interface Twin {
  predict(x: tf.Tensor2D): tf.Tensor2D;
  plain(x: readonly number[]): number;
}

const numbers = (random: Stream, count: number, scale = 1): number[] =>
  Array.from({ length: count }, () => scale * random.normal());
const rowsOf = (values: ArrayLike<number>, columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, i) =>
    Array.from({ length: columns }, (_, j) => values[i * columns + j] as number),
  );
const singles = (random: Stream, count: number): Float32Array => Float32Array.from(numbers(random, count));
const sum = (terms: readonly tf.Tensor[]): tf.Tensor2D => terms.reduce((all, term) => tf.add(all, term)) as tf.Tensor2D;
const column = (x: tf.Tensor2D, j: number): tf.Tensor2D => tf.slice(x, [0, j], [-1, 1]);

interface TwoLayers extends Twin {
  readonly sums: FeatureSums;
  /** Sums of a row of plain numbers. */
  plainSums(x: readonly number[]): number[];
  /** What each feature adds to a prediction by way of one unit, were it always active: [features][units]. */
  readonly weights: readonly (readonly number[])[];
}

/** Two layers: `wide` hidden units, one output. */
function layers(random: Stream, inputs: number, wide: number, activation: 'tanh' | 'relu'): TwoLayers {
  const first = numbers(random, inputs * wide, 1.5 / Math.sqrt(inputs));
  const bias = numbers(random, wide, 0.5);
  const second = numbers(random, wide, 1 / Math.sqrt(wide));
  const act = activation === 'tanh' ? Math.tanh : (z: number) => Math.max(0, z);
  const sums: FeatureSums = {
    of: (x) => tf.add(tf.matMul(x, tf.tensor2d(first, [inputs, wide])), tf.tensor1d(bias)),
    predict: (z) => tf.matMul(activation === 'tanh' ? tf.tanh(z) : tf.relu(z), tf.tensor2d(second, [wide, 1])),
  };
  const plainSums = (x: readonly number[]) =>
    bias.map((start, u) => x.reduce((z, value, j) => z + value * (first[j * wide + u] as number), start));
  return {
    sums,
    plainSums,
    weights: rowsOf(first, wide).map((row) => row.map((weight, u) => weight * (second[u] as number))),
    predict: (x) => sums.predict(sums.of(x)),
    plain: (x) => plainSums(x).reduce((sum, z, u) => sum + (second[u] as number) * act(z), 0),
  };
}

/** The same, said to be a function of features alone. */
function network(...of: Parameters<typeof layers>): Twin {
  const { predict, plain } = layers(...of);
  return { predict, plain };
}

/** Places between 0 and 1 where a sum is 0. */
const zeros = (starts: readonly number[], ends: readonly number[]): number[] =>
  starts.map((start, u) => start / (start - (ends[u] as number))).filter((a) => a > 0 && a < 1);

/** Every product of the three inputs with a coefficient of its own. */
function multilinear(coefficients: readonly number[]): Twin {
  return {
    predict: (x) => {
      const [a, b, c] = [column(x, 0), column(x, 1), column(x, 2)];
      const one = tf.ones([x.shape[0], 1]);
      const products = [one, a, b, tf.mul(a, b), c, tf.mul(a, c), tf.mul(b, c), tf.mul(tf.mul(a, b), c)];
      return sum(products.map((product, k) => tf.mul(product, coefficients[k] as number)));
    },
    plain: (x) =>
      coefficients.reduce((sum, each, k) => sum + each * x.reduce((p, v, j) => (k & (1 << j) ? p * v : p), 1), 0),
  };
}

/** A function of each input by itself. */
const additive: Twin = {
  predict: (x) => sum([tf.tanh(tf.mul(column(x, 0), 2)), tf.square(column(x, 1)), tf.sigmoid(column(x, 2))]),
  plain: ([a = 0, b = 0, c = 0]) => Math.tanh(2 * a) + b * b + 1 / (1 + Math.exp(-c)),
};

/** By enumeration of all subsets; features that are left out are those of the background, row by row. */
function shapley(f: Twin['plain'], x: readonly number[], background: readonly number[][]): number[] {
  const features = x.length;
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const known = (subset: number): number =>
    background.reduce((sum, b) => sum + f(x.map((v, j) => (subset & (1 << j) ? v : (b[j] as number)))), 0) /
    background.length;
  return x.map((_, j) => {
    let value = 0;
    for (let subset = 0; subset < 1 << features; subset++) {
      if (subset & (1 << j)) continue;
      const size = subset.toString(2).replaceAll('0', '').length;
      const share = (factorial(size) * factorial(features - size - 1)) / factorial(features);
      value += share * (known(subset | (1 << j)) - known(subset));
    }
    return value;
  });
}

/** The integral itself: midpoints of 500 steps, slopes by central differences, all in float64. */
function integral(f: Twin['plain'], x: readonly number[], background: readonly number[][]): number[] {
  const [steps, h] = [500, 1e-5];
  return x.map((_, j) => {
    let value = 0;
    for (const b of background) {
      for (let k = 0; k < steps; k++) {
        const point = b.map((low, i) => low + ((k + 0.5) / steps) * ((x[i] as number) - low));
        const at = (change: number) => f(point.with(j, (point[j] as number) + change));
        value += (((x[j] as number) - (b[j] as number)) * (at(h) - at(-h))) / (2 * h * steps * background.length);
      }
    }
    return value;
  });
}

function expectClose(values: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  const size = Math.max(...expected.map(Math.abs));
  for (const [i, each] of expected.entries()) {
    expect(Math.abs((values[i] as number) - each)).toBeLessThanOrEqual(tolerance * size);
  }
}

const small = (seed: number) => {
  const random = stream(seed, 1, 0);
  return { random, rows: singles(random, 12), background: singles(random, 15) };
};

describe('nodes', () => {
  test.each([1, 2, 3, 8, 31, 256])('%d of them integrate polynomials of degree 2n - 1', (n) => {
    const { nodes, weights } = gaussLegendre(n);
    for (let degree = 0; degree < 2 * n; degree++) {
      const sum = nodes.reduce((all, x, k) => all + (weights[k] as number) * x ** degree, 0);
      expect(Math.abs(sum * (degree + 1) - 1)).toBeLessThan(1e-11);
    }
    expect(nodes).toEqual(nodes.toSorted());
    nodes.forEach((x, k) => {
      expect(x + (nodes[n - 1 - k] as number)).toBeCloseTo(1, 14);
    });
  });
});

describe('the values', () => {
  test.each([1, 2, 3, 4])(
    'are Shapley values where products of inputs are summed, with all of them (%d)',
    async (seed) => {
      const { random, rows, background } = small(seed);
      const twin = multilinear(numbers(random, 8));
      const { values } = await expectedGradients(twin, rows, background, { columns: 3 });
      const expected = rowsOf(rows, 3).flatMap((x) => shapley(twin.plain, x, rowsOf(background, 3)));
      expectClose(values, expected, 2e-6);
    },
  );

  test('of x1 x2 against 0 are half of it each', async () => {
    const twin = multilinear([0, 0, 0, 1, 0, 0, 0, 0]);
    const { values, base } = await expectedGradients(twin, Float32Array.of(3, 4, 5), new Float32Array(3), {
      columns: 3,
    });
    expect([...values].map((v) => Math.round(v * 1e5) / 1e5)).toEqual([6, 6, 0]);
    expect(base).toBe(0);
  });

  test('of a linear network are its weights times the distance from the mean', async () => {
    const { rows, background } = small(5);
    const weights = [0.5, -2, 3];
    const linear = { predict: (x: tf.Tensor2D) => tf.matMul(x, tf.tensor2d(weights, [3, 1])) as tf.Tensor2D };
    const { values, nodes } = await expectedGradients(linear, rows, background, { columns: 3 });
    const means = weights.map((_, j) => rowsOf(background, 3).reduce((sum, b) => sum + (b[j] as number), 0) / 5);
    const expected = rowsOf(rows, 3).flatMap((x) =>
      x.map((v, j) => (weights[j] as number) * (v - (means[j] as number))),
    );
    expectClose(values, expected, 1e-6);
    expect(nodes).toBe(8);
    const series = await expectedGradients({ ...linear, series: true }, rows, background, { columns: 3 });
    expect(series.nodes).toBe(4);
    expectClose(series.values, expected, 1e-6);
  });

  test('are Shapley values where no inputs interact', async () => {
    const { rows, background } = small(6);
    const { values } = await expectedGradients(additive, rows, background, { columns: 3, tolerance: 1e-6 });
    const expected = rowsOf(rows, 3).flatMap((x) => shapley(additive.plain, x, rowsOf(background, 3)));
    expectClose(values, expected, 3e-6);
  });

  test.each([
    ['tanh', 1e-5],
    ['relu', 3e-3],
  ] as const)('of a network of %s are the integral over the straight way', async (activation, tolerance) => {
    const { random, rows, background } = small(7);
    const twin = network(random, 3, 5, activation);
    const { values } = await expectedGradients(twin, rows, background, { columns: 3, tolerance: tolerance / 10 });
    const expected = rowsOf(rows, 3).flatMap((x) => integral(twin.plain, x, rowsOf(background, 3)));
    expectClose(values, expected, tolerance);
  });

  test('add up, to what is said of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.constantFrom('tanh', 'relu'), async (seed, activation) => {
        const random = stream(seed, 2, 0);
        const [rows, background] = [singles(random, 6 * 8), singles(random, 6 * 10)];
        const twin = network(random, 6, 12, activation as 'tanh' | 'relu');
        const found = await expectedGradients(twin, rows, background, { columns: 6 });
        const { base, predictions, additivity } = found;
        expect(additivity.worst).toBeLessThan(1e-3);
        expect(additivity.mean).toBeLessThanOrEqual(additivity.worst);
        const apart = predictions.reduce((sum, y) => sum + Math.abs(y - base), 0) / predictions.length;
        const gaps = rowsOf(found.values, 6).map((row, i) =>
          Math.abs(row.reduce((sum, v) => sum + v, base) - (predictions[i] as number)),
        );
        expect(Math.abs(Math.max(...gaps) / apart - additivity.worst)).toBeLessThan(1e-5);
        expectClose(predictions, rowsOf(rows, 6).map(twin.plain), 1e-5);
      }),
      { numRuns: 12 },
    );
  });

  test('are 0 for a feature that is not used, and alike for two that are alike', async () => {
    const { random, background, rows } = small(9);
    const inner = network(random, 2, 5, 'relu');
    const pair = (x: tf.Tensor2D) => tf.slice(x, [0, 0], [-1, 2]);
    // The third is not read; the second is read as the first is.
    const twin = {
      predict: (x: tf.Tensor2D) =>
        tf.add(inner.predict(pair(x)), inner.predict(tf.concat([column(x, 1), column(x, 0)], 1))) as tf.Tensor2D,
    };
    for (const table of [rows, background]) for (let i = 0; i < table.length; i += 3) table[i + 1] = table[i] as number;
    const { values } = await expectedGradients(twin, rows, background, { columns: 3 });
    for (const [a, b, c] of rowsOf(values, 3)) {
      expect(Math.abs((a as number) - (b as number))).toBeLessThan(1e-6);
      expect(Math.abs(c as number)).toBe(0);
    }
  });

  test('are 0 of a row that is the background', async () => {
    const { random, rows } = small(10);
    const row = rows.subarray(0, 3);
    const found = await expectedGradients(network(random, 3, 5, 'tanh'), row, row, { columns: 3 });
    expect([...found.values]).toEqual([0, 0, 0]);
    expect(found.additivity).toEqual({ mean: 0, worst: 0 });
  });
});

describe('of a network that goes by sums of its features', () => {
  const wide = 30;
  const given = (seed: number, activation: 'tanh' | 'relu' = 'relu') => {
    const random = stream(seed, 5, 0);
    const [rows, background] = [singles(random, 8 * 6), singles(random, 8 * 11)];
    return { rows, background, twin: layers(random, 8, wide, activation) };
  };
  const seeds = fc.nat(1000);

  /** A unit of ReLU adds its slopes on the part of the way where its sum is above 0. */
  function exact({ weights, plainSums }: TwoLayers, x: readonly number[], background: readonly number[][]): number[] {
    const values = x.map(() => 0);
    for (const b of background) {
      const ends = plainSums(x);
      const active = plainSums(b).map((start, u) => {
        const end = ends[u] as number;
        const zero = start / (start - end);
        return start > 0 ? (end > 0 ? 1 : zero) : end > 0 ? 1 - zero : 0;
      });
      weights.forEach((row, j) => {
        const slope = row.reduce((sum, weight, u) => sum + weight * (active[u] as number), 0);
        values[j] = (values[j] as number) + (((x[j] as number) - (b[j] as number)) * slope) / background.length;
      });
    }
    return values;
  }

  test('the values of ReLU are the integral, and add up, to rounding', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { rows, background, twin } = given(seed);
        const { values, additivity } = await expectedGradients(twin, rows, background, { columns: 8 });
        const others = rowsOf(background, 8);
        expectClose(
          values,
          rowsOf(rows, 8).flatMap((x) => exact(twin, x, others)),
          1e-6,
        );
        expect(additivity.worst).toBeLessThan(1e-6);
      }),
      { numRuns: 25 },
    );
    const { rows, background, twin } = given(1);
    const [x, others] = [rowsOf(rows, 8)[0] as number[], rowsOf(background, 8)];
    expectClose(exact(twin, x, others), integral(twin.plain, x, others), 1e-3);
  });

  test('a pair takes a node more than there are zeros on its way, and one way back to the features', async () => {
    const { rows, background, twin } = given(2);
    let [nodes, back] = [0, 0];
    const sums: FeatureSums = {
      of: (x) => {
        back += x.shape[0];
        return twin.sums.of(x);
      },
      predict: (z) => {
        nodes += z.shape[0];
        return twin.sums.predict(z);
      },
    };
    const found = await expectedGradients({ predict: twin.predict, sums }, rows, background, { columns: 8 });
    const pieces = rowsOf(rows, 8).flatMap((x) =>
      rowsOf(background, 8).map((b) => 1 + zeros(twin.plainSums(b), twin.plainSums(x)).length),
    );
    expect(nodes).toBe(pieces.reduce((sum, count) => sum + count, 0));
    expect(found.nodes).toBe(Math.max(...pieces));
    expect(found.nodes).toBeLessThan(wide);
    expect(back).toBe(6 + 11 + 6 * 11);
  });

  test('are those of the features alone, at a tolerance, be it smooth or bent', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.constantFrom('tanh', 'relu'), async (seed, activation) => {
        const { rows, background, twin } = given(seed, activation as 'tanh' | 'relu');
        const options = { columns: 8, tolerance: 1e-4, maxNodes: 256 };
        const through = await expectedGradients(twin, rows, background, options);
        const direct = await expectedGradients({ predict: twin.predict }, rows, background, options);
        expect(through.additivity.worst).toBeLessThan(1e-4);
        expectClose(through.values, [...direct.values], 2e-3);
        expect([through.base, through.predictions]).toEqual([direct.base, direct.predictions]);
      }),
      { numRuns: 8 },
    );
  });

  test('are the same at any size of a call', async () => {
    const { rows, background, twin } = given(3);
    const whole = await expectedGradients(twin, rows, background, { columns: 8 });
    for (const batch of [1, 7, 100]) {
      expect(await expectedGradients(twin, rows, background, { columns: 8, batch })).toEqual(whole);
    }
  });

  test('are exact of sums that start, end or stay at 0', async () => {
    // Features go into sums as they are; each adds its ReLU.
    const sums: FeatureSums = {
      of: (x) => tf.add(x, 0) as tf.Tensor2D,
      predict: (z) => tf.sum(tf.relu(z), 1, true) as tf.Tensor2D,
    };
    const predict = (x: tf.Tensor2D) => sums.predict(sums.of(x));
    const rows = Float32Array.of(0, 2, 0, 3, -3);
    const found = await expectedGradients({ predict, sums }, rows, Float32Array.of(1, 0, 0, -1, 1), { columns: 5 });
    expect([...found.values].map((value) => Math.round(1e5 * value) / 1e5 + 0)).toEqual([-1, 2, 0, 3, -1]);
  });

  test('leave no tensors', async () => {
    const { rows, background, twin } = given(4);
    const before = tf.memory().numTensors;
    await expectedGradients(twin, rows, background, { columns: 8 });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the work', () => {
  /** Rows that went through the network, call by call. */
  function counted(twin: Twin) {
    const calls: number[] = [];
    const predict = (x: tf.Tensor2D) => {
      calls.push(x.shape[0]);
      return twin.predict(x);
    };
    return { predict, calls };
  }
  const relu = network(stream(3, 3, 0), 4, 16, 'relu');
  const [rows, background] = [singles(stream(4, 3, 0), 4 * 9), singles(stream(5, 3, 0), 4 * 7)];

  test('is the same at any size of a call, which it never passes', async () => {
    const wide = counted(relu);
    const options = { columns: 4, maxNodes: 128 };
    const whole = await expectedGradients(wide, rows, background, options);
    expect(whole.nodes).toBeGreaterThan(8);
    for (const batch of [128, 300, 1000]) {
      const narrow = counted(relu);
      expect(await expectedGradients(narrow, rows, background, { ...options, batch })).toEqual(whole);
      expect(Math.max(...narrow.calls)).toBeLessThanOrEqual(batch);
    }
    expect(await expectedGradients(relu, rows, background, options)).toEqual(whole);
  });

  test('is done again only of pairs that were not near enough', async () => {
    // Bends at 0: pairs on one side of it are exact with any nodes.
    const bent: Twin = { predict: (x) => tf.relu(x) as tf.Tensor2D, plain: ([a = 0]) => Math.max(0, a) };
    const { predict, calls } = counted(bent);
    const [x, b] = [Float32Array.of(-2, -1, 1, 2, 3), Float32Array.of(-0.3, 0.2, 0.7, 1.1)];
    const { nodes } = await expectedGradients({ predict }, x, b, { columns: 1 });
    const again = calls.reduce((sum, n) => sum + n, 0) - (5 + 4 + 5 * 4 * 8);
    expect(nodes).toBeGreaterThan(8);
    const across = 2 * 3 + 3 * 1;
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThanOrEqual(across * (2 * nodes - 16));
  });

  test('ends at the most nodes, and says how far off it is', async () => {
    const steep: Twin = {
      predict: (x) => tf.tanh(tf.mul(column(x, 0), 1e4)),
      plain: ([a = 0]) => Math.tanh(1e4 * a),
    };
    const found = await expectedGradients(steep, Float32Array.of(0.7), Float32Array.of(-0.9), {
      columns: 1,
      maxNodes: 40,
    });
    expect(found.nodes).toBe(32);
    expect(found.additivity.worst).toBeGreaterThan(0.01);
    expect(Math.abs((found.values[0] as number) - 2) / 2).toBeCloseTo(found.additivity.worst, 5);
  });

  test('does not chase the rounding of predictions', async () => {
    const lifted: Twin = { ...relu, predict: (x) => tf.add(relu.predict(x), 1e7) as tf.Tensor2D };
    const found = await expectedGradients(lifted, rows, background, { columns: 4 });
    expect(found.nodes).toBe(8);
  });

  test('leaves no tensors, whatever happens', async () => {
    const before = tf.memory().numTensors;
    const random = stream(1, 4, 0);
    const weights = tf.variable(tf.tensor2d(numbers(random, 4), [4, 1]));
    const predict = (x: tf.Tensor2D): tf.Tensor2D => tf.tanh(tf.matMul(x, weights as unknown as tf.Tensor2D));
    const held = tf.memory().numTensors;
    await expectedGradients({ predict }, rows, background, { columns: 4 });
    expect(tf.memory().numTensors).toBe(held);
    let calls = 0;
    const failing = (x: tf.Tensor2D) => {
      if (++calls > 2) throw new Error('lost');
      return predict(x);
    };
    await expect(expectedGradients({ predict: failing }, rows, background, { columns: 4 })).rejects.toThrow('lost');
    expect(tf.memory().numTensors).toBe(held);
    tf.dispose(weights);
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 1);
  });

  test('is told as it goes', async () => {
    const seen: number[][] = [];
    const onProgress = (done: number, of: number) => seen.push([done, of]);
    await expectedGradients(relu, rows, background, { columns: 4, batch: 2 * 7 * 8, onProgress });
    expect(seen).toEqual([2, 4, 6, 8, 9].map((done) => [done, 9]));
  });

  test('of no rows is none', async () => {
    const found: ExpectedGradients = await expectedGradients(relu, new Float32Array(), background, { columns: 4 });
    expect(found).toMatchObject({ nodes: 0, additivity: { mean: 0, worst: 0 } });
    expect(found.values).toHaveLength(0);
    expect(found.base).toBeCloseTo(rowsOf(background, 4).reduce((sum, b) => sum + relu.plain(b), 0) / 7, 5);
  });

  test('does not begin without a background, with several outputs or with what is not a number', async () => {
    const run = (twin: Pick<Twin, 'predict'>, x: Float32Array, b: Float32Array) =>
      expectedGradients(twin, x, b, { columns: 4 });
    await expect(run(relu, rows, new Float32Array())).rejects.toThrow('background without rows');
    await expect(run(relu, rows.subarray(1), background)).rejects.toThrow('another width');
    await expect(run({ predict: (x) => x }, rows, background)).rejects.toThrow('not 4');
    await expect(run(relu, rows.with(5, Number.NaN), background)).rejects.toThrow('not a number');
  });
});

describe('what is read from them', () => {
  const lagged = (feature: string, lag: number) => ({ name: `${feature} ${lag} back`, feature, lag });
  const attribution = (names: Attribution['names'], values: number[], features = values): Attribution => ({
    names,
    values: Float32Array.from(values),
    features: Float32Array.from(features),
    base: 0,
    predictions: new Float32Array(values.length / names.length),
    nodes: 8,
    additivity: { mean: 0, worst: 0 },
    background: 1,
  });

  test('features are ranked by mean |SHAP|, equals by column, with the way they pull', () => {
    const names = ['a', 'b', 'c', 'd'].map((name) => ({ name, feature: name }));
    const ranked = rankedFeatures(attribution(names, [1, -3, 1, 0, -1, 5, 1, 0], [2, 0.3, 7, 1, 1, -0.5, 8, 2]));
    expect(ranked.map(({ name, mean, share, slant }) => [name, mean, share, slant])).toEqual([
      ['b', 4, 4 / 6, -1],
      ['a', 1, 1 / 6, 1],
      ['c', 1, 1 / 6, Number.NaN],
      ['d', 0, 0, Number.NaN],
    ]);
  });

  test('features of several dates make a table, those of one date do not', () => {
    const names = [lagged('x', 0), lagged('x', 10), lagged('y', 20), lagged('y', 0), lagged('z', 0)];
    const table = lagTable(attribution([...names, { name: 'all', feature: 'all' }], [1, -2, 4, 5, 6, 7]));
    expect(table).toEqual({
      features: ['y', 'x'],
      steps: [20, 10, 0],
      means: [
        [4, undefined, 5],
        [undefined, 2, 1],
      ],
    });
    expect(lagTable(attribution([lagged('x', 0), lagged('y', 0)], [1, 2]))).toBeUndefined();
    expect(lagTable(attribution([], []))).toBeUndefined();
  });
});
