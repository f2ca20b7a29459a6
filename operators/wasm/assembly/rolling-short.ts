/**
 * Variance, slope and covariance of short windows: the blocks and shared first row of rolling-sums.ts, in float32, twice
 * as fast as the double precision of rolling-moments.ts and rolling-pairs.ts.
 *
 * Every window holds the row its values are taken relative to, so Σu² is at most n times Σ(x - mean)²: up to 10 rows
 * variances were off by 4e-6 at worst, with an outlier a million times the rest in that row, and by 3e-7 otherwise. A
 * slope close to none is a difference of sums weighted by up to n, so it loses more and has fewer rows.
 *
 * Only what is as small as its squares: where the answer is a root or a ratio of squares, these may leave float32's range
 * when it does not.
 */
import { finite, read, splat, write } from './lanes';

// @ts-ignore: decorator
@inline
export const SHORT = 10;
// @ts-ignore: decorator
@inline
export const SHORT_TREND = 6;

/** 1 / n, and what the answer is multiplied with. */
const BY: usize = 0;
const F: usize = 16;
const HEAD: usize = 32;

// @ts-ignore: decorator
@inline
function scan(slope: bool, out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const zero = splat(0);
  const n = <f64>window;
  write(scratch, splat(<f32>(1 / n)), BY);
  write(scratch, splat(<f32>(slope ? 12 / (n * (n * n - 1)) : 1 / (n - 1))), F);
  const suffixes = scratch + HEAD;
  const none = suffixes + (<usize>window << 6);
  write(none, zero); write(none, zero, 16); write(none, zero, 32); write(none, zero, 48); // the empty suffix
  const middle = <f32>(n - 1) * <f32>0.5;
  const last = ((columns + 15) & ~15) << 2;
  for (let c: i32 = 0; c < last; c += 32) {
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      const head = x + c + start * <i32>xStride;
      const r0 = read(head), r1 = read(head, 16);
      let a0 = zero, a1 = zero, b0 = zero, b1 = zero;
      if (whole) {
        let p = head;
        let at: f32 = 0;
        for (let s = none, stop = none - (<usize>(start - t + window - 1) << 6); s > stop; ) {
          p -= xStride;
          s -= 64;
          at -= 1;
          const u0 = f32x4.sub(read(p), r0), u1 = f32x4.sub(read(p, 16), r1);
          a0 = f32x4.add(a0, u0); a1 = f32x4.add(a1, u1);
          b0 = f32x4.add(b0, f32x4.mul(slope ? splat(at) : u0, u0)); b1 = f32x4.add(b1, f32x4.mul(slope ? splat(at) : u1, u1));
          write(s, a0); write(s, a1, 16); write(s, b0, 32); write(s, b1, 48);
        }
      }
      a0 = zero; a1 = zero; b0 = zero; b1 = zero;
      const end = min(rows, start + window);
      const quiet = min(end, whole ? t : max(t, start + window - 1));
      let at: f32 = -1;
      let p = head;
      let s = suffixes;
      let o = out + c + start * <i32>outStride;
      for (let j = start; j < end; j++, p += xStride, o += outStride) {
        s += 64;
        at += 1;
        const u0 = f32x4.sub(read(p), r0), u1 = f32x4.sub(read(p, 16), r1);
        a0 = f32x4.add(a0, u0); a1 = f32x4.add(a1, u1);
        b0 = f32x4.add(b0, f32x4.mul(slope ? splat(at) : u0, u0)); b1 = f32x4.add(b1, f32x4.mul(slope ? splat(at) : u1, u1));
        if (j < quiet) {
          if (j >= t) { const never = splat(f32.NaN); write(o, never); write(o, never, 16); }
          continue;
        }
        const w0 = f32x4.add(a0, read(s)), w1 = f32x4.add(a1, read(s, 16));
        const v0 = f32x4.add(b0, read(s, 32)), v1 = f32x4.add(b1, read(s, 48));
        const f = read(scratch, F);
        if (slope) {
          // Σ (i - mean i) u over the window's own places i = 0..n-1.
          const shift = splat(middle - at);
          write(o, finite(f32x4.mul(f32x4.add(v0, f32x4.mul(shift, w0)), f)));
          write(o, finite(f32x4.mul(f32x4.add(v1, f32x4.mul(shift, w1)), f)), 16);
        } else {
          const by = read(scratch, BY);
          const q0 = f32x4.sub(v0, f32x4.mul(w0, f32x4.mul(w0, by))), q1 = f32x4.sub(v1, f32x4.mul(w1, f32x4.mul(w1, by)));
          write(o, finite(f32x4.mul(f32x4.pmax(q0, zero), f)));
          write(o, finite(f32x4.mul(f32x4.pmax(q1, zero), f)), 16);
        }
      }
      t = end;
    }
  }
}

export function shortVar(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  scan(false, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function shortSlope(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  scan(true, out, outStride, x, xStride, rows, columns, first, window, scratch);
}

export function shortCov(out: usize, outStride: usize, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const zero = splat(0);
  write(scratch, splat(<f32>(1 / <f64>window)), BY);
  write(scratch, splat(<f32>(1 / <f64>(window - 1))), F);
  const suffixes = scratch + HEAD;
  const none = suffixes + <usize>window * 48;
  write(none, zero); write(none, zero, 16); write(none, zero, 32);
  const last = ((columns + 15) & ~15) << 2;
  for (let c: i32 = 0; c < last; c += 16) {
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      const headX = x + c + start * <i32>xStride, headY = y + c + start * <i32>yStride;
      const rx = read(headX), ry = read(headY);
      let su = zero, sv = zero, suv = zero;
      if (whole) {
        let p = headX, q = headY;
        for (let s = none, stop = none - <usize>(start - t + window - 1) * 48; s > stop; ) {
          p -= xStride;
          q -= yStride;
          s -= 48;
          const u = f32x4.sub(read(p), rx), v = f32x4.sub(read(q), ry);
          su = f32x4.add(su, u);
          sv = f32x4.add(sv, v);
          suv = f32x4.add(suv, f32x4.mul(u, v));
          write(s, su); write(s, sv, 16); write(s, suv, 32);
        }
      }
      su = zero; sv = zero; suv = zero;
      const end = min(rows, start + window);
      const quiet = min(end, whole ? t : max(t, start + window - 1));
      let p = headX, q = headY;
      let s = suffixes;
      let o = out + c + start * <i32>outStride;
      for (let j = start; j < end; j++, p += xStride, q += yStride, o += outStride) {
        s += 48;
        const u = f32x4.sub(read(p), rx), v = f32x4.sub(read(q), ry);
        su = f32x4.add(su, u);
        sv = f32x4.add(sv, v);
        suv = f32x4.add(suv, f32x4.mul(u, v));
        if (j < quiet) {
          if (j >= t) write(o, splat(f32.NaN));
          continue;
        }
        const mean = f32x4.mul(f32x4.add(sv, read(s, 16)), read(scratch, BY));
        const cross = f32x4.sub(f32x4.add(suv, read(s, 32)), f32x4.mul(f32x4.add(su, read(s)), mean));
        write(o, finite(f32x4.mul(cross, read(scratch, F))));
      }
      t = end;
    }
  }
}
