/**
 * What a device refuses, for want of memory or by a fault of a program of its own, it answers with zeros, and goes on; and
 * so does one that is lost. Nothing it gave can be believed then.
 */
import { firstLine } from '../../core/failure.ts';
import type { GpuDevice } from './dawn.ts';

export interface DeviceFault {
  readonly kind: 'lost' | 'out-of-memory' | 'refused';
  readonly reason: string;
}

/** Its first fault, from when it has one. */
export function faultsOf(device: GpuDevice): { readonly first: DeviceFault | undefined } {
  const faults: { first: DeviceFault | undefined } = { first: undefined };
  device.addEventListener('uncapturederror', ({ error }) => {
    const kind = error.constructor.name === 'GPUOutOfMemoryError' ? 'out-of-memory' : 'refused';
    faults.first ??= { kind, reason: firstLine(error.message) };
  });
  device.lost.then(({ message }) => {
    faults.first ??= { kind: 'lost', reason: firstLine(message) };
  });
  return faults;
}
