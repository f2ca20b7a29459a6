/** Losses against differences of their own values, against tfjs's gradients of the same formula, and by hand. */
import type { GradSaveFunc, Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import type { Batch, Section } from '../models/batch.ts';
import { loss, lossValue } from '../models/graph/loss.ts';
import { lossGradient } from '../models/graph/loss-gradient.ts';
import { lossOnDevice } from '../models/graph/loss-on-device.ts';
import type { LossRule } from '../models/training-rule.ts';

const rules: LossRule[] = (['mse', 'ic'] as const).flatMap((kind) =>
  [false, true].flatMap((neutral) => [1, 2].map((topWeight) => ({ kind, neutral, topWeight }))),
);
const spelled = ({ kind, neutral, topWeight }: LossRule) =>
  `${kind}${neutral ? ', neutral' : ''}, top weight ${topWeight}`;
const table = rules.map((rule): [string, LossRule] => [spelled(rule), rule]);
const plain: LossRule = { kind: 'mse', neutral: false, topWeight: 1 };
const ic: LossRule = { ...plain, kind: 'ic' };

beforeEach(async () => {
  await tf.setBackend('cpu');
});

/** Sections of these sizes, as one batch; `columns` of a basis beside the constant where rows allow. */
function makeBatch(sizes: readonly number[], seed: number, columns = 2): Batch {
  const random = stream(seed, 0, 0);
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  let from = 0;
  const sections = sizes.map((size, date): Section => {
    const section = { date, from, to: from + size, basis: basisOf(size, columns, () => random.next() - 0.5) };
    from += size;
    return section;
  });
  const labels = Float32Array.from({ length: rows }, () => 4 * random.next() - 2);
  return { rows, sections, inputs: new Map(), labels, symbols: Int32Array.from(labels, (_, i) => i) };
}
const labelled = (labels: readonly number[], ends: readonly number[] = [labels.length]): Batch => ({
  rows: labels.length,
  sections: ends.map((to, date) => ({ date, from: ends[date - 1] ?? 0, to })),
  inputs: new Map(),
  labels: Float32Array.from(labels),
  symbols: Int32Array.from(labels, (_, i) => i),
});

/** Gram and Schmidt, twice over: a constant and so many random columns. */
function basisOf(rows: number, columns: number, draw: () => number): Float64Array {
  const made: Float64Array[] = [];
  for (let k = 0; k <= Math.min(columns, rows - 2); k++) {
    const column = Float64Array.from({ length: rows }, () => (k === 0 ? 1 : draw()));
    for (const other of [...made, ...made]) {
      const share = dot(column, other);
      for (let i = 0; i < rows; i++) column[i] = (column[i] as number) - share * (other[i] as number);
    }
    const norm = Math.sqrt(dot(column, column));
    made.push(column.map((value) => value / norm));
  }
  return Float64Array.from(made.flatMap((column) => [...column]));
}
function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
function predictions(rows: number, seed: number): Float32Array {
  const random = stream(seed, 1, 0);
  return Float32Array.from({ length: rows }, () => 3 * random.next() - 1);
}
const largest = (values: Iterable<number>) => Math.max(...[...values].map(Math.abs), 1e-3);
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const scale = largest(Array.from(expected));
  for (let i = 0; i < actual.length; i++) {
    expect(Math.abs((actual[i] as number) - (expected[i] as number)), `at ${i}`).toBeLessThan(tolerance * scale);
  }
}

/** The formula as one would write it in tfjs, and let tfjs differentiate. */
function stock(
  { kind, neutral, topWeight }: LossRule,
  prediction: Tensor2D,
  { rows, sections, labels }: Batch,
): Scalar {
  const terms = sections.map(({ from, to, basis }): Tensor => {
    const size = to - from;
    let r: Tensor = tf.slice(prediction, [from, 0], [size, 1]);
    if (neutral) {
      const q = tf.tensor2d(Float32Array.from(basis as Float64Array), [(basis as Float64Array).length / size, size]);
      r = tf.sub(r, tf.matMul(tf.transpose(q), tf.matMul(q, r as Tensor2D)));
    }
    const own = [...labels.subarray(from, to)];
    const sorted = own.toSorted((a, b) => a - b);
    const median = ((sorted[(size - 1) >> 1] as number) + (sorted[size >> 1] as number)) / 2;
    const y = tf.tensor2d(own, [size, 1]);
    const w = tf.tensor2d(
      own.map((label) => (label > median ? topWeight : 1)),
      [size, 1],
    );
    if (kind === 'mse') return tf.sum(tf.mul(w, tf.square(tf.sub(y, r))));
    const mean = (x: Tensor) => tf.div(tf.sum(tf.mul(w, x)), tf.sum(w));
    const [a, b] = [tf.sub(r, mean(r)), tf.sub(y, mean(y))];
    return tf.div(mean(tf.mul(a, b)), tf.sqrt(tf.mul(mean(tf.square(a)), mean(tf.square(b)))));
  });
  const total = terms.reduce((sum, term) => tf.add(sum, term));
  return kind === 'mse' ? tf.div(total, rows) : tf.div(total, -terms.length);
}

type Given = [rule: LossRule, prediction: Float32Array, batch: Batch];
type Loss = (rule: LossRule, prediction: Tensor2D, batch: Batch) => Scalar;
function onDevice(rule: LossRule, p: Float32Array, batch: Batch) {
  const before = tf.memory().numTensors;
  const answer = tf.tidy(() => {
    const { value, gradient } = lossOnDevice(rule, tf.tensor2d(p, [p.length, 1]), batch);
    return { value: value.dataSync()[0] as number, gradient: gradient.dataSync().slice(), shape: gradient.shape };
  });
  expect(tf.memory().numTensors).toBe(before);
  return answer;
}
function throughTensors(compute: Loss, rule: LossRule, p: Float32Array, batch: Batch) {
  const x = tf.tensor2d(p, [p.length, 1]);
  const { value, grad } = tf.valueAndGrad((t: Tensor) => compute(rule, t as Tensor2D, batch))(x);
  const answer = { value: value.dataSync()[0] as number, gradient: grad.dataSync().slice(), shape: grad.shape };
  tf.dispose([x, value, grad]);
  return answer;
}

test('asks for no gradient of tfjs: tfjs-core has none in Node', () => {
  const batch = makeBatch([9], 6);
  const p = predictions(9, 6);
  expect(tf.getGradient('Multiply')).toBeUndefined();
  expectClose(throughTensors(loss, ic, p, batch).gradient, lossGradient(ic, p, batch).gradient, 1e-6);
});

describe.each(table)('%s', (_name, rule) => {
  // Brings the gradients of all that tfjs has.
  beforeAll(() => import('@tensorflow/tfjs'));

  test('its gradient is that of its value', () => {
    const batch = makeBatch([7, 3, 12], 1);
    const p = Float64Array.from(predictions(batch.rows, 1));
    const { gradient } = lossGradient(rule, p, batch);
    const step = 1e-6;
    const differences = p.map((_, i) => {
      const at = (by: number) =>
        lossGradient(
          rule,
          p.map((value, j) => (j === i ? value + by : value)),
          batch,
        ).value;
      return (at(step) - at(-step)) / (2 * step);
    });
    expectClose(gradient, differences, 1e-8);
  });

  test.each([
    ['as one operation', (...given: Given) => throughTensors(loss, ...given)],
    ['composed on the device', onDevice],
  ] as const)('%s it is what tfjs makes of the formula', (_how, compute) => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 5, max: 30 }), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (sizes, seed) => {
          const batch = makeBatch(sizes, seed);
          const p = predictions(batch.rows, seed);
          const [ours, theirs] = [compute(rule, p, batch), throughTensors(stock, rule, p, batch)];
          expectClose([ours.value], [theirs.value], 2e-5);
          expectClose(ours.gradient, theirs.gradient, 2e-5);
          expect(ours.shape).toEqual([batch.rows, 1]);
        },
      ),
      { numRuns: 15 },
    );
  });

  test.each(['cpu', 'wasm'])(
    'on %s the tensor is the number, its gradient follows the chain, nothing leaks',
    async (backend) => {
      await tf.setBackend(backend);
      const batch = makeBatch([20, 30], 3);
      const p = predictions(batch.rows, 3);
      const before = tf.memory().numTensors;
      const three: Loss = (...given) => tf.mul(3, loss(...given));
      const { value, gradient } = throughTensors(three, rule, p, batch);
      expect(value).toBe(Math.fround(3 * Math.fround(lossValue(rule, p, batch))));
      expectClose(
        gradient,
        lossGradient(rule, p, batch).gradient.map((g) => 3 * g),
        1e-6,
      );
      const x = tf.tensor2d(p, [p.length, 1]);
      const alone = loss(rule, x, batch);
      expect(alone.shape).toEqual([]);
      expect(alone.dataSync()[0]).toBe(Math.fround(lossValue(rule, p, batch)));
      tf.dispose([x, alone]);
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test('an unknown prediction is seen, not left out', () => {
    const batch = makeBatch([6, 6], 4);
    const p = predictions(batch.rows, 4);
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
      p[2] = broken;
      expect(lossValue(rule, p, batch)).not.toSatisfy(Number.isFinite);
      expect(onDevice(rule, p, batch).value).not.toSatisfy(Number.isFinite);
    }
  });

  test('without rows it is 0', () => {
    const batch = labelled([], []);
    expect(lossValue(rule, new Float32Array(), batch)).toBe(0);
    expect(onDevice(rule, new Float32Array(), batch)).toMatchObject({ value: 0, shape: [0, 1] });
  });
});

describe('neutral', () => {
  const neutral = rules.filter((rule) => rule.neutral);

  test('what is left of predictions is orthogonal to the basis', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(10), fc.nat(), (rows, columns, seed) => {
        const made = makeBatch([rows, 9], seed, columns);
        // The mean square of residuals alone: its gradient is them.
        const batch = { ...made, labels: new Float32Array(made.rows) };
        const p = predictions(batch.rows, seed);
        const residual = lossGradient({ ...plain, neutral: true }, p, batch).gradient.map((g) => (g * batch.rows) / 2);
        for (const { from, to, basis = new Float64Array() } of batch.sections) {
          const own = residual.subarray(from, to);
          for (let at = 0; at < basis.length; at += to - from) {
            expect(Math.abs(dot(own, basis.subarray(at, at + to - from)))).toBeLessThan(1e-13 * Math.sqrt(rows) * 10);
          }
          // And it is predictions less something in the basis: what is taken off has no part of its own.
          const taken = own.map((left, i) => (p[from + i] as number) - left);
          expect(Math.abs(dot(taken, own))).toBeLessThan(1e-12 * rows);
        }
      }),
    );
  });

  test.each(neutral.map((rule): [string, LossRule] => [spelled(rule), rule]))(
    '%s: what styles explain neither counts nor pulls',
    (_name, rule) => {
      fc.assert(
        fc.property(fc.nat(), fc.double({ min: -3, max: 3, noNaN: true }), (seed, by) => {
          const batch = makeBatch([12, 30], seed);
          const p = Float64Array.from(predictions(batch.rows, seed));
          const moved = p.slice();
          const { gradient, value } = lossGradient(rule, p, batch);
          for (const { from, to, basis = new Float64Array() } of batch.sections) {
            for (let k = 0; k < basis.length; k++) {
              const i = from + (k % (to - from));
              moved[i] = (moved[i] as number) + by * (basis[k] as number);
            }
            for (let at = 0; at < basis.length; at += to - from) {
              expect(Math.abs(dot(gradient.subarray(from, to), basis.subarray(at, at + to - from)))).toBeLessThan(
                1e-12,
              );
            }
          }
          expect(lossGradient(rule, moved, batch).value).toBeCloseTo(value, 11);
        }),
      );
    },
  );

  test('asks for a basis of every section, of its rows', () => {
    const rule = { ...plain, neutral: true };
    expect(() => lossValue(rule, new Float32Array(3), labelled([1, 2, 3]))).toThrow('has none');
    const [section] = labelled([1, 2, 3]).sections as [Section];
    const other = { ...labelled([1, 2, 3]), sections: [{ ...section, basis: new Float64Array(4) }] };
    expect(() => lossValue(rule, new Float32Array(3), other)).toThrow('of other rows');
  });
});

describe('mse', () => {
  test('by hand: the better half weighs more, what ties with the median does not, and rows divide', () => {
    const batch = labelled([1, 2, 3, 4, 5, 5, 9, 5], [4, 8]);
    const zeros = new Float32Array(8);
    expect(lossValue(plain, zeros, batch)).toBe((1 + 4 + 9 + 16 + 25 + 25 + 81 + 25) / 8);
    expect(lossValue({ ...plain, topWeight: 2 }, zeros, batch)).toBe((1 + 4 + 18 + 32 + 25 + 25 + 162 + 25) / 8);
    expect([...lossGradient({ ...plain, topWeight: 2 }, zeros, batch).gradient]).toEqual(
      [1, 2, 6, 8, 5, 5, 18, 5].map((pull) => (-2 * pull) / 8),
    );
  });
  test('of an odd number the middle one is not of the better half', () => {
    expect(lossValue({ ...plain, topWeight: 3 }, new Float32Array(3), labelled([1, 3, 2]))).toBe((1 + 4 + 27) / 3);
  });
});

test('a piece of a date has the weights it has in the date', () => {
  const whole = labelled([1, 2, 3, 4, 5, 6]);
  const rule = { ...plain, topWeight: 2 };
  const pieces = [
    { date: 0, from: 0, to: 4, middle: 3 },
    { date: 0, from: 4, to: 6, middle: 3 },
  ];
  const zeros = new Float32Array(6);
  expect(lossGradient(rule, zeros, { ...whole, sections: pieces })).toEqual(lossGradient(rule, zeros, whole));
});

describe('ic', () => {
  test('does not see the mean and the scale of predictions, and so pulls at neither', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        fc.constantFrom(1, 2),
        (seed, by, topWeight) => {
          const batch = makeBatch([15], seed);
          const p = Float64Array.from(predictions(15, seed));
          const { value, gradient } = lossGradient({ ...ic, topWeight }, p, batch);
          const moved = p.map((one) => by * one + 7);
          expect(lossGradient({ ...ic, topWeight }, moved, batch).value).toBeCloseTo(value, 10);
          expect(Math.abs(dot(gradient, new Float64Array(15).fill(1)))).toBeLessThan(1e-12);
          expect(Math.abs(dot(gradient, p))).toBeLessThan(1e-12);
        },
      ),
    );
  });

  test('is between -1, where predictions are the labels, and 1', () => {
    const batch = makeBatch([10, 20], 5);
    expect(lossValue(ic, batch.labels, batch)).toBeCloseTo(-1, 12);
    expect(
      lossValue(
        ic,
        batch.labels.map((label) => -2 * label),
        batch,
      ),
    ).toBeCloseTo(1, 12);
  });

  test('dates weigh alike, whatever their rows; by hand', () => {
    // Correlations 1 and -1/2.
    const batch = labelled([1, 2, 3, 4, 1, 2, 3], [4, 7]);
    const p = Float32Array.of(1, 2, 3, 4, 2, 3, 1);
    expect(lossValue(ic, p, batch)).toBeCloseTo(-(1 - 0.5) / 2, 12);
  });

  test.each([
    ['fused', lossGradient],
    ['on the device', onDevice],
  ])('%s: sections of two rows, of equal predictions or of equal labels are left out', (_how, compute) => {
    const p = Float32Array.of(1, 2, 3, 4, 0.1, 0.1, 0.1, 0.1, 0.1, 5, 6, 1, 2, 4);
    const y = [1, 2, 3, 3, 1, 4, 2, 9, 7, 1, 2, 0.7, 0.7, 0.7];
    const { value, gradient } = compute(ic, p, labelled(y, [4, 9, 11, 14]));
    const alone = compute(ic, p.slice(0, 4), labelled(y.slice(0, 4)));
    expect(value).toBeCloseTo(alone.value, 6);
    expectClose(gradient.slice(0, 4), alone.gradient, 1e-6);
    expect([...gradient.slice(4)].every((pull) => pull === 0)).toBe(true);
    const none = compute(ic, p.slice(4, 9), labelled(y.slice(4, 9)));
    expect(Math.abs(none.value)).toBe(0);
    expect([...none.gradient].every((pull) => pull === 0)).toBe(true);
  });

  test('one prediction that is another by its last digit is variation', () => {
    const p = new Float32Array(5000).fill(0.7);
    p[17] = 0.7000001;
    const y = Array.from(p, (_, i) => (i === 17 ? 1 : 0));
    expect(lossValue(ic, p, labelled(y))).toBeCloseTo(-1, 6);
  });
});

describe('units beside a prediction', () => {
  beforeAll(() => import('@tensorflow/tfjs'));
  const alike = (kind: LossRule['kind'], orthogonality = 3): LossRule => ({ ...plain, kind, orthogonality });
  const withUnits = (rows: number, units: number, seed: number) => predictions(rows * (1 + units), seed);
  const firsts = (p: Float32Array, columns: number) => p.filter((_, i) => i % columns === 0);
  const asTensor = (compute: Loss, rule: LossRule, p: Float32Array, columns: number, batch: Batch) => {
    const x = tf.tensor2d(p, [batch.rows, columns]);
    const { value, grad } = tf.valueAndGrad((t: Tensor) => compute(rule, t as Tensor2D, batch))(x);
    const answer = { value: value.dataSync()[0] as number, gradient: grad.dataSync().slice() };
    tf.dispose([x, value, grad]);
    return answer;
  };
  const written: Loss = (rule, p, batch) => {
    const [rows, columns] = p.shape;
    const z = tf.slice(p, [0, 1], [rows, -1]) as Tensor2D;
    const products = tf.div(tf.matMul(tf.transpose(z), z), rows);
    const units = (columns - 1) ** 2;
    const penalty = tf.div(tf.sqrt(tf.sum(tf.square(products))), units);
    return tf.add(stock(rule, tf.slice(p, [0, 0], [rows, 1]), batch), tf.mul(penalty, rule.orthogonality ?? 0));
  };

  test.each(['mse', 'ic'] as const)('%s: its gradient is that of its value', (kind) => {
    const batch = makeBatch([7, 3, 5], 1);
    for (const units of [1, 4, 6]) {
      const p = Float64Array.from(withUnits(batch.rows, units, 2));
      const differences = p.map((value, i) => {
        const at = (moved: number) => {
          p[i] = moved;
          return lossGradient(alike(kind), p, batch).value;
        };
        const slope = (at(value + 1e-6) - at(value - 1e-6)) / 2e-6;
        p[i] = value;
        return slope;
      });
      expectClose(lossGradient(alike(kind), p, batch).gradient, differences, 1e-8);
    }
  });

  test.each(['mse', 'ic'] as const)('%s: it is what tfjs makes of the formula, on either way', (kind) => {
    const sizes = fc.array(fc.integer({ min: 5, max: 20 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 9 }), fc.nat(), (sizes, units, seed) => {
        const batch = makeBatch(sizes, seed);
        const p = withUnits(batch.rows, units, seed);
        const wanted = asTensor(written, alike(kind), p, 1 + units, batch);
        const device = tf.tidy(() => {
          const x = tf.tensor2d(p, [batch.rows, 1 + units]);
          const { value, gradient } = lossOnDevice(alike(kind), x, batch);
          expect(gradient.shape).toEqual(x.shape);
          return { value: value.dataSync()[0] as number, gradient: gradient.dataSync().slice() };
        });
        for (const found of [asTensor(loss, alike(kind), p, 1 + units, batch), device]) {
          expectClose([found.value], [wanted.value], 2e-5);
          expectClose(found.gradient, wanted.gradient, 2e-5);
        }
        expectClose([lossValue(alike(kind), p, batch)], [wanted.value], 2e-5);
      }),
      { numRuns: 15 },
    );
  });

  test('without a price on their likeness they are looked at by nobody', () => {
    const batch = makeBatch([9, 6], 4);
    const p = withUnits(15, 3, 4);
    for (const rule of [alike('ic', 0), ic]) {
      const alone = lossGradient(rule, firsts(p, 4), batch);
      const { value, gradient } = lossGradient(rule, p, batch);
      expect(value).toBe(alone.value);
      expect(lossValue(rule, p, batch)).toBe(alone.value);
      expect([...gradient]).toEqual([...alone.gradient].flatMap((pull) => [pull, 0, 0, 0]));
    }
  });

  test('by hand: two units, of which one is the other', () => {
    // Z'Z / 2 = [[1, 1], [1, 1]], whose squares add up to 4: 2 / 4 of orthogonality 6.
    const p = Float32Array.of(5, 1, 1, 5, -1, -1);
    expect(lossValue(alike('mse', 6), p, labelled([5, 5]))).toBe(3);
    // Units at right angles: [[1, 0], [0, 1]] has the root of 2.
    expect(lossValue(alike('mse', 6), Float32Array.of(5, 1, 1, 5, 1, -1), labelled([5, 5]))).toBeCloseTo(
      (6 * Math.SQRT2) / 4,
      12,
    );
  });

  test('units that are all 0 are pulled nowhere, and a missing one is seen', () => {
    const batch = makeBatch([6], 4);
    const none = Float32Array.from({ length: 18 }, (_, i) => (i % 3 === 0 ? i : 0));
    const broken = none.slice();
    broken[4] = Number.NaN;
    for (const compute of [loss, lossOnDeviceAsLoss]) {
      const { value, gradient } = asTensor(compute, alike('mse'), none, 3, batch);
      expectClose([value], [lossValue(plain, firsts(none, 3), batch)], 1e-6);
      expect(gradient.every((pull, i) => i % 3 === 0 || pull === 0)).toBe(true);
      expect(asTensor(compute, alike('mse'), broken, 3, batch).value).toBeNaN();
    }
  });

  /** As `loss` is on a device. */
  const lossOnDeviceAsLoss: Loss = (rule, p, batch) =>
    tf.customGrad<Scalar>((...passed) => {
      const [x, save] = passed as [Tensor, GradSaveFunc];
      const { value, gradient } = lossOnDevice(rule, x, batch);
      save([gradient]);
      return { value: value as Scalar, gradFunc: (_, saved) => tf.clone(saved[0] as Tensor) };
    })(p);
});

test('batches whose sections leave rows out, and predictions of other rows, are refused', () => {
  expect(() => lossValue(plain, new Float32Array(3), labelled([1, 2, 3], [2]))).toThrow('2 in sections');
  expect(() => lossValue(plain, new Float32Array(2), labelled([1, 2, 3]))).toThrow('2 predictions');
  expect(() => lossValue(plain, new Float32Array(0), labelled([1, 2, 3]))).toThrow('0 predictions');
});
