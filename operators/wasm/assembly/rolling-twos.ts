/**
 * Windows of two rows, where every spread, slope and correlation follows from the one difference between them: no sums
 * and no squares of it but where the answer is one, and no more than three roundings in float32.
 */
import { finite, read, splat, write } from './lanes';

const VAR = 0;
const STD = 1;
const ZSCORE = 2;
const NORM = 3;
const SLOPE = 4;
const RSQUARE = 5;
const RESID = 6;
const COV = 7;
const BETA = 8;
const CORR = 9;

/** `size` with the sign of `sign`. */
// @ts-ignore: decorator
@inline
function signed(size: f32, sign: v128): v128 {
  return v128.or(splat(size), v128.and(sign, splat(-0.0)));
}

/** Missing where d is zero or missing. */
// @ts-ignore: decorator
@inline
function varying(d: v128): v128 {
  return v128.not(f32x4.gt(f32x4.abs(d), splat(0)));
}

// @ts-ignore: decorator
@inline
function answer(kind: i32, d: v128, sum: v128, e: v128): v128 {
  const rootHalf: f32 = 0.70710678;
  const half: f32 = 0.5;
  if (kind == SLOPE) return finite(d);
  if (kind == RESID) return f32x4.sub(d, d);
  if (kind == VAR) return finite(f32x4.mul(f32x4.mul(d, splat(half)), d));
  if (kind == STD) return finite(f32x4.mul(f32x4.abs(d), splat(rootHalf)));
  // A division by zero is infinite, so missing; by a difference out of range it would be zero.
  if (kind == ZSCORE) return finite(f32x4.mul(f32x4.div(sum, f32x4.abs(finite(d))), splat(rootHalf)));
  if (kind == NORM) return v128.or(signed(rootHalf, d), varying(d));
  if (kind == RSQUARE) return v128.or(splat(1), varying(d));
  if (kind == COV) return finite(f32x4.mul(f32x4.mul(d, splat(half)), e));
  if (kind == BETA) return finite(f32x4.div(d, finite(e)));
  return v128.or(signed(1, v128.xor(d, e)), v128.or(varying(d), varying(e)));
}

/** x once more in y's place when there is one series. */
// @ts-ignore: decorator
@inline
function scan(kind: i32, out: usize, outStride: usize, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, columns: i32, first: i32): void {
  const width = <usize>((columns + 15) & ~15) << 2;
  for (let t = 0; t < rows; t++, out += outStride, x += xStride, y += yStride) {
    if (first + t == 0) {
      for (let c: usize = 0; c < width; c += 16) write(out + c, splat(f32.NaN));
      continue;
    }
    const thenX = x - xStride, thenY = y - yStride;
    for (let c: usize = 0; c < width; c += 16) {
      const now = read(x + c), old = read(thenX + c);
      const d = f32x4.sub(now, old);
      const e = kind < COV ? d : f32x4.sub(read(y + c), read(thenY + c));
      write(out + c, answer(kind, d, f32x4.add(now, old), e));
    }
  }
}

export function varOfTwo(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32): void {
  scan(VAR, out, outStride, x, xStride, x, xStride, rows, columns, first);
}
export function stdOfTwo(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32): void {
  scan(STD, out, outStride, x, xStride, x, xStride, rows, columns, first);
}
export function zscoreOfTwo(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32): void {
  scan(ZSCORE, out, outStride, x, xStride, x, xStride, rows, columns, first);
}
export function normOfTwo(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32): void {
  scan(NORM, out, outStride, x, xStride, x, xStride, rows, columns, first);
}
export function slopeOfTwo(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32): void {
  scan(SLOPE, out, outStride, x, xStride, x, xStride, rows, columns, first);
}
export function rsquareOfTwo(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32): void {
  scan(RSQUARE, out, outStride, x, xStride, x, xStride, rows, columns, first);
}
export function residOfTwo(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32): void {
  scan(RESID, out, outStride, x, xStride, x, xStride, rows, columns, first);
}
export function covOfTwo(out: usize, outStride: usize, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, columns: i32, first: i32): void {
  scan(COV, out, outStride, x, xStride, y, yStride, rows, columns, first);
}
export function betaOfTwo(out: usize, outStride: usize, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, columns: i32, first: i32): void {
  scan(BETA, out, outStride, x, xStride, y, yStride, rows, columns, first);
}
export function corrOfTwo(out: usize, outStride: usize, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, columns: i32, first: i32): void {
  scan(CORR, out, outStride, x, xStride, y, yStride, rows, columns, first);
}
