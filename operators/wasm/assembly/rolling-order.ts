/** Rank, median and quantile of a window. */
import { finite, missing, read, splat, write } from './lanes';

/** Longer windows keep one sorted column; shorter ones do all their work on four columns at once. */
const LONG_RANK = 256;
const LONG_QUANTILE = 128;

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
 * The blocks of rolling-sums.ts: the smallest values of every suffix stand sorted in scratch, those of the prefix are
 * kept sorted as rows come, and the answer is chosen from two sorted lists. Only as many are kept as stand below the
 * place asked for, counted from the nearer end: for a quantile above the middle everything is done on opposites.
 */
export function ts_quantile(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize, q: f64): void {
  if (window > LONG_QUANTILE || rows < 4) {
    overSorted(false, q, out, outStride, x, xStride, rows, columns, first, window, scratch);
    return;
  }
  const place = q * <f64>(window - 1);
  const below = <i32>place;
  const exact = <f64>below == place;
  const fromTop = window - 1 - below - i32(!exact);
  if (fromTop < below) chosen(true, fromTop, exact, <f32>(place - <f64>below), out, outStride, x, xStride, rows, columns, first, window, scratch);
  else chosen(false, below, exact, <f32>(place - <f64>below), out, outStride, x, xStride, rows, columns, first, window, scratch);
}

/** Between the value at place `k` of the window in order and the next one. A list stands between -inf and inf. */
// @ts-ignore: decorator
@inline
function chosen(opposite: bool, k: i32, exact: bool, fraction: f32, out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const zero = splat(0), top = splat(Infinity), bottom = splat(-Infinity);
  const kept = exact ? k + 1 : k + 2;
  const size = <usize>(kept + 3) << 5;
  const masks = size - 32;
  const prefix = scratch + <usize>window * size;
  for (let n = 0; n <= window; n++) {
    const list = scratch + <usize>n * size, end = list + (<usize>(min(n, kept) + 1) << 5);
    write(list, bottom); write(list, bottom, 16);
    write(end, top); write(end, top, 16);
  }
  write(scratch + masks, zero); write(scratch + masks, zero, 16); // the empty suffix
  const last = ((columns + 15) & ~15) << 2;
  for (let c: i32 = 0; c < last; c += 32) {
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      const head = x + c + start * <i32>xStride;
      let m0 = zero, m1 = zero;
      if (whole) {
        let p = head;
        let list = scratch;
        for (let n = 0; n < start - t + window - 1; n++) {
          p -= xStride;
          const u0 = read(p), u1 = read(p, 16);
          m0 = v128.or(m0, missing(u0)); m1 = v128.or(m1, missing(u1));
          insert(list, list + size, min(n, kept), kept, ordered(opposite, u0), ordered(opposite, u1));
          list += size;
          write(list + masks, m0); write(list + masks, m1, 16);
        }
      }
      m0 = zero; m1 = zero;
      const end = min(rows, start + window);
      const quiet = min(end, whole ? t : max(t, start + window - 1));
      let p = head;
      let o = out + c + start * <i32>outStride;
      for (let j = start, n = 0; j < end; j++, p += xStride, o += outStride) {
        const u0 = read(p), u1 = read(p, 16);
        m0 = v128.or(m0, missing(u0)); m1 = v128.or(m1, missing(u1));
        insert(prefix, prefix, min(n, kept), kept, ordered(opposite, u0), ordered(opposite, u1));
        n++;
        if (n <= kept) {
          const past = prefix + (<usize>(n + 1) << 5);
          write(past, top); write(past, top, 16);
        }
        if (j < quiet) {
          if (j >= t) { const never = splat(f32.NaN); write(o, never); write(o, never, 16); }
          continue;
        }
        // Place k is the least, over the ways to take k + 1 values from the two, of the larger of their last ones; the
        // next place is the largest, over the same ways, of the smaller of the two values left first.
        const suffix = scratch + <usize>(window - n) * size;
        const least = max(0, k + 1 - (window - n)), most = min(k + 1, n);
        let a = prefix + (<usize>least << 5), b = suffix + (<usize>(k + 1 - least) << 5);
        let a0 = read(a), a1 = read(a, 16), b0 = read(b, 32), b1 = read(b, 48);
        let x0 = top, x1 = top, y0 = bottom, y1 = bottom;
        for (const stop = prefix + (<usize>most << 5); a <= stop; b -= 32) {
          a += 32;
          const c0 = read(b), c1 = read(b, 16), d0 = read(a), d1 = read(a, 16);
          x0 = f32x4.pmin(x0, f32x4.pmax(a0, c0)); x1 = f32x4.pmin(x1, f32x4.pmax(a1, c1));
          y0 = f32x4.pmax(y0, f32x4.pmin(d0, b0)); y1 = f32x4.pmax(y1, f32x4.pmin(d1, b1));
          a0 = d0; a1 = d1; b0 = c0; b1 = c1;
        }
        const n0 = v128.or(m0, read(suffix + masks)), n1 = v128.or(m1, read(suffix + masks, 16));
        write(o, v128.or(between(opposite, exact, x0, y0, fraction), n0));
        write(o, v128.or(between(opposite, exact, x1, y1, fraction), n1), 16);
      }
      t = end;
    }
  }
}

/** Zeros of both signs are one value, and come out as 0. */
// @ts-ignore: decorator
@inline
function ordered(opposite: bool, value: v128): v128 {
  return opposite ? f32x4.sub(splat(0), value) : f32x4.add(splat(0), value);
}

// @ts-ignore: decorator
@inline
function between(opposite: bool, exact: bool, value: v128, next: v128, fraction: f32): v128 {
  if (exact) return opposite ? f32x4.sub(splat(0), value) : value;
  const low = opposite ? f32x4.sub(splat(0), next) : value;
  const high = opposite ? f32x4.sub(splat(0), value) : next;
  return finite(f32x4.add(low, f32x4.mul(f32x4.sub(high, low), splat(fraction))));
}

/** A list with one more value: `n` values are there, and `kept` at most remain. The two lists may be one. */
// @ts-ignore: decorator
@inline
function insert(list: usize, to: usize, n: i32, kept: i32, v0: v128, v1: v128): void {
  const stop = list + (<usize>n << 5);
  while (list < stop) {
    list += 32;
    to += 32;
    const h0 = read(list), h1 = read(list, 16);
    write(to, f32x4.pmin(v0, h0)); write(to, f32x4.pmin(v1, h1), 16);
    v0 = f32x4.pmax(v0, h0); v1 = f32x4.pmax(v1, h1);
  }
  if (n < kept) { write(to, v0, 32); write(to, v1, 48); }
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
      store<f32>(scratch + (<usize>i << 2), value != value ? Infinity : value + 0);
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
      coming = coming != coming ? Infinity : coming + 0;
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
