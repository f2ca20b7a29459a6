/** Threads that train networks, each one at a time. Which thread trains which makes no difference to what comes out. */
import { Worker } from 'node:worker_threads';
import { EvolveError } from '../../core/failure.ts';
import { builtFile } from '../../core/package-root.ts';
import { threadFlags } from '../../core/thread-flags.ts';
import type { TrainingJob, TrainingMessage, TrainingSetting } from './training-job.ts';

export type ThreadNews = Extract<TrainingMessage, { readonly kind: 'epoch' | 'trained' }>;

/**
 * Does the jobs on so many threads, fewer when there are fewer jobs; says how each goes. False when it was to leave
 * before all were done.
 */
export async function trainOnThreads(
  threads: number,
  setting: TrainingSetting,
  jobs: readonly TrainingJob[],
  onNews: (job: TrainingJob, news: ThreadNews) => void,
): Promise<boolean> {
  const waiting = [...jobs];
  const crew = Array.from({ length: Math.min(threads, jobs.length) }, () => new TrainingThread(setting));
  const work = async (thread: TrainingThread): Promise<boolean> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      if (Atomics.load(setting.leave, 0) !== 0) return false;
      const its = job;
      if (!(await thread.train(its, (news) => onNews(its, news)))) return false;
    }
    return true;
  };
  try {
    const all = await Promise.all(crew.map(work));
    return all.every((done) => done);
  } finally {
    // One that failed takes the others along: their epochs so far are kept.
    Atomics.store(setting.leave, 0, 1);
    await Promise.all(crew.map((thread) => thread.close()));
  }
}

class TrainingThread {
  readonly #worker: Worker;
  readonly #ready: Promise<void>;
  #hear: (message: TrainingMessage) => void = () => {};
  #fail: (error: unknown) => void = () => {};
  #ended: Error | undefined;

  constructor(setting: TrainingSetting) {
    this.#worker = new Worker(builtFile('models', 'training', 'training-worker.js'), {
      workerData: setting,
      ...threadFlags(),
    });
    this.#ready = new Promise((resolve, reject) => {
      this.#hear = (message) => (message.kind === 'failed' ? reject(failure(message)) : resolve());
      this.#fail = reject;
    });
    this.#ready.catch(() => {}); // whoever has a job for it hears of it
    this.#worker.on('message', (message: TrainingMessage) => {
      try {
        this.#hear(message);
      } catch (error) {
        this.#fail(error); // of whoever is told how it goes
      }
    });
    this.#worker.on('error', (error) => this.#end(error as Error));
    this.#worker.on('exit', (code) => this.#end(new Error(`a training thread ended by itself, with code ${code}`)));
  }

  /** Whoever waits for it hears of it, or whoever has the next job for it. */
  #end(error: Error): void {
    this.#ended ??= error;
    this.#fail(error);
  }

  /** Whether it was done. */
  async train(job: TrainingJob, onNews: (news: ThreadNews) => void): Promise<boolean> {
    await this.#ready;
    if (this.#ended) throw this.#ended;
    return await new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#hear = (message) => {
        switch (message.kind) {
          case 'epoch':
            return onNews(message);
          case 'trained':
            onNews(message);
            return resolve(true);
          case 'left':
            return resolve(false);
          case 'failed':
            return reject(failure(message));
          case 'ready':
            throw new Error('a training thread is ready a second time');
        }
      };
      this.#worker.postMessage(job);
    });
  }

  /** A thread in the middle of a batch first ends it. */
  async close(): Promise<void> {
    this.#fail = () => {};
    await this.#worker.terminate();
  }
}

const failure = ({ code, sentence, details }: Extract<TrainingMessage, { readonly kind: 'failed' }>): EvolveError =>
  new EvolveError(code, sentence, { details });
