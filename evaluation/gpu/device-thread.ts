/**
 * The one thread that has the device. One: kernels of two would wait for each other there.
 *
 * A thread that is ended while Dawn has yet to answer takes the process along. So it is asked to: it gives its device up,
 * waits for what is under way, and is ended then; one that does not answer within some seconds hangs in its driver, and is left.
 */
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { firstLine } from '../../core/failure.ts';
import { builtFile } from '../../core/package-root.ts';
import { threadFlags } from '../../core/thread-flags.ts';
import { type DeviceMode, NoDevice } from '../../operators/gpu/dawn.ts';
import {
  type Answer,
  assignment,
  type DeviceState,
  type ObserveTask,
  type ScoreTask,
  type Task,
  type WorkerSetting,
} from '../task.ts';
import { taskLimitMs } from '../task-limit.ts';
import type { DeviceSetting } from './device-tasks.ts';
import type { FromDevice, ToDevice } from './serve-device.ts';

export interface DeviceOptions {
  readonly mode: DeviceMode;
  /** The most bytes of a matrix there, where that is to be less than the device binds. */
  readonly largestBytes?: number | undefined;
  /** The thread's module, when it is not evaluation/gpu/worker.ts. */
  readonly workerFile?: string | undefined;
  /** How long programs may take; without, as long as its size explains many times over. */
  readonly taskLimitMs?: number | undefined;
}

/** A device that waits for something says nothing; whatever a graphics card does, it does in less. */
const leastLimitMs = 10 * 60_000;
/** Where the device is this processor: its ranks compare each symbol with all others. */
const patience = 50;
/** For a thread to give its device up. */
const graceMs = 3000;

export class DeviceThread {
  readonly #setting: DeviceSetting;
  readonly #limit: number | undefined;
  readonly #worker: Worker;
  /** 1 when the thread can be ended; here the thread is told so while this one waits at the process's exit. */
  readonly #ready: Int32Array;
  #slow: boolean;
  #lost: string | undefined;
  #answer: ((answer: Answer) => void) | undefined;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(setting: WorkerSetting, { mode, largestBytes, workerFile, taskLimitMs: limit }: DeviceOptions) {
    this.#ready = new Int32Array(new SharedArrayBuffer(4));
    this.#setting = { ...setting, device: { mode, largestBytes } };
    this.#limit = limit;
    this.#slow = mode === 'webasm';
    this.#worker = new Worker(workerFile ?? builtFile('evaluation', 'gpu', 'worker.js'), {
      workerData: { ...this.#setting, ready: this.#ready },
      ...threadFlags(),
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromDevice) => {
      if (message.kind === 'answer') this.#settle(message.answer);
      else if (message.kind === 'crashed') this.#lose(message.detail);
    });
    this.#worker.on('error', (error) => this.#lose(inspect(error)));
    this.#worker.on('exit', (code) => this.#lose(`the thread of the device ended with exit code ${code}`));
    process.on('exit', this.#atExit);
  }

  /** Fails with the reason where the device cannot be had. */
  static async open(setting: WorkerSetting, options: DeviceOptions): Promise<DeviceThread> {
    const thread = new DeviceThread(setting, options);
    const answer = await thread.#asked({ kind: 'device' });
    if (answer.kind === 'device') {
      thread.#slow ||= answer.device.adapter?.software === true;
      return thread;
    }
    await thread.close();
    const reason = answer.kind === 'no-device' ? answer.reason : thread.#lost;
    const remedy = answer.kind === 'no-device' ? answer.remedy : 'Update the driver of the graphics card';
    throw new NoDevice(options.mode, reason ?? answer.kind, remedy);
  }

  /** Undefined when it is lost. */
  async state(): Promise<DeviceState | undefined> {
    const answer = await this.#asked({ kind: 'device' });
    return answer.kind === 'device' ? answer.device : undefined;
  }

  run(task: ScoreTask | ObserveTask): Promise<Answer> {
    return this.#asked(task);
  }

  /** Tasks under way and those that wait are answered as lost. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#lose('the device is closed');
    if (await this.#gaveUp()) await this.#worker.terminate();
    process.off('exit', this.#atExit);
  }

  /** Whether the thread can be ended. On this processor nothing is ever under way beside it. */
  get #harmless(): boolean {
    // A thread that is gone has no number.
    return this.#setting.device.mode === 'webasm' || this.#worker.threadId === -1 || Atomics.load(this.#ready, 0) === 1;
  }

  /** Whether it can be, when it is asked to give its device up. */
  async #gaveUp(): Promise<boolean> {
    if (this.#harmless) return true;
    this.#tell({ kind: 'end' });
    const limit = new AbortController();
    const ended = new Promise<void>((resolve) => {
      this.#worker.on('message', ({ kind }: FromDevice) => kind === 'ended' && resolve());
      this.#worker.once('exit', () => resolve());
    });
    await Promise.race([ended, setTimeout(graceMs, undefined, { signal: limit.signal }).catch(() => {})]);
    limit.abort();
    return this.#harmless;
  }

  /** Nothing is awaited any more then, but the thread has a loop of its own. */
  readonly #atExit = (): void => {
    if (this.#harmless) return;
    this.#tell({ kind: 'end' });
    Atomics.wait(this.#ready, 0, 0, graceMs);
  };

  /** One after another. */
  #asked(task: Task): Promise<Answer> {
    const turn = this.#lastTurn.then(() => this.#ask(task));
    this.#lastTurn = turn;
    return turn;
  }

  async #ask(task: Task): Promise<Answer> {
    if (this.#lost !== undefined) return { kind: 'device-lost', reason: this.#lost };
    const limitMs = this.#limitMs(task);
    const late = globalThis.setTimeout(() => this.#lose(`it did not answer for ${limitMs / 1000} s`), limitMs);
    try {
      return await new Promise<Answer>((resolve) => {
        this.#answer = resolve;
        this.#tell({ kind: 'task', assignment: assignment(task, { address: 0, bytes: 0 }) });
      });
    } finally {
      clearTimeout(late);
    }
  }

  #limitMs(task: Task): number {
    if (task.kind === 'device') return leastLimitMs;
    return this.#limit ?? Math.max(leastLimitMs, (this.#slow ? patience : 1) * taskLimitMs(task, this.#setting));
  }

  #tell(message: ToDevice): void {
    this.#worker.postMessage(message);
  }

  #settle(answer: Answer): void {
    this.#answer?.(answer);
    this.#answer = undefined;
  }

  /** For good: nothing is asked of it any more. */
  #lose(why: string): void {
    this.#lost ??= firstLine(why);
    this.#settle({ kind: 'device-lost', reason: this.#lost });
  }
}
