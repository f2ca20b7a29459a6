/** The caller's weight matrices into the packed ones, and the blocks' gradients back into the caller's shape. */
import { GRU_RESET_AFTER, GRU_RESET_BEFORE, Job, LSTM } from './job';
import { add, splat, write } from './lanes';
import {
  BACK_INPUT,
  BACK_RESET,
  BACK_SCORING,
  BACK_STATE,
  biasCount,
  blockCount,
  CANDIDATE,
  CANDIDATE_INPUT,
  deltaCount,
  gateCount,
  GATES,
  gradientAt,
  gradientCount,
  MATRICES,
  matrixDepth,
  packedAt,
  packedBytes,
  SCORING,
  tileColumns,
} from './layout';

/** The gate matrix in which a column of the caller's matrices is a row. */
function matrixOf(job: Job, column: i32, ofInput: bool): i32 {
  if (job.cell == LSTM || column < 2 * job.units) return GATES;
  return ofInput && job.cell == GRU_RESET_AFTER ? CANDIDATE_INPUT : CANDIDATE;
}

// @ts-ignore: decorator
@inline
function rowOf(job: Job, matrix: i32, column: i32): i32 {
  return matrix == GATES ? column : column - 2 * job.units;
}

/** Where an input or a unit stands among what the matrix is applied to. */
function depthOf(job: Job, matrix: i32, index: i32, ofInput: bool): i32 {
  if (matrix == GATES) return ofInput ? job.units + index : index;
  return !ofInput && job.cell == GRU_RESET_BEFORE ? job.inputs + index : index;
}

/** The delta of a column on its way back to the inputs or the state. */
function backOf(job: Job, column: i32, toInput: bool): i32 {
  if (!toInput || job.cell != GRU_RESET_AFTER) return column;
  return column < 2 * job.units ? column + job.units : column - 2 * job.units;
}

// @ts-ignore: decorator
@inline
function put(job: Job, matrix: i32, row: i32, k: i32, value: f32): void {
  const pair = <usize>((row >> 1) * (matrixDepth(job, matrix) + 1) + k + 1);
  store<f32>(packedAt(job, matrix) + (pair << 3) + (<usize>(row & 1) << 2), value);
}

// @ts-ignore: decorator
@inline
function at(base: usize, index: i32): f32 {
  return load<f32>(base + (<usize>index << 2));
}

export function pack(job: Job): void {
  const columns = gateCount(job) * job.units;
  let bytes: usize = 0;
  for (let m = 0; m < MATRICES; m++) bytes += packedBytes(job, m);
  memory.fill(job.packed, 0, bytes);
  for (let i = 0; i < job.inputs; i++) {
    for (let j = 0; j < columns; j++) {
      const weight = at(job.kernel, i * columns + j);
      const m = matrixOf(job, j, true);
      put(job, m, rowOf(job, m, j), depthOf(job, m, i, true), weight);
      put(job, BACK_INPUT, i, backOf(job, j, true), weight);
    }
  }
  for (let i = 0; i < job.units; i++) {
    for (let j = 0; j < columns; j++) {
      const weight = at(job.recurrentKernel, i * columns + j);
      const m = matrixOf(job, j, false);
      put(job, m, rowOf(job, m, j), depthOf(job, m, i, false), weight);
      if (job.cell == GRU_RESET_BEFORE && m == CANDIDATE) put(job, BACK_RESET, i, j - 2 * job.units, weight);
      else put(job, BACK_STATE, i, backOf(job, j, false), weight);
    }
  }
  for (let j = 0; j < columns; j++) {
    const m = matrixOf(job, j, true);
    let bias = at(job.bias, j);
    if (job.cell == GRU_RESET_AFTER) {
      const ofState = at(job.bias, columns + j);
      if (m == GATES) bias += ofState;
      else put(job, CANDIDATE, rowOf(job, m, j), -1, ofState);
    }
    put(job, m, rowOf(job, m, j), -1, bias);
  }
  for (let j = 0; j < job.hidden; j++) {
    put(job, SCORING, j, -1, at(job.attentionBias, j));
    for (let i = 0; i < job.units; i++) {
      const weight = at(job.attentionKernel, i * job.hidden + j);
      put(job, SCORING, j, i, weight);
      put(job, BACK_SCORING, i, j, weight);
    }
  }
}

// @ts-ignore: decorator
@inline
function gradient(job: Job, totals: usize, matrix: i32, row: i32, k: i32): f32 {
  const tile = (row >> 1) * tileColumns(job, matrix) + (k >> 2);
  const index = gradientAt(job, matrix) + 8 * tile + 4 * (row & 1) + (k & 3);
  return <f32>load<f64>(totals + (<usize>index << 3));
}

/**
 * Adds the gradients of all blocks to the totals, a double for each number, in the order of the batch, which no thread
 * decides. A batch that comes in several calls goes on where it was.
 */
export function collect(job: Job, totals: usize): void {
  const count = gradientCount(job);
  let block = job.blockGradients;
  for (let b = blockCount(job); b > 0; b--) {
    for (let i = 0; i < count; i++) {
      const total = totals + (<usize>i << 3);
      store<f64>(total, load<f64>(total) + <f64>load<f32>(block + (<usize>i << 2)));
    }
    block += <usize>count << 2;
  }
}

/** The totals as the caller's matrices. */
export function finish(job: Job, totals: usize): void {
  const columns = gateCount(job) * job.units;
  for (let i = 0; i < job.inputs; i++) {
    for (let j = 0; j < columns; j++) {
      const m = matrixOf(job, j, true);
      const value = gradient(job, totals, m, rowOf(job, m, j), depthOf(job, m, i, true));
      store<f32>(job.dKernel + (<usize>(i * columns + j) << 2), value);
    }
  }
  for (let i = 0; i < job.units; i++) {
    for (let j = 0; j < columns; j++) {
      const m = matrixOf(job, j, false);
      const value = gradient(job, totals, m, rowOf(job, m, j), depthOf(job, m, i, false));
      store<f32>(job.dRecurrentKernel + (<usize>(i * columns + j) << 2), value);
    }
  }
  const sums = totals + (<usize>gradientAt(job, BACK_RESET) << 3);
  const biases = biasCount(job);
  for (let j = 0; j < biases; j++) {
    // The state's biases come second, and their deltas are z r m, after n.
    const delta = j < columns ? backOf(job, j, true) : j - columns + job.units;
    store<f32>(job.dBias + (<usize>j << 2), <f32>load<f64>(sums + (<usize>delta << 3)));
  }
  const ofBias = sums + (<usize>deltaCount(job) << 3);
  const ofScore = ofBias + (<usize>job.hidden << 3);
  for (let j = 0; j < job.hidden; j++) {
    store<f32>(job.dAttentionBias + (<usize>j << 2), <f32>load<f64>(ofBias + (<usize>j << 3)));
    store<f32>(job.dAttentionScore + (<usize>j << 2), <f32>load<f64>(ofScore + (<usize>j << 3)));
    for (let i = 0; i < job.units; i++) {
      store<f32>(job.dAttentionKernel + (<usize>(i * job.hidden + j) << 2), gradient(job, totals, SCORING, j, i));
    }
  }
}

/** The four lanes of every sum of a block added, into its own place. */
export function finishBlock(job: Job, block: i32, sums: usize): void {
  const count = gradientCount(job);
  let out = job.blockGradients + (<usize>(block * count) << 2);
  for (let i = 0; i < count; i++) {
    const pairs = add(v128.load(sums), v128.shuffle<i32>(v128.load(sums), v128.load(sums), 2, 3, 0, 1));
    store<f32>(out, f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1));
    sums += 16;
    out += 4;
  }
}

export function clearSums(job: Job, sums: usize): void {
  const end = sums + (<usize>gradientCount(job) << 4);
  for (let at = sums; at < end; at += 16) write(at, splat(0));
}
