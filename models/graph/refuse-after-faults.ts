/** Rather no numbers than those of a device that is lost or refuses something: nothing is read from it from then on. */
import { setImmediate as turn } from 'node:timers/promises';
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { EvolveError } from '../../core/failure.ts';
import type { GpuDevice } from '../../operators/gpu/dawn.ts';
import { type DeviceFault, faultsOf } from '../../operators/gpu/device-faults.ts';

const watched = new WeakSet<KernelBackend>();

/** Once for a backend; another call changes nothing. */
export function refuseAfterFaults(backend: KernelBackend): void {
  if (watched.has(backend)) return;
  watched.add(backend);
  const faults = faultsOf((backend as KernelBackend & { readonly device: GpuDevice }).device);
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    const values = await read(dataId).catch(async (error: unknown) => {
      // Why it is lost is heard of a little later.
      await turn();
      throw faults.first ? errorOf(faults.first) : error;
    });
    if (faults.first) throw errorOf(faults.first);
    return values;
  };
}

function errorOf({ kind, reason }: DeviceFault): Error {
  switch (kind) {
    case 'lost':
      return new EvolveError(
        'no-backend',
        `The graphics device of the backend webgpu is lost (${reason}). Begin again, or choose another backend.`,
      );
    case 'out-of-memory':
      return new EvolveError(
        'out-of-memory',
        'The graphics device has no memory left for this. Give a smaller --batch, or choose another backend.',
      );
    case 'refused':
      return new Error(`webgpu refuses: ${reason}`);
  }
}
