/**
 * A thread beside the caller's. It never returns to its event loop: it sleeps in shared memory until there is something to
 * do, which is how a synchronous call can have help.
 */
import { workerData } from 'node:worker_threads';
import * as control from './control.ts';
import { loadRecurrentKernels } from './kernels.ts';
import { takeShare, type WorkerSetting } from './worker-share.ts';

const setting = workerData as WorkerSetting;
const words = new Int32Array(setting.memory.buffer, setting.control, setting.words);
const presence = control.presence + setting.thread;

// Whoever waits for this thread hears at once when it ends by an error.
process.on('exit', () => {
  Atomics.store(words, presence, control.Presence.dead);
  Atomics.notify(words, presence);
});

const kernels = loadRecurrentKernels(setting.memory);
for (;;) {
  const seen = Atomics.load(words, control.turn);
  // Busy first, and only then a look at what there is: the caller ends a call in the opposite order.
  Atomics.store(words, presence, control.Presence.busy);
  const phase = Atomics.load(words, control.phase);
  if (phase === control.Phase.quit) break;
  if (phase !== control.Phase.nothing) takeShare(kernels, words, setting.thread);
  Atomics.store(words, presence, control.Presence.away);
  Atomics.notify(words, presence);
  Atomics.wait(words, control.turn, seen);
}
