/** What a kind of model is: a row of the model table. The training core knows models only through this. */
import type { Stream } from '../core/random.ts';
import type { MarketManifest } from '../data/market.ts';
import type { Network } from './graph/network.ts';
import type { Channel, InputPart } from './inputs.ts';
import type { TrainingRule } from './training-rule.ts';

export interface Model {
  /** As on the command line: `alphanet-v2`. */
  readonly name: string;
  /** One sentence, for help and docs. */
  readonly doc: string;
  /** The report's settings. */
  readonly rule: TrainingRule;
  /** What it reads on this market; a field that the market lacks is the user's mistake, said with a remedy. */
  parts(request: PartsRequest): InputPart[];
  /** A network with fresh weights, drawn from the stream. */
  network(parts: readonly InputPart[], rule: TrainingRule, fresh: Stream): Network;
}

export interface PartsRequest {
  readonly manifest: MarketManifest;
  /** Rows of the data picture instead of the model's own: fields or formulas. */
  readonly fields?: readonly string[] | undefined;
  /** Mined factors: the part named `factors`, read at the date itself, or as series at all dates of a model of series. */
  readonly factors: readonly Channel[];
  readonly series?: SeriesChoice | undefined;
}

/** What a model of series reads, where it is not as the model has it. A model it means nothing to refuses it. */
export interface SeriesChoice {
  /** Of the recurrent units' data sets (rnn/datasets.ts). */
  readonly dataset?: string;
  /** Minutes of a bar. */
  readonly barMinutes?: number;
}
