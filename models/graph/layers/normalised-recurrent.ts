/**
 * Batch normalisation of a static input and a recurrent layer over it, as one. The normalisation is y = x scale + shift,
 * so y kernel + bias = x (diag(scale) kernel) + (bias + shift kernel): it is folded into the weights, and neither the
 * normalised input nor its gradient is ever written. Gradients of gamma, beta, kernel and bias are those of the fold.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Stream } from '../../../core/random.ts';
import type { Pass } from '../network.ts';
import type { WeightTensors } from '../ops/recurrent.ts';
import type { Variables } from '../variables.ts';
import { type Affine, BatchNorm } from './batch-norm.ts';
import { RecurrentLayer, type RecurrentShape } from './recurrent-layer.ts';

/**
 * The values of `BatchNorm` (`name/norm/...`) then `RecurrentLayer` (`name/...`), to rounding. In training there is no
 * gradient with respect to the input, whose statistics are taken as given.
 */
export class NormalisedRecurrent {
  readonly #norm: BatchNorm;
  readonly #recurrent: RecurrentLayer;

  constructor(variables: Variables, name: string, shape: RecurrentShape, fresh: Stream) {
    this.#norm = new BatchNorm(variables, `${name}/norm`, shape.inputs);
    this.#recurrent = new RecurrentLayer(variables, name, shape, fresh);
  }

  get frozen(): boolean {
    return this.#recurrent.frozen;
  }

  set frozen(frozen: boolean) {
    this.#norm.frozen = frozen;
    this.#recurrent.frozen = frozen;
  }

  run(x: tf.Tensor3D, pass: Pass): tf.Tensor {
    return this.#recurrent.runWith(x, fold(this.#norm.affine(x, pass), this.#recurrent.weights));
  }

  /** The first half, in inference. */
  normalised(x: tf.Tensor3D): tf.Tensor3D {
    return this.#norm.run(x, { kind: 'inference' });
  }

  /** The second half, over what the first gave. */
  afterNorm(x: tf.Tensor3D): tf.Tensor {
    return this.#recurrent.run(x);
  }
}

function fold({ scale, shift }: Affine, { kernel, recurrentKernel, bias }: WeightTensors): WeightTensors {
  const fromShift = tf.sum(tf.mul(kernel, tf.expandDims(shift, 1)), 0, true);
  // Of two rows of biases the second is the state's, which no input reaches.
  const rows = bias.rank === 2 ? tf.concat([fromShift, tf.zerosLike(fromShift)], 0) : tf.reshape(fromShift, bias.shape);
  return { kernel: tf.mul(kernel, tf.expandDims(scale, 1)), recurrentKernel, bias: tf.add(bias, rows) };
}
