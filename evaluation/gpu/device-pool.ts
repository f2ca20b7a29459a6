/** The one thread that has the device. One: kernels of two would wait for each other there. */
import { firstLine } from '../../core/failure.ts';
import { builtFile } from '../../core/package-root.ts';
import { type DeviceMode, NoDevice } from '../../operators/gpu/dawn.ts';
import type { Lost } from '../lost.ts';
import { Pool, type Settled } from '../pool.ts';
import type { Answer, DeviceState, ObserveTask, ScoreTask, Task, WorkerSetting } from '../task.ts';
import { taskLimitMs } from '../task-limit.ts';

export interface DeviceOptions {
  readonly mode: DeviceMode;
  /** The most bytes of a matrix there, where that is to be less than the device binds. */
  readonly largestBytes?: number | undefined;
  /** The thread's module, when it is not evaluation/gpu/worker.ts. */
  readonly workerFile?: string | undefined;
}

/** A device that waits for something says nothing; whatever a graphics card does, it does in less. */
const leastLimitMs = 10 * 60_000;
/** Where the device is this processor: its ranks compare each symbol with all others. */
const patience = 50;

type Gone = Extract<Answer, { readonly kind: 'device-lost' }>;

export class DevicePool {
  readonly #pool: Pool;
  #closed = false;

  private constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Fails with the reason where the device cannot be had. */
  static async open(setting: WorkerSetting, { mode, largestBytes, workerFile }: DeviceOptions): Promise<DevicePool> {
    let slow = mode === 'webasm';
    const limit = (task: Task): number => Math.max(leastLimitMs, (slow ? patience : 1) * taskLimitMs(task, setting));
    const pool = new Pool({ ...setting, device: { mode, largestBytes } }, [{ address: 0, bytes: 0 }], {
      workerFile: workerFile ?? builtFile('evaluation', 'gpu', 'worker.js'),
      taskLimitMs: limit,
    });
    try {
      const answer = await pool.run({ kind: 'device' });
      if (answer.kind !== 'device') {
        const reason = answer.kind === 'lost' ? firstLine(answer.detail) : answer.kind;
        throw new NoDevice(mode, `opening it ends its thread: ${reason}`, 'Update the driver of the graphics card');
      }
      slow ||= answer.device.adapter?.software === true;
      return new DevicePool(pool);
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Undefined when it is lost. */
  async state(): Promise<DeviceState | undefined> {
    const answer = await this.#asked({ kind: 'device' });
    return answer.kind === 'device' ? answer.device : undefined;
  }

  run(task: ScoreTask | ObserveTask): Promise<Settled | Lost> {
    return this.#asked(task);
  }

  /** Tasks that wait are answered as lost. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.close();
  }

  /** Whatever keeps the thread from answering, such as a driver that is gone when it begins again, is a loss. */
  async #asked(task: Task): Promise<Settled | Lost | Gone> {
    try {
      return await this.#pool.run(task);
    } catch (error) {
      const reason = this.#closed ? 'the device is closed' : firstLine((error as Error).message);
      return { kind: 'device-lost', reason };
    }
  }
}
