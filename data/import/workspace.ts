/**
 * A hidden folder beside the output in which everything happens. The market appears under its name in one rename, and
 * whatever goes wrong, also Ctrl-C, nothing else stays.
 */
import { existsSync, renameSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder } from '../../core/atomic-file.ts';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { unfinished } from '../../core/unfinished.ts';
import { refuseOccupied } from '../store/write.ts';

export interface Workspace {
  readonly folder: string;
  /** Puts the finished folder `market` in here where the output belongs, unless something else is there by now. */
  publish(): Promise<void>;
  remove(): Promise<void>;
}

export async function makeWorkspace(out: string, overwrite: boolean): Promise<Workspace> {
  const target = resolve(out);
  let folder: string;
  try {
    makeFolder(dirname(target));
    folder = await mkdtemp(join(dirname(target), `.${basename(target)}.import-`));
  } catch (cause) {
    throw new EvolveError('unwritable', `${out} cannot be written: ${fileProblem(cause)}.`, { cause });
  }
  const finished = unfinished(folder);
  const publish = async () => {
    await refuseOccupied(out, overwrite);
    try {
      replace(target, join(folder, 'market'), join(folder, 'replaced'));
    } catch (cause) {
      // Someone else may have put a market there in this very moment; then theirs stays.
      await refuseOccupied(out, overwrite);
      throw new EvolveError('unwritable', `${out} cannot be written: ${fileProblem(cause)}.`, { cause });
    }
  };
  const remove = async () => {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    finished();
  };
  return { folder, publish, remove };
}

/** In one go: nothing, Ctrl-C included, comes between the two renames. What was there is back when the second fails. */
function replace(target: string, market: string, replaced: string): void {
  const occupied = existsSync(target);
  if (occupied) renameSync(target, replaced);
  try {
    renameSync(market, target);
  } catch (error) {
    if (occupied) renameSync(replaced, target);
    throw error;
  }
}
