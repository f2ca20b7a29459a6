import { EvolveError } from '../../core/failure.ts';
import type { MineOptions } from './mine-options.ts';

/** Threads take memory and seconds to begin; no machine has use for more. */
const mostWorkers = 256;

export function checkRuntime({ workers, backend = 'auto', memory }: MineOptions): void {
  if (workers !== undefined && workers > mostWorkers) {
    throw new EvolveError('bad-argument', `--workers should be at most ${mostWorkers}, not ${workers}.`);
  }
  if (workers !== undefined && !(Number.isInteger(workers) && workers > 0)) {
    throw new EvolveError('bad-argument', `--workers should be a whole number above 0, not ${workers}.`);
  }
  if (backend !== 'auto' && backend !== 'wasm') {
    throw new EvolveError(
      'no-backend',
      `The backend ${backend} is not there; use wasm, or auto for the fastest there is.`,
    );
  }
  if (memory !== undefined && !(memory > 0)) throw new EvolveError('bad-argument', '--memory should be above 0.');
}
