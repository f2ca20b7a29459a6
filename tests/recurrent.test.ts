/** The recurrent kernels against their float64 reference, the reference against its own differences, and both against tfjs. */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Arena } from '../core/arena.ts';
import { EvolveError } from '../core/failure.ts';
import { stream } from '../core/random.ts';
import { loadRecurrentKernels } from '../models/kernels/kernels.ts';
import { type Cell, type Layer, type Size, type Weights, weightCounts } from '../models/kernels/layer.ts';
import { type Gradients, Recurrent } from '../models/kernels/recurrent.ts';
import { referenceGradients, referenceStates } from '../models/kernels/reference.ts';

const cells = ['gru', 'gru-reset-after', 'lstm'] as const;
const names = ['kernel', 'recurrentKernel', 'bias'] as const;
const two = new Recurrent({ threads: 2 });
afterAll(() => two.close());

interface Case {
  readonly layer: Layer;
  readonly size: Size;
  readonly sequences: boolean;
  readonly x: Float32Array;
  readonly weights: Weights;
  readonly dOut: Float32Array;
}

/** Numbers of a usual size: gates that are neither shut nor open. */
function makeCase(layer: Layer, size: Size, sequences: boolean, seed = 1): Case {
  const random = stream(seed, 0, 0);
  const numbers = (count: number, scale: number) =>
    Float32Array.from({ length: count }, () => (2 * random.next() - 1) * scale);
  const counts = weightCounts(layer);
  return {
    layer,
    size,
    sequences,
    x: numbers(size.batch * size.steps * layer.inputs, 2),
    weights: {
      kernel: numbers(counts.kernel, 1 / Math.sqrt(layer.inputs)),
      recurrentKernel: numbers(counts.recurrentKernel, 1.5 / Math.sqrt(layer.units)),
      bias: numbers(counts.bias, 0.3),
    },
    dOut: numbers(size.batch * (sequences ? size.steps : 1) * layer.units, 1),
  };
}

function compute(kernels: Recurrent, { layer, size, sequences, x, weights, dOut }: Case) {
  const { out, tape } = kernels.forward(layer, size, x, weights, { sequences });
  return { out, gradients: kernels.backward(tape, dOut, { x: true }) };
}

/** What the reference says of a case whose answer may be the last state alone. */
function expected({ layer, size, sequences, x, weights, dOut }: Case) {
  const states = referenceStates(layer, size, x, weights);
  const dStates = new Float64Array(states.length);
  const out = sequences ? states : new Float64Array(size.batch * layer.units);
  if (sequences) dStates.set(dOut);
  else if (size.steps > 0) {
    for (let b = 0; b < size.batch; b++) {
      const last = ((b + 1) * size.steps - 1) * layer.units;
      out.set(states.subarray(last, last + layer.units), b * layer.units);
      dStates.set(dOut.subarray(b * layer.units, (b + 1) * layer.units), last);
    }
  }
  return { out, gradients: referenceGradients(layer, size, x, weights, dStates) };
}

/** The largest difference as a part of the largest number. */
function relativeError(got: Float32Array, want: ArrayLike<number>): number {
  expect(got.length).toBe(want.length);
  let [error, scale] = [0, 0];
  for (let i = 0; i < got.length; i++) {
    const distance = Math.abs((got[i] as number) - (want[i] as number));
    error = distance > error || Number.isNaN(distance) ? distance : error;
    scale = Math.max(scale, Math.abs(want[i] as number));
  }
  return error === 0 ? 0 : error / scale;
}

function expectClose(got: ReturnType<typeof compute>, want: ReturnType<typeof expected>, tolerance: number): void {
  expect(relativeError(got.out, want.out), 'out').toBeLessThan(tolerance);
  for (const name of [...names, 'x'] as const) {
    const error = relativeError(got.gradients[name] as Float32Array, want.gradients[name]);
    expect(error, `gradient of ${name}`).toBeLessThan(tolerance);
  }
}

const shape = fc.record({
  layer: fc.record({
    cell: fc.constantFrom<Cell>(...cells),
    inputs: fc.integer({ min: 1, max: 9 }),
    units: fc.integer({ min: 1, max: 9 }),
  }),
  size: fc.record({ batch: fc.integer({ min: 1, max: 34 }), steps: fc.integer({ min: 1, max: 40 }) }),
  sequences: fc.boolean(),
  seed: fc.nat(),
});

describe.each(cells)('%s', (cell) => {
  test('the reference has the gradients its own values have', () => {
    const layer = { cell, inputs: 3, units: 4 };
    const size = { batch: 2, steps: 5 };
    const { x, weights, dOut } = makeCase(layer, size, true);
    const double = { x: Float64Array.from(x), ...mapped(weights, (numbers) => Float64Array.from(numbers)) };
    const loss = () =>
      referenceStates(layer, size, double.x, double).reduce((sum, h, i) => sum + h * (dOut[i] as number), 0);
    const gradients = referenceGradients(layer, size, double.x, double, dOut);
    for (const name of [...names, 'x'] as const) {
      const numbers = double[name];
      numbers.forEach((value, i) => {
        numbers[i] = value + 1e-5;
        const above = loss();
        numbers[i] = value - 1e-5;
        const slope = (above - loss()) / 2e-5;
        numbers[i] = value;
        expect(Math.abs((gradients[name][i] as number) - slope), `${name}[${i}]`).toBeLessThan(1e-8);
      });
    }
  });

  test.each([
    { inputs: 6, units: 30, batch: 18, steps: 19 },
    { inputs: 15, units: 30, batch: 21, steps: 6 },
    { inputs: 22, units: 64, batch: 17, steps: 3 },
    { inputs: 5, units: 7, batch: 1, steps: 1 },
    { inputs: 1, units: 1, batch: 5, steps: 320 },
  ])('$units units, $inputs inputs: batch of $batch, $steps steps', ({ inputs, units, batch, steps }) => {
    for (const sequences of [false, true]) {
      const problem = makeCase({ cell, inputs, units }, { batch, steps }, sequences);
      expectClose(compute(two, problem), expected(problem), 1e-5);
    }
  });

  test('no steps leave the state at zero, and no batch leaves nothing', () => {
    for (const [batch, steps] of [
      [3, 0],
      [0, 4],
    ] as const) {
      for (const sequences of [false, true]) {
        const problem = makeCase({ cell, inputs: 2, units: 3 }, { batch, steps }, sequences);
        const { out, gradients } = compute(two, problem);
        expect(out).toEqual(new Float32Array(sequences ? 0 : 3 * batch));
        const counts = weightCounts(problem.layer);
        for (const name of names) expect(gradients[name]).toEqual(new Float32Array(counts[name]));
        expect(gradients.x).toHaveLength(0);
      }
    }
  });

  test('threads and memory change no bit', () => {
    const problem = makeCase({ cell, inputs: 6, units: 30 }, { batch: 333, steps: 50 }, true);
    const want = compute(two, problem);
    for (const options of [{ threads: 1 }, { threads: 8 }, { threads: 3, memoryBytes: 3 * 1024 ** 2 }]) {
      const kernels = new Recurrent(options);
      try {
        expect(sameBits(compute(kernels, problem), want), JSON.stringify(options)).toBe(true);
      } finally {
        kernels.close();
      }
    }
  });

  test('a batch in another order gives the same in that order', () => {
    const layer = { cell, inputs: 4, units: 6 };
    const size = { batch: 41, steps: 20 };
    const problem = makeCase(layer, size, false);
    const order = Array.from({ length: size.batch }, (_, b) => (b * 7) % size.batch);
    const reorder = (numbers: Float32Array) => {
      const each = numbers.length / size.batch;
      return Float32Array.from(order.flatMap((b) => [...numbers.subarray(b * each, (b + 1) * each)]));
    };
    const plain = compute(two, problem);
    const shuffled = compute(two, { ...problem, x: reorder(problem.x), dOut: reorder(problem.dOut) });
    expect(shuffled.out).toEqual(reorder(plain.out));
    expect(shuffled.gradients.x).toEqual(reorder(plain.gradients.x as Float32Array));
    for (const name of names) {
      expect(relativeError(shuffled.gradients[name], plain.gradients[name])).toBeLessThan(2e-6);
    }
  });

  test('a missing input is missing in its own element alone', () => {
    const layer = { cell, inputs: 4, units: 6 };
    const size = { batch: 19, steps: 20 };
    const problem = makeCase(layer, size, true);
    const at = (7 * size.steps + 11) * layer.inputs + 2;
    const whole = compute(two, problem).out;
    const spoilt = compute(two, { ...problem, x: problem.x.with(at, Number.NaN) }).out;
    const from = (7 * size.steps + 11) * layer.units;
    const to = 8 * size.steps * layer.units;
    expect(spoilt.subarray(0, from)).toEqual(whole.subarray(0, from));
    expect(spoilt.subarray(from, to).every(Number.isNaN)).toBe(true);
    expect(spoilt.subarray(to)).toEqual(whole.subarray(to));
  });

  test('gates stay finite at any size of number', () => {
    const problem = makeCase({ cell, inputs: 3, units: 5 }, { batch: 20, steps: 12 }, true);
    const { out, gradients } = compute(two, { ...problem, x: problem.x.map((value) => value * 1e30) });
    expect(out.every((h) => Math.abs(h) <= 1)).toBe(true);
    expect((gradients.x as Float32Array).every(Number.isFinite)).toBe(true);
  });
});

test('kernels are the reference at any shape', () => {
  fc.assert(
    fc.property(shape, ({ layer, size, sequences, seed }) => {
      const problem = makeCase(layer, size, sequences, seed);
      expectClose(compute(two, problem), expected(problem), 1e-5);
    }),
    { numRuns: 40 },
  );
});

test('sigmoid and tanh are off by no more than they say', () => {
  const { memory } = new Arena(256 * 1024 ** 2);
  memory.grow(64);
  const kernels = loadRecurrentKernels(memory);
  // Every exponent, both signs, and a fine sweep of where they bend.
  const count = 400_000;
  const x = Float32Array.from({ length: count }, (_, i) =>
    i < count / 4 ? (i % 2 ? 1 : -1) * 2 ** (-149 + (277 * 2 * i) / count / 0.5) : (40 * (i - count / 4)) / count - 15,
  );
  const numbers = new Float32Array(memory.buffer, 65536, count);
  for (const [hyperbolic, exact, bound] of [
    [false, (v: number) => 1 / (1 + Math.exp(-v)), 1.1e-7],
    [true, Math.tanh, 1.6e-7],
  ] as const) {
    numbers.set(x);
    kernels.activate(65536, count, hyperbolic);
    const worst = x.reduce((most, v, i) => Math.max(most, Math.abs((numbers[i] as number) - exact(v))), 0);
    expect(worst).toBeLessThan(bound);
    expect(worst).toBeGreaterThan(3e-8); // it did look
    numbers.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]);
    kernels.activate(65536, 4, hyperbolic);
    expect([...numbers.subarray(0, 4)]).toEqual([Number.NaN, 1, expect.closeTo(hyperbolic ? -1 : 0), exact(0)]);
  }
});

test.each(['throw', 'hang'])('threads that %s at work are not waited for', async (fault) => {
  const warnings: string[] = [];
  const hear = (warning: Error) => warnings.push(warning.message);
  process.on('warning', hear);
  process.env.FAULTY_RECURRENT = fault;
  const kernels = new Recurrent({
    threads: 3,
    patienceMs: 150,
    workerFile: fileURLToPath(new URL('./faulty-recurrent-worker.mjs', import.meta.url)),
  });
  try {
    const problem = makeCase({ cell: 'gru', inputs: 6, units: 30 }, { batch: 320, steps: 40 }, false);
    const want = compute(two, problem);
    while (!warnings.some((text) => text.includes('A thread of the recurrent kernels is lost'))) {
      expect(sameBits(compute(kernels, problem), want)).toBe(true);
      await pause(5);
    }
    expect(sameBits(compute(kernels, problem), want)).toBe(true);
  } finally {
    kernels.close();
    process.off('warning', hear);
    delete process.env.FAULTY_RECURRENT;
  }
});

test('calls leave no memory behind', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const problem = makeCase({ cell: 'lstm', inputs: 6, units: 16 }, { batch: 100, steps: 20 }, true);
  const held = async () => {
    // Buffers are swept by another thread, after the collection that found them.
    for (let i = 0; i < 3; i++) {
      collect();
      await pause(20);
    }
    const { external, arrayBuffers } = process.memoryUsage();
    return external + arrayBuffers;
  };
  compute(two, problem);
  const before = await held();
  for (let i = 0; i < 200; i++) compute(two, problem);
  expect((await held()) - before).toBeLessThan(4 * problem.x.byteLength);
});

test('what does not fit, and what has the wrong length, is said', () => {
  const wide = makeCase({ cell: 'gru', inputs: 2, units: 3 }, { batch: 2, steps: 4 }, false);
  expect(() => two.forward(wide.layer, wide.size, wide.x.subarray(1), wide.weights)).toThrow(RangeError);
  const small = new Recurrent({ threads: 1, memoryBytes: 4 * 1024 ** 2 });
  try {
    const large = makeCase({ cell: 'gru', inputs: 20, units: 300 }, { batch: 1, steps: 2 }, false);
    expect(() => small.forward(large.layer, large.size, large.x, large.weights)).toThrow(EvolveError);
  } finally {
    small.close();
  }
});

describe('tfjs', () => {
  test.each(['gru', 'lstm'] as const)('%s has the same states and gradients', async (cell) => {
    const tf = await import('@tensorflow/tfjs');
    await tf.setBackend('cpu');
    const problem = makeCase({ cell, inputs: 6, units: 10 }, { batch: 18, steps: 12 }, true);
    const { layer, size, x, weights, dOut } = problem;
    const { inputs, units } = layer;
    const options = { units, returnSequences: true, recurrentActivation: 'sigmoid' as const };
    const theirs = cell === 'gru' ? tf.layers.gru(options) : tf.layers.lstm(options);
    const columns = weights.bias.length;
    const input = tf.tensor3d(x, [size.batch, size.steps, inputs]);
    theirs.apply(input);
    theirs.setWeights([
      tf.tensor2d(weights.kernel, [inputs, columns]),
      tf.tensor2d(weights.recurrentKernel, [units, columns]),
      tf.tensor1d(weights.bias),
    ]);
    const slope = tf.tensor3d(dOut, [size.batch, size.steps, units]);
    const loss = (of: typeof input) =>
      (theirs.apply(of) as typeof input).mul(slope).sum() as ReturnType<typeof tf.scalar>;
    const variables = theirs.trainableWeights.map((weight) => weight.read() as ReturnType<typeof tf.variable>);
    const { grads } = tf.variableGrads(() => loss(input), variables);
    const want = variables.map(({ name }) => grads[name]?.dataSync() as Float32Array);
    const got = compute(two, problem);
    expect(relativeError(got.out, (theirs.apply(input) as typeof input).dataSync())).toBeLessThan(1e-5);
    names.forEach((name, i) => {
      expect(relativeError(got.gradients[name], want[i] as Float32Array), name).toBeLessThan(1e-4);
    });
    const dx = tf
      .grad((of) => loss(of as typeof input))(input)
      .dataSync();
    expect(relativeError(got.gradients.x as Float32Array, dx as Float32Array)).toBeLessThan(1e-4);
  });
});

function mapped<To extends ArrayLike<number>>(weights: Weights, change: (numbers: Float32Array) => To): Weights<To> {
  return {
    kernel: change(weights.kernel),
    recurrentKernel: change(weights.recurrentKernel),
    bias: change(weights.bias),
  };
}

type Answer = { readonly out: Float32Array; readonly gradients: Gradients };

function sameBits(a: Answer, b: Answer): boolean {
  const bytes = ({ out, gradients: { kernel, recurrentKernel, bias, x } }: Answer) =>
    Buffer.concat([out, kernel, recurrentKernel, bias, x ?? new Float32Array()].map((v) => Buffer.from(v.buffer)));
  return bytes(a).equals(bytes(b));
}
