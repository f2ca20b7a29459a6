/** Who computes scores, and what judgements rest on: the device while there is one, else the workers. */
import type { Lost } from '../lost.ts';
import type { Pool, Settled } from '../pool.ts';
import type { DeviceState, ObserveTask, ScoreTask } from '../task.ts';
import type { DeviceThread } from './device-thread.ts';

export class Scorers {
  readonly #workers: Pool;
  readonly #onLost: ((reason: string) => void) | undefined;
  #device: DeviceThread | undefined;
  /** Of devices that were given up. */
  #closing: Promise<void> = Promise.resolve();

  /** `onLost` hears once why the device cannot go on. */
  constructor(workers: Pool, device?: DeviceThread, onLost?: (reason: string) => void) {
    this.#workers = workers;
    this.#device = device;
    this.#onLost = onLost;
  }

  /** Tasks that are computed at a time. */
  get atOnce(): number {
    return this.#device ? 1 : this.#workers.workers;
  }

  /** Undefined where the workers compute everything. */
  async state(): Promise<DeviceState | undefined> {
    return this.#device?.state();
  }

  /** What the device cannot hold, be it one program, and what is left when it is lost, the workers do. */
  async run(task: ScoreTask | ObserveTask, order?: { readonly urgent: boolean }): Promise<Settled | Lost> {
    const device = this.#device;
    if (!device) return this.#workers.run(task, order);
    const answer = await device.run(task);
    if (answer.kind === 'scores' || answer.kind === 'observed') return answer;
    // Of several programs one may be what is too large: whose digits a program has must not depend on its company.
    if (answer.kind === 'too-large' && task.programs.length > 1) return answer;
    // Tasks that waited for it are lost with it, one after another.
    if (answer.kind !== 'too-large' && this.#device === device) {
      this.drop();
      this.#onLost?.(answer.kind === 'device-lost' ? answer.reason : answer.kind);
    }
    return this.#workers.run(task, order);
  }

  /** From here on the workers compute everything. */
  drop(): void {
    const device = this.#device;
    this.#device = undefined;
    if (!device) return;
    this.#closing = Promise.all([this.#closing, device.close()]).then(() => {});
    this.#closing.catch(() => {}); // close() hears of it
  }

  async close(): Promise<void> {
    this.drop();
    await this.#closing;
  }
}
