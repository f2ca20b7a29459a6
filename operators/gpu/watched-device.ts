/** The device that gpu.js asks WebGPU for: its matrices come from a pool, and what goes wrong on it is heard of. */
import { BufferPool } from './buffer-pool.ts';
import type { GpuDevice, WebGpu } from './dawn.ts';

export interface WatchedDevice {
  readonly pool: BufferPool;
  /** Why nothing it gives can be believed any more: it is lost, or refused something, such as memory. */
  readonly failure: string | undefined;
  /** Has it lost, as a driver would. */
  destroy(): void;
}

/** What gpu.js makes a kernel's answer with: GPUBufferUsage.STORAGE and COPY_SRC. */
const answerUsage = 0x0084;

/** The device made last, none before the first kernel. */
export interface Watching {
  readonly device: WatchedDevice | undefined;
}

const watched = new WeakMap<WebGpu, Watching>();

export function watch(gpu: WebGpu): Watching {
  const known = watched.get(gpu);
  if (known) return known;
  const watching: { device: WatchedDevice | undefined } = { device: undefined };
  watched.set(gpu, watching);
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (...options) => {
    const adapter = await requestAdapter(...options);
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
  const pool = new BufferPool((size) => createBuffer({ size, usage: answerUsage }), device.limits.maxBufferSize);
  device.createBuffer = (wanted) => (wanted.usage === answerUsage ? pool.take(wanted.size) : createBuffer(wanted));
  let failure: string | undefined;
  device.addEventListener('uncapturederror', ({ error }) => {
    failure ??= firstLine(error.message);
  });
  device.lost.then(({ message }) => {
    failure ??= `the device is lost: ${firstLine(message)}`;
  });
  // gpu.js would print what is told here in one sentence.
  Object.defineProperty(device, 'onuncapturederror', { set: () => {}, configurable: true });
  return {
    pool,
    get failure() {
      return failure;
    },
    destroy: () => device.destroy(),
  };
}

const firstLine = (message: string): string => message.split('\n')[0] ?? '';
