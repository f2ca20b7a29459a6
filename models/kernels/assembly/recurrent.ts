/** GRU and LSTM over whole sequences, with attention too, forward and back: what a thread is asked for. See docs/notes/recurrent.md. */
import * as activations from './activations';
import { backwardBlock } from './backward';
import { forwardBlock } from './forward';
import { Job } from './job';
import * as layout from './layout';
import * as weights from './weights';

export function pack(job: usize): void {
  weights.pack(changetype<Job>(job));
}

export function forward(job: usize, block: i32, scratch: usize): void {
  forwardBlock(changetype<Job>(job), block, scratch);
}

export function backward(job: usize, block: i32, scratch: usize): void {
  backwardBlock(changetype<Job>(job), block, scratch);
}

export function collect(job: usize, totals: usize): void {
  weights.collect(changetype<Job>(job), totals);
}

export function finish(job: usize, totals: usize): void {
  weights.finish(changetype<Job>(job), totals);
}

export function blocks(job: usize): i32 {
  return layout.blockCount(changetype<Job>(job));
}

// Bytes to be had before a call: of scratch for every thread, of packed weights, of the tape.

export function scratchBytes(job: usize): usize {
  return layout.scratchBytes(changetype<Job>(job));
}

export function packedBytes(job: usize): usize {
  const it = changetype<Job>(job);
  return layout.packedAt(it, layout.MATRICES) - it.packed;
}

export function tapeBytes(job: usize): usize {
  const it = changetype<Job>(job);
  return <usize>layout.blockCount(it) * layout.blockTapeBytes(it);
}

/** How many numbers a block has in blockGradients, and the totals have. */
export function gradients(job: usize): i32 {
  return layout.gradientCount(changetype<Job>(job));
}

/** In place: sigmoid, or tanh. For the tests of their errors. */
export function activate(numbers: usize, count: i32, hyperbolic: bool): void {
  const end = numbers + (<usize>count << 2);
  for (let at = numbers; at < end; at += 16) {
    const x = v128.load(at);
    v128.store(at, hyperbolic ? activations.tanh(x) : activations.sigmoid(x));
  }
}
