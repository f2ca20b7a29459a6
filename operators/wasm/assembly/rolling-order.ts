/** Rank, median and quantile of a window. */
import { finite, missing, read, splat, write } from './lanes';

/** Longer windows keep one sorted column; shorter ones do all their work on four columns at once. */
const LONG_RANK = 256;
const LONG_QUANTILE = 48;

/**
 * Today's rank: counts smaller less larger values, which makes ties share their mean rank by themselves. A window is
 * compared anew each row; two compares and two adds for four columns beat an ordered structure up to LONG_RANK.
 */
export function ts_rank(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window > LONG_RANK && rows > 1) {
    overSorted(true, 0, out, outStride, x, xStride, rows, columns, first, window, scratch);
    return;
  }
  const zero = splat(0);
  const whole = splat(<f32>(window + 1));
  const scale = splat(<f32>(0.5 / <f64>window));
  const width = <usize>((columns + 15) & ~15) << 2;
  for (let c: usize = 0; c < width; c += 32) {
    // How many rows up to and including this one are known without a gap.
    let k0 = zero, k1 = zero;
    const before = max(1 - window, -first);
    let p = x + c + before * <i32>xStride;
    for (let t = before; t < 0; t++, p += xStride) {
      k0 = counted(k0, read(p));
      k1 = counted(k1, read(p, 16));
    }
    let o = out + c;
    let t = 0;
    while (t < rows) {
      // Two rows together read the rows they share once.
      const both = t + 1 < rows && first + t >= window - 1;
      const next = both ? p + xStride : p;
      const u0 = read(p), u1 = read(p, 16), w0 = read(next), w1 = read(next, 16);
      k0 = counted(k0, u0);
      k1 = counted(k1, u1);
      let n0 = zero, n1 = zero, m0 = zero, m1 = zero;
      if (first + t >= window - 1) {
        let q = p - <usize>(window - 1) * xStride;
        if (window > 1) {
          n0 = compared(n0, read(q), u0);
          n1 = compared(n1, read(q, 16), u1);
        }
        for (let j = window - 2; j > 0; j--) {
          q += xStride;
          const v0 = read(q), v1 = read(q, 16);
          n0 = compared(n0, v0, u0); n1 = compared(n1, v1, u1);
          m0 = compared(m0, v0, w0); m1 = compared(m1, v1, w1);
        }
      }
      write(o, ranked(n0, k0, window, whole, scale));
      write(o, ranked(n1, k1, window, whole, scale), 16);
      t++;
      p += xStride;
      o += outStride;
      if (!both) continue;
      if (window > 1) {
        m0 = compared(m0, u0, w0);
        m1 = compared(m1, u1, w1);
      }
      k0 = counted(k0, w0);
      k1 = counted(k1, w1);
      write(o, ranked(m0, k0, window, whole, scale));
      write(o, ranked(m1, k1, window, whole, scale), 16);
      t++;
      p += xStride;
      o += outStride;
    }
  }
}

// @ts-ignore: decorator
@inline
function counted(known: v128, value: v128): v128 {
  return v128.andnot(i32x4.add(known, i32x4.splat(1)), missing(value));
}
/** One more for a smaller value, one less for a larger one. */
// @ts-ignore: decorator
@inline
function compared(sum: v128, value: v128, today: v128): v128 {
  return i32x4.add(sum, i32x4.sub(f32x4.gt(value, today), f32x4.lt(value, today)));
}
// @ts-ignore: decorator
@inline
function ranked(sum: v128, known: v128, window: i32, whole: v128, scale: v128): v128 {
  const rank = f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(sum), whole), scale);
  return v128.or(rank, i32x4.lt_s(known, i32x4.splat(window)));
}

export function ts_median(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  ts_quantile(out, outStride, x, xStride, rows, columns, first, window, scratch, 0.5);
}

/**
 * The window of four columns stands sorted in scratch, a vector a place. One walk takes the leaving value out and
 * the coming one in: places above the leaving value move down, and the coming value is carried up by min and max.
 * Missing counts as the largest, and hides the answer while it is in the window.
 */
export function ts_quantile(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize, q: f64): void {
  if (window > LONG_QUANTILE || rows < 4) {
    overSorted(false, q, out, outStride, x, xStride, rows, columns, first, window, scratch);
    return;
  }
  const top = splat(Infinity);
  const one = i32x4.splat(1);
  const enough = i32x4.splat(window);
  const place = q * <f64>(window - 1);
  const below = <i32>place;
  const fraction = splat(<f32>(place - <f64>below));
  const lower = scratch + (<usize>below << 4);
  const upper = scratch + (<usize>min(below + 1, window - 1) << 4);
  const end = scratch + (<usize>(window - 1) << 4);
  const width = <usize>((columns + 15) & ~15) << 2;
  for (let c: usize = 0; c < width; c += 16) {
    for (let s = scratch; s <= end; s += 16) write(s, top);
    let known = splat(0);
    const oldest = max(1 - window, -first);
    for (let t = oldest; t < rows; t++) {
      const raw = read(x + c + t * <i32>xStride);
      const gap = missing(raw);
      known = v128.andnot(i32x4.add(known, one), gap);
      let carry = v128.bitselect(top, raw, gap);
      // Before the window is full, one of the places still at the top leaves.
      let leaving = top;
      if (t - window >= oldest) {
        const old = read(x + c + (t - window) * <i32>xStride);
        leaving = v128.bitselect(top, old, missing(old));
      }
      let gone = splat(0);
      let here = read(scratch);
      for (let s = scratch; s < end; s += 16) {
        const next = read(s, 16);
        gone = v128.or(gone, f32x4.eq(here, leaving));
        const stays = v128.bitselect(next, here, gone);
        write(s, f32x4.pmin(carry, stays));
        carry = f32x4.pmax(carry, stays);
        here = next;
      }
      write(end, carry);
      if (t < 0) continue;
      const low = read(lower);
      const value = f32x4.add(low, f32x4.mul(f32x4.sub(read(upper), low), fraction));
      write(out + c + t * <i32>outStride, finite(v128.or(value, i32x4.lt_s(known, enough))));
    }
  }
}

/**
 * One column at a time, its window sorted in scratch: binary search, then one move of the values between the place
 * left and the place taken. Answers a rank, or a quantile.
 */
function overSorted(rank: bool, q: f64, out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const place = q * <f64>(window - 1);
  const below = <i32>place;
  const above = min(below + 1, window - 1);
  const fraction = <f32>(place - <f64>below);
  for (let c = 0; c < columns; c++) {
    const xc = x + (<usize>c << 2);
    const oc = out + (<usize>c << 2);
    let t = 0;
    // Rows before the first full window.
    for (; t < rows && first + t < window - 1; t++) store<f32>(oc + t * <i32>outStride, f32.NaN);
    if (t == rows) continue;
    let gaps = 0;
    for (let i = 0; i < window; i++) {
      const value = load<f32>(xc + (t - window + 1 + i) * <i32>xStride);
      gaps += i32(value != value);
      store<f32>(scratch + (<usize>i << 2), value != value ? Infinity : value);
    }
    sort(scratch, window);
    while (true) {
      let answer: f32 = f32.NaN;
      if (gaps == 0) {
        if (rank) {
          const today = load<f32>(xc + t * <i32>xStride);
          answer = <f32>((<f64>(under(scratch, window, today) + upTo(scratch, window, today) + 1)) * 0.5 / <f64>window);
        } else {
          const low = load<f32>(scratch + (<usize>below << 2));
          answer = low + (load<f32>(scratch + (<usize>above << 2)) - low) * fraction;
          answer += answer * 0; // an overflow is missing
        }
      }
      store<f32>(oc + t * <i32>outStride, answer);
      if (++t >= rows) break;
      let leaving = load<f32>(xc + (t - window) * <i32>xStride);
      let coming = load<f32>(xc + t * <i32>xStride);
      gaps += i32(coming != coming) - i32(leaving != leaving);
      if (leaving != leaving) leaving = Infinity;
      if (coming != coming) coming = Infinity;
      const from = under(scratch, window, leaving);
      let to = under(scratch, window, coming);
      if (to > from) {
        to--; // the leaving value no longer stands below
        memory.copy(scratch + (<usize>from << 2), scratch + (<usize>(from + 1) << 2), <usize>(to - from) << 2);
      } else {
        memory.copy(scratch + (<usize>(to + 1) << 2), scratch + (<usize>to << 2), <usize>(from - to) << 2);
      }
      store<f32>(scratch + (<usize>to << 2), coming);
    }
  }
}

/** How many of the sorted values are below `value`. */
function under(sorted: usize, n: i32, value: f32): i32 {
  let low = 0;
  while (n > 0) {
    const half = n >> 1;
    if (load<f32>(sorted + (<usize>(low + half) << 2)) < value) {
      low += half + 1;
      n -= half + 1;
    } else n = half;
  }
  return low;
}

/** How many of the sorted values are at or below `value`. */
function upTo(sorted: usize, n: i32, value: f32): i32 {
  let low = 0;
  while (n > 0) {
    const half = n >> 1;
    if (load<f32>(sorted + (<usize>(low + half) << 2)) <= value) {
      low += half + 1;
      n -= half + 1;
    } else n = half;
  }
  return low;
}

/** Heapsort: in place, and never worse than n log n on the sorted and constant runs prices are full of. */
function sort(values: usize, n: i32): void {
  for (let i = (n >> 1) - 1; i >= 0; i--) sift(values, i, n);
  for (let last = n - 1; last > 0; last--) {
    const end = values + (<usize>last << 2);
    const largest = load<f32>(values);
    store<f32>(values, load<f32>(end));
    store<f32>(end, largest);
    sift(values, 0, last);
  }
}

function sift(values: usize, root: i32, n: i32): void {
  const value = load<f32>(values + (<usize>root << 2));
  while (true) {
    let child = 2 * root + 1;
    if (child >= n) break;
    let larger = load<f32>(values + (<usize>child << 2));
    if (child + 1 < n) {
      const other = load<f32>(values + (<usize>(child + 1) << 2));
      if (other > larger) {
        larger = other;
        child++;
      }
    }
    if (larger <= value) break;
    store<f32>(values + (<usize>root << 2), larger);
    root = child;
  }
  store<f32>(values + (<usize>root << 2), value);
}
