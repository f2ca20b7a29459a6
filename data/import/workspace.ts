/**
 * A hidden folder beside the output in which everything happens. The market appears under its name in one rename, and
 * whatever goes wrong, also Ctrl-C, nothing else stays.
 */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { unfinished } from '../../core/unfinished.ts';

export interface Workspace {
  readonly folder: string;
  /** Puts the finished folder `market` in here where the output belongs. */
  publish(): Promise<void>;
  remove(): Promise<void>;
}

export async function makeWorkspace(out: string): Promise<Workspace> {
  const target = resolve(out);
  let folder: string;
  try {
    await mkdir(dirname(target), { recursive: true });
    folder = await mkdtemp(join(dirname(target), `.${basename(target)}.import-`));
  } catch (cause) {
    throw new EvolveError('unwritable', `${out} cannot be written: ${fileProblem(cause)}.`, { cause });
  }
  const finished = unfinished(folder);
  const publish = async () => {
    try {
      if ((await readdir(target).catch(() => undefined)) !== undefined) await rename(target, join(folder, 'replaced'));
      await rename(join(folder, 'market'), target);
    } catch (cause) {
      throw new EvolveError('unwritable', `${out} cannot be written: ${fileProblem(cause)}.`, { cause });
    }
  };
  const remove = async () => {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    finished();
  };
  return { folder, publish, remove };
}
