/** gpu.js and what it computes on. It is optional as Dawn is: loaded when a device is opened, named when it is absent. */
import { packed, unpack } from './cells.ts';
import { type Adapter, adapterOf, type DeviceMode, load, NoDevice, openWebGpu } from './dawn.ts';
import { type Stage, textOf, typeOf } from './stage.ts';
import { type WatchedDevice, type Watching, watch } from './watched-device.ts';

/** A matrix on the device, or one promised while a plan is being made. */
export type DeviceValue = object;

/** A kernel: what it gives depends on its settings, and in `webgpu` is promised. */
export interface Compiled {
  (...values: (DeviceValue | number)[]): unknown;
  setOutput(output: [number, number]): void;
}
interface Plan {
  (...inputs: DeviceValue[]): Promise<Record<string, Rows>>;
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
  readonly GPU: new (settings: { mode: DeviceMode }) => Library;
  readonly input: (cells: Float32Array, size: [number, number]) => DeviceValue;
}
/** As gpu.js gives a matrix back. */
export type Rows = readonly Float32Array[];

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly cells: Float32Array;
}

/** What a stage is called with besides earlier stages. */
export interface StageInputs<Value> {
  readonly series: Readonly<Record<string, Value>>;
  readonly numbers: Readonly<Record<string, number>>;
}

export class Device {
  readonly mode: DeviceMode;
  /** None in `webasm`. */
  readonly adapter: Adapter | undefined;
  readonly #library: Library;
  readonly #input: GpuJs['input'];
  readonly #compiled = new Map<string, Compiled>();
  readonly #watching: Watching | undefined;
  #watched: WatchedDevice | undefined;

  private constructor(mode: DeviceMode, gpu: GpuJs, adapter?: Adapter, watching?: Watching) {
    this.mode = mode;
    this.adapter = adapter;
    this.#watching = watching;
    this.#library = new gpu.GPU({ mode });
    this.#input = gpu.input;
  }

  /** Fails with the reason where the mode cannot be had. */
  static async open(mode: DeviceMode): Promise<Device> {
    const gpu = (await load('gpu.js', mode)) as GpuJs;
    if (mode === 'webasm') return new Device(mode, gpu);
    const webGpu = await openWebGpu();
    const adapter = await adapterOf(webGpu);
    const watching = watch(webGpu);
    return new Device(mode, gpu, adapter, watching);
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

  /** What became of the graphics device; undefined before the first kernel, and in `webasm`. */
  get watched(): WatchedDevice | undefined {
    this.#watched ??= this.#watching?.device;
    return this.#watched;
  }

  /**
   * Notes the stages of one operator on matrices of `rows` and `columns`, while a plan is made: nothing is computed yet,
   * and the answer can be the input of the next.
   */
  run(
    stages: readonly Stage[],
    { series, numbers }: StageInputs<DeviceValue>,
    rows: number,
    columns: number,
  ): DeviceValue {
    const named: Record<string, DeviceValue | number> = { ...numbers, ...series };
    let answer: DeviceValue | undefined;
    for (const stage of stages) {
      const output = [widthOf(stage, columns), rows] as const;
      answer = this.#noted(stage, output)(...argumentsOf(stage, named)) as DeviceValue;
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
    const packedInputs = inputs.map((matrix) => this.input({ ...matrix, cells: packed(matrix.cells) }));
    return new DevicePlan(this.#library.createPipeline(made, { threads: false }), packedInputs);
  }

  async close(): Promise<void> {
    this.#compiled.clear();
    await this.#library.destroy();
  }

  /** A stage as gpu.js compiles it; settings are its own. */
  kernel(stage: Stage, settings: object): Compiled {
    return this.#library.createKernel(textOf(stage), {
      argumentTypes: Object.fromEntries(stage.takes.map((name) => [name, typeOf(name)])),
      // gpu.js ends a loop whose length it does not know at 1000 otherwise.
      loopMaxIterations: 1 << 24,
      ...settings,
    });
  }

  /** Cells as gpu.js takes them. */
  input({ rows, columns, cells }: Matrix): DeviceValue {
    return this.#input(cells, [columns, rows]);
  }

  #noted(stage: Stage, output: readonly [number, number]): Compiled {
    const key = `${output} ${textOf(stage)}`;
    const compiled = this.#compiled.get(key) ?? this.kernel(stage, { output: [...output] });
    this.#compiled.set(key, compiled);
    return compiled;
  }
}

export class DevicePlan<Name extends string> {
  readonly #plan: Plan;
  readonly #inputs: readonly DeviceValue[];

  constructor(plan: Plan, inputs: readonly DeviceValue[]) {
    this.#plan = plan;
    this.#inputs = inputs;
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

/** The arguments of a stage, in order. */
export function argumentsOf<Value>({ name, takes }: Stage, named: Readonly<Record<string, Value>>): Value[] {
  return takes.map((taken) => {
    const value = named[taken];
    if (value === undefined) throw new Error(`${name} is not given ${taken}`);
    return value;
  });
}

/** The columns of what a stage gives. */
export const widthOf = ({ gives }: Stage, columns: number): number => (gives === 'cells' ? columns : gives);

export function joined(rows: Rows): Float32Array {
  const width = rows[0]?.length ?? 0;
  const cells = new Float32Array(width * rows.length);
  for (const [t, row] of rows.entries()) cells.set(row, t * width);
  return cells;
}
