/**
 * Where things lie. Within a block of the batch everything is rows (lanes.ts), and one step of a block is a *slot*:
 *
 *   LSTM               [h | x | c | i f g o | tanh c']        h, c as the step finds them; the next slot has what it leaves
 *   GRU, reset before  [h | x | r h | z r n]
 *   GRU, reset after   [h | x | z r m n]                      m is the state's part of n before r is applied
 *
 * The order is chosen so that every product takes neighbouring rows: gates from [h | x], a reset candidate from [x | r h].
 * The gradients of the gates before activation are the *deltas* of a step: i f g o, z r n, or n z r m (n z r go
 * back to the inputs, z r m to the state). With attention those of its scoring layer follow; the layer itself takes their
 * place before.
 */
import { GRU_RESET_AFTER, GRU_RESET_BEFORE, Job, LSTM } from './job';
import { LANES, rows } from './lanes';

export function gateCount(job: Job): i32 {
  return job.cell == LSTM ? 4 : 3;
}

export function biasCount(job: Job): i32 {
  return gateCount(job) * job.units * (job.cell == GRU_RESET_AFTER ? 2 : 1);
}

export function blockCount(job: Job): i32 {
  return (job.batch + LANES - 1) / LANES;
}

export function segmentCount(job: Job): i32 {
  return (job.steps + job.segment - 1) / job.segment;
}

// Rows of a slot.

export function inputRow(job: Job): i32 {
  return job.units;
}

/** c of an LSTM, r h of a GRU that resets before. */
export function extraRow(job: Job): i32 {
  return job.units + job.inputs;
}

export function gateRow(job: Job): i32 {
  return extraRow(job) + (job.cell == GRU_RESET_AFTER ? 0 : job.units);
}

/** An odd number of cache lines: an even one would map the same row of all steps to few sets of the cache. */
// @ts-ignore: decorator
@inline
function odd(lines: i32): usize {
  return rows(lines | 1);
}

/** Products write rows in pairs, so there is one to spare. */
export function slotBytes(job: Job): usize {
  const gates = job.cell == LSTM ? 5 : job.cell == GRU_RESET_AFTER ? 4 : 3;
  return odd(gateRow(job) + gates * job.units + 1);
}

export function deltaCount(job: Job): i32 {
  return (job.cell == GRU_RESET_BEFORE ? 3 : 4) * job.units;
}

export function deltaBytes(job: Job): usize {
  return odd(deltaCount(job) + job.hidden + 1);
}

/** h, and c of an LSTM. */
export function stateBytes(job: Job): usize {
  return rows(job.cell == LSTM ? 2 * job.units : job.units);
}

/** What forward keeps of a block: states by segment; with attention the shares of all steps and the context. */
export function blockTapeBytes(job: Job): usize {
  return contextAt(job, 0) + rows(job.hidden ? job.units : 0);
}

/** Of a block whose tape begins there. */
export function sharesAt(job: Job, tape: usize): usize {
  return tape + <usize>segmentCount(job) * stateBytes(job);
}

export function contextAt(job: Job, tape: usize): usize {
  return sharesAt(job, tape) + rows(job.hidden ? job.steps : 0);
}

// The matrices products are taken with. The first three give gates from a slot, the next scores; these four have gradients.

/** Gates from [h | x]: all of an LSTM, z and r of a GRU. */
// @ts-ignore: decorator
@inline
export const GATES: i32 = 0;
/** n of a GRU from [x | r h], or m from h. */
// @ts-ignore: decorator
@inline
export const CANDIDATE: i32 = 1;
/** n from x, when reset comes after. */
// @ts-ignore: decorator
@inline
export const CANDIDATE_INPUT: i32 = 2;
/** Attention's layer from the h a step leaves. */
// @ts-ignore: decorator
@inline
export const SCORING: i32 = 3;
/** Back from n to r h, when reset comes before. */
// @ts-ignore: decorator
@inline
export const BACK_RESET: i32 = 4;
/** Back from deltas to h. */
// @ts-ignore: decorator
@inline
export const BACK_STATE: i32 = 5;
/** Back from deltas to x. */
// @ts-ignore: decorator
@inline
export const BACK_INPUT: i32 = 6;
/** Back from attention's layer to the h it was made of. */
// @ts-ignore: decorator
@inline
export const BACK_SCORING: i32 = 7;
// @ts-ignore: decorator
@inline
export const MATRICES: i32 = 8;

export function matrixRows(job: Job, matrix: i32): i32 {
  const u = job.units;
  switch (matrix) {
    case GATES:
      return job.cell == LSTM ? 4 * u : 2 * u;
    case CANDIDATE:
      return job.cell == LSTM ? 0 : u;
    case CANDIDATE_INPUT:
      return job.cell == GRU_RESET_AFTER ? u : 0;
    case SCORING:
      return job.hidden;
    case BACK_RESET:
      return job.cell == GRU_RESET_BEFORE ? u : 0;
    case BACK_STATE:
      return u;
    case BACK_SCORING:
      return job.hidden ? u : 0;
    default:
      return job.inputs;
  }
}

export function matrixDepth(job: Job, matrix: i32): i32 {
  const u = job.units;
  switch (matrix) {
    case GATES:
      return u + job.inputs;
    case CANDIDATE:
      return job.cell == GRU_RESET_BEFORE ? u + job.inputs : u;
    case CANDIDATE_INPUT:
      return job.inputs;
    case SCORING:
    case BACK_RESET:
      return u;
    case BACK_SCORING:
      return job.hidden;
    case BACK_STATE:
      return job.cell == LSTM ? 4 * u : job.cell == GRU_RESET_AFTER ? 3 * u : 2 * u;
    default:
      return job.cell == LSTM ? 4 * u : 3 * u;
  }
}

/** The row of a slot that a gate matrix is applied to; for SCORING the first of the next slot. */
export function matrixInput(job: Job, matrix: i32): i32 {
  if (matrix == SCORING) return <i32>(slotBytes(job) >> 6);
  const fromInput = matrix == CANDIDATE_INPUT || (matrix == CANDIDATE && job.cell == GRU_RESET_BEFORE);
  return fromInput ? inputRow(job) : 0;
}

/** The first of the deltas that belong to a matrix with gradients. */
export function matrixDelta(job: Job, matrix: i32): i32 {
  if (matrix == SCORING) return deltaCount(job);
  if (job.cell == GRU_RESET_AFTER) return matrix == GATES ? job.units : matrix == CANDIDATE ? 3 * job.units : 0;
  return matrix == GATES ? 0 : 2 * job.units;
}

// Packed, a matrix is pairs of rows: their two biases, then for every input its two weights.

export function packedBytes(job: Job, matrix: i32): usize {
  return <usize>(((matrixRows(job, matrix) + 1) >> 1) * (matrixDepth(job, matrix) + 1)) << 3;
}

export function packedAt(job: Job, matrix: i32): usize {
  let at = job.packed;
  for (let m = 0; m < matrix; m++) at += packedBytes(job, m);
  return at;
}

// Gradients of a block are whole tiles of two rows and four inputs, matrix after matrix, and then the sums
// of the deltas, and the gradients of attention's scores.

// @ts-ignore: decorator
@inline
export function tileRows(job: Job, matrix: i32): i32 {
  return (matrixRows(job, matrix) + 1) >> 1;
}

// @ts-ignore: decorator
@inline
export function tileColumns(job: Job, matrix: i32): i32 {
  return (matrixDepth(job, matrix) + 3) >> 2;
}

/** Where a matrix begins among the gradients of a block, in numbers; the sums of the deltas follow the last. */
export function gradientAt(job: Job, matrix: i32): i32 {
  let at = 0;
  for (let m = 0; m < matrix; m++) at += 8 * tileRows(job, m) * tileColumns(job, m);
  return at;
}

export function gradientCount(job: Job): i32 {
  return gradientAt(job, BACK_RESET) + deltaCount(job) + 2 * job.hidden;
}

// Scratch of a thread.

export function slotsAt(scratch: usize): usize {
  return scratch;
}

/** One slot more than there are steps: the last is what the segment leaves. */
export function deltasAt(job: Job, scratch: usize): usize {
  return scratch + <usize>(job.segment + 1) * slotBytes(job);
}

/** dh, and dc or what comes back to r h; each with a row to spare. */
export function gradientsAt(job: Job, scratch: usize): usize {
  return deltasAt(job, scratch) + <usize>job.segment * deltaBytes(job);
}

/** A vector for every number of a block's gradients. */
export function sumsAt(job: Job, scratch: usize): usize {
  return gradientsAt(job, scratch) + rows(2 * (job.units + 1));
}

/** Rows of attention's own: one for each step of a segment, three, and the gradients of the context. */
export function attentionAt(job: Job, scratch: usize): usize {
  return (sumsAt(job, scratch) + (<usize>gradientCount(job) << 4) + 63) & ~63;
}

export function scratchBytes(job: Job): usize {
  return attentionAt(job, 0) + rows(job.hidden ? job.segment + 3 + job.units : 0);
}
