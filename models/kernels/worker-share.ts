/** What the caller and its threads agree on: how a thread is started, and how it takes its part of a call. */
import * as control from './control.ts';
import type { RecurrentKernels } from './kernels.ts';

export interface WorkerSetting {
  readonly memory: WebAssembly.Memory;
  /** Byte address of the control words. */
  readonly control: number;
  readonly words: number;
  /** From 1; the caller is 0. */
  readonly thread: number;
}

/** Blocks of the batch, one after another, until none is left. What a block gives does not depend on who takes it. */
export function takeShare(kernels: RecurrentKernels, words: Int32Array, thread: number): void {
  const back = Atomics.load(words, control.phase) === control.Phase.backward;
  const blocks = Atomics.load(words, control.blocks);
  const job = Atomics.load(words, control.jobAddress);
  const scratch = Atomics.load(words, control.scratchAddress) + thread * Atomics.load(words, control.scratchBytes);
  for (;;) {
    const block = Atomics.add(words, control.next, 1);
    if (block >= blocks) return;
    if (back) kernels.backward(job, block, scratch);
    else kernels.forward(job, block, scratch);
    Atomics.add(words, control.done, 1);
  }
}
