/** What a device is asked: programs' daily correlations with the label, on a stretch of dates. */

import { setImmediate as turn } from 'node:timers/promises';
import type { Matrix } from '../../core/arena.ts';
import { dailyCorrelation, score } from '../../operators/gpu/cross-section.ts';
import { Device } from '../../operators/gpu/device.ts';
import { type Resident, ResidentMatrices } from '../../operators/gpu/resident.ts';
import { oldest } from '../../operators/gpu/rolling.ts';
import { rowNumbers, type Stage } from '../../operators/gpu/stage.ts';
import type { Expression } from '../../program/expression.ts';
import { nothing, type PartialMean, withMore } from '../mean.ts';
import { type Found, observed } from '../observed.ts';
import { type Plan, plan } from '../plan.ts';
import type { Answer, Dates, DeviceState, ObserveTask, ScoreTask, WorkerSetting } from '../task.ts';
import { DeviceMarket } from './device-market.ts';
import { runOnDevice } from './run-on-device.ts';

/** No matrix is larger, whatever the device binds: a task holds some dozen of them at a time. */
const largestMatrix = 256 * 1024 ** 2;

/** Of the thread that has the device. */
export type DeviceSetting = WorkerSetting & { readonly device: NonNullable<WorkerSetting['device']> };

export class DeviceTasks {
  readonly #setting: DeviceSetting;
  readonly #device: Device;
  readonly #residents: ResidentMatrices;
  readonly #market: DeviceMarket;

  private constructor(setting: DeviceSetting, device: Device) {
    this.#setting = setting;
    this.#device = device;
    this.#residents = new ResidentMatrices(device);
    const { memory, columns } = setting;
    const largest = setting.device.largestBytes ?? Math.min(largestMatrix, device.adapter?.largestBinding ?? Infinity);
    this.#market = new DeviceMarket(this.#residents, memory, columns, largest);
  }

  static async open(setting: DeviceSetting): Promise<DeviceTasks> {
    return new DeviceTasks(setting, await Device.open(setting.device.mode));
  }

  get state(): DeviceState {
    const { mode, adapter } = this.#device;
    return { mode, adapter, peakBytes: this.#residents.peak };
  }

  /** What is under way fails from here on. */
  giveUp(): void {
    this.#device.watched?.destroy();
  }

  async do(task: ScoreTask | ObserveTask): Promise<Answer> {
    let found: readonly Found[] | undefined;
    let thrown: unknown;
    try {
      found = await this.#found(task);
    } catch (error) {
      thrown = error;
    }
    // Why a device is lost is heard of a little later than that it answers nothing.
    await turn();
    const { fault } = this.#residents;
    if (fault) return { kind: 'device-lost', reason: fault.reason };
    if (thrown !== undefined) throw thrown;
    if (!found) return { kind: 'too-large' };
    return task.kind === 'score'
      ? { kind: 'scores', scores: found }
      : { kind: 'observed', observations: observed(task, this.#setting, found) };
  }

  /** In the order of the programs; undefined when the device cannot hold what they need. */
  async #found(task: ScoreTask | ObserveTask): Promise<Found[] | undefined> {
    const { programs, from, to, label, labelDelay } = task;
    const last = task.kind === 'observe' ? task.last : undefined;
    const fields = new Set<Matrix>();
    const graph = this.#planOf(task, fields);
    const found = programs.map(() => ({
      ic: new Float64Array(to - from),
      counts: new Float64Array(to - from),
      turnover: nothing,
      against: (last?.against ?? []).map(() => nothing),
    }));
    // Kernels are told one after another; what they give is looked at when all of them are, in the order they were told.
    const reading: { readonly cells: Promise<Float32Array>; readonly use: (cells: Float32Array) => void }[] = [];
    const later = (answer: Resident, use: (cells: Float32Array) => void): void => {
      const cells = this.#residents.read(answer);
      // Whoever waits for it hears of it; a failure before that must not end the process.
      cells.catch(() => {});
      reading.push({ cells, use });
      this.#residents.release(answer);
    };
    try {
      const fits = await runOnDevice(graph, {
        residents: this.#residents,
        market: this.#market,
        columns: this.#setting.columns,
        from,
        to,
        label,
        labelDelay,
        stays: (leaf) => fields.has(leaf),
        lead: last?.turnover ? 1 : 0,
        consume: async (program, values, stretch) => {
          const one = found[program] as (typeof found)[number];
          const x = await this.#market.last(values, stretch.to - stretch.from);
          const method = task.labelRanks ? 'rank' : 'pearson';
          later(await this.#beside(label, stretch, x.resident, score[method]), (pairs) => {
            for (let t = stretch.from; t < stretch.to; t++) {
              one.ic[t - from] = pairs[2 * (t - stretch.from)] as number;
              one.counts[t - from] = pairs[2 * (t - stretch.from) + 1] as number;
            }
          });
          for (const [k, other] of (last?.against ?? []).entries()) {
            later(await this.#beside(other, stretch, x.resident, dailyCorrelation), (daily) => {
              one.against[k] = withMore(one.against[k] as PartialMean, daily);
            });
          }
          if (x.own) this.#residents.release(x.resident);
          if (!last?.turnover) return;
          later(await this.#likeBefore(values, stretch, stretch.from > from ? 1 : 0), (daily) => {
            one.turnover = withMore(one.turnover, daily);
          });
        },
      });
      for (const { cells, use } of reading) use(await cells);
      return fits ? found : undefined;
    } finally {
      // The thread must not end before Dawn has answered.
      await Promise.allSettled(reading.map(({ cells }) => cells));
    }
  }

  /** The plan, and in `fields` those of its leaves that stay as they are. */
  #planOf({ programs, available, labelDelay }: ScoreTask | ObserveTask, fields: Set<Matrix>): Plan {
    const leaf = (expression: Expression): Matrix | undefined => {
      const matrix = available.get(expression.key);
      if (matrix && expression.node === 'field') fields.add(matrix);
      return matrix;
    };
    return plan(programs, leaf, labelDelay);
  }

  /** Values on a stretch and a matrix of the market. */
  async #beside(other: Matrix, stretch: Dates, x: Resident, stages: readonly Stage[]): Promise<Resident> {
    const y = await this.#market.kept(other, stretch);
    const answer = await this.#correlated(x, y.resident, stages);
    if (y.own) this.#residents.release(y.resident);
    return answer;
  }

  /** Correlations of the dates of a stretch with the dates before; the first has one when there are rows before it. */
  async #likeBefore(values: Resident, { from, to }: Dates, lead: number): Promise<Resident> {
    const residents = this.#residents;
    const x = await this.#market.last(values, to - from + lead);
    const { rows, columns } = x.resident;
    const before = await residents.run(oldest.daily, { series: { x: x.resident }, numbers: { s: 1 } }, rows, columns);
    const answer = await this.#correlated(x.resident, before, dailyCorrelation);
    residents.release(before);
    if (x.own) residents.release(x.resident);
    return answer;
  }

  #correlated(x: Resident, y: Resident, stages: readonly Stage[]): Promise<Resident> {
    const { rows, columns } = x;
    return this.#residents.run(stages, { series: { x, y }, numbers: rowNumbers(columns) }, rows, columns);
  }
}
