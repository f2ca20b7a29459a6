/** How long a training step of a recurrent layer takes, forward and back, beside the one of tfjs where that is installed. */
import { stream } from '../../core/random.ts';
import { type Cell, type Layer, weightCounts } from './layer.ts';
import { Recurrent } from './recurrent.ts';

export interface RecurrentTiming {
  readonly cell: Cell;
  readonly steps: number;
  /** Whether the states of all steps are attended to, beside the last. */
  readonly attention: boolean;
  readonly threads: number;
  /** The fastest of several. */
  readonly forwardMs: number;
  readonly backwardMs: number;
}

/** The stock layer on the WebAssembly backend, one call after a warm one: it takes seconds. */
export interface TfjsTiming {
  readonly cell: Cell;
  readonly steps: number;
  readonly bothMs: number;
}

export const timedSize = { batch: 1000, inputs: 6, units: 30 } as const;
const timedSteps = [40, 320] as const;
/** How many a call of timeRecurrent has. */
export const timingsOfThreads = 7;
const stockCells = ['gru', 'lstm'] as const;

export async function* timeRecurrent(threads: number, repetitions: number): AsyncGenerator<RecurrentTiming> {
  const { batch, inputs, units } = timedSize;
  const kernels = new Recurrent({ threads });
  const random = stream(1, 0, 0);
  const numbers = (count: number) => Float32Array.from({ length: count }, () => random.next() - 0.5);
  try {
    for (const cell of ['gru', 'gru-reset-after', 'lstm'] as const) {
      const cases = timedSteps.map((steps) => ({ steps, attention: false }));
      if (cell === 'gru') cases.push({ steps: 320, attention: true });
      for (const { steps, attention } of cases) {
        const layer: Layer = { cell, inputs, units };
        const counts = weightCounts(layer);
        const weights = {
          kernel: numbers(counts.kernel),
          recurrentKernel: numbers(counts.recurrentKernel),
          bias: numbers(counts.bias),
        };
        const x = numbers(batch * steps * inputs);
        const dOut = numbers(batch * (attention ? 2 : 1) * units);
        const scoring = { kernel: numbers(units * units), bias: numbers(units), score: numbers(units) };
        const options = attention ? { attention: scoring } : {};
        const best = { forwardMs: Number.POSITIVE_INFINITY, backwardMs: Number.POSITIVE_INFINITY };
        // Two more than are counted: threads start, and kernels begin in the engine's quick compiler.
        for (let i = -2; i < repetitions; i++) {
          const start = performance.now();
          const { tape } = kernels.forward(layer, { batch, steps }, x, weights, options);
          const middle = performance.now();
          kernels.backward(tape, dOut);
          const end = performance.now();
          // Whoever watches gets a word in.
          await new Promise((resume) => setImmediate(resume));
          if (i < 0) continue;
          best.forwardMs = Math.min(best.forwardMs, middle - start);
          best.backwardMs = Math.min(best.backwardMs, end - middle);
        }
        yield { cell, steps, attention, threads, ...best };
      }
    }
  } finally {
    kernels.close();
  }
}

/** Nothing when tfjs is not installed. */
export async function* timeTfjs(): AsyncGenerator<TfjsTiming> {
  const tf = await installed(() => import('@tensorflow/tfjs'));
  const backend = await installed(() => import('@tensorflow/tfjs-backend-wasm'));
  if (tf === undefined || backend === undefined) return;
  await tf.setBackend('wasm');
  const { batch, inputs, units } = timedSize;
  for (const cell of stockCells) {
    for (const steps of timedSteps) {
      const x = tf.randomNormal([batch, steps, inputs]);
      // Not the default initialiser of the state's weights, which takes longer than the step.
      const options = { units, recurrentActivation: 'sigmoid', recurrentInitializer: 'glorotUniform' } as const;
      const layer = cell === 'gru' ? tf.layers.gru(options) : tf.layers.lstm(options);
      tf.dispose(layer.apply(x) as typeof x); // makes the weights
      const variables = layer.trainableWeights.map((weight) => weight.read() as ReturnType<typeof tf.variable>);
      const step = () => {
        const { value, grads } = tf.variableGrads(() => tf.mean(layer.apply(x) as typeof x), variables);
        for (const gradient of [value, ...Object.values(grads)]) {
          gradient.dataSync();
          gradient.dispose();
        }
      };
      if (steps === timedSteps[0]) step();
      const start = performance.now();
      step();
      yield { cell, steps, bothMs: performance.now() - start };
      layer.dispose();
      x.dispose();
    }
  }
}

async function installed<Module>(load: () => Promise<Module>): Promise<Module | undefined> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
