import { EvolveError } from '../core/failure.ts';

/** Threads take memory and seconds to begin; no machine has use for more. */
const most = 256;

/** Refuses what is no number of threads. */
export function checkWorkers(workers: number | undefined): void {
  if (workers === undefined) return;
  if (workers > most) {
    throw new EvolveError('bad-argument', `--workers should be at most ${most}, not ${workers}.`);
  }
  if (!(Number.isInteger(workers) && workers > 0)) {
    throw new EvolveError('bad-argument', `--workers should be a whole number above 0, not ${workers}.`);
  }
}
