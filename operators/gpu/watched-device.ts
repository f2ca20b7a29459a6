/** The device that gpu.js asks WebGPU for: its matrices come from a pool, and what goes wrong on it is heard of. */
import { BufferPool } from './buffer-pool.ts';
import { fasterAdapter, type GpuDevice, type WebGpu } from './dawn.ts';
import { type DeviceFault, faultsOf } from './device-faults.ts';

export interface WatchedDevice {
  readonly pool: BufferPool;
  readonly faults: { readonly first: DeviceFault | undefined };
  /** What it has yet to answer fails. */
  destroy(): void;
}

/** The device made last, none before the first kernel. */
export interface Watching {
  readonly device: WatchedDevice | undefined;
}

/** What gpu.js makes a kernel's answer with: GPUBufferUsage.STORAGE and COPY_SRC. */
const answerUsage = 0x0084;

const watched = new WeakMap<WebGpu, Watching>();

export function watch(gpu: WebGpu): Watching {
  const known = watched.get(gpu);
  if (known) return known;
  const watching: { device: WatchedDevice | undefined } = { device: undefined };
  watched.set(gpu, watching);
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter({ ...fasterAdapter, ...options });
    if (!adapter) return adapter;
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (...wishes) => {
      const device = await requestDevice(...wishes);
      watching.device = watchedDevice(device);
      return device;
    };
    return adapter;
  };
  return watching;
}

function watchedDevice(device: GpuDevice): WatchedDevice {
  const createBuffer = device.createBuffer.bind(device);
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const pool = new BufferPool(
    (size) => createBuffer({ size, usage: answerUsage }),
    Math.min(maxStorageBufferBindingSize, maxBufferSize),
  );
  device.createBuffer = (wanted) => (wanted.usage === answerUsage ? pool.take(wanted.size) : createBuffer(wanted));
  const faults = faultsOf(device);
  // gpu.js prints both, unless the device was destroyed on purpose; whoever reads `faults` says it in a sentence.
  const lost = device.lost.then((info) => ({ message: info.message, reason: 'destroyed' }));
  Object.defineProperty(device, 'lost', { value: lost });
  Object.defineProperty(device, 'onuncapturederror', { set: () => {} });
  return { pool, faults, destroy: () => device.destroy() };
}
