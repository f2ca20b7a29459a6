import { EvolveError } from '../core/failure.ts';

/** Threads take memory and seconds to begin; no machine has use for more. */
const most = 256;

/** How many threads were asked for, if that is a number of threads. */
export function checkedWorkers(workers: number | undefined): number | undefined {
  if (workers === undefined) return undefined;
  if (workers > most) {
    throw new EvolveError('bad-argument', `--workers should be at most ${most}, not ${workers}.`);
  }
  if (!(Number.isInteger(workers) && workers > 0)) {
    throw new EvolveError('bad-argument', `--workers should be a whole number above 0, not ${workers}.`);
  }
  return workers;
}
