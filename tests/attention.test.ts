/** Attention in the recurrent kernels against its reference, the reference against differences of its own values, and by hand. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import type { AttentionWeights } from '../models/kernels/attention.ts';
import { referenceAttention, referenceAttentionGradients } from '../models/kernels/attention-reference.ts';
import { type Cell, type Layer, type Size, type Weights, weightCounts } from '../models/kernels/layer.ts';
import { Recurrent } from '../models/kernels/recurrent.ts';
import { referenceGradients, referenceStates } from '../models/kernels/reference.ts';

const cells = ['gru', 'gru-reset-after', 'lstm'] as const;
const names = ['kernel', 'recurrentKernel', 'bias', 'attentionKernel', 'attentionBias', 'attentionScore', 'x'] as const;
const two = new Recurrent({ threads: 2 });
afterAll(() => two.close());

interface Case {
  readonly layer: Layer;
  readonly size: Size;
  readonly x: Float32Array;
  readonly weights: Weights;
  readonly attention: AttentionWeights;
  /** [batch][last, context][units] */
  readonly dOut: Float32Array;
}

const numbersFrom = (seed: number) => {
  const random = stream(seed, 0, 0);
  return (length: number, scale = 1) => Float32Array.from({ length }, () => (2 * random.next() - 1) * scale);
};

function drawn(layer: Layer, size: Size, hidden: number, seed: number, scoreScale = 2): Case {
  const numbers = numbersFrom(seed);
  const { inputs, units } = layer;
  const counts = weightCounts(layer);
  return {
    layer,
    size,
    x: numbers(size.batch * size.steps * inputs, 2),
    weights: {
      kernel: numbers(counts.kernel, 1 / Math.sqrt(inputs)),
      recurrentKernel: numbers(counts.recurrentKernel, 1.5 / Math.sqrt(units)),
      bias: numbers(counts.bias, 0.3),
    },
    attention: { kernel: numbers(units * hidden), bias: numbers(hidden), score: numbers(hidden, scoreScale) },
    dOut: numbers(size.batch * 2 * units),
  };
}

function compute(kernels: Recurrent, { layer, size, x, weights, attention, dOut }: Case) {
  const { out, tape } = kernels.forward(layer, size, x, weights, { attention });
  return { out, gradients: kernels.backward(tape, dOut, { x: true }) };
}

/** Every second row of as many numbers: the last states or, from 1, the contexts, and the gradients of either. */
const halves = (numbers: Float32Array, units: number, from: 0 | 1) =>
  numbers.filter((_, i) => Math.floor(i / units) % 2 === from);

function expected({ layer, size, x, weights, attention, dOut }: Case) {
  const { batch, steps } = size;
  const { units } = layer;
  const of = { rows: batch, steps, units, hidden: attention.bias.length };
  const states = referenceStates(layer, size, x, weights);
  const { context } = referenceAttention(states, attention, of);
  const scored = referenceAttentionGradients(states, attention, halves(dOut, units, 1), of);
  const out = new Float64Array(batch * 2 * units);
  for (let b = 0; b < batch; b++) {
    for (let k = 0; k < units; k++) {
      const last = ((b + 1) * steps - 1) * units + k;
      out[b * 2 * units + k] = states[last] as number;
      out[(b * 2 + 1) * units + k] = context[b * units + k] as number;
      scored.z[last] = (scored.z[last] as number) + (dOut[b * 2 * units + k] as number);
    }
  }
  const ofAttention = { attentionKernel: scored.kernel, attentionBias: scored.bias, attentionScore: scored.score };
  return { out, gradients: { ...referenceGradients(layer, size, x, weights, scored.z), ...ofAttention } };
}

const largest = (values: ArrayLike<number>) => Array.from(values).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, what).toBe(wanted.length);
  const off = Array.from(wanted, (value, i) => Math.abs(value - (actual[i] as number)));
  // Of one step, gradients of scores are nothing but rounding.
  const scale = Math.max(largest(wanted), 0.3);
  expect(largest(off) / scale, what).toBeLessThan(tolerance);
}
function expectAgreement(problem: Case): void {
  const [found, wanted] = [compute(two, problem), expected(problem)];
  expectClose(found.out, wanted.out, 5e-6, 'out');
  for (const name of names) {
    expectClose(found.gradients[name] as Float32Array, wanted.gradients[name], 2e-5, `gradient of ${name}`);
  }
}

test("the reference's gradients are those of its values", () => {
  const size = { rows: 2, steps: 3, units: 4, hidden: 3 };
  const draw = numbersFrom(1);
  const dContext = draw(2 * 4);
  const numbers = {
    z: Float64Array.from(draw(2 * 3 * 4)),
    kernel: Float64Array.from(draw(4 * 3)),
    bias: Float64Array.from(draw(3)),
    score: Float64Array.from(draw(3, 2)),
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
    const shape = fc.record({
      layer: fc.record({ cell: fc.constantFrom<Cell>(...cells), inputs: upTo(4), units: upTo(9) }),
      size: fc.record({ batch: upTo(19, 0), steps: upTo(40) }),
      hidden: upTo(9),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ layer, size, hidden, seed }) => expectAgreement(drawn(layer, size, hidden, seed))),
      { numRuns: 40 },
    );
  });

  // With scores of 30 a few steps have all the shares, and the largest so far comes in any segment.
  test.each([
    { cell: 'gru', batch: 1, steps: 320, units: 30, hidden: 30, scoreScale: 2 },
    { cell: 'lstm', batch: 17, steps: 60, units: 8, hidden: 17, scoreScale: 30 },
    { cell: 'gru-reset-after', batch: 2, steps: 1000, units: 6, hidden: 5, scoreScale: 30 },
  ] as const)('$cell, $batch x $steps x $units', ({ cell, batch, steps, units, hidden, scoreScale }) =>
    expectAgreement(drawn({ cell, inputs: 6, units }, { batch, steps }, hidden, 7, scoreScale)),
  );

  test.each(cells)('threads and memory change no bit of %s', (cell) => {
    const problem = drawn({ cell, inputs: 5, units: 14 }, { batch: 211, steps: 40 }, 15, 5);
    const want = compute(two, problem);
    for (const options of [{ threads: 1 }, { threads: 5 }, { threads: 2, memoryBytes: 1024 ** 2 }]) {
      const kernels = new Recurrent(options);
      try {
        const got = compute(kernels, problem);
        const changed = names.filter((name) => !sameBits(got.gradients[name], want.gradients[name]));
        expect({ out: sameBits(got.out, want.out), changed }, JSON.stringify(options)).toEqual({
          out: true,
          changed: [],
        });
      } finally {
        kernels.close();
      }
    }
  });

  test('the last state is that of the layer without attention, and so are gradients when the context has none', () => {
    const problem = drawn({ cell: 'gru', inputs: 4, units: 7 }, { batch: 18, steps: 50 }, 6, 9);
    const { layer, size, x, weights } = problem;
    const alone = two.forward(layer, size, x, weights);
    const dOut = problem.dOut.map((d, i) => (Math.floor(i / 7) % 2 === 0 ? d : 0));
    const found = compute(two, { ...problem, dOut });
    expect(halves(found.out, 7, 0)).toEqual(alone.out);
    const slopes = two.backward(alone.tape, halves(dOut, 7, 0), { x: true });
    for (const name of ['kernel', 'recurrentKernel', 'bias', 'x'] as const) {
      expectClose(found.gradients[name] as Float32Array, slopes[name] as Float32Array, 1e-6, name);
    }
    expect(slopes).not.toHaveProperty('attentionKernel');
    for (const name of ['attentionKernel', 'attentionBias', 'attentionScore'] as const) {
      expect(largest(found.gradients[name] as Float32Array), name).toBe(0);
    }
  });

  test('a missing number stays in its row', () => {
    const problem = drawn({ cell: 'gru', inputs: 4, units: 6 }, { batch: 19, steps: 41 }, 5, 3);
    const whole = compute(two, problem);
    const { out, gradients } = compute(two, { ...problem, x: problem.x.with((7 * 41 + 20) * 4, Number.NaN) });
    for (const [now, before, width] of [
      [out, whole.out, 2 * 6],
      [gradients.x as Float32Array, whole.gradients.x as Float32Array, 41 * 4],
    ] as const) {
      expect(now.subarray(0, 7 * width)).toEqual(before.subarray(0, 7 * width));
      expect(now.subarray(8 * width)).toEqual(before.subarray(8 * width));
      expect(now.subarray(7 * width, 8 * width).every(Number.isNaN)).toBe(true);
    }
    const { attentionKernel, attentionBias, attentionScore } = gradients;
    for (const of of [attentionKernel, attentionBias, attentionScore])
      expect((of as Float32Array).every(Number.isNaN)).toBe(true);
  });

  test('a row does not know its neighbours', () => {
    const problem = drawn({ cell: 'gru', inputs: 3, units: 7 }, { batch: 21, steps: 50 }, 7, 4);
    const { layer, x, weights, attention } = problem;
    const all = compute(two, problem).out;
    const mine = x.slice(18 * 150, 19 * 150);
    const alone = two.forward(layer, { batch: 1, steps: 50 }, mine, weights, { attention });
    expect(alone.out).toEqual(all.slice(18 * 14, 19 * 14));
  });

  test('by hand: equal scores share alike, and a score far above the others takes all', () => {
    const { layer, size, x, weights } = drawn({ cell: 'gru', inputs: 2, units: 1 }, { batch: 5, steps: 37 }, 1, 6);
    const states = two.forward(layer, size, x, weights, { sequences: true }).out;
    const contexts = (score: number) => {
      const attention = { kernel: Float32Array.of(1), bias: Float32Array.of(0), score: Float32Array.of(score) };
      return [...halves(two.forward(layer, size, x, weights, { attention }).out, 1, 1)];
    };
    const rows = Array.from({ length: 5 }, (_, b) => [...states.subarray(b * 37, (b + 1) * 37)]);
    expectClose(
      contexts(0),
      rows.map((row) => row.reduce((sum, h) => sum + h, 0) / 37),
      1e-6,
      'mean',
    );
    expectClose(
      contexts(1e6),
      rows.map((row) => Math.max(...row)),
      1e-6,
      'largest',
    );
  });

  test('refuse a wrong length and no steps', () => {
    const { layer, size, x, weights, attention } = drawn(
      { cell: 'gru', inputs: 1, units: 2 },
      { batch: 1, steps: 1 },
      3,
      1,
    );
    const forward = (of: AttentionWeights) => two.forward(layer, size, x, weights, { attention: of });
    expect(() => forward({ ...attention, score: new Float32Array(2) })).toThrow(
      "attention's score has 2 numbers, not 3",
    );
    expect(() => forward({ ...attention, kernel: new Float32Array(5) })).toThrow("attention's kernel has 5 numbers");
    const none = { batch: 1, steps: 0 };
    expect(() => two.forward(layer, none, new Float32Array(), weights, { attention })).toThrow('one step at least');
  });
});

function sameBits(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
}
