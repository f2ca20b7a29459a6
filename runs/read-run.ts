import { join, resolve } from 'node:path';
import { EvolveError, fileProblem } from '../core/failure.ts';
import { isHeld } from '../core/lock.ts';
import { logName, peek, type RunEvent } from './event-log.ts';
import { type RunManifest, readManifest } from './manifest.ts';
import { peekState } from './snapshots.ts';

export interface RunReading {
  readonly manifest: RunManifest;
  /** What had happened when the run was read, from its beginning; read from the disk anew each time it is walked. */
  readonly events: Iterable<RunEvent>;
  /** Whether a process is adding to it. */
  readonly going: boolean;
  /** What of the record cannot be read, in a sentence. */
  readonly problem?: string;
}

/** Looks at a run without touching it. Safe while it is still going. */
export function readRun(path: string): RunReading {
  const folder = resolve(path);
  const manifest = readManifest(path);
  try {
    return { manifest, ...peek(join(folder, logName)), going: isHeld(folder) };
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new EvolveError('bad-run', `${path} cannot be read: ${fileProblem(cause)}.`, { cause });
  }
}

/** The newest state a run has kept, if it has kept one. Safe while it is still going. */
export const newestState = (path: string): unknown => peekState(resolve(path));
