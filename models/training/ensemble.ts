/**
 * The networks of a fold, trained with different seeds, predicting as one: the mean of those that know a symbol. Those whose
 * loss does not see scale are standardised before, each over the rows of the date.
 */

import type { Batch } from '../batch.ts';
import type { Network } from '../graph/network.ts';
import type { InputPart, Reads } from '../inputs.ts';
import { modelNamed } from '../models.ts';
import type { RecordReader } from '../samples/record-reader.ts';
import type { Samples } from '../samples/samples.ts';
import type { TrainingRule } from '../training-rule.ts';
import { readScalers } from './fold-scalers.ts';
import { networkFolder } from './model-manifest.ts';
import { type NetworkSamples, networkSamples } from './network-samples.ts';
import { hasOwnScale, standardised } from './own-scale.ts';
import { firstColumn, predictBatch } from './predict-batch.ts';
import { trainingStream } from './streams.ts';
import { readNetwork } from './trained-network.ts';

export interface EnsembleSource {
  /** Of the model. */
  readonly folder: string;
  readonly model: string;
  /** Of trainingKey: what is read must be of it. */
  readonly training: string;
  readonly rule: TrainingRule;
  readonly parts: readonly InputPart[];
  /** Of each part, on the market that is predicted. */
  readonly readers: readonly RecordReader[];
  readonly symbols: number;
}

/** As the manifest lists it. */
export interface FoldName {
  readonly number: number;
  readonly name: string;
}

export interface Member extends NetworkSamples {
  readonly network: Network;
}

export interface Predictions {
  /** By symbol. */
  readonly scores: Float32Array;
  readonly units: readonly Float32Array[];
}

export class Ensemble {
  readonly members: readonly Member[];
  readonly #symbols: number;
  readonly #standard: boolean;

  private constructor(members: readonly Member[], symbols: number, standard: boolean) {
    this.members = members;
    this.#symbols = symbols;
    this.#standard = standard;
  }

  static open(source: EnsembleSource, fold: FoldName): Ensemble {
    const { folder, model, training, rule, parts, readers, symbols } = source;
    const scalers = readScalers(folder, fold.name, { training, fold: fold.number }, parts);
    const samplesOf = (reads: Reads) => networkSamples({ parts, readers, scalers, symbols, limit: rule.limit }, reads);
    // Networks that read every channel read the same rows: they are gathered once for all of them.
    const ofAll = samplesOf(new Map());
    const members: Member[] = [];
    try {
      for (let k = 1; k <= rule.networks; k++) {
        // What a network reads was drawn with its first weights.
        const fresh = trainingStream({ seed: rule.seed, fold: fold.number, network: k - 1 }, 'fresh');
        const network = modelNamed(model).network(parts, rule, fresh);
        const own = network.reads.size === 0 ? ofAll : samplesOf(network.reads);
        members.push({ network, ...own });
        readNetwork(networkFolder(folder, fold.name, k), network, { training, fold: fold.number, network: k - 1 });
      }
    } catch (error) {
      for (const { network } of members) network.dispose();
      throw error;
    }
    return new Ensemble(members, symbols, hasOwnScale(rule));
  }

  /** Of the symbols of the market; NaN where no network knows enough of one. */
  async predict(date: number): Promise<Float32Array> {
    return (await this.predictAll(date, 0)).scores;
  }

  /** With what so many units of each network say too, in the order of unitNames. */
  async predictAll(date: number, units: number): Promise<Predictions> {
    const sums = new Float64Array(this.#symbols);
    const counts = new Int32Array(this.#symbols);
    const ofUnits: Float32Array[] = [];
    let gathered: { readonly samples: Samples; readonly batch: Batch } | undefined;
    for (const { network, samples, shapes } of this.members) {
      if (gathered?.samples !== samples) gathered = { samples, batch: samples.section(date) };
      const { batch } = gathered;
      const outputs = await predictBatch(network, batch, shapes);
      const columns = batch.rows === 0 ? 1 : outputs.length / batch.rows;
      const own = firstColumn(outputs, batch.rows);
      const scores = this.#standard ? standardised(own) : own;
      for (let row = 0; row < batch.rows; row++) {
        const symbol = batch.symbols[row] as number;
        sums[symbol] = (sums[symbol] as number) + (scores[row] as number);
        counts[symbol] = (counts[symbol] as number) + 1;
      }
      for (let k = 1; k <= units; k++) {
        const values = new Float32Array(this.#symbols).fill(Number.NaN);
        for (let row = 0; row < batch.rows; row++) {
          values[batch.symbols[row] as number] = outputs[row * columns + k] as number;
        }
        ofUnits.push(values);
      }
    }
    return { scores: Float32Array.from(sums, (sum, n) => sum / (counts[n] as number)), units: ofUnits };
  }

  close(): void {
    for (const { network } of this.members) network.dispose();
  }
}

/** Network 2's seventh of 64 is `n2-u07`: units of two networks are not the same ones. */
export const unitNames = ({ networks, factorUnits = 1 }: TrainingRule): string[] =>
  Array.from({ length: networks }, (_, n) =>
    Array.from(
      { length: factorUnits },
      (_, u) => `n${n + 1}-u${String(u + 1).padStart(String(factorUnits).length, '0')}`,
    ),
  ).flat();
