/**
 * The worker threads, and one span of scratch memory for each. Tasks are handed out as spans come free, so a worker
 * that dies takes nothing with it.
 */
import { Piscina } from 'piscina';
import { builtFile } from '../core/package-root.ts';
import type { Answer, Assignment, Span, Task, WorkerSetting } from './task.ts';

export class Pool {
  readonly #piscina: Piscina<Assignment, Answer>;
  readonly #spans: Span[];
  readonly #waiting: ((span: Span) => void)[] = [];

  constructor(setting: WorkerSetting, spans: readonly Span[]) {
    this.#spans = [...spans];
    this.#piscina = new Piscina({
      filename: builtFile('evaluation', 'worker.js'),
      minThreads: spans.length,
      maxThreads: spans.length,
      idleTimeout: Number.POSITIVE_INFINITY,
      workerData: setting,
    });
  }

  get workers(): number {
    return this.#piscina.maxThreads;
  }

  async run(task: Task): Promise<Answer> {
    const span = this.#spans.pop() ?? (await new Promise<Span>((free) => this.#waiting.push(free)));
    try {
      return await this.#piscina.run({ ...task, span });
    } finally {
      const next = this.#waiting.shift();
      if (next) next(span);
      else this.#spans.push(span);
    }
  }

  async close(): Promise<void> {
    await this.#piscina.destroy();
  }
}
