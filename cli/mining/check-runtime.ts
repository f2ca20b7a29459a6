import { EvolveError } from '../../core/failure.ts';
import { checkWorkers } from '../../evaluation/check-workers.ts';
import type { MineOptions } from './mine-options.ts';

export function checkRuntime({ workers, backend = 'auto', memory }: MineOptions): void {
  checkWorkers(workers);
  if (backend !== 'auto' && backend !== 'wasm') {
    throw new EvolveError(
      'no-backend',
      `The backend ${backend} is not there; use wasm, or auto for the fastest there is.`,
    );
  }
  if (memory !== undefined && !(memory > 0)) throw new EvolveError('bad-argument', '--memory should be above 0.');
}
