/**
 * The features of AlphaNet v1: a part's channels, normalised, at every step, and the mean, largest and smallest of these
 * over the steps, normalised again.
 *
 * The part is given and a normalisation is y = x scale + shift. So pooling y is pooling x, where a negative scale takes
 * the largest for the smallest; the second normalisation's statistics follow from those of the pooled x; and a layer
 * over all features is one over x and the pooled x with weights made for it, as in NormalisedRecurrent. Features are
 * written only where they are asked for: a step of training takes half the time.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Affine, BatchNorm, type Statistics } from '../graph/layers/batch-norm.ts';
import type { FeatureName, Pass } from '../graph/network.ts';
import { dense } from '../graph/ops/dense.ts';
import { moments } from '../graph/ops/moments.ts';
import { pool } from '../graph/ops/pool.ts';
import type { Variables } from '../graph/variables.ts';
import { mark } from './mark.ts';
import { type PartSeen, stepNames } from './picture-parts.ts';

/** In the order `pool` has them. */
export const poolings = ['ts_mean', 'ts_max', 'ts_min'] as const;
type Three<T> = readonly [mean: T, max: T, min: T];

export class PooledFeatures {
  /** As they lie in a row: step after step, then pooling after pooling. */
  readonly names: readonly FeatureName[];
  readonly #norm: BatchNorm;
  readonly #pooledNorms: Three<BatchNorm>;
  readonly #steps: number;
  readonly #channels: number;

  constructor(variables: Variables, part: PartSeen) {
    const { channels, lags } = part;
    this.#steps = lags.length;
    this.#channels = channels.length;
    this.#norm = new BatchNorm(variables, `${part.name}/norm`, channels.length);
    const norm = (pooling: string) => new BatchNorm(variables, `${pooling}/norm`, channels.length);
    this.#pooledNorms = [norm(poolings[0]), norm(poolings[1]), norm(poolings[2])];
    const pooled = poolings.flatMap((pooling) => channels.map(({ name }) => `${pooling}(BN(${name}),${lags.length})`));
    this.names = [...stepNames(part), ...pooled.map((name) => ({ name: `BN(${name})`, feature: `BN(${name})` }))];
  }

  /** In inference, written out: [rows, features]. */
  features(x: tf.Tensor3D): tf.Tensor2D {
    const pass: Pass = { kind: 'inference' };
    const y = this.#norm.run(x, pass);
    const pooled = pool(y).map((of, i) => (this.#pooledNorms[i] as BatchNorm).run(of, pass));
    return tf.concat2d([this.#flat(y), ...pooled], 1);
  }

  /** Features times a kernel of as many rows, and what is to be added to that, without writing them. */
  through(x: tf.Tensor3D, kernel: tf.Tensor2D, bias: tf.Tensor1D, pass: Pass): tf.Tensor2D {
    const first = this.#norm.affine(x, pass);
    const raw = pool(x);
    const upright = mark(first.scale, (s) => tf.cast(tf.greaterEqual(s, 0), 'float32')) as tf.Tensor1D;
    const second = this.#second(raw, first, upright, pass);

    const size = this.#steps * this.#channels;
    const repeated = (x: tf.Tensor1D) => tf.concat1d(Array.from({ length: this.#steps }, () => x));
    const tiled = { scale: repeated(first.scale), shift: repeated(first.shift) };
    const ofSteps = through(tiled, rowsOf(kernel, 0, size));
    const [mean, max, min] = second.map((affine, i) =>
      through(affine, rowsOf(kernel, size + i * this.#channels, this.#channels)),
    ) as unknown as Three<Folded>;
    const ofPooled = [mean.kernel, ...exchanged(max.kernel, min.kernel, tf.reshape(upright, [-1, 1]))];
    const shifts = [ofSteps, mean, max, min].map(({ fromShift }) => fromShift);
    const shifted = shifts.reduce((sum, shift) => tf.add(sum, shift), bias);
    const fromSteps = dense(x, ofSteps.kernel, shifted);
    return tf.add(fromSteps, dense(tf.concat2d(raw, 1), tf.concat2d(ofPooled, 0), tf.zeros(bias.shape)));
  }

  #flat(x: tf.Tensor3D): tf.Tensor2D {
    return tf.reshape(x, [x.shape[0], this.#steps * this.#channels]);
  }

  /** Both normalisations of what is pooled, as one of the raw. */
  #second(raw: Three<tf.Tensor2D>, { scale, shift }: Affine, upright: tf.Tensor1D, pass: Pass): Affine[] {
    let known: Three<Statistics> | undefined;
    const statistics = (i: number): Statistics => {
      known ??= turned(raw.map((x) => moments(x)) as unknown as Three<Statistics>, upright);
      const { mean, variance } = known[i] as Statistics;
      return { mean: tf.add(tf.mul(mean, scale), shift), variance: tf.mul(variance, tf.square(scale)) };
    };
    return this.#pooledNorms.map((norm, i) => {
      const again = norm.affineOf(() => statistics(i), pass);
      return { scale: tf.mul(again.scale, scale), shift: tf.add(tf.mul(again.scale, shift), again.shift) };
    });
  }
}

/** Statistics of the largest and smallest as they are after a scale: `upright` is 1 where it is not negative, else 0. */
function turned([mean, max, min]: Three<Statistics>, upright: tf.Tensor1D): Three<Statistics> {
  const means = exchanged(max.mean, min.mean, upright);
  const variances = exchanged(max.variance, min.variance, upright);
  return [mean, { mean: means[0], variance: variances[0] }, { mean: means[1], variance: variances[1] }];
}

function exchanged<T extends tf.Tensor>(a: T, b: T, upright: tf.Tensor): [T, T] {
  const by = tf.mul(tf.sub(a, b), tf.sub(1, upright));
  return [tf.sub(a, by), tf.add(b, by)];
}

interface Folded {
  readonly kernel: tf.Tensor2D;
  readonly fromShift: tf.Tensor1D;
}

const through = ({ scale, shift }: Affine, kernel: tf.Tensor2D): Folded => ({
  kernel: tf.mul(kernel, tf.reshape(scale, [-1, 1])),
  fromShift: tf.sum(tf.mul(kernel, tf.reshape(shift, [-1, 1])), 0),
});

const rowsOf = (kernel: tf.Tensor2D, from: number, count: number): tf.Tensor2D =>
  tf.slice(kernel, [from, 0], [count, kernel.shape[1]]);
