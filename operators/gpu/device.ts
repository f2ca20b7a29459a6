/**
 * gpu.js and what it computes on. It and Dawn (npm `webgpu`) are optional: they are loaded when a device is opened, and
 * what is absent is named.
 */
import { EvolveError } from '../../core/failure.ts';
import { packed, unpack } from './cells.ts';
import { type Stage, textOf, typeOf } from './stage.ts';

/** `webgpu` is a graphics card, or whatever else Vulkan, Metal or Direct3D answers with; `webasm` is this processor. */
export type DeviceMode = 'webgpu' | 'webasm';

/** A matrix on the device, or one promised while a plan is being made. */
export type DeviceValue = object;

type Compiled = (...values: (DeviceValue | number)[]) => DeviceValue;
interface Plan {
  (...inputs: DeviceValue[]): Promise<Record<string, readonly Float32Array[]>>;
  readonly executorKind: string;
  readonly fallbackReason: string | null;
  destroy(): Promise<void>;
}
interface Library {
  createKernel(text: string, settings: object): Compiled;
  createPipeline(plan: (...inputs: DeviceValue[]) => object, settings: object): Plan;
  destroy(): Promise<void>;
}
interface GpuJs {
  readonly GPU: (new (settings: { mode: DeviceMode }) => Library) & { isWebGPUAvailable(): Promise<boolean> };
  readonly input: (cells: Float32Array, size: [number, number]) => DeviceValue;
}

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

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly cells: Float32Array;
}

/** What a stage is called with besides earlier stages. */
export interface StageInputs {
  readonly series: Readonly<Record<string, DeviceValue>>;
  readonly numbers: Readonly<Record<string, number>>;
}

export class Device {
  readonly mode: DeviceMode;
  /** None in `webasm`. */
  readonly adapter: Adapter | undefined;
  readonly #library: Library;
  readonly #input: GpuJs['input'];
  readonly #compiled = new Map<string, Compiled>();

  private constructor(mode: DeviceMode, gpu: GpuJs, adapter?: Adapter) {
    this.mode = mode;
    this.adapter = adapter;
    this.#library = new gpu.GPU({ mode });
    this.#input = gpu.input;
  }

  /** Fails with the reason where the mode cannot be had. */
  static async open(mode: DeviceMode): Promise<Device> {
    const gpu = (await load('gpu.js', mode)) as GpuJs;
    return new Device(mode, gpu, mode === 'webgpu' ? await openWebGpu(gpu) : undefined);
  }

  /** In `webgpu`, or in `webasm` and why not. */
  static async openBest(): Promise<{ readonly device: Device; readonly passedOver?: NoDevice }> {
    try {
      return { device: await Device.open('webgpu') };
    } catch (error) {
      if (!(error instanceof NoDevice)) throw error;
      return { device: await Device.open('webasm'), passedOver: error };
    }
  }

  /**
   * Runs the stages of one operator on matrices of `rows` and `columns`. Inside a plan nothing is computed yet: the call
   * is noted, and its answer can be the input of the next.
   */
  run(stages: readonly Stage[], { series, numbers }: StageInputs, rows: number, columns: number): DeviceValue {
    const named: Record<string, DeviceValue | number> = { ...numbers, ...series };
    let answer: DeviceValue | undefined;
    for (const stage of stages) {
      const width = stage.gives === 'cells' ? columns : stage.gives;
      const values = stage.takes.map((name) => {
        const value = named[name];
        if (value === undefined) throw new Error(`${stage.name} is not given ${name}`);
        return value;
      });
      answer = this.#compile(stage, [width, rows])(...values);
      named[stage.name] = answer;
    }
    if (!answer) throw new Error('no stages to run');
    return answer;
  }

  /** A plan of many operators, made once and run for any inputs of the same sizes; what is between them stays there. */
  plan<Name extends string>(
    inputs: readonly Matrix[],
    answers: (...inputs: DeviceValue[]) => Record<Name, DeviceValue>,
  ): DevicePlan<Name> {
    const made = Object.defineProperty((...given: DeviceValue[]) => answers(...given), 'length', {
      value: inputs.length,
    });
    // Threads are what workers are for: one that started more would take the others' cores.
    return new DevicePlan(this.#library.createPipeline(made, { threads: false }), this.#input, inputs);
  }

  async close(): Promise<void> {
    this.#compiled.clear();
    await this.#library.destroy();
  }

  #compile(stage: Stage, output: readonly [number, number]): Compiled {
    const text = textOf(stage);
    const key = `${output} ${text}`;
    let compiled = this.#compiled.get(key);
    if (!compiled) {
      compiled = this.#library.createKernel(text, {
        output: [...output],
        argumentTypes: Object.fromEntries(stage.takes.map((name) => [name, typeOf(name)])),
        // gpu.js ends a loop whose length it does not know at 1000 otherwise.
        loopMaxIterations: 1 << 24,
      });
      this.#compiled.set(key, compiled);
    }
    return compiled;
  }
}

export class DevicePlan<Name extends string> {
  readonly #plan: Plan;
  readonly #inputs: readonly DeviceValue[];

  constructor(plan: Plan, input: GpuJs['input'], inputs: readonly Matrix[]) {
    this.#plan = plan;
    this.#inputs = inputs.map(({ cells, rows, columns }) => input(packed(cells), [columns, rows]));
  }

  /** Date-major answers by name; missing is NaN again. */
  async run(): Promise<Record<Name, Float32Array>> {
    const answers = await this.#plan(...this.#inputs);
    return Object.fromEntries(Object.entries(answers).map(([name, rows]) => [name, unpack(joined(rows))])) as Record<
      Name,
      Float32Array
    >;
  }

  /** How gpu.js runs the plan, known after the first run: `fused-...` where nothing between two kernels is copied. */
  get executor(): string {
    const { executorKind, fallbackReason } = this.#plan;
    return fallbackReason === null ? executorKind : `${executorKind}: ${fallbackReason}`;
  }

  async release(): Promise<void> {
    await this.#plan.destroy();
  }
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]?.length ?? 0;
  const cells = new Float32Array(width * rows.length);
  for (const [t, row] of rows.entries()) cells.set(row, t * width);
  return cells;
}

/** The name is not a literal, so that building does not need the package. */
async function load(name: string, mode: DeviceMode): Promise<object> {
  try {
    const module = (await import(name)) as { default?: object };
    return { ...module.default, ...module };
  } catch (cause) {
    const absent = (cause as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
    const install = name === 'webgpu' ? 'npm i --no-save webgpu' : 'npm i gpu.js';
    const reason = absent
      ? `the package ${name} is not installed`
      : `the package ${name} does not load: ${(cause as Error).message.split('\n')[0]}`;
    throw new NoDevice(mode, reason, `Install it with ${install}`, { cause });
  }
}

interface WebGpu {
  requestAdapter(): Promise<{
    readonly info: Readonly<Record<'vendor' | 'architecture' | 'device' | 'description', string>> & {
      readonly isFallbackAdapter?: boolean;
    };
    readonly limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number };
  } | null>;
}

/** Dawn becomes `navigator.gpu`, which is where gpu.js looks; Node before 21 has no navigator at all. */
async function openWebGpu(gpu: GpuJs): Promise<Adapter> {
  const place = globalThis as { navigator?: { gpu?: WebGpu } };
  if (!place.navigator?.gpu) {
    const dawn = (await load('webgpu', 'webgpu')) as { create(flags: string[]): unknown; globals: object };
    Object.assign(globalThis, dawn.globals);
    if (!place.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
    Object.defineProperty(place.navigator, 'gpu', { value: dawn.create([]), configurable: true });
  }
  // The one that gpu.js asks for too.
  const adapter = await place.navigator?.gpu?.requestAdapter();
  if (!adapter || !(await gpu.GPU.isWebGPUAvailable())) {
    const remedy = 'Install the driver of the graphics card; on Linux, the one for Vulkan';
    throw new NoDevice('webgpu', 'WebGPU loads, and no adapter answers', remedy);
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
