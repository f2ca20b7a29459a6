/** Between the caller's batch-major arrays and a block's rows. Lanes past the end of the batch are zero. */
import { Job } from './job';
import { LANES, ROW, rows } from './lanes';

// @ts-ignore: decorator
@inline
function laneCount(job: Job, block: i32): i32 {
  return min(LANES, job.batch - block * LANES);
}

/** numbers[lane][from ... from + steps][0 ... width] into the rows at `out`, one step every `stride` bytes. */
export function gather(
  job: Job,
  block: i32,
  numbers: usize,
  length: i32,
  from: i32,
  steps: i32,
  width: i32,
  out: usize,
  stride: usize,
): void {
  const lanes = laneCount(job, block);
  for (let lane = 0; lane < LANES; lane++) {
    let at = numbers + (<usize>(((block * LANES + lane) * length + from) * width) << 2);
    for (let t = 0; t < steps; t++) {
      let to = out + <usize>t * stride + (<usize>lane << 2);
      for (let i = 0; i < width; i++) {
        store<f32>(to, lane < lanes ? load<f32>(at) : 0);
        at += 4;
        to += ROW;
      }
    }
  }
}

/** The reverse. */
export function scatter(
  job: Job,
  block: i32,
  rowsAt: usize,
  stride: usize,
  numbers: usize,
  length: i32,
  from: i32,
  steps: i32,
  width: i32,
): void {
  const lanes = laneCount(job, block);
  for (let lane = 0; lane < lanes; lane++) {
    let to = numbers + (<usize>(((block * LANES + lane) * length + from) * width) << 2);
    for (let t = 0; t < steps; t++) {
      let at = rowsAt + <usize>t * stride + (<usize>lane << 2);
      for (let i = 0; i < width; i++) {
        store<f32>(to, load<f32>(at));
        to += 4;
        at += ROW;
      }
    }
  }
}

/** numbers[lane][step][0 ... units] added to the rows at `out`. */
export function gatherOnto(job: Job, block: i32, numbers: usize, length: i32, step: i32, out: usize): void {
  const lanes = laneCount(job, block);
  for (let lane = 0; lane < lanes; lane++) {
    let at = numbers + (<usize>(((block * LANES + lane) * length + step) * job.units) << 2);
    let to = out + (<usize>lane << 2);
    for (let i = 0; i < job.units; i++) {
      store<f32>(to, load<f32>(to) + load<f32>(at));
      at += 4;
      to += ROW;
    }
  }
}

/** As many rows of zeros. */
export function clear(at: usize, count: i32): void {
  memory.fill(at, 0, rows(count));
}
