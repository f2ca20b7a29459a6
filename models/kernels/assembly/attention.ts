/**
 * Attention over the states of a block of the batch, a segment at a time, while they are in the cache:
 *
 *   score = v'tanh(h W + b)    shares = softmax over steps of score    context = sum of share * h
 *
 * No state is kept for it. On the way there sums of powers are relative to the largest score so far and scaled down when a
 * larger one comes; on the way back the states are there again with the segment, and the layer is computed again from them.
 */
import { powerOfTwo, tanh } from './activations';
import { clear, gatherOnto } from './exchange';
import { Job } from './job';
import { add, mul, read, ROW, rows, splat, sub, write } from './lanes';
import {
  BACK_RESET,
  BACK_SCORING,
  contextAt,
  deltaBytes,
  deltaCount,
  gradientAt,
  packedAt,
  SCORING,
  sharesAt,
  slotBytes,
} from './layout';
import { products } from './products';

// Rows of a thread's own: first one for each step of a segment. Then, on the way there:

// @ts-ignore: decorator
@inline
function topAt(job: Job, own: usize): usize {
  return own + rows(job.segment);
}

// @ts-ignore: decorator
@inline
function sumAt(job: Job, own: usize): usize {
  return topAt(job, own) + ROW;
}

// @ts-ignore: decorator
@inline
function factorAt(job: Job, own: usize): usize {
  return sumAt(job, own) + ROW;
}

// And on the way back:

/** dContext'context, which is taken off every dContext'h, since shares add up to 1. */
// @ts-ignore: decorator
@inline
function offsetAt(job: Job, own: usize): usize {
  return own + rows(job.segment);
}

// @ts-ignore: decorator
@inline
function slopeAt(job: Job, own: usize): usize {
  return offsetAt(job, own) + ROW;
}

/** exp(x) of differences. */
// @ts-ignore: decorator
@inline
function exp(x: v128): v128 {
  return powerOfTwo(mul(x, splat(1.44269504)));
}

export function startAttention(job: Job, tape: usize, own: usize): void {
  clear(contextAt(job, tape), job.units);
  clear(sumAt(job, own), 1);
  const top = topAt(job, own);
  for (let o: usize = 0; o < ROW; o += 16) write(top + o, splat(-3e38));
}

/** The states of a segment are in the slots after the first. `layer` is scratch of a step. */
export function attend(
  job: Job,
  tape: usize,
  from: i32,
  steps: i32,
  slots: usize,
  layer: usize,
  own: usize,
): void {
  const stride = slotBytes(job);
  const states = slots + stride;
  const scores = sharesAt(job, tape) + rows(from);
  const packed = packedAt(job, SCORING);
  for (let t = 0; t < steps; t++) {
    products(packed, job.hidden, job.units, states + <usize>t * stride, layer, false);
    score(layer, job.hidden, job.attentionScore, scores + rows(t));
  }
  raise(job, scores, steps, own);
  mix(job, states, stride, steps, contextAt(job, tape), own);
}

function score(layer: usize, hidden: i32, v: usize, out: usize): void {
  const size = rows(hidden);
  for (let o: usize = 0; o < ROW; o += 16) {
    let sum = splat(0);
    let weight = v;
    for (let at = layer + o; at < layer + size; at += ROW) {
      sum = add(sum, mul(v128.load32_splat(weight), tanh(read(at))));
      weight += 4;
    }
    write(out + o, sum);
  }
}

/** Powers of a segment's scores by the largest so far; what is there already goes by the factor. A NaN makes all NaN. */
function raise(job: Job, scores: usize, steps: i32, own: usize): void {
  for (let o: usize = 0; o < ROW; o += 16) {
    const before = read(topAt(job, own) + o);
    let top = before;
    for (let t = 0; t < steps; t++) top = f32x4.max(top, read(scores + rows(t) + o));
    const factor = exp(sub(before, top));
    let sum = mul(read(sumAt(job, own) + o), factor);
    for (let t = 0; t < steps; t++) {
      const power = exp(sub(read(scores + rows(t) + o), top));
      sum = add(sum, power);
      write(own + rows(t) + o, power);
    }
    write(topAt(job, own) + o, top);
    write(factorAt(job, own) + o, factor);
    write(sumAt(job, own) + o, sum);
  }
}

function mix(job: Job, states: usize, stride: usize, steps: i32, context: usize, own: usize): void {
  const factor = factorAt(job, own);
  for (let k = 0; k < job.units; k++) {
    let a = mul(read(context), read(factor));
    let b = mul(read(context, 16), read(factor, 16));
    let c = mul(read(context, 32), read(factor, 32));
    let d = mul(read(context, 48), read(factor, 48));
    let h = states + rows(k);
    let power = own;
    for (let t = 0; t < steps; t++) {
      a = add(a, mul(read(power), read(h)));
      b = add(b, mul(read(power, 16), read(h, 16)));
      c = add(c, mul(read(power, 32), read(h, 32)));
      d = add(d, mul(read(power, 48), read(h, 48)));
      power += ROW;
      h += stride;
    }
    write(context, a);
    write(context, b, 16);
    write(context, c, 32);
    write(context, d, 48);
    context += ROW;
  }
}

/** Scores to shares, and the context by the sum of all powers. */
export function finishAttention(job: Job, tape: usize, own: usize): void {
  const shares = sharesAt(job, tape);
  const context = contextAt(job, tape);
  for (let o: usize = 0; o < ROW; o += 16) {
    const top = read(topAt(job, own) + o);
    const inverse = f32x4.div(splat(1), read(sumAt(job, own) + o));
    for (let at = shares + o; at < context; at += ROW) write(at, mul(exp(sub(read(at), top)), inverse));
    const end = context + rows(job.units);
    for (let at = context + o; at < end; at += ROW) write(at, mul(read(at), inverse));
  }
}

export function startAttentionBack(job: Job, block: i32, tape: usize, own: usize): void {
  const slope = slopeAt(job, own);
  clear(slope, job.units);
  gatherOnto(job, block, job.dOut, 2, 1, slope);
  dots(contextAt(job, tape), slope, job.units, offsetAt(job, own));
}

/** out = the sum over k of a[k] * b[k]. */
function dots(a: usize, b: usize, count: i32, out: usize): void {
  let s0 = splat(0);
  let s1 = splat(0);
  let s2 = splat(0);
  let s3 = splat(0);
  for (const end = a + rows(count); a < end; a += ROW) {
    s0 = add(s0, mul(read(a), read(b)));
    s1 = add(s1, mul(read(a, 16), read(b, 16)));
    s2 = add(s2, mul(read(a, 32), read(b, 32)));
    s3 = add(s3, mul(read(a, 48), read(b, 48)));
    b += ROW;
  }
  write(out, s0);
  write(out, s1, 16);
  write(out, s2, 32);
  write(out, s3, 48);
}

/** The layer's deltas of a segment, after the gates'; the gradients of its scores' weights are added to the sums. */
export function attendBack(
  job: Job,
  tape: usize,
  from: i32,
  steps: i32,
  slots: usize,
  deltas: usize,
  sums: usize,
  own: usize,
): void {
  const stride = slotBytes(job);
  const deltaStride = deltaBytes(job);
  const shares = sharesAt(job, tape) + rows(from);
  const layers = deltas + rows(deltaCount(job));
  const packed = packedAt(job, SCORING);
  const ofScore = sums + (<usize>(gradientAt(job, BACK_RESET) + deltaCount(job) + job.hidden) << 4);
  for (let t = 0; t < steps; t++) {
    const h = slots + <usize>(t + 1) * stride;
    const layer = layers + <usize>t * deltaStride;
    products(packed, job.hidden, job.units, h, layer, false);
    const dScore = own + rows(t);
    dots(h, slopeAt(job, own), job.units, dScore);
    for (let o: usize = 0; o < ROW; o += 16) {
      const above = sub(read(dScore + o), read(offsetAt(job, own) + o));
      write(dScore + o, mul(read(shares + rows(t) + o), above));
    }
    layerBack(layer, job.hidden, job.attentionScore, dScore, ofScore);
  }
}

/** A step's layer in place, from what it is before tanh to its deltas; `sums` are of what its scores' weights multiply. */
function layerBack(layer: usize, hidden: i32, v: usize, dScore: usize, sums: usize): void {
  const size = rows(hidden);
  for (let o: usize = 0; o < ROW; o += 16) {
    const slope = read(dScore + o);
    let sum = sums;
    let weight = v;
    for (let at = layer + o; at < layer + size; at += ROW) {
      const u = tanh(read(at));
      write(sum, add(read(sum), mul(slope, u)));
      write(at, mul(mul(slope, v128.load32_splat(weight)), sub(splat(1), mul(u, u))));
      sum += 16;
      weight += 4;
    }
  }
}

/** The gradient of the state a step leaves: by its share of the context, and by its score. */
export function throughAttention(job: Job, tape: usize, t: i32, delta: usize, own: usize, dh: usize): void {
  const share = sharesAt(job, tape) + rows(t);
  const a = read(share);
  const b = read(share, 16);
  const c = read(share, 32);
  const d = read(share, 48);
  let slope = slopeAt(job, own);
  let to = dh;
  for (const end = dh + rows(job.units); to < end; to += ROW) {
    write(to, add(read(to), mul(a, read(slope))));
    write(to, add(read(to, 16), mul(b, read(slope, 16))), 16);
    write(to, add(read(to, 32), mul(c, read(slope, 32))), 32);
    write(to, add(read(to, 48), mul(d, read(slope, 48))), 48);
    slope += ROW;
  }
  const packed = packedAt(job, BACK_SCORING);
  products(packed, job.units, job.hidden, delta + rows(deltaCount(job)), dh, true);
}
