/**
 * Attention over the steps of sequences, z[rows][steps][units], a row after the other:
 *
 *   score = v'tanh(z W + b)    shares = softmax over steps of score    context = sum of share * z
 *
 * Steps come in chunks of which all that is known stays in the first-level cache; tanh is computed again on the way back,
 * so that nothing but the shares is kept. Hidden units are padded to whole panels, with weights of 0. Vectors reach past the
 * last unit of a step: what they write there is written again by the next, or is nobody's.
 */
import { powerOfTwo, tanh } from './activations';
import { bump, high, low } from './doubles';
import { add, mul, read, splat, sub, write } from './lanes';
import { LINE, panels, rowsByPanel, TALL } from './tiles';

/** Steps of a chunk: whole tiles. */
// @ts-ignore: decorator
@inline
const CHUNK: i32 = 40;

// @ts-ignore: decorator
@inline
function floats(count: i32): usize {
  return <usize>count << 2;
}

/** Bytes of a step's hidden units, or of its units when padded likewise. */
// @ts-ignore: decorator
@inline
function padded(units: i32): usize {
  return <usize>panels(units) * LINE;
}

// @ts-ignore: decorator
@inline
function tall(units: i32): i32 {
  return ((units + TALL - 1) / TALL) * TALL;
}

/** Bytes of scratch: a chunk's hidden units, its scores and its gradients, and a row's sums of weight gradients. */
export function attentionScratch(units: i32, hidden: i32): usize {
  const chunk = <usize>CHUNK * (padded(hidden) + padded(units) + 4);
  return chunk + <usize>(tall(units) + 2) * padded(hidden) + LINE;
}

/** out[count][columns padded] = x[count][depth] times packed panels, of which the first line is the start. */
function product(
  x: usize,
  stride: usize,
  count: i32,
  depth: i32,
  packed: usize,
  columns: i32,
  out: usize,
): void {
  const across = padded(columns);
  for (let at: usize = 0; at < across; at += LINE) {
    for (let t = 0; t < count; t += TALL) {
      const to = out + <usize>t * across + at;
      rowsByPanel(x + <usize>t * stride, stride, min(TALL, count - t), packed, depth, to, across);
    }
    packed += <usize>(depth + 1) * LINE;
  }
}

// @ts-ignore: decorator
@inline
function total(x: v128): f32 {
  const pairs = add(x, v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** Which of four steps from t on there are. */
// @ts-ignore: decorator
@inline
function within(t: i32, steps: i32): v128 {
  return i32x4.lt_s(i32x4.add(i32x4.splat(t), i32x4(0, 1, 2, 3)), i32x4.splat(steps));
}

/** In place; a missing score makes all shares missing. */
function softmax(scores: usize, steps: i32): void {
  let most = load<f32>(scores);
  for (let t = 1; t < steps; t++) most = max(most, load<f32>(scores + floats(t)));
  const top = splat(most);
  let sum = splat(0);
  const end = scores + floats(steps);
  let t = 0;
  for (let at = scores; at < end; at += 16) {
    const share = v128.and(powerOfTwo(mul(sub(read(at), top), splat(1.44269504))), within(t, steps));
    sum = add(sum, share);
    write(at, share);
    t += 4;
  }
  const all = splat(total(sum));
  for (let at = scores; at < end; at += 16) write(at, f32x4.div(read(at), all));
}

/** Shares are [rows][steps] and written with up to three numbers past their end; context is [rows][units]. */
export function attend(
  z: usize,
  rows: i32,
  steps: i32,
  units: i32,
  hidden: i32,
  packed: usize,
  v: usize,
  shares: usize,
  context: usize,
  scratch: usize,
): void {
  const stride = floats(units);
  const across = padded(hidden);
  for (let r = 0; r < rows; r++) {
    for (let from = 0; from < steps; from += CHUNK) {
      const count = min(CHUNK, steps - from);
      product(z + <usize>from * stride, stride, count, units, packed, hidden, scratch);
      let at = scratch;
      for (let t = 0; t < count; t++) {
        let a = splat(0);
        let b = splat(0);
        for (let h: usize = 0; h < across; h += LINE) {
          a = add(a, mul(tanh(read(at)), read(v + h)));
          b = add(b, mul(tanh(read(at, 16)), read(v + h, 16)));
          at += LINE;
        }
        store<f32>(shares + floats(from + t), total(add(a, b)));
      }
    }
    softmax(shares, steps);
    for (let k = 0; k < units; k += 16) {
      let a = splat(0);
      let b = splat(0);
      let c = splat(0);
      let d = splat(0);
      let at = z + floats(k);
      for (let t = 0; t < steps; t++) {
        const share = v128.load32_splat(shares + floats(t));
        a = add(a, mul(share, read(at)));
        b = add(b, mul(share, read(at, 16)));
        c = add(c, mul(share, read(at, 32)));
        d = add(d, mul(share, read(at, 48)));
        at += stride;
      }
      const to = context + floats(k);
      write(to, a);
      write(to, b, 16);
      write(to, c, 32);
      write(to, d, 48);
    }
    z += <usize>steps * stride;
    shares += floats(steps);
    context += stride;
  }
}

/**
 * sums[5][8] += z[t][five units] times deltas[t][eight hidden units], over t. A function of its own, like rowsByPanel, for
 * the same reason; and an export, since what is called from one place alone is inlined: that cost backward a seventh.
 */
export function addOuter(
  z: usize,
  zStride: usize,
  deltas: usize,
  stride: usize,
  count: i32,
  sums: usize,
): void {
  let at = sums;
  let a0 = read(at);
  let b0 = read(at, 16);
  at += stride;
  let a1 = read(at);
  let b1 = read(at, 16);
  at += stride;
  let a2 = read(at);
  let b2 = read(at, 16);
  at += stride;
  let a3 = read(at);
  let b3 = read(at, 16);
  at += stride;
  let a4 = read(at);
  let b4 = read(at, 16);
  for (const end = deltas + <usize>count * stride; deltas < end; deltas += stride) {
    const a = read(deltas);
    const b = read(deltas, 16);
    const v0 = v128.load32_splat(z);
    a0 = add(a0, mul(v0, a));
    b0 = add(b0, mul(v0, b));
    const v1 = v128.load32_splat(z, 4);
    a1 = add(a1, mul(v1, a));
    b1 = add(b1, mul(v1, b));
    const v2 = v128.load32_splat(z, 8);
    a2 = add(a2, mul(v2, a));
    b2 = add(b2, mul(v2, b));
    const v3 = v128.load32_splat(z, 12);
    a3 = add(a3, mul(v3, a));
    b3 = add(b3, mul(v3, b));
    const v4 = v128.load32_splat(z, 16);
    a4 = add(a4, mul(v4, a));
    b4 = add(b4, mul(v4, b));
    z += zStride;
  }
  write(sums, a0);
  write(sums, b0, 16);
  sums += stride;
  write(sums, a1);
  write(sums, b1, 16);
  sums += stride;
  write(sums, a2);
  write(sums, b2, 16);
  sums += stride;
  write(sums, a3);
  write(sums, b3, 16);
  sums += stride;
  write(sums, a4);
  write(sums, b4, 16);
}

/** What a score's gradient is: share * (dContext'z - dContext'context), since shares add up to 1. */
function scoreGradients(z: usize, count: i32, units: i32, dContext: usize, offset: f32, shares: usize, out: usize): void {
  const whole = floats(units & ~3);
  const stride = floats(units);
  for (let t = 0; t < count; t++) {
    let sum = splat(0);
    for (let k: usize = 0; k < whole; k += 16) sum = add(sum, mul(read(z + k), read(dContext + k)));
    let dot = total(sum);
    for (let k = whole; k < stride; k += 4) dot += load<f32>(z + k) * load<f32>(dContext + k);
    store<f32>(out + floats(t), load<f32>(shares + floats(t)) * (dot - offset));
    z += stride;
  }
}

/** Of hidden units, in place, from what they are before tanh to their gradients; dBias and dV are added to. */
function hiddenGradients(a: usize, count: i32, across: usize, v: usize, dScores: usize, dBias: usize, dV: usize): void {
  const one = splat(1);
  for (let h: usize = 0; h < across; h += LINE) {
    const nearV = read(v + h);
    const farV = read(v + h, 16);
    let nearBias = read(dBias + h);
    let farBias = read(dBias + h, 16);
    let nearSum = read(dV + h);
    let farSum = read(dV + h, 16);
    let at = a + h;
    for (let t = 0; t < count; t++) {
      const slope = v128.load32_splat(dScores + floats(t));
      const near = tanh(read(at));
      const far = tanh(read(at, 16));
      nearSum = add(nearSum, mul(slope, near));
      farSum = add(farSum, mul(slope, far));
      const dNear = mul(mul(slope, nearV), sub(one, mul(near, near)));
      const dFar = mul(mul(slope, farV), sub(one, mul(far, far)));
      nearBias = add(nearBias, dNear);
      farBias = add(farBias, dFar);
      write(at, dNear);
      write(at, dFar, 16);
      at += across;
    }
    write(dBias + h, nearBias);
    write(dBias + h, farBias, 16);
    write(dV + h, nearSum);
    write(dV + h, farSum, 16);
  }
}

/**
 * Writes dZ and adds to sums in double precision: of the kernel, [units padded to whole tiles][hidden padded], then of the
 * bias and of v, each [hidden padded]. `packedBack` is the kernel transposed. Within a row sums are in single precision.
 */
export function attendBack(
  z: usize,
  rows: i32,
  steps: i32,
  units: i32,
  hidden: i32,
  packed: usize,
  packedBack: usize,
  v: usize,
  shares: usize,
  context: usize,
  dContext: usize,
  dZ: usize,
  sums: usize,
  scratch: usize,
): void {
  const stride = floats(units);
  const across = padded(hidden);
  const wide = padded(units);
  const throughScores = scratch + <usize>CHUNK * across;
  const dScores = throughScores + <usize>CHUNK * wide;
  const ofRow = dScores + floats(CHUNK);
  const dBias = ofRow + <usize>tall(units) * across;
  const dV = dBias + across;
  const ofRowEnd = dV + across;
  for (let r = 0; r < rows; r++) {
    memory.fill(ofRow, 0, ofRowEnd - ofRow);
    let offset: f32 = 0;
    for (let k: usize = 0; k < stride; k += 4) offset += load<f32>(context + k) * load<f32>(dContext + k);
    for (let from = 0; from < steps; from += CHUNK) {
      const count = min(CHUNK, steps - from);
      const share = shares + floats(from);
      product(z, stride, count, units, packed, hidden, scratch);
      scoreGradients(z, count, units, dContext, offset, share, dScores);
      hiddenGradients(scratch, count, across, v, dScores, dBias, dV);
      for (let h: usize = 0; h < across; h += LINE) {
        let to = ofRow + h;
        for (let k: usize = 0; k < stride; k += 4 * TALL) {
          addOuter(z + k, stride, scratch + h, across, count, to);
          to += <usize>TALL * across;
        }
      }
      product(scratch, across, count, hidden, packedBack, units, throughScores);
      let at = throughScores;
      for (let t = 0; t < count; t++) {
        const direct = v128.load32_splat(share + floats(t));
        for (let k: usize = 0; k < stride; k += 16) {
          write(dZ + k, add(read(at + k), mul(direct, read(dContext + k))));
        }
        at += wide;
        dZ += stride;
      }
      z += <usize>count * stride;
    }
    let to = sums;
    for (let at = ofRow; at < ofRowEnd; at += 16) {
      const x = read(at);
      bump(to, low(x));
      bump(to, high(x), 16);
      to += 32;
    }
    shares += floats(steps);
    context += stride;
    dContext += stride;
  }
}
