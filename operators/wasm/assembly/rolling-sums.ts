/**
 * Weighted sums of a window: mean, sum, linear decay, exponential decay.
 *
 * All rolling kernels share one idea. Time is cut into blocks of `window` rows. A window that ends in a block is
 * a suffix of the block before plus a prefix of its own, so with the suffixes stored once per block each row costs
 * two steps at any window, and nothing is ever subtracted: no drift over years, and a missing value is forgotten
 * exactly when it leaves the window. Blocks start at multiples of the window counted from the first date, so the
 * result does not depend on which rows a call was asked for.
 *
 * Values are taken relative to the block's first row, which every window ending in the block contains: float32 is
 * then as good as the spread inside the window deserves (prices near 1e4), and a constant window is exact.
 *
 * Float32 holds up to LONG rows: past that the first row may be far from the rest (the opening bar of a session trades
 * thirty times the others) and 270 differences of that size leave 6e-5 of error, so long windows sum in double.
 *
 * 16 columns at a time, one cache line of each row, with their sums in registers: measured against wider tiles with
 * sums in memory, 0.22 against 0.26-0.35 ms on 1,250 x 512, and equal on 2,430 x 4,096.
 */
import { finite, read, splat, write } from './lanes';
import { longDecay, longEma, longMean, longSum } from './rolling-moments';

const LONG = 24;

const MEAN = 0;
const SUM = 1;
const EMA = 2;

// @ts-ignore: decorator
@inline
function scan(kind: i32, out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const zero = splat(0);
  const keep = kind == EMA ? 1.0 - 2.0 / <f64>(window + 1) : 1.0;
  let total: f64 = 0;
  for (let i = 0, weight: f64 = 1; i < window; i++, weight *= keep) total += weight;
  // Kept in memory: the engine would move their computation into the row loop.
  write(scratch, splat(<f32>(kind == SUM ? <f64>window : 1.0 / total)));
  write(scratch, splat(<f32>keep), 16);
  const suffixes = scratch + 32;
  for (let c: usize = 0; c < <usize>columns << 2; c += 64) {
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      const head = x + c + start * <i32>xStride;
      const r0 = read(head), r1 = read(head, 16), r2 = read(head, 32), r3 = read(head, 48);
      let a0 = zero, a1 = zero, a2 = zero, a3 = zero;
      let s = suffixes + (<usize>window << 6);
      write(s, zero); write(s, zero, 16); write(s, zero, 32); write(s, zero, 48); // the empty suffix
      let p = head;
      if (whole) {
        let weight: f64 = 1;
        for (let j = start - 1; j > t - window; j--) {
          p -= xStride;
          s -= 64;
          let u0 = f32x4.sub(read(p), r0), u1 = f32x4.sub(read(p, 16), r1);
          let u2 = f32x4.sub(read(p, 32), r2), u3 = f32x4.sub(read(p, 48), r3);
          if (kind == EMA) {
            const by = splat(<f32>weight);
            u0 = f32x4.mul(u0, by); u1 = f32x4.mul(u1, by); u2 = f32x4.mul(u2, by); u3 = f32x4.mul(u3, by);
            weight *= keep;
          }
          a0 = f32x4.add(a0, u0); a1 = f32x4.add(a1, u1); a2 = f32x4.add(a2, u2); a3 = f32x4.add(a3, u3);
          write(s, a0); write(s, a1, 16); write(s, a2, 32); write(s, a3, 48);
        }
      }
      a0 = zero; a1 = zero; a2 = zero; a3 = zero;
      p = head;
      s = suffixes;
      let o = out + c + start * <i32>outStride;
      let older: f64 = 1;
      const end = min(rows, start + window);
      // Rows that only feed the sums: before the call's first, or before the first full window.
      const quiet = min(end, whole ? t : max(t, start + window - 1));
      for (let j = start; j < end; j++, p += xStride, o += outStride) {
        s += 64;
        if (kind == EMA) {
          const fade = read(scratch, 16);
          a0 = f32x4.mul(a0, fade); a1 = f32x4.mul(a1, fade); a2 = f32x4.mul(a2, fade); a3 = f32x4.mul(a3, fade);
          older *= keep;
        }
        a0 = f32x4.add(a0, f32x4.sub(read(p), r0)); a1 = f32x4.add(a1, f32x4.sub(read(p, 16), r1));
        a2 = f32x4.add(a2, f32x4.sub(read(p, 32), r2)); a3 = f32x4.add(a3, f32x4.sub(read(p, 48), r3));
        if (j < quiet) {
          if (j >= t) { const never = splat(f32.NaN); write(o, never); write(o, never, 16); write(o, never, 32); write(o, never, 48); }
          continue;
        }
        let s0 = read(s), s1 = read(s, 16), s2 = read(s, 32), s3 = read(s, 48);
        if (kind == EMA) {
          const by = splat(<f32>older);
          s0 = f32x4.mul(s0, by); s1 = f32x4.mul(s1, by); s2 = f32x4.mul(s2, by); s3 = f32x4.mul(s3, by);
        }
        s0 = f32x4.add(s0, a0); s1 = f32x4.add(s1, a1); s2 = f32x4.add(s2, a2); s3 = f32x4.add(s3, a3);
        const scale = read(scratch);
        if (kind == SUM) {
          write(o, finite(f32x4.add(s0, f32x4.mul(scale, r0)))); write(o, finite(f32x4.add(s1, f32x4.mul(scale, r1))), 16);
          write(o, finite(f32x4.add(s2, f32x4.mul(scale, r2))), 32); write(o, finite(f32x4.add(s3, f32x4.mul(scale, r3))), 48);
        } else {
          write(o, finite(f32x4.add(r0, f32x4.mul(s0, scale)))); write(o, finite(f32x4.add(r1, f32x4.mul(s1, scale))), 16);
          write(o, finite(f32x4.add(r2, f32x4.mul(s2, scale))), 32); write(o, finite(f32x4.add(r3, f32x4.mul(s3, scale))), 48);
        }
      }
      t = end;
    }
  }
}

export function ts_mean(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window > LONG) longMean(out, outStride, x, xStride, rows, columns, first, window, scratch);
  else scan(MEAN, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_sum(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window > LONG) longSum(out, outStride, x, xStride, rows, columns, first, window, scratch);
  else scan(SUM, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_ema(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window > LONG) longEma(out, outStride, x, xStride, rows, columns, first, window, scratch);
  else scan(EMA, out, outStride, x, xStride, rows, columns, first, window, scratch);
}

/**
 * Row j of the block weighs (j - start) + (window - inBlock): a running sum of each part, so the newest row is
 * heaviest without touching the older ones again. 8 columns, since it keeps two sums.
 */
export function ts_decaylinear(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window > LONG) {
    longDecay(out, outStride, x, xStride, rows, columns, first, window, scratch);
    return;
  }
  const zero = splat(0);
  write(scratch, splat(<f32>(2.0 / (<f64>window * <f64>(window + 1)))));
  const suffixes = scratch + 16;
  for (let c: usize = 0; c < <usize>columns << 2; c += 32) {
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      const head = x + c + start * <i32>xStride;
      const r0 = read(head), r1 = read(head, 16);
      let a0 = zero, a1 = zero, b0 = zero, b1 = zero;
      let s = suffixes + (<usize>window << 6);
      write(s, zero); write(s, zero, 16); write(s, zero, 32); write(s, zero, 48); // the empty suffix
      let p = head;
      if (whole) {
        for (let j = start - 1; j > t - window; j--) {
          p -= xStride;
          s -= 64;
          const u0 = f32x4.sub(read(p), r0), u1 = f32x4.sub(read(p, 16), r1);
          const place = splat(<f32>(j - start));
          a0 = f32x4.add(a0, u0); a1 = f32x4.add(a1, u1);
          b0 = f32x4.add(b0, f32x4.mul(place, u0)); b1 = f32x4.add(b1, f32x4.mul(place, u1));
          write(s, a0); write(s, a1, 16); write(s, b0, 32); write(s, b1, 48);
        }
      }
      a0 = zero; a1 = zero; b0 = zero; b1 = zero;
      p = head;
      s = suffixes;
      let o = out + c + start * <i32>outStride;
      const end = min(rows, start + window);
      const quiet = min(end, whole ? t : max(t, start + window - 1));
      for (let j = start; j < end; j++, p += xStride, o += outStride) {
        s += 64;
        const u0 = f32x4.sub(read(p), r0), u1 = f32x4.sub(read(p, 16), r1);
        const place = splat(<f32>(j - start));
        a0 = f32x4.add(a0, u0); a1 = f32x4.add(a1, u1);
        b0 = f32x4.add(b0, f32x4.mul(place, u0)); b1 = f32x4.add(b1, f32x4.mul(place, u1));
        if (j < quiet) {
          if (j >= t) { write(o, splat(f32.NaN)); write(o, splat(f32.NaN), 16); }
          continue;
        }
        const shift = splat(<f32>(window - (j - start)));
        const t0 = f32x4.add(f32x4.mul(shift, f32x4.add(a0, read(s))), f32x4.add(b0, read(s, 32)));
        const t1 = f32x4.add(f32x4.mul(shift, f32x4.add(a1, read(s, 16))), f32x4.add(b1, read(s, 48)));
        const scale = read(scratch);
        write(o, finite(f32x4.add(r0, f32x4.mul(t0, scale))));
        write(o, finite(f32x4.add(r1, f32x4.mul(t1, scale))), 16);
      }
      t = end;
    }
  }
}
