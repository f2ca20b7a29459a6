/**
 * Matrices that stay on the device, and operators on them. A kernel is compiled once, when it is first wanted, for
 * matrices of any size; only what is read comes back.
 */
import { packed, unpack } from './cells.ts';
import type { GpuBuffer } from './dawn.ts';
import {
  argumentsOf,
  type Compiled,
  type Device,
  type DeviceValue,
  joined,
  type Matrix,
  type Rows,
  type StageInputs,
  widthOf,
} from './device.ts';
import type { DeviceFault } from './device-faults.ts';
import { type Stage, textOf } from './stage.ts';

export interface Resident {
  readonly rows: number;
  readonly columns: number;
  readonly value: DeviceValue;
}

/** What a kernel gives in `webgpu`. */
interface Handle {
  readonly buffer: GpuBuffer & { _refs?: number };
  toArray(): Promise<Rows>;
}

const copy: Stage = {
  name: 'copy',
  takes: ['x'],
  gives: 'cells',
  body: 'return x[this.thread.y][this.thread.x];',
};

export class ResidentMatrices {
  readonly #device: Device;
  readonly #compiled = new Map<string, Compiled>();
  #bytes = 0;
  #peak = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  /** Bytes at once, at most so far: of the device's memory in `webgpu`, but for what gpu.js uploads and reads through. */
  get peak(): number {
    return this.#device.watched?.pool.peak ?? this.#peak;
  }

  /** Why what is there cannot be believed any more. */
  get fault(): DeviceFault | undefined {
    return this.#device.watched?.faults.first;
  }

  upload(matrix: Matrix): Promise<Resident> {
    const { rows, columns } = matrix;
    const cells = this.#device.input({ rows, columns, cells: packed(matrix.cells) });
    return this.#call(copy, [cells], rows, columns);
  }

  /** The last stage's answer; what the others gave is released. */
  async run(
    stages: readonly Stage[],
    { series, numbers }: StageInputs<Resident>,
    rows: number,
    columns: number,
  ): Promise<Resident> {
    const named: Record<string, Resident | number> = { ...numbers, ...series };
    const between: Resident[] = [];
    for (const stage of stages) {
      const values = argumentsOf(stage, named).map((value) => (typeof value === 'number' ? value : value.value));
      const answer = await this.#call(stage, values, rows, widthOf(stage, columns));
      between.push(answer);
      named[stage.name] = answer;
    }
    const answer = between.pop();
    if (!answer) throw new Error('no stages to run');
    for (const resident of between) this.release(resident);
    return answer;
  }

  /** Date-major; missing is NaN again. */
  async read({ value }: Resident): Promise<Float32Array> {
    if (this.#device.mode === 'webasm') return unpack((value as { value: Float32Array }).value.slice());
    return unpack(joined(await (value as Handle).toArray()));
  }

  release({ value, rows, columns }: Resident): void {
    this.#bytes -= 4 * rows * columns;
    if (this.#device.mode === 'webgpu') (value as Handle).buffer.destroy();
  }

  async #call(
    stage: Stage,
    values: readonly (DeviceValue | number)[],
    rows: number,
    columns: number,
  ): Promise<Resident> {
    const kernel = this.#kernel(stage);
    kernel.setOutput([columns, rows]);
    const given = await kernel(...values);
    this.#bytes += 4 * rows * columns;
    this.#peak = Math.max(this.#peak, this.#bytes);
    if (this.#device.mode === 'webgpu') {
      // The kernel thinks the buffer its own until it is called again, and would have it destroyed then.
      (given as Handle).buffer._refs = Number.POSITIVE_INFINITY;
      return { rows, columns, value: given as Handle };
    }
    const [first] = given as Rows;
    const cells = new Float32Array(first?.buffer ?? new ArrayBuffer(0), first?.byteOffset ?? 0, rows * columns);
    return { rows, columns, value: this.#device.input({ rows, columns, cells }) };
  }

  #kernel(stage: Stage): Compiled {
    const text = textOf(stage);
    const compiled =
      this.#compiled.get(text) ??
      this.#device.kernel(stage, {
        output: [1, 1],
        pipeline: true,
        immutable: true,
        dynamicOutput: true,
        dynamicArguments: true,
      });
    this.#compiled.set(text, compiled);
    return compiled;
  }
}
