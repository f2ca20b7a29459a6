/** What a recurrent branch reads at every step: the series of a part, and those of mined factors beside them. */
import type { Tensor3D } from '@tensorflow/tfjs-core';
import type { InputTensors } from '../graph/network.ts';
import { joinSeries } from '../graph/ops/join-series.ts';
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
  of(inputs: InputTensors): Tensor3D {
    const x = inputs.get(this.#part.name) as Tensor3D;
    if (!this.#factors) return x;
    return joinSeries(x, inputs.get(this.#factors.name) as Tensor3D);
  }
}
