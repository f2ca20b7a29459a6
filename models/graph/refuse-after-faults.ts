/**
 * What a graphics device refuses, for want of memory or by a fault of a program of its own, it answers with zeros, and goes
 * on. Rather no numbers than those: nothing is read from it from then on.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { EvolveError } from '../../core/failure.ts';

/** Of the standard's GPUDevice, as much as is looked at here. */
interface GpuDevice {
  readonly lost: Promise<{ readonly message: string }>;
  addEventListener(kind: 'uncapturederror', listener: (event: { readonly error: Refusal }) => void): void;
}
interface Refusal {
  readonly message: string;
}

const watched = new WeakSet<KernelBackend>();

/** Once for a backend; another call changes nothing. */
export function refuseAfterFaults(backend: KernelBackend): void {
  if (watched.has(backend)) return;
  watched.add(backend);
  const { device } = backend as KernelBackend & { readonly device: GpuDevice };
  let fault: Error | undefined;
  device.addEventListener('uncapturederror', ({ error }) => {
    fault ??= faultOf(error);
  });
  device.lost.then(({ message }) => {
    fault ??= new EvolveError(
      'no-backend',
      `The graphics device of the backend webgpu is lost (${firstLine(message)}). Begin again, or choose another backend.`,
    );
  });
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    const values = await read(dataId).catch(async (error: unknown) => {
      // Why it is lost is heard of a little later.
      await turn();
      throw fault ?? error;
    });
    if (fault) throw fault;
    return values;
  };
}

function faultOf(error: Refusal): Error {
  if (error.constructor.name !== 'GPUOutOfMemoryError') return new Error(`webgpu refuses: ${error.message}`);
  return new EvolveError(
    'out-of-memory',
    'The graphics device has no memory left for this. Give a smaller --batch, or choose another backend.',
  );
}

const firstLine = (message: string): string => (message.split('\n')[0] as string).replace(/[.\s]+$/, '');
