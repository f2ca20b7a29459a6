/** What a recurrent branch reads at every step: the series of a part, and those of mined factors beside them. */
import * as tf from '@tensorflow/tfjs-core';
import type { InputTensors } from '../graph/network.ts';
import type { InputPart } from '../inputs.ts';
import { seriesOf } from './series-names.ts';

export class SeriesInput {
  /** Of a step. */
  readonly channels: number;
  readonly #part: InputPart;
  readonly #factors: InputPart | undefined;

  /** Factors are numbers of a date, of the same dates as the part. */
  constructor(part: InputPart, factors?: InputPart) {
    this.#part = part;
    this.#factors = factors;
    this.channels = seriesOf(part) + (factors ? seriesOf(factors) : 0);
    if (factors && String(factors.lags) !== String(part.lags)) {
      throw new Error(`The dates of ${factors.name} are not those of ${part.name}.`);
    }
  }

  /** [rows, steps, channels] */
  of(inputs: InputTensors): tf.Tensor3D {
    const x = inputs.get(this.#part.name) as tf.Tensor3D;
    if (!this.#factors) return x;
    const perDate = inputs.get(this.#factors.name) as tf.Tensor3D;
    return tf.concat3d([x, held(perDate, this.#part.stepsPerDate ?? 1)], 2);
  }
}

/** A date's numbers at each of its steps. */
function held(x: tf.Tensor3D, steps: number): tf.Tensor3D {
  const [rows, dates, channels] = x.shape;
  // Side by side they lie as steps do, and concat, unlike tile, has a gradient of ours.
  return tf.reshape(tf.concat3d(new Array(steps).fill(x), 2), [rows, dates * steps, channels]);
}
