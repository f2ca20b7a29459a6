/** A block of the batch through time. */
import { sigmoid, tanh } from './activations';
import { attend, finishAttention, startAttention } from './attention';
import { clear, gather, scatter } from './exchange';
import { GRU_RESET_AFTER, Job, LSTM } from './job';
import { add, mul, read, rows, sub, write } from './lanes';
import {
  attentionAt,
  blockTapeBytes,
  CANDIDATE,
  CANDIDATE_INPUT,
  contextAt,
  deltasAt,
  extraRow,
  gateRow,
  GATES,
  inputRow,
  matrixDepth,
  matrixInput,
  matrixRows,
  packedAt,
  segmentCount,
  slotBytes,
  stateBytes,
} from './layout';
import { products } from './products';

export function forwardBlock(job: Job, block: i32, slots: usize): void {
  startState(job, slots);
  const tape = job.tape + <usize>block * blockTapeBytes(job);
  const own = attentionAt(job, slots);
  if (job.hidden) startAttention(job, tape, own);
  const stride = slotBytes(job);
  for (let segment = 0; segment < segmentCount(job); segment++) {
    const from = segment * job.segment;
    const steps = min(job.segment, job.steps - from);
    if (job.tape) moveState(job, slots, checkpoint(job, block, segment), true);
    runSegment(job, block, from, steps, slots);
    if (job.hidden) attend(job, tape, from, steps, slots, deltasAt(job, slots), own);
    const last = slots + <usize>steps * stride;
    if (job.sequences) scatter(job, block, slots + stride, stride, job.out, job.steps, from, steps, job.units);
    moveState(job, last, slots, false);
  }
  if (job.hidden) {
    finishAttention(job, tape, own);
    scatter(job, block, slots, stride, job.out, 2, 0, 1, job.units);
    scatter(job, block, contextAt(job, tape), 0, job.out, 2, 1, 1, job.units);
  } else if (!job.sequences) scatter(job, block, slots, stride, job.out, 1, 0, 1, job.units);
}

/** A segment again from its checkpoint, for its gates; every bit as the first time. */
export function repeatSegment(job: Job, block: i32, segment: i32, from: i32, steps: i32, slots: usize): void {
  const at = checkpoint(job, block, segment);
  memory.copy(slots, at, rows(job.units));
  if (job.cell == LSTM) memory.copy(slots + rows(extraRow(job)), at + rows(job.units), rows(job.units));
  runSegment(job, block, from, steps, slots);
}

function checkpoint(job: Job, block: i32, segment: i32): usize {
  return job.tape + <usize>block * blockTapeBytes(job) + <usize>segment * stateBytes(job);
}

function startState(job: Job, slot: usize): void {
  clear(slot, job.units);
  if (job.cell == LSTM) clear(slot + rows(extraRow(job)), job.units);
}

/** To another slot, or to a checkpoint, where c follows h. */
function moveState(job: Job, slot: usize, to: usize, compact: bool): void {
  memory.copy(to, slot, rows(job.units));
  if (job.cell != LSTM) return;
  memory.copy(to + rows(compact ? job.units : extraRow(job)), slot + rows(extraRow(job)), rows(job.units));
}

function runSegment(job: Job, block: i32, from: i32, steps: i32, slots: usize): void {
  const stride = slotBytes(job);
  gather(job, block, job.x, job.steps, from, steps, job.inputs, slots + rows(inputRow(job)), stride);
  for (let t = 0; t < steps; t++) {
    const slot = slots + <usize>t * stride;
    if (job.cell == LSTM) stepLstm(job, slot, slot + stride);
    else if (job.cell == GRU_RESET_AFTER) stepResetAfter(job, slot, slot + stride);
    else stepResetBefore(job, slot, slot + stride);
  }
}

// @ts-ignore: decorator
@inline
function gates(job: Job, matrix: i32, slot: usize, out: usize): void {
  const input = slot + rows(matrixInput(job, matrix));
  products(packedAt(job, matrix), matrixRows(job, matrix), matrixDepth(job, matrix), input, out, false);
}

function stepLstm(job: Job, slot: usize, next: usize): void {
  const size = rows(job.units);
  let i = slot + rows(gateRow(job));
  gates(job, GATES, slot, i);
  let c = slot + rows(extraRow(job));
  let nextC = next + rows(extraRow(job));
  let nextH = next;
  for (const end = i + size; i < end; i += 16) {
    const input = sigmoid(read(i));
    const forget = sigmoid(read(i + size));
    const fresh = tanh(read(i + 2 * size));
    const output = sigmoid(read(i + 3 * size));
    const cell = add(mul(forget, read(c)), mul(input, fresh));
    const squashed = tanh(cell);
    write(i, input);
    write(i + size, forget);
    write(i + 2 * size, fresh);
    write(i + 3 * size, output);
    write(i + 4 * size, squashed);
    write(nextC, cell);
    write(nextH, mul(output, squashed));
    c += 16;
    nextC += 16;
    nextH += 16;
  }
}

function stepResetBefore(job: Job, slot: usize, next: usize): void {
  const size = rows(job.units);
  const z = slot + rows(gateRow(job));
  gates(job, GATES, slot, z);
  const resetH = slot + rows(extraRow(job));
  for (let o: usize = 0; o < size; o += 16) {
    write(z + o, sigmoid(read(z + o)));
    const r = sigmoid(read(z + size + o));
    write(z + size + o, r);
    write(resetH + o, mul(r, read(slot + o)));
  }
  const n = z + 2 * size;
  gates(job, CANDIDATE, slot, n);
  for (let o: usize = 0; o < size; o += 16) {
    const fresh = tanh(read(n + o));
    write(n + o, fresh);
    write(next + o, add(fresh, mul(read(z + o), sub(read(slot + o), fresh))));
  }
}

function stepResetAfter(job: Job, slot: usize, next: usize): void {
  const size = rows(job.units);
  const z = slot + rows(gateRow(job));
  const m = z + 2 * size;
  const n = m + size;
  gates(job, GATES, slot, z);
  gates(job, CANDIDATE, slot, m); // before n: an odd unit's spare row falls on it
  gates(job, CANDIDATE_INPUT, slot, n);
  for (let o: usize = 0; o < size; o += 16) {
    const update = sigmoid(read(z + o));
    const reset = sigmoid(read(z + size + o));
    const fresh = tanh(add(read(n + o), mul(reset, read(m + o))));
    write(z + o, update);
    write(z + size + o, reset);
    write(n + o, fresh);
    write(next + o, add(fresh, mul(update, sub(read(slot + o), fresh))));
  }
}
