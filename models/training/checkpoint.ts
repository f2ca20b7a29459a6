/** Where a training stands after an epoch: enough to go on as if it had never stopped. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import { writing } from '../../core/writing.ts';
import type { Network } from '../graph/network.ts';
import type { Optimiser } from '../graph/optimiser.ts';
import { readWeights, restoreWeights, type Weight, writeWeights } from '../graph/weights-file.ts';
import { type Origin, stamp, strangerIn } from './origin.ts';
import { type EpochRecord, nullIsMissing } from './training-progress.ts';

export interface Checkpoint {
  readonly history: readonly EpochRecord[];
  /** From 0. */
  readonly stage: number;
  /** Epochs before the stage began. */
  readonly before: number;
  /** From 1, of an earlier stage until one of this is better; 0 until the first has ended. */
  readonly bestEpoch: number;
  /** The weights then. */
  readonly best: ReadonlyMap<string, Float32Array>;
  readonly seconds: number;
}

type Extra = Omit<Checkpoint, 'best'>;

export const checkpointIn = (folder: string): string => join(folder, 'checkpoint.bin');

/** Once the network is done. */
export const removeCheckpoint = (folder: string): void =>
  writing(checkpointIn(folder), () => rmSync(checkpointIn(folder), { force: true }));

const prefixes = { now: 'now/', best: 'best/', optimiser: 'optimiser/' } as const;

export function writeCheckpoint(
  path: string,
  origin: Required<Origin>,
  state: Checkpoint,
  network: Network,
  optimiser: Optimiser,
): void {
  const { best, ...extra } = state;
  const flat = (values: Float32Array) => ({ shape: [values.length], values });
  const weights = new Map<string, Weight>([
    ...[...network.variables].map(
      ([name, variable]) => [prefixes.now + name, flat(variable.dataSync() as Float32Array)] as const,
    ),
    ...[...best].map(([name, values]) => [prefixes.best + name, flat(values)] as const),
    ...[...optimiser.state()].map(([name, values]) => [prefixes.optimiser + name, flat(values)] as const),
  ]);
  writeWeights(weights, path, { ...extra, ...stamp(origin) });
}

/** Puts network and optimiser where they stood; undefined when nothing was kept. */
export function readCheckpoint(
  path: string,
  origin: Required<Origin>,
  network: Network,
  optimiser: Optimiser,
): Checkpoint | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return restored(path, origin, network, optimiser);
  } catch (cause) {
    if (!(cause instanceof EvolveError)) throw cause;
    throw new EvolveError(
      'bad-model',
      `A training cannot go on from ${path}, which is damaged or another network's. Delete it: the network then begins anew.`,
      { cause },
    );
  }
}

function restored(path: string, origin: Required<Origin>, network: Network, optimiser: Optimiser): Checkpoint {
  const { weights, extra } = readWeights(path);
  const stranger = strangerIn(extra, origin);
  if (stranger) throw new EvolveError('bad-model', `${path} is of ${stranger}.`);
  const under = (prefix: string): Map<string, Float32Array> =>
    new Map(
      [...weights].flatMap(([name, { values }]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), values] as const] : [],
      ),
    );
  const now = [...under(prefixes.now)].map(
    ([name, values]) => [name, { shape: network.variables.get(name)?.shape ?? [values.length], values }] as const,
  );
  restoreWeights(network.variables, new Map(now), path);
  optimiser.restore(under(prefixes.optimiser));
  const { of: _, ...kept } = JSON.parse(JSON.stringify(extra), nullIsMissing) as Extra & { readonly of: Origin };
  return { ...kept, best: under(prefixes.best) };
}
