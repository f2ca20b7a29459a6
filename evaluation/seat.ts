/**
 * A place for one worker thread, with the span of scratch memory that is its own. A task that ends its thread is
 * answered by a value, and not before that thread can no longer write anywhere; another thread takes the place.
 *
 * Each seat has a Piscina of one thread: which thread a task ended, and when it is really gone, is then plain.
 */
import { inspect } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { threadFlags } from '../core/thread-flags.ts';
import type { Lost } from './lost.ts';
import { type Answer, type Assignment, assignment, type Span, type Task, type WorkerSetting } from './task.ts';

/** Of JavaScript objects, in MiB: eight times what a busy thread has. Values are in the arena; who needs more runs away. */
const heap = 256;

interface Thread {
  readonly pool: Piscina<Assignment, Answer>;
  readonly worker: Worker;
  /** When it has loaded what it needs; rejected when it ends before. */
  readonly ready: Promise<void>;
  /** When it is gone. */
  readonly gone: Promise<void>;
}

export class Seat {
  readonly #setting: WorkerSetting;
  readonly #span: Span;
  readonly #file: string;
  #thread: Thread;
  #closed = false;

  /** `file` is the thread's module. */
  constructor(setting: WorkerSetting, span: Span, file: string) {
    this.#setting = setting;
    this.#span = span;
    this.#file = file;
    this.#thread = this.#start();
  }

  /** One task at a time. */
  async run(task: Task, limitMs: number): Promise<Answer | Lost> {
    const thread = await this.#living();
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), limitMs);
    try {
      return await thread.pool.run(assignment(task, this.#span), { signal: limit.signal });
    } catch (error) {
      const lost = limit.signal.aborted ? late(limitMs) : lostBy(error);
      await this.#restart();
      return lost;
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await end(this.#thread);
  }

  /** What a thread takes to begin is not its first task's time. */
  async #living(): Promise<Thread> {
    const { pool, worker } = this.#thread;
    if (pool.threads[0] !== worker) await this.#restart(); // it ended between tasks
    const thread = this.#thread;
    thread.worker.ref(); // the process has something to wait for
    await thread.ready;
    thread.worker.unref();
    return thread;
  }

  async #restart(): Promise<void> {
    await end(this.#thread);
    // Nobody would end a thread that begins now.
    if (this.#closed) throw closed();
    this.#thread = this.#start();
  }

  #start(): Thread {
    const pool = new Piscina<Assignment, Answer>({
      filename: this.#file,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      workerData: this.#setting,
      resourceLimits: { maxOldGenerationSizeMb: heap },
      ...threadFlags(),
    });
    const [worker] = pool.threads;
    if (!worker) throw new Error('a pool without its thread');
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const ready = new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve()); // Piscina's word that the module is loaded
      pool.on('error', reject);
      gone.then(() => reject(this.#closed ? closed() : new Error('a worker ended before it began')));
    });
    ready.catch(() => {}); // whoever has a task for it hears of it
    return { pool, worker, ready, gone };
  }
}

/** Piscina begins another thread in the place of one that dies, up to its very exit: that one goes too. */
async function end({ pool, gone }: Thread): Promise<void> {
  await pool.destroy();
  await gone;
  await pool.destroy();
}

const closed = (): Error => new Error('the evaluator is closed');

const late = (limitMs: number): Lost => ({ kind: 'lost', why: 'out-of-time', detail: `${limitMs / 1000} s were over` });

function lostBy(error: unknown): Lost {
  const outOfMemory = (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
  const detail = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  return { kind: 'lost', why: outOfMemory ? 'out-of-memory' : 'crashed', detail };
}
