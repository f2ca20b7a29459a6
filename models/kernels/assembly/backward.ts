/**
 * Back through time. A segment is computed again from its checkpoint, so that its gates are in the cache when its steps are
 * walked backwards; products that do not wait for the step before (weights, inputs) are taken a segment at a time.
 */
import { attendBack, startAttentionBack, throughAttention } from './attention';
import { clear, gatherOnto, scatter } from './exchange';
import { repeatSegment } from './forward';
import { GRU_RESET_AFTER, GRU_RESET_BEFORE, Job, LSTM } from './job';
import { add, mul, read, ROW, rows, splat, sub, write } from './lanes';
import {
  attentionAt,
  BACK_INPUT,
  BACK_RESET,
  BACK_STATE,
  blockTapeBytes,
  deltaBytes,
  deltaCount,
  deltasAt,
  extraRow,
  gateRow,
  gradientAt,
  gradientsAt,
  matrixDelta,
  matrixDepth,
  matrixInput,
  matrixRows,
  packedAt,
  segmentCount,
  slotBytes,
  sumsAt,
  tileColumns,
  tileRows,
} from './layout';
import { outer, products, total } from './products';
import { clearSums, finishBlock } from './weights';

export function backwardBlock(job: Job, block: i32, scratch: usize): void {
  const slots = scratch;
  const deltas = deltasAt(job, scratch);
  const dh = gradientsAt(job, scratch);
  const dc = dh + rows(job.units + 1);
  const sums = sumsAt(job, scratch);
  clear(dh, 2 * (job.units + 1));
  clearSums(job, sums);
  const tape = job.tape + <usize>block * blockTapeBytes(job);
  const own = attentionAt(job, scratch);
  if (job.hidden) startAttentionBack(job, block, tape, own);
  const stride = slotBytes(job);
  const deltaStride = deltaBytes(job);
  for (let segment = segmentCount(job) - 1; segment >= 0; segment--) {
    const from = segment * job.segment;
    const steps = min(job.segment, job.steps - from);
    repeatSegment(job, block, segment, from, steps, slots);
    if (job.hidden) attendBack(job, tape, from, steps, slots, deltas, sums, own);
    for (let t = steps - 1; t >= 0; t--) {
      const delta = deltas + <usize>t * deltaStride;
      if (job.hidden) throughAttention(job, tape, from + t, delta, own, dh);
      if (job.sequences) gatherOnto(job, block, job.dOut, job.steps, from + t, dh);
      else if (from + t == job.steps - 1) gatherOnto(job, block, job.dOut, job.hidden ? 2 : 1, 0, dh);
      const slot = slots + <usize>t * stride;
      if (job.cell == LSTM) backLstm(job, slot, delta, dh, dc);
      else if (job.cell == GRU_RESET_AFTER) backResetAfter(job, slot, delta, dh);
      else backResetBefore(job, slot, delta, dh, dc);
    }
    addWeights(job, slots, deltas, steps, sums);
    if (job.dX) writeInputs(job, block, deltas, from, steps, slots);
  }
  finishBlock(job, block, sums);
}

function addWeights(job: Job, slots: usize, deltas: usize, steps: i32, sums: usize): void {
  const stride = slotBytes(job);
  const deltaStride = deltaBytes(job);
  for (let m = 0; m < BACK_RESET; m++) {
    outer(
      sums + (<usize>gradientAt(job, m) << 4),
      deltas + rows(matrixDelta(job, m)),
      deltaStride,
      tileRows(job, m),
      slots + rows(matrixInput(job, m)),
      stride,
      tileColumns(job, m),
      steps,
    );
  }
  total(sums + (<usize>gradientAt(job, BACK_RESET) << 4), deltas, deltaStride, deltaCount(job) + job.hidden, steps);
}

/** The slots have served, so their rows take the inputs' gradients. */
function writeInputs(job: Job, block: i32, deltas: usize, from: i32, steps: i32, slots: usize): void {
  const stride = slotBytes(job);
  for (let t = 0; t < steps; t++) {
    back(job, BACK_INPUT, deltas + <usize>t * deltaBytes(job), slots + <usize>t * stride, false);
  }
  scatter(job, block, slots, stride, job.dX, job.steps, from, steps, job.inputs);
}

// @ts-ignore: decorator
@inline
function back(job: Job, matrix: i32, deltas: usize, out: usize, onto: bool): void {
  products(packedAt(job, matrix), matrixRows(job, matrix), matrixDepth(job, matrix), deltas, out, onto);
}

/** g * y * (1 - y): through a sigmoid that gave y. */
// @ts-ignore: decorator
@inline
function throughSigmoid(g: v128, y: v128): v128 {
  return mul(mul(g, y), sub(splat(1), y));
}

/** g * (1 - y²): through a tanh that gave y. */
// @ts-ignore: decorator
@inline
function throughTanh(g: v128, y: v128): v128 {
  return mul(g, sub(splat(1), mul(y, y)));
}

function backLstm(job: Job, slot: usize, delta: usize, dh: usize, dc: usize): void {
  const size = rows(job.units);
  const gate = slot + rows(gateRow(job));
  const c = slot + rows(extraRow(job));
  for (let o: usize = 0; o < size; o += 16) {
    const input = read(gate + o);
    const forget = read(gate + size + o);
    const fresh = read(gate + 2 * size + o);
    const output = read(gate + 3 * size + o);
    const squashed = read(gate + 4 * size + o);
    const g = read(dh + o);
    const dCell = add(read(dc + o), throughTanh(mul(g, output), squashed));
    write(delta + o, throughSigmoid(mul(dCell, fresh), input));
    write(delta + size + o, throughSigmoid(mul(dCell, read(c + o)), forget));
    write(delta + 2 * size + o, throughTanh(mul(dCell, input), fresh));
    write(delta + 3 * size + o, throughSigmoid(mul(g, squashed), output));
    write(dc + o, mul(dCell, forget));
  }
  back(job, BACK_STATE, delta, dh, false);
}

function backResetBefore(job: Job, slot: usize, delta: usize, dh: usize, dResetH: usize): void {
  const size = rows(job.units);
  const z = slot + rows(gateRow(job));
  for (let o: usize = 0; o < size; o += 16) {
    const g = read(dh + o);
    const update = read(z + o);
    const fresh = read(z + 2 * size + o);
    write(delta + o, throughSigmoid(mul(g, sub(read(slot + o), fresh)), update));
    write(delta + 2 * size + o, throughTanh(mul(g, sub(splat(1), update)), fresh));
    write(dh + o, mul(g, update));
  }
  back(job, BACK_RESET, delta + 2 * size, dResetH, false);
  for (let o: usize = 0; o < size; o += 16) {
    const g = read(dResetH + o);
    const reset = read(z + size + o);
    write(delta + size + o, throughSigmoid(mul(g, read(slot + o)), reset));
    write(dh + o, add(read(dh + o), mul(g, reset)));
  }
  back(job, BACK_STATE, delta, dh, true);
}

function backResetAfter(job: Job, slot: usize, delta: usize, dh: usize): void {
  const size = rows(job.units);
  const z = slot + rows(gateRow(job));
  for (let o: usize = 0; o < size; o += 16) {
    const g = read(dh + o);
    const update = read(z + o);
    const reset = read(z + size + o);
    const fresh = read(z + 3 * size + o);
    const dFresh = throughTanh(mul(g, sub(splat(1), update)), fresh);
    write(delta + o, dFresh);
    write(delta + size + o, throughSigmoid(mul(g, sub(read(slot + o), fresh)), update));
    write(delta + 2 * size + o, throughSigmoid(mul(dFresh, read(z + 2 * size + o)), reset));
    write(delta + 3 * size + o, mul(dFresh, reset));
    write(dh + o, mul(g, update));
  }
  back(job, BACK_STATE, delta + size, dh, true);
}
