/**
 * The threads of the recurrent kernels, the caller's included, over one shared memory. A call is synchronous: the caller
 * wakes the others, takes blocks like them, and waits until nobody is at work any more. A thread that has not started yet,
 * or is gone, is nobody to wait for.
 */
import { Worker } from 'node:worker_threads';
import { Arena } from '../../core/arena.ts';
import { builtFile } from '../../core/package-root.ts';
import { threadFlags } from '../../core/thread-flags.ts';
import * as control from './control.ts';
import { loadRecurrentKernels, type RecurrentKernels } from './kernels.ts';
import { takeShare, type WorkerSetting } from './worker-share.ts';

export interface CrewOptions {
  readonly threads: number;
  readonly memoryBytes: number;
  /** How long the others may take for the block they are at when the caller has none left. */
  readonly patienceMs: number;
  /** The threads' module, when it is not models/kernels/worker.ts. */
  readonly workerFile?: string | undefined;
}

/** What kernels keep below the memory they are given, and the arena around what it hands out. */
const reserved = 256 * 1024;

export class Crew {
  readonly memory: WebAssembly.Memory;
  readonly kernels: RecurrentKernels;
  /** The addresses a call may use. */
  readonly from: number;
  readonly to: number;
  readonly threads: number;
  readonly #words: Int32Array;
  readonly #workers: readonly Worker[];
  readonly #patienceMs: number;
  #closing = false;

  constructor({ threads, memoryBytes, patienceMs, workerFile }: CrewOptions) {
    const arena = new Arena(memoryBytes + reserved);
    const bytes = arena.limit - reserved;
    const count = control.presence + threads;
    const address = arena.allocate(bytes);
    this.memory = arena.memory;
    this.kernels = loadRecurrentKernels(this.memory);
    this.from = address + 64 * Math.ceil((4 * count) / 64);
    this.to = address + bytes;
    this.threads = threads;
    this.#patienceMs = patienceMs;
    this.#words = new Int32Array(this.memory.buffer, address, count);
    this.#workers = Array.from({ length: threads - 1 }, (_, i) =>
      this.#start({ memory: this.memory, control: address, words: count, thread: i + 1 }, workerFile),
    );
  }

  /** Every block of a job, or false when a thread was lost at work: then nothing in this memory is to be believed. */
  run(task: 'forward' | 'backward', job: number, scratch: { address: number; bytes: number }): boolean {
    const words = this.#words;
    const blocks = this.kernels.blocks(job);
    words[control.next] = 0;
    words[control.done] = 0;
    words[control.blocks] = blocks;
    words[control.jobAddress] = job;
    words[control.scratchAddress] = scratch.address;
    words[control.scratchBytes] = scratch.bytes;
    Atomics.store(words, control.phase, control.Phase[task]);
    if (blocks > 1) this.#wake();
    try {
      takeShare(this.kernels, words, 0);
    } finally {
      Atomics.store(words, control.phase, control.Phase.nothing);
    }
    for (let thread = 1; thread < this.threads; thread++) {
      const word = control.presence + thread;
      while (Atomics.load(words, word) === control.Presence.busy) {
        if (Atomics.wait(words, word, control.Presence.busy, this.#patienceMs) === 'timed-out') {
          this.#warn(`it does not answer for ${this.#patienceMs / 1000} s`);
          return false;
        }
      }
    }
    const whole = Atomics.load(words, control.done) === blocks;
    // Said here as well as where its error is heard: who closes the crew now will not hear of it.
    if (!whole) this.#warn('it failed at its work');
    return whole;
  }

  /** Ends the threads, those that answer and those that do not. */
  close(): void {
    this.#closing = true;
    Atomics.store(this.#words, control.phase, control.Phase.quit);
    this.#wake();
    for (const worker of this.#workers) void worker.terminate();
  }

  #wake(): void {
    Atomics.add(this.#words, control.turn, 1);
    Atomics.notify(this.#words, control.turn);
  }

  #start(setting: WorkerSetting, file = builtFile('models', 'kernels', 'worker.js')): Worker {
    const worker = new Worker(file, { workerData: setting, ...threadFlags() });
    worker.unref();
    worker.on('error', (error) => this.#warn(error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => {
      if (!this.#closing && code !== 0) this.#warn(`it ended with code ${code}`);
    });
    return worker;
  }

  #warn(what: string): void {
    process.emitWarning(`A thread of the recurrent kernels is lost (${what}). Results stay the same, but come later.`);
  }
}
