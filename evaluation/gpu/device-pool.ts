/** The one thread that has the device. One: kernels of two would wait for each other there. */
import { builtFile } from '../../core/package-root.ts';
import type { DeviceMode } from '../../operators/gpu/dawn.ts';
import type { Lost } from '../lost.ts';
import { Pool, type Settled } from '../pool.ts';
import type { DeviceState, ObserveTask, ScoreTask, WorkerSetting } from '../task.ts';

export interface DeviceOptions {
  readonly mode: DeviceMode;
  /** The most bytes of a matrix there, where that is to be less than the device binds. */
  readonly largestBytes?: number | undefined;
  /** The thread's module, when it is not evaluation/gpu/worker.ts. */
  readonly workerFile?: string | undefined;
}

/** A driver that hangs says nothing; whatever a device does, it does in less. */
const limitMs = 10 * 60_000;

export class DevicePool {
  readonly #pool: Pool;
  #closed = false;

  private constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Fails with the reason where the device cannot be had. */
  static async open(setting: WorkerSetting, { mode, largestBytes, workerFile }: DeviceOptions): Promise<DevicePool> {
    const pool = new Pool({ ...setting, device: { mode, largestBytes } }, [{ address: 0, bytes: 0 }], {
      workerFile: workerFile ?? builtFile('evaluation', 'gpu', 'worker.js'),
      taskLimitMs: limitMs,
    });
    const device = new DevicePool(pool);
    try {
      await device.state();
      return device;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  async state(): Promise<DeviceState> {
    const answer = await this.#pool.insist({ kind: 'device' });
    if (answer.kind !== 'device') throw new Error(`a device that answers ${answer.kind}`);
    return answer.device;
  }

  async run(task: ScoreTask | ObserveTask): Promise<Settled | Lost> {
    try {
      return await this.#pool.run(task);
    } catch (error) {
      if (this.#closed) return { kind: 'device-lost', reason: 'the device is closed' };
      throw error;
    }
  }

  /** Tasks that wait are answered as lost. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.close();
  }
}
