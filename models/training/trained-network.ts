/** A network that is done: weights.bin, and history.json, which says how it came about. The weights are written last. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../core/atomic-file.ts';
import { EvolveError } from '../../core/failure.ts';
import { writing } from '../../core/writing.ts';
import type { Network } from '../graph/network.ts';
import { readWeights, restoreWeights, writeWeights } from '../graph/weights-file.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { NetworkResult } from './model-manifest.ts';
import { type Origin, stamp, strangerIn } from './origin.ts';
import { type EpochRecord, nullIsMissing } from './training-progress.ts';

export interface KeptNetwork {
  readonly result: NetworkResult;
  readonly history: readonly EpochRecord[];
}

export const weightsName = 'weights.bin';
const historyName = 'history.json';

/** `nothing` is the loss of knowing nothing. */
export function writeNetwork(
  folder: string,
  origin: Required<Origin>,
  network: Network,
  state: Checkpoint,
  nothing: number | undefined,
): KeptNetwork {
  const { history, bestEpoch, best, seconds } = state;
  const { epoch: _, ...record } = history[bestEpoch - 1] as EpochRecord;
  const ofNothing = nothing === undefined ? {} : { nothingLoss: nothing };
  const result = { network: origin.network + 1, epochs: history.length, bestEpoch, ...record, ...ofNothing, seconds };
  const kept = { result, history };
  const path = join(folder, historyName);
  writing(path, () => writeAtomically(path, `${JSON.stringify(kept, null, 2)}\n`));
  const arrays = [...network.variables].map(
    ([name, { shape }]) => [name, { shape, values: best.get(name) as Float32Array }] as const,
  );
  writeWeights(new Map(arrays), join(folder, weightsName), stamp(origin));
  return kept;
}

/** Undefined where it is not done yet, or one of the two files was deleted: it is then trained again. */
export function keptNetwork(folder: string): KeptNetwork | undefined {
  const path = join(folder, historyName);
  if (!existsSync(join(folder, weightsName)) || !existsSync(path)) return undefined;
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8'), nullIsMissing) as Partial<KeptNetwork> | undefined;
    if (kept?.result && Array.isArray(kept.history)) return kept as KeptNetwork;
  } catch (cause) {
    throw unusable(path, 'is damaged', cause);
  }
  throw unusable(path, 'is damaged');
}

/** For a training that goes on: what is wrong with the weights is better known before hours are spent on others. */
export function doneNetwork(folder: string, origin: Required<Origin>): KeptNetwork | undefined {
  const kept = keptNetwork(folder);
  if (!kept) return undefined;
  const path = join(folder, weightsName);
  const stranger = strangerIn(readable(path).extra, origin);
  if (stranger) throw unusable(path, `holds the weights of ${stranger}`);
  if (kept.result.network !== origin.network + 1) throw unusable(join(folder, historyName), 'is of another network');
  return kept;
}

function readable(path: string): ReturnType<typeof readWeights> {
  try {
    return readWeights(path);
  } catch (cause) {
    if (!(cause instanceof EvolveError)) throw cause;
    throw unusable(path, 'is damaged', cause);
  }
}

export function readNetwork(folder: string, network: Network, origin: Required<Origin>): void {
  const path = join(folder, weightsName);
  const { weights, extra } = readWeights(path);
  const stranger = strangerIn(extra, origin);
  if (stranger) {
    throw new EvolveError(
      'bad-model',
      `${path} holds the weights of ${stranger}. Copy its own again, or delete it and go on with evolve train and --resume: the network is then trained again.`,
    );
  }
  restoreWeights(network.variables, weights, path);
}

const unusable = (path: string, what: string, cause?: unknown): EvolveError =>
  new EvolveError(
    'bad-model',
    `${path} ${what}. Delete it and go on with --resume: the network is then trained again.`,
    { cause },
  );
