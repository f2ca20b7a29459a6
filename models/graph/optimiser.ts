/**
 * Adam and RMSProp as Keras defines them, each number of a gradient drawn in to a size before. Adam is tf.train's too;
 * RMSProp is not: tf.train puts epsilon inside the root, where it bounds steps of small gradients far more.
 *
 * State is float32 arrays and a count of steps, so that a training that was stopped goes on bit for bit; tfjs's own
 * optimisers recompute the powers of beta when they are loaded. Within a step numbers are float64.
 */
import type { NamedTensorMap, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { TrainingRule } from '../training-rule.ts';

/** Gradients no step can be taken along: the learning rate is too large for this loss, or its inputs are broken. */
export class TrainingDiverged extends Error {
  override readonly name = 'TrainingDiverged';
  readonly variable: string;

  constructor(variable: string) {
    super(`Training diverged: the gradient of ${variable} is not a finite number.`);
    this.variable = variable;
  }
}

/** Averages of a variable, named in the state by the variable and these. */
interface Definition {
  readonly averages: readonly string[];
  /** Takes a step off the values along the gradient; moves the averages. */
  move(values: Float32Array, gradient: Float32Array, averages: readonly Float32Array[], step: Step): void;
}

interface Step {
  readonly learningRate: number;
  /** From 1. */
  readonly count: number;
}

const epsilon = 1e-7;
const [beta1, beta2] = [0.9, 0.999];
const decay = 0.9;

const definitions: Record<TrainingRule['optimiser'], Definition> = {
  adam: {
    averages: ['m', 'v'],
    move(values, gradient, averages, { learningRate, count }) {
      const [m, v] = averages as [Float32Array, Float32Array];
      const [rest1, rest2] = [1 - beta1 ** count, 1 - beta2 ** count];
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i] as number;
        m[i] = beta1 * (m[i] as number) + (1 - beta1) * g;
        v[i] = beta2 * (v[i] as number) + (1 - beta2) * g * g;
        const change = (m[i] as number) / rest1 / (Math.sqrt((v[i] as number) / rest2) + epsilon);
        values[i] = (values[i] as number) - learningRate * change;
      }
    },
  },
  rmsprop: {
    averages: ['rms'],
    move(values, gradient, averages, { learningRate }) {
      const [squares] = averages as [Float32Array];
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i] as number;
        squares[i] = decay * (squares[i] as number) + (1 - decay) * g * g;
        values[i] = (values[i] as number) - learningRate * (g / (Math.sqrt(squares[i] as number) + epsilon));
      }
    },
  },
};

/** A float32 counts no further; the powers of beta have long been 0 by then. */
const mostSteps = 2 ** 24;

interface Taught {
  readonly name: string;
  readonly variable: Variable;
  readonly gradient: Float32Array;
}

export class Optimiser {
  readonly #definition: Definition;
  readonly #learningRate: number;
  readonly #clipValue: number;
  #averages = new Map<string, Float32Array>();
  #steps = 0;

  constructor({ optimiser, learningRate, clipValue }: Pick<TrainingRule, 'optimiser' | 'learningRate' | 'clipValue'>) {
    this.#definition = definitions[optimiser];
    this.#learningRate = learningRate;
    this.#clipValue = clipValue;
  }

  /**
   * Gradients by the names of the variables; one without a gradient stays as it is. They remain the caller's to dispose.
   * WebGPU reads nothing at once: there, await data() of each gradient and variable before.
   */
  step(gradients: NamedTensorMap, variables: ReadonlyMap<string, Variable>): void {
    const taught = taughtOf(gradients, variables, this.#clipValue > 0 ? this.#clipValue : Number.POSITIVE_INFINITY);
    // Before anything is changed.
    expectEach(taught, ({ gradient }) => gradient.every((g) => Number.isFinite(Math.fround(g * g))));
    this.#steps = Math.min(this.#steps + 1, mostSteps);
    const step = { learningRate: this.#learningRate, count: this.#steps };
    for (const { name, variable, gradient } of taught) {
      const averages = this.#definition.averages.map((average) => this.#average(`${name}/${average}`, gradient.length));
      // Never in place: on some backends these are the very numbers of the tensor.
      const values = Float32Array.from(variable.dataSync() as Float32Array);
      this.#definition.move(values, gradient, averages, step);
      const next = tf.tensor(values, variable.shape);
      variable.assign(next);
      next.dispose();
    }
  }

  /** Copies; `restore` of them continues as if nothing had been. */
  state(): Map<string, Float32Array> {
    const state = new Map([[stepsName, Float32Array.of(this.#steps)]]);
    for (const [name, values] of this.#averages) state.set(name, values.slice());
    return state;
  }

  restore(state: ReadonlyMap<string, Float32Array>): void {
    const [steps] = state.get(stepsName) ?? [];
    if (steps === undefined) throw new Error('This is not the state of an optimiser.');
    const ends = this.#definition.averages.map((average) => `/${average}`);
    const averages = [...state].filter(([name]) => name !== stepsName);
    const stranger = averages.find(([name]) => !ends.some((end) => name.endsWith(end)));
    if (stranger) throw new Error(`${stranger[0]} is of the state of another optimiser.`);
    this.#steps = steps;
    this.#averages = new Map(averages.map(([name, values]) => [name, values.slice()]));
  }

  #average(name: string, length: number): Float32Array {
    const known = this.#averages.get(name);
    if (known?.length === length) return known;
    if (known) throw new Error(`The optimiser's ${name} has ${known.length} numbers and its variable ${length}.`);
    const fresh = new Float32Array(length);
    this.#averages.set(name, fresh);
    return fresh;
  }
}

const stepsName = 'steps';

function expectEach(taught: readonly Taught[], fits: (gradient: Taught) => boolean): void {
  const broken = taught.find((gradient) => !fits(gradient));
  if (broken) throw new TrainingDiverged(broken.name);
}

/** Gradients no larger than `most` in any number. */
function taughtOf(gradients: NamedTensorMap, variables: ReadonlyMap<string, Variable>, most: number): Taught[] {
  const taught: Taught[] = [];
  for (const [name, variable] of variables) {
    const tensor = gradients[name];
    if (!tensor) continue;
    const found = tensor.dataSync() as Float32Array;
    if (found.length !== variable.size) throw new Error(`The gradient of ${name} is of another shape.`);
    taught.push({ name, variable, gradient: found });
  }
  if (taught.length !== Object.keys(gradients).length) throw new Error('A gradient belongs to none of the variables.');
  // An infinite one has no direction, however small it is made.
  expectEach(taught, ({ gradient }) => gradient.every(Number.isFinite));
  if (most === Number.POSITIVE_INFINITY) return taught;
  return taught.map((one) => ({ ...one, gradient: one.gradient.map((g) => Math.max(-most, Math.min(most, g))) }));
}
