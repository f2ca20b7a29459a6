/**
 * The two products everything is made of: weights times rows, and rows times rows summed over lanes and steps.
 *
 * Both keep eight sums in registers and use every vector they load several times: 16 operations for 6 loads. WebAssembly's
 * 16 registers hold no more; three rows of weights by four vectors spill.
 */
import { add, mul, read, ROW, splat, write } from './lanes';

/**
 * out[row] = bias[row] + sum over k of weight[row][k] * input[k], for all lanes; with `onto`, on top of what out holds
 * instead of the bias. Rows come in pairs: an odd one out is followed by a row of nothing.
 */
export function products(packed: usize, rowCount: i32, depth: i32, input: usize, out: usize, onto: bool): void {
  const end = input + <usize>depth * ROW;
  let w = packed;
  for (let row = 0; row < rowCount; row += 2) {
    let a0: v128, a1: v128, a2: v128, a3: v128, b0: v128, b1: v128, b2: v128, b3: v128;
    if (onto) {
      a0 = read(out);
      a1 = read(out, 16);
      a2 = read(out, 32);
      a3 = read(out, 48);
      b0 = read(out, 64);
      b1 = read(out, 80);
      b2 = read(out, 96);
      b3 = read(out, 112);
    } else {
      a0 = a1 = a2 = a3 = v128.load32_splat(w);
      b0 = b1 = b2 = b3 = v128.load32_splat(w + 4);
    }
    w += 8;
    for (let x = input; x < end; x += ROW) {
      const wa = v128.load32_splat(w);
      const wb = v128.load32_splat(w, 4);
      const x0 = read(x);
      a0 = add(a0, mul(wa, x0));
      b0 = add(b0, mul(wb, x0));
      const x1 = read(x, 16);
      a1 = add(a1, mul(wa, x1));
      b1 = add(b1, mul(wb, x1));
      const x2 = read(x, 32);
      a2 = add(a2, mul(wa, x2));
      b2 = add(b2, mul(wb, x2));
      const x3 = read(x, 48);
      a3 = add(a3, mul(wa, x3));
      b3 = add(b3, mul(wb, x3));
      w += 8;
    }
    write(out, a0);
    write(out, a1, 16);
    write(out, a2, 32);
    write(out, a3, 48);
    write(out, b0, 64);
    write(out, b1, 80);
    write(out, b2, 96);
    write(out, b3, 112);
    out += 2 * ROW;
  }
}

/**
 * Adds to sums the product of every delta with every input, lane by lane, over all steps of a segment. Tiles of two
 * deltas by four inputs, each number a vector of which the four lanes are added at the end of the block.
 */
export function outer(
  sums: usize,
  deltas: usize,
  deltaStride: usize,
  deltaPairs: i32,
  inputs: usize,
  inputStride: usize,
  inputFours: i32,
  steps: i32,
): void {
  for (let pair = 0; pair < deltaPairs; pair++) {
    let x = inputs;
    for (let four = 0; four < inputFours; four++) {
      let a0 = splat(0);
      let a1 = splat(0);
      let a2 = splat(0);
      let a3 = splat(0);
      let b0 = splat(0);
      let b1 = splat(0);
      let b2 = splat(0);
      let b3 = splat(0);
      let atX = x;
      let atD = deltas;
      for (let t = 0; t < steps; t++) {
        for (let v: usize = 0; v < ROW; v += 16) {
          const da = read(atD + v);
          const db = read(atD + v, ROW);
          const x0 = read(atX + v);
          a0 = add(a0, mul(da, x0));
          b0 = add(b0, mul(db, x0));
          const x1 = read(atX + v, ROW);
          a1 = add(a1, mul(da, x1));
          b1 = add(b1, mul(db, x1));
          const x2 = read(atX + v, 2 * ROW);
          a2 = add(a2, mul(da, x2));
          b2 = add(b2, mul(db, x2));
          const x3 = read(atX + v, 3 * ROW);
          a3 = add(a3, mul(da, x3));
          b3 = add(b3, mul(db, x3));
        }
        atX += inputStride;
        atD += deltaStride;
      }
      write(sums, add(read(sums), a0));
      write(sums, add(read(sums, 16), a1), 16);
      write(sums, add(read(sums, 32), a2), 32);
      write(sums, add(read(sums, 48), a3), 48);
      write(sums, add(read(sums, 64), b0), 64);
      write(sums, add(read(sums, 80), b1), 80);
      write(sums, add(read(sums, 96), b2), 96);
      write(sums, add(read(sums, 112), b3), 112);
      sums += 128;
      x += 4 * ROW;
    }
    deltas += 2 * ROW;
  }
}

/** Adds the deltas of all steps to their sums, as outer() does with an input that is always 1. */
export function total(sums: usize, deltas: usize, deltaStride: usize, count: i32, steps: i32): void {
  for (let row = 0; row < count; row++) {
    let a = splat(0);
    let at = deltas;
    for (let t = 0; t < steps; t++) {
      a = add(a, add(add(read(at), read(at, 16)), add(read(at, 32), read(at, 48))));
      at += deltaStride;
    }
    write(sums, add(read(sums), a));
    sums += 16;
    deltas += ROW;
  }
}
