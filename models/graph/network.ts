/**
 * A network of one seed, as training, prediction and explanation see it: variables and a function of batches. tfjs holds
 * its tensors and takes its gradients; what tfjs does slowly or otherwise than meant is ours (layers/, ops/).
 */
import type { Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { Stream } from '../../core/random.ts';
import type { Reads } from '../inputs.ts';

export type Pass =
  /** Dropout draws from the stream; batch statistics, which also move the moving ones. */
  | { readonly kind: 'training'; readonly dropout: Stream }
  /** Moving statistics, no dropout: a row's prediction does not depend on its neighbours. */
  | { readonly kind: 'inference' };

/** By part: [rows, steps, channels]. */
export type InputTensors = ReadonlyMap<string, Tensor>;

export interface Network {
  /** All that is kept, in the order it was made; moving statistics of batch normalisation are not `trainable`. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** Which channels of the parts it reads. */
  readonly reads: Reads;
  /** Whether in training its outputs are standardised over the batch: its loss is one of such outputs, then. */
  readonly standard?: boolean;
  /** Trained one after the other, each until it gets no better; 1 without. */
  readonly stages?: number;
  /** Freezes what earlier stages learned, and lets the stage's own weights learn. Stages count from 0. */
  enter?(stage: number): void;
  /** [rows, 1 + units]: the prediction, and beside it the units of a network that has some. */
  run(inputs: InputTensors, pass: Pass): Tensor2D;
  /** What a prediction is explained by. */
  readonly explained: Explained;
  dispose(): void;
}

/** A network in inference, cut where its features have names. */
export interface Explained {
  /** One for each column of `features`. */
  readonly names: readonly FeatureName[];
  /** [rows, features]. */
  features(inputs: InputTensors): Tensor2D;
  /** From features to predictions, [rows, outputs]: differentiable with respect to them. */
  predict(features: Tensor2D): Tensor2D;
  /** Predictions bend nowhere, and are dear: thousands of features, through hundreds of steps one after the other. */
  readonly series?: boolean;
  /** Where predictions go by few sums of many features: what makes explaining them cheap, and exact for ReLU. */
  readonly sums?: FeatureSums;
}

/** What a first dense layer gives, before its activation. predict(x) of the features is predict(of(x)) of these. */
export interface FeatureSums {
  /** [rows, sums], affine in the features. */
  of(features: Tensor2D): Tensor2D;
  /** From sums to predictions, [rows, outputs]. It is smooth but where one of the sums is 0. */
  predict(sums: Tensor2D): Tensor2D;
}

export interface FeatureName {
  /** Such as `BN(ts_mean(BN(ts_corr(open,high,10)),3))`. */
  readonly name: string;
  /** What a heat map puts it in a row with: the name without the step. */
  readonly feature: string;
  /** Dates back it is about; undefined where it covers several. */
  readonly lag?: number;
  /** When in the day the bar begins that it is about: `9:30`. */
  readonly time?: string;
}
