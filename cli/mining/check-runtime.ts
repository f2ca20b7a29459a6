import { EvolveError } from '../../core/failure.ts';
import { checkWorkers } from '../../evaluation/check-workers.ts';
import { backendWishes } from './backend-wishes.ts';
import type { MineOptions } from './mine-options.ts';

export function checkRuntime({ workers, backend = 'wasm', memory }: MineOptions): void {
  checkWorkers(workers);
  if (!backendWishes.includes(backend)) {
    throw new EvolveError('no-backend', `There is no backend ${backend}; there are ${backendWishes.join(', ')}.`);
  }
  if (memory !== undefined && !(memory > 0)) throw new EvolveError('bad-argument', '--memory should be above 0.');
}
