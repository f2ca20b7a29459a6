import * as tf from '@tensorflow/tfjs-core';
import { BatchNorm } from '../graph/layers/batch-norm.ts';
import type { FeatureName, InputTensors, Pass } from '../graph/network.ts';
import { dense } from '../graph/ops/dense.ts';
import type { Variables } from '../graph/variables.ts';
import type { InputPart } from '../inputs.ts';

/** Mined factors beside what a network has made of the picture: normalised, and joined to what the last layers read. */
export class FactorInputs {
  readonly names: readonly FeatureName[];
  readonly #part: string;
  readonly #norm: BatchNorm;

  constructor(variables: Variables, part: InputPart) {
    this.#part = part.name;
    this.#norm = new BatchNorm(variables, `${part.name}/norm`, part.channels.length);
    this.names = part.channels.map(({ name }) => ({ name: `BN(${name})`, feature: `BN(${name})`, lag: 0 }));
  }

  run(inputs: InputTensors, pass: Pass): tf.Tensor2D {
    const x = inputs.get(this.#part) as tf.Tensor3D;
    return this.#norm.run(tf.reshape(x, [x.shape[0], this.names.length]), pass);
  }

  /** Times the last rows of a kernel. */
  through(inputs: InputTensors, kernel: tf.Tensor2D, pass: Pass): tf.Tensor2D {
    const [rows, outputs] = kernel.shape;
    const count = this.names.length;
    const mine = tf.slice(kernel, [rows - count, 0], [count, outputs]);
    return dense(this.run(inputs, pass), mine, tf.zeros([outputs]));
  }
}
