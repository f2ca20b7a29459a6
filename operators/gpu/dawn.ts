/**
 * WebGPU in Node: Dawn, npm's `webgpu`, put where browsers have it, which is where gpu.js and tfjs look. Optional: it is
 * loaded when a device is wanted, and what is absent is named.
 */
import { EvolveError, firstLine } from '../../core/failure.ts';

/** `webgpu` is a graphics card, or whatever else Vulkan, Metal or Direct3D answers with; `webasm` is this processor. */
export type DeviceMode = 'webgpu' | 'webasm';

/** A mode that this machine does not offer. */
export class NoDevice extends EvolveError {
  readonly reason: string;
  readonly remedy: string;

  constructor(mode: DeviceMode, reason: string, remedy: string, options?: ErrorOptions) {
    super('no-backend', `There is no ${mode} device here: ${reason}. ${remedy}.`, options);
    this.reason = reason;
    this.remedy = remedy;
  }
}

/** What answers in `webgpu`. */
export interface Adapter {
  /** As its driver calls it. */
  readonly name: string;
  /** A processor that stands in for a graphics card. */
  readonly software: boolean;
  /** Bytes of the largest matrix a kernel can be given. */
  readonly largestBinding: number;
}

export interface GpuBuffer {
  readonly size: number;
  destroy(): void;
}
/** Of the standard's GPUDevice, as much as is looked at here. */
export interface GpuDevice {
  readonly lost: Promise<{ readonly message: string }>;
  readonly limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number };
  createBuffer(descriptor: { readonly size: number; readonly usage: number }): GpuBuffer;
  addEventListener(kind: 'uncapturederror', listener: (event: { readonly error: Error }) => void): void;
  destroy(): void;
}
export interface GpuAdapter {
  readonly info: Readonly<Record<'vendor' | 'architecture' | 'device' | 'description', string>> & {
    readonly isFallbackAdapter?: boolean;
  };
  readonly limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number };
  requestDevice(descriptor?: object): Promise<GpuDevice>;
}
export interface WebGpu {
  requestAdapter(options?: object): Promise<GpuAdapter | null>;
}

/** Dawn becomes `navigator.gpu`; Node before 21 has no navigator at all. */
export async function openWebGpu(): Promise<WebGpu> {
  const place = globalThis as { navigator?: { gpu?: WebGpu } };
  if (place.navigator?.gpu) return place.navigator.gpu;
  const dawn = (await load('webgpu', 'webgpu')) as { create(flags: string[]): WebGpu; globals: object };
  Object.assign(globalThis, dawn.globals);
  if (!place.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  const gpu = dawn.create([]);
  Object.defineProperty(place.navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

/** Of two graphics cards, as tfjs asks. */
export const fasterAdapter = { powerPreference: 'high-performance' };

export async function adapterOf(gpu: WebGpu): Promise<Adapter> {
  const adapter = await gpu.requestAdapter(fasterAdapter);
  if (!adapter) {
    const remedy = 'Install the driver of the graphics card; on Linux, the one for Vulkan';
    throw new NoDevice('webgpu', 'WebGPU loads, and no graphics adapter answers', remedy);
  }
  const { info, limits } = adapter;
  const name = [info.vendor, info.architecture, info.description || info.device].filter(Boolean).join(' ');
  return {
    name: name || 'an adapter without a name',
    // Some drivers that compute on the processor do not say so.
    software: info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(name),
    largestBinding: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
  };
}

/** For people. */
export const adapterName = ({ name, software }: Adapter): string =>
  software ? `${name}, which is software on this processor` : name;

/** The name is not a literal, so that building does not need the package. */
export async function load(name: 'webgpu' | 'gpu.js', mode: DeviceMode): Promise<object> {
  try {
    const module = (await import(name as string)) as { default?: object };
    return { ...module.default, ...module };
  } catch (cause) {
    const absent = (cause as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
    const install = name === 'webgpu' ? 'npm i --no-save webgpu' : 'npm i gpu.js';
    const reason = absent
      ? `the package ${name} is not installed`
      : `the package ${name} does not load: ${firstLine((cause as Error).message)}`;
    throw new NoDevice(mode, reason, `Install it with ${install}`, { cause });
  }
}
