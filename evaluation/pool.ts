/**
 * The worker threads, each with its span of scratch memory. Tasks are handed out as threads come free; a task that ends
 * its thread, or takes longer than it may, takes nothing else with it.
 */
import { EvolveError } from '../core/failure.ts';
import { builtFile } from '../core/package-root.ts';
import type { Lost } from './lost.ts';
import { Seat } from './seat.ts';
import type { Answer, FailedAnswer, Span, Task, WorkerSetting } from './task.ts';
import { taskLimitMs } from './task-limit.ts';

export interface PoolOptions {
  /** The threads' module, when it is not evaluation/worker.ts. */
  readonly workerFile?: string | undefined;
  /** How long any task may take; without, as long as its size explains many times over. */
  readonly taskLimitMs?: number | undefined;
}

/** An answer that is no failure. */
export type Settled = Exclude<Answer, FailedAnswer>;

export class Pool {
  readonly #setting: WorkerSetting;
  readonly #options: PoolOptions;
  readonly #seats: readonly Seat[];
  readonly #free: Seat[];
  readonly #waiting: ((seat: Seat) => void)[] = [];
  #closed = false;

  constructor(setting: WorkerSetting, spans: readonly Span[], options: PoolOptions = {}) {
    this.#setting = setting;
    this.#options = options;
    const file = options.workerFile ?? builtFile('evaluation', 'worker.js');
    this.#seats = spans.map((span) => new Seat(setting, span, file));
    this.#free = [...this.#seats];
  }

  get workers(): number {
    return this.#seats.length;
  }

  /**
   * A task that is lost is a value: it may be its programs' doing. An urgent one goes before those that wait: what is
   * heavy must not begin last, when nobody is left to share the work.
   */
  async run(task: Task, { urgent = false } = {}): Promise<Settled | Lost> {
    const turn = () => new Promise<Seat>((free) => (urgent ? this.#waiting.unshift(free) : this.#waiting.push(free)));
    const seat = this.#free.pop() ?? (await turn());
    try {
      if (this.#closed) throw new Error('the evaluator is closed');
      const answer = await seat.run(task, this.#options.taskLimitMs ?? taskLimitMs(task, this.#setting));
      if (answer.kind === 'failed') throw new EvolveError(answer.code, answer.sentence, { details: answer.details });
      return answer;
    } finally {
      const next = this.#waiting.shift();
      if (next) next(seat);
      else this.#free.push(seat);
    }
  }

  /** A task that is no program's own: it is tried twice, and lost again it is our bug. */
  async insist(task: Task): Promise<Settled> {
    const first = await this.run(task);
    if (first.kind !== 'lost') return first;
    const second = await this.run(task);
    if (second.kind !== 'lost') return second;
    throw new Error(`a ${task.kind} task lost its worker twice: ${second.detail}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#seats.map((seat) => seat.close()));
  }
}
