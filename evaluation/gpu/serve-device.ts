/** The device's thread: a task, an answer, and an end in order. */
import { inspect } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Assignment } from '../task.ts';

export type ToDevice = { readonly kind: 'task'; readonly assignment: Assignment } | { readonly kind: 'end' };
export type FromDevice =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'crashed'; readonly detail: string }
  | { readonly kind: 'ended' };

/** `end` resolves when nothing of the device is under way. */
export function serve(work: (assignment: Assignment) => Promise<Answer>, end: () => Promise<void>): void {
  const { ready } = workerData as { readonly ready: Int32Array };
  const tell = (message: FromDevice): void => parentPort?.postMessage(message);
  const crashed = (error: unknown): void => tell({ kind: 'crashed', detail: inspect(error) });
  // A thread that ends by itself would end in the middle of something.
  process.on('uncaughtException', crashed);
  parentPort?.on('message', async (message: ToDevice) => {
    if (message.kind === 'task') {
      await work(message.assignment).then((answer) => tell({ kind: 'answer', answer }), crashed);
      return;
    }
    await end().catch(crashed);
    Atomics.store(ready, 0, 1);
    Atomics.notify(ready, 0);
    tell({ kind: 'ended' });
  });
}
