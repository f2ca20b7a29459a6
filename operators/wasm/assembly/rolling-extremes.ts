/**
 * Largest and smallest of a window, and where they are: prefix and suffix extremes of blocks (see rolling-sums.ts),
 * so two comparisons a row at any window. Missing rows are tracked as a mask beside the value, because the NaN-aware
 * maximum costs eight instructions on x64 and the plain one a single instruction.
 */
import { missing, read, splat, write } from './lanes';

const MAX = 0;
const MIN = 1;

/** Keeps `a` when equal. */
// @ts-ignore: decorator
@inline
function pick(kind: i32, a: v128, b: v128): v128 {
  return kind == MAX ? f32x4.pmax(a, b) : f32x4.pmin(a, b);
}

// @ts-ignore: decorator
@inline
function scan(kind: i32, out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const worst = splat(kind == MAX ? -f32.MAX_VALUE : f32.MAX_VALUE);
  const zero = splat(0);
  for (let c: usize = 0; c < <usize>columns << 2; c += 64) {
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      let a0 = worst, a1 = worst, a2 = worst, a3 = worst;
      let m0 = zero, m1 = zero, m2 = zero, m3 = zero;
      const head = x + c + start * <i32>xStride;
      let p = head;
      let s = scratch + (<usize>window << 6);
      write(s, worst); write(s, worst, 16); write(s, worst, 32); write(s, worst, 48); // the empty suffix
      if (whole) {
        for (let j = start - 1; j > t - window; j--) {
          p -= xStride;
          s -= 64;
          const u0 = read(p), u1 = read(p, 16), u2 = read(p, 32), u3 = read(p, 48);
          a0 = pick(kind, a0, u0); a1 = pick(kind, a1, u1); a2 = pick(kind, a2, u2); a3 = pick(kind, a3, u3);
          m0 = v128.or(m0, missing(u0)); m1 = v128.or(m1, missing(u1)); m2 = v128.or(m2, missing(u2)); m3 = v128.or(m3, missing(u3));
          write(s, v128.or(a0, m0)); write(s, v128.or(a1, m1), 16); write(s, v128.or(a2, m2), 32); write(s, v128.or(a3, m3), 48);
        }
      }
      a0 = worst; a1 = worst; a2 = worst; a3 = worst;
      m0 = zero; m1 = zero; m2 = zero; m3 = zero;
      p = head;
      s = scratch;
      let o = out + c + start * <i32>outStride;
      const end = min(rows, start + window);
      const quiet = min(end, whole ? t : max(t, start + window - 1));
      for (let j = start; j < end; j++, p += xStride, o += outStride) {
        s += 64;
        const u0 = read(p), u1 = read(p, 16), u2 = read(p, 32), u3 = read(p, 48);
        a0 = pick(kind, a0, u0); a1 = pick(kind, a1, u1); a2 = pick(kind, a2, u2); a3 = pick(kind, a3, u3);
        m0 = v128.or(m0, missing(u0)); m1 = v128.or(m1, missing(u1)); m2 = v128.or(m2, missing(u2)); m3 = v128.or(m3, missing(u3));
        if (j < quiet) {
          if (j >= t) { const never = splat(f32.NaN); write(o, never); write(o, never, 16); write(o, never, 32); write(o, never, 48); }
          continue;
        }
        const s0 = read(s), s1 = read(s, 16), s2 = read(s, 32), s3 = read(s, 48);
        write(o, v128.or(pick(kind, a0, s0), v128.or(m0, missing(s0))));
        write(o, v128.or(pick(kind, a1, s1), v128.or(m1, missing(s1))), 16);
        write(o, v128.or(pick(kind, a2, s2), v128.or(m2, missing(s2))), 32);
        write(o, v128.or(pick(kind, a3, s3), v128.or(m3, missing(s3))), 48);
      }
      t = end;
    }
  }
}

export function ts_max(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  scan(MAX, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_min(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  scan(MIN, out, outStride, x, xStride, rows, columns, first, window, scratch);
}

/** 8 columns, since it keeps both extremes. */
export function ts_range(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const top = splat(f32.MAX_VALUE);
  const bottom = splat(-f32.MAX_VALUE);
  const zero = splat(0);
  for (let c: usize = 0; c < <usize>columns << 2; c += 32) {
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      let a0 = bottom, a1 = bottom, b0 = top, b1 = top, m0 = zero, m1 = zero;
      const head = x + c + start * <i32>xStride;
      let p = head;
      let s = scratch + (<usize>window << 6);
      write(s, bottom); write(s, bottom, 16); write(s, top, 32); write(s, top, 48); // the empty suffix
      if (whole) {
        for (let j = start - 1; j > t - window; j--) {
          p -= xStride;
          s -= 64;
          const u0 = read(p), u1 = read(p, 16);
          a0 = f32x4.pmax(a0, u0); a1 = f32x4.pmax(a1, u1); b0 = f32x4.pmin(b0, u0); b1 = f32x4.pmin(b1, u1);
          m0 = v128.or(m0, missing(u0)); m1 = v128.or(m1, missing(u1));
          write(s, v128.or(a0, m0)); write(s, v128.or(a1, m1), 16); write(s, b0, 32); write(s, b1, 48);
        }
      }
      a0 = bottom; a1 = bottom; b0 = top; b1 = top; m0 = zero; m1 = zero;
      p = head;
      s = scratch;
      let o = out + c + start * <i32>outStride;
      const end = min(rows, start + window);
      const quiet = min(end, whole ? t : max(t, start + window - 1));
      for (let j = start; j < end; j++, p += xStride, o += outStride) {
        s += 64;
        const u0 = read(p), u1 = read(p, 16);
        a0 = f32x4.pmax(a0, u0); a1 = f32x4.pmax(a1, u1); b0 = f32x4.pmin(b0, u0); b1 = f32x4.pmin(b1, u1);
        m0 = v128.or(m0, missing(u0)); m1 = v128.or(m1, missing(u1));
        if (j < quiet) {
          if (j >= t) { const never = splat(f32.NaN); write(o, never); write(o, never, 16); }
          continue;
        }
        const s0 = read(s), s1 = read(s, 16);
        const d0 = f32x4.sub(f32x4.pmax(a0, s0), f32x4.pmin(b0, read(s, 32)));
        const d1 = f32x4.sub(f32x4.pmax(a1, s1), f32x4.pmin(b1, read(s, 48)));
        const w0 = v128.or(v128.or(m0, missing(s0)), f32x4.gt(d0, top));
        const w1 = v128.or(v128.or(m1, missing(s1)), f32x4.gt(d1, top));
        write(o, v128.or(d0, w0)); write(o, v128.or(d1, w1), 16);
      }
      t = end;
    }
  }
}

/** Where the first extreme stands: its row relative to the block's start travels beside the value. */
// @ts-ignore: decorator
@inline
function place(kind: i32, out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const worst = splat(kind == MAX ? -f32.MAX_VALUE : f32.MAX_VALUE);
  const zero = splat(0);
  for (let c: usize = 0; c < <usize>columns << 2; c += 32) {
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      let a0 = worst, a1 = worst, i0 = zero, i1 = zero, m0 = zero, m1 = zero;
      const head = x + c + start * <i32>xStride;
      let p = head;
      let s = scratch + (<usize>window << 6);
      write(s, worst); write(s, worst, 16); write(s, zero, 32); write(s, zero, 48); // the empty suffix
      if (whole) {
        for (let j = start - 1; j > t - window; j--) {
          p -= xStride;
          s -= 64;
          const u0 = read(p), u1 = read(p, 16);
          const here = splat(<f32>(j - start));
          // Going back in time, an equal value is the earlier one and takes over.
          const g0 = kind == MAX ? f32x4.ge(u0, a0) : f32x4.le(u0, a0);
          const g1 = kind == MAX ? f32x4.ge(u1, a1) : f32x4.le(u1, a1);
          i0 = v128.bitselect(here, i0, g0); i1 = v128.bitselect(here, i1, g1);
          a0 = v128.bitselect(u0, a0, g0); a1 = v128.bitselect(u1, a1, g1);
          m0 = v128.or(m0, missing(u0)); m1 = v128.or(m1, missing(u1));
          write(s, v128.or(a0, m0)); write(s, v128.or(a1, m1), 16); write(s, i0, 32); write(s, i1, 48);
        }
      }
      a0 = worst; a1 = worst; i0 = zero; i1 = zero; m0 = zero; m1 = zero;
      p = head;
      s = scratch;
      let o = out + c + start * <i32>outStride;
      const end = min(rows, start + window);
      const quiet = min(end, whole ? t : max(t, start + window - 1));
      for (let j = start; j < end; j++, p += xStride, o += outStride) {
        s += 64;
        const u0 = read(p), u1 = read(p, 16);
        const here = splat(<f32>(j - start));
        // The block's first row always takes over, even from `worst` when it equals it.
        const g0 = j == start ? f32x4.eq(zero, zero) : kind == MAX ? f32x4.gt(u0, a0) : f32x4.lt(u0, a0);
        const g1 = j == start ? g0 : kind == MAX ? f32x4.gt(u1, a1) : f32x4.lt(u1, a1);
        i0 = v128.bitselect(here, i0, g0); i1 = v128.bitselect(here, i1, g1);
        a0 = v128.bitselect(u0, a0, g0); a1 = v128.bitselect(u1, a1, g1);
        m0 = v128.or(m0, missing(u0)); m1 = v128.or(m1, missing(u1));
        if (j < quiet) {
          if (j >= t) { const never = splat(f32.NaN); write(o, never); write(o, never, 16); }
          continue;
        }
        const s0 = read(s), s1 = read(s, 16);
        const atEnd = j == start + window - 1; // the window is the block: there is no suffix to lose to
        const n0 = atEnd ? f32x4.eq(zero, zero) : kind == MAX ? f32x4.gt(a0, s0) : f32x4.lt(a0, s0);
        const n1 = atEnd ? n0 : kind == MAX ? f32x4.gt(a1, s1) : f32x4.lt(a1, s1);
        const shift = splat(<f32>(window - 1 - (j - start)));
        const p0 = f32x4.add(v128.bitselect(i0, read(s, 32), n0), shift);
        const p1 = f32x4.add(v128.bitselect(i1, read(s, 48), n1), shift);
        write(o, v128.or(p0, v128.or(m0, missing(s0)))); write(o, v128.or(p1, v128.or(m1, missing(s1))), 16);
      }
      t = end;
    }
  }
}

export function idx_max(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  place(MAX, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function idx_min(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  place(MIN, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
