/** What a trained network has learned, for programs that use tfjs themselves. */
import { join } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { EvolveError } from '../../core/failure.ts';
import { foldNamed, networkFolder, readModel, refuseUnfinished } from '../../models/training/model-manifest.ts';
import { weightsName } from '../../models/training/trained-network.ts';

export interface NetworkWeights {
  /** A model's folder. */
  readonly model: string;
  /** First date a fold predicts; the last fold without. */
  readonly fold?: string | undefined;
  /** From 1, which it is without. */
  readonly network?: number | undefined;
}

/**
 * The weights of one network as tfjs loads them, by name: `tf.io.decodeWeights` takes what its `load` gives, a model of
 * tfjs-layers with such names takes the handler itself. Saved to it, a model is one file that is whole or not there.
 */
export async function networkWeights({ model, fold, network = 1 }: NetworkWeights): Promise<io.IOHandler> {
  const manifest = readModel(model);
  refuseUnfinished(model, manifest);
  const { networks } = manifest.rule;
  if (!(Number.isInteger(network) && network >= 1 && network <= networks)) {
    throw new EvolveError('bad-argument', `${model} has networks 1 to ${networks} of each fold, and none ${network}.`);
  }
  const { name } = foldNamed(model, manifest, fold);
  // Only who asks for weights waits for tfjs.
  const { weightsHandler } = await import('../../models/graph/weights-handler.ts');
  return weightsHandler(join(networkFolder(model, name, network), weightsName));
}
