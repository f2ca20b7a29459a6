/**
 * The worker threads, and one span of scratch memory for each. Tasks are handed out as spans come free, so a worker
 * that dies takes nothing with it.
 */
import { Piscina } from 'piscina';
import { EvolveError } from '../core/failure.ts';
import { builtFile } from '../core/package-root.ts';
import type { Answer, Assignment, FailedAnswer, Span, Task, WorkerSetting } from './task.ts';

export class Pool {
  readonly #piscina: Piscina<Assignment, Answer>;
  readonly #spans: Span[];
  readonly #waiting: ((span: Span) => void)[] = [];
  #closed = false;

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

  async run(task: Task): Promise<Exclude<Answer, FailedAnswer>> {
    const span = this.#spans.pop() ?? (await new Promise<Span>((free) => this.#waiting.push(free)));
    try {
      // A destroyed pool would start new threads, which nobody would end.
      if (this.#closed) throw new Error('the evaluator is closed');
      const answer = await this.#piscina.run({ ...task, span });
      if (answer.kind === 'failed') throw new EvolveError(answer.code, answer.sentence, { details: answer.details });
      return answer;
    } finally {
      const next = this.#waiting.shift();
      if (next) next(span);
      else this.#spans.push(span);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#piscina.destroy();
  }
}
