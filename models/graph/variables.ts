/** A network's variables by name, in the order they are made. Names are ours: two networks of a thread may share them. */
import * as tf from '@tensorflow/tfjs-core';

export class Variables {
  readonly #all = new Map<string, tf.Variable>();

  get all(): ReadonlyMap<string, tf.Variable> {
    return this.#all;
  }

  /** The values are copied. What is not trainable is kept and restored all the same. */
  make(name: string, shape: number[], values: Float32Array, options: { trainable?: boolean } = {}): tf.Variable {
    if (this.#all.has(name)) throw new Error(`there already is a variable ${name}`);
    const initial = tf.tensor(values.slice(), shape, 'float32');
    const variable = tf.variable(initial, options.trainable ?? true);
    initial.dispose();
    this.#all.set(name, variable);
    return variable;
  }

  dispose(): void {
    for (const variable of this.#all.values()) variable.dispose();
    this.#all.clear();
  }
}

/** Those that learn: statistics never do, and a frozen layer's do not either. */
export const trained = (variables: ReadonlyMap<string, tf.Variable>): Map<string, tf.Variable> =>
  new Map([...variables].filter(([, variable]) => variable.trainable));
