import * as tf from '@tensorflow/tfjs-core';
import type { Stream } from '../../../core/random.ts';
import { type Initialiser, initialise } from '../initialisers.ts';
import { dense } from '../ops/dense.ts';
import type { Variables } from '../variables.ts';
import { Freezable } from './freezable.ts';

export interface DenseShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly init: Initialiser;
  readonly activation?: 'relu';
}

export class Dense extends Freezable {
  readonly weights: { readonly kernel: tf.Tensor2D; readonly bias: tf.Tensor1D };
  readonly #activation: DenseShape['activation'];

  constructor(variables: Variables, name: string, shape: DenseShape, fresh: Stream) {
    const { inputs, outputs } = shape;
    const kernel = variables.make(`${name}/kernel`, [inputs, outputs], initialise(shape.init, inputs, outputs, fresh));
    const bias = variables.make(`${name}/bias`, [outputs], new Float32Array(outputs));
    super([kernel, bias]);
    this.weights = { kernel: kernel as tf.Tensor2D, bias: bias as tf.Tensor1D };
    this.#activation = shape.activation;
  }

  run(x: tf.Tensor2D): tf.Tensor2D {
    const y = dense(x, this.weights.kernel, this.weights.bias);
    return this.#activation === 'relu' ? tf.relu(y) : y;
  }
}
