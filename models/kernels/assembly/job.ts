/**
 * What a call works on: a record in the shared memory, written by models/kernels/job.ts in this order, read by every thread.
 * Arrays of the caller are batch-major, as tensors are; addresses are bytes, 0 where there is nothing.
 */

// @ts-ignore: decorator
@inline
export const GRU_RESET_BEFORE: i32 = 0;
// @ts-ignore: decorator
@inline
export const GRU_RESET_AFTER: i32 = 1;
// @ts-ignore: decorator
@inline
export const LSTM: i32 = 2;

@unmanaged
export class Job {
  cell: i32;
  batch: i32;
  steps: i32;
  inputs: i32;
  units: i32;
  /** Steps computed between two checkpoints: what backward keeps in the cache. */
  segment: i32;
  /** 1 when the state after every step is the answer, 0 when only the last is. */
  sequences: i32;
  /** [batch][steps][inputs] */
  x: usize;
  /** [inputs][gates * units] */
  kernel: usize;
  /** [units][gates * units] */
  recurrentKernel: usize;
  /** [gates * units], twice that when reset comes after: for inputs, then for the state. */
  bias: usize;
  /** The weights as products() wants them. */
  packed: usize;
  /** The state at the start of every segment, for every block. */
  tape: usize;
  /** [batch][units], [batch][steps][units], or with attention [batch][last state, context][units]. */
  out: usize;
  dOut: usize;
  /** As x. */
  dX: usize;
  /** Gradients of the weights, one of each per block. */
  blockGradients: usize;
  dKernel: usize;
  dRecurrentKernel: usize;
  dBias: usize;
  /** Units of the layer by which attention scores a step; 0 without attention. */
  hidden: i32;
  /** [units][hidden] */
  attentionKernel: usize;
  /** [hidden] */
  attentionBias: usize;
  /** [hidden] */
  attentionScore: usize;
  dAttentionKernel: usize;
  dAttentionBias: usize;
  dAttentionScore: usize;
}
