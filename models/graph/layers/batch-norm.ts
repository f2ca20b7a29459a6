/**
 * Batch normalisation over all axes but the last. In training by the batch's own statistics, which move the moving ones;
 * in inference, and in training once frozen, by the moving ones as they are.
 *
 * Affine, it has the epsilon and the momentum of Keras. What is not affine gives numbers that a loss takes to have a
 * variance of 1, and a large epsilon is a way out of such a loss: what comes in shrinks until nothing comes out. So it
 * has the smaller epsilon of PyTorch.
 *
 * Moving statistics are weighted means of the batches seen, without the made-up start (mean 0, variance 1) that Keras
 * mixes in: after few batches that start is most of what Keras has.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Pass } from '../network.ts';
import { batchNormTraining } from '../ops/batch-norm.ts';
import { moments } from '../ops/moments.ts';
import type { Variables } from '../variables.ts';
import { Freezable } from './freezable.ts';

const epsilons = { affine: 1e-3, plain: 1e-5 };
const momentum = 0.99;

export interface Statistics {
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/** y = x scale + shift. */
export interface Affine {
  readonly scale: tf.Tensor1D;
  readonly shift: tf.Tensor1D;
}

export class BatchNorm extends Freezable {
  readonly #epsilon: number;
  readonly #gamma: tf.Tensor1D | undefined;
  readonly #beta: tf.Tensor1D | undefined;
  readonly #mean: tf.Variable;
  readonly #variance: tf.Variable;
  readonly #batches: tf.Variable;

  constructor(variables: Variables, name: string, channels: number, options: { affine?: boolean } = {}) {
    const filled = (value: number) => new Float32Array(channels).fill(value);
    const affine = options.affine ?? true;
    const gamma = affine ? variables.make(`${name}/gamma`, [channels], filled(1)) : undefined;
    const beta = affine ? variables.make(`${name}/beta`, [channels], filled(0)) : undefined;
    super(gamma && beta ? [gamma, beta] : []);
    this.#epsilon = affine ? epsilons.affine : epsilons.plain;
    this.#gamma = gamma as tf.Tensor1D | undefined;
    this.#beta = beta as tf.Tensor1D | undefined;
    const kept = { trainable: false };
    this.#mean = variables.make(`${name}/movingMean`, [channels], filled(0), kept);
    this.#variance = variables.make(`${name}/movingVariance`, [channels], filled(1), kept);
    this.#batches = variables.make(`${name}/batches`, [], new Float32Array(1), kept);
  }

  run<T extends tf.Tensor>(x: T, pass: Pass): T {
    if (this.#learns(pass)) {
      const { y, ...statistics } = batchNormTraining(x, this.#gamma, this.#beta, this.#epsilon);
      this.#move(statistics);
      return y as T;
    }
    const { scale, shift } = this.#affine(this.#moving());
    return tf.add(tf.mul(x, scale), shift);
  }

  /** What run does to x, as y = x scale + shift: differentiable in gamma and beta, and x is taken for given. */
  affine(x: tf.Tensor, pass: Pass): Affine {
    return this.affineOf(() => moments(x), pass);
  }

  /** The same by statistics that are known without looking at x, and differentiable in them. Inference asks for none. */
  affineOf(statistics: () => Statistics, pass: Pass): Affine {
    if (!this.#learns(pass)) return this.#affine(this.#moving());
    const now = statistics();
    this.#move(now);
    return this.#affine(now);
  }

  #learns(pass: Pass): boolean {
    return pass.kind === 'training' && !this.frozen;
  }

  #moving(): Statistics {
    return { mean: this.#mean as tf.Tensor1D, variance: this.#variance as tf.Tensor1D };
  }

  #affine({ mean, variance }: Statistics): Affine {
    const inverse = tf.rsqrt(tf.add<tf.Tensor1D>(variance, this.#epsilon));
    const scale = this.#gamma ? tf.mul<tf.Tensor1D>(inverse, this.#gamma) : inverse;
    const off = tf.mul<tf.Tensor1D>(mean, scale);
    return { scale, shift: this.#beta ? tf.sub(this.#beta, off) : tf.neg(off) };
  }

  /** To sum_k 0.99^(n-k) 0.01 stat_k / (1 - 0.99^n) after n batches. */
  #move({ mean, variance }: Statistics): void {
    // Only ever assigned from here: reading it waits for no device.
    const batches = (this.#batches.dataSync()[0] as number) + 1;
    const weight = (1 - momentum) / (1 - momentum ** batches);
    tf.tidy(() => {
      this.#batches.assign(tf.scalar(batches));
      // The first batch counts whole: what was there is multiplied with 0.
      this.#mean.assign(tf.add(tf.mul(this.#mean, 1 - weight), tf.mul(mean, weight)));
      this.#variance.assign(tf.add(tf.mul(this.#variance, 1 - weight), tf.mul(variance, weight)));
    });
  }
}
