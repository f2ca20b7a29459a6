/** A network that is done: weights.bin, and history.json, which says how it came about. The weights are written last. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../core/atomic-file.ts';
import { EvolveError } from '../../core/failure.ts';
import type { Network } from '../graph/network.ts';
import { loadWeights, restoreWeights, writeWeights } from '../graph/weights-file.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { NetworkResult } from './model-manifest.ts';
import { type EpochRecord, nullIsMissing } from './training-progress.ts';

export interface KeptNetwork {
  readonly result: NetworkResult;
  readonly history: readonly EpochRecord[];
}

export const weightsName = 'weights.bin';
const historyName = 'history.json';

/** `number` counts from 1; `nothing` is the loss of predicting 0 for all. */
export function writeNetwork(
  folder: string,
  number: number,
  network: Network,
  state: Checkpoint,
  nothing: number | undefined,
): KeptNetwork {
  const { history, bestEpoch, best, seconds } = state;
  const { epoch: _, ...record } = history[bestEpoch - 1] as EpochRecord;
  const ofNothing = nothing === undefined ? {} : { nothingLoss: nothing };
  const result = { network: number, epochs: history.length, bestEpoch, ...record, ...ofNothing, seconds };
  const kept = { result, history };
  writeAtomically(join(folder, historyName), `${JSON.stringify(kept, null, 2)}\n`);
  const arrays = [...network.variables].map(
    ([name, { shape }]) => [name, { shape, values: best.get(name) as Float32Array }] as const,
  );
  writeWeights(new Map(arrays), join(folder, weightsName));
  return kept;
}

/** Undefined where it is not done yet. */
export function keptNetwork(folder: string): KeptNetwork | undefined {
  if (!existsSync(join(folder, weightsName))) return undefined;
  const path = join(folder, historyName);
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8'), nullIsMissing) as Partial<KeptNetwork> | undefined;
    if (kept?.result && Array.isArray(kept.history)) return kept as KeptNetwork;
  } catch (cause) {
    throw unreadable(path, folder, cause);
  }
  throw unreadable(path, folder);
}

export function readNetwork(folder: string, network: Network): void {
  const path = join(folder, weightsName);
  restoreWeights(network.variables, loadWeights(path), path);
}

const unreadable = (path: string, folder: string, cause?: unknown): EvolveError =>
  new EvolveError('bad-model', `${path} cannot be read. Delete ${folder} and train with --resume.`, { cause });
