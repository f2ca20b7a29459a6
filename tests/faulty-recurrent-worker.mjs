/** A thread of the recurrent kernels that takes a block as the real one does, and then fails as FAULTY_RECURRENT says. */
import { workerData } from 'node:worker_threads';
import * as control from '../dist/models/kernels/control.js';

const words = new Int32Array(workerData.memory.buffer, workerData.control, workerData.words);
const presence = control.presence + workerData.thread;
process.on('exit', () => {
  Atomics.store(words, presence, control.Presence.dead);
  Atomics.notify(words, presence);
});

for (;;) {
  const seen = Atomics.load(words, control.turn);
  Atomics.store(words, presence, control.Presence.busy);
  const working = Atomics.load(words, control.phase) !== control.Phase.nothing;
  if (working && Atomics.add(words, control.next, 1) < Atomics.load(words, control.blocks)) break;
  Atomics.store(words, presence, control.Presence.away);
  Atomics.notify(words, presence);
  Atomics.wait(words, control.turn, seen);
}
if (process.env.FAULTY_RECURRENT === 'throw') throw new Error('a kernel is missing');
for (;;);
