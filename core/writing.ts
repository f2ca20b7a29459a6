import { EvolveError, fileProblem } from './failure.ts';

/** Runs a step that writes; what the system refuses is the user's to fix, and said in a sentence. */
export function writing<T>(shown: string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new EvolveError('unwritable', `${shown} cannot be written: ${fileProblem(cause)}.`, { cause });
  }
}
