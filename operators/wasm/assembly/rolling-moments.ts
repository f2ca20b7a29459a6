/**
 * Spread and shape of a window: power sums and time-weighted sums in double precision, blocks and their shared
 * first row as in rolling-sums.ts. Float32 sums would lose a day's worth of digits when the first bar of a session
 * is an outlier; double costs about twice the time and is exact to the last stored digit.
 *
 * 4 columns at a time: two lanes of doubles, `l` and `h`, for each sum.
 */
import { d, finite, high, join, low, read, splat, write } from './lanes';
import { root, signed, signedRoot } from './roots';
import { SHORT, SHORT_TREND, shortSlope, shortVar } from './rolling-short';
import { normOfTwo, residOfTwo, rsquareOfTwo, slopeOfTwo, stdOfTwo, varOfTwo, zscoreOfTwo } from './rolling-twos';

const VAR = 0;
const STD = 1;
const ZSCORE = 2;
const NORM = 3;
const SKEW = 4;
const KURT = 5;
const SLOPE = 6;
const RSQUARE = 7;
const RESID = 8;
// The long windows of rolling-sums.ts.
const MEAN = 9;
const SUM = 10;
const EMA = 11;
const DECAY = 12;

/**
 * What an answer needs of the window alone, at the head of scratch. In memory rather than in variables: the engine
 * would move their computation, a division each, into the row loop.
 */
const BY: usize = 0; // 1 / n
const F: usize = 16;
const K: usize = 32;
const THREE: usize = 48;
const HEAD: usize = 64;

// @ts-ignore: decorator
@inline
function prepare(kind: i32, window: i32, scratch: usize): void {
  const n = <f64>window;
  const spread = (n * (n * n - 1)) / 12; // Σ (i - mean i)²
  let f = 1 / spread;
  if (kind == VAR || kind == STD) f = 1 / (n - 1);
  else if (kind == ZSCORE || kind == NORM) f = 1 / (n - 1);
  // SKEW comes out squared. Its sums are used undivided, Σ(x-m)³ and Σ(x-m)², so powers of n remain.
  else if (kind == SKEW) f = (n * n * (n - 1)) / ((n - 2) * (n - 2));
  else if (kind == KURT) f = (n * (n - 1) * (n + 1)) / ((n - 2) * (n - 3));
  else if (kind == RESID) f = (n - 1) / 2 / spread;
  else if (kind == MEAN) f = 1 / n;
  else if (kind == SUM) f = n;
  else if (kind == DECAY) f = 2 / (n * (n + 1));
  const keep = 1 - 2 / (n + 1);
  if (kind == EMA) {
    let total: f64 = 0;
    for (let i = 0, weight: f64 = 1; i < window; i++, weight *= keep) total += weight;
    f = 1 / total;
  }
  const k = kind == EMA ? keep : kind == KURT ? (-3 * (n - 1) * (n - 1)) / ((n - 2) * (n - 3)) : (n - 1) / 2;
  write(scratch, d(1 / n), BY);
  write(scratch, d(f), F);
  write(scratch, d(k), K);
  write(scratch, d(3), THREE);
}

/**
 * One lane pair of the answer, from the sums of u = x - reference: Σu, Σu², Σu³ (or Σ place·u), Σu⁴. STD, ZSCORE,
 * NORM and SKEW come out squared: see roots.ts.
 */
// @ts-ignore: decorator
@inline
function finish(kind: i32, c: usize, shift: v128, u: v128, ref: v128, s1: v128, s2: v128, s3: v128, s4: v128): v128 {
  if (kind == MEAN || kind == EMA) return f64x2.add(ref, f64x2.mul(s1, read(c, F)));
  if (kind == SUM) return f64x2.add(f64x2.mul(ref, read(c, F)), s1);
  if (kind == DECAY) return f64x2.add(ref, f64x2.mul(f64x2.add(s3, f64x2.mul(shift, s1)), read(c, F)));
  const mean = f64x2.mul(s1, read(c, BY));
  if (kind == SLOPE || kind == RESID) {
    // Σ (i - mean i) u over the window's own places i = 0..n-1.
    const cross = f64x2.mul(f64x2.add(s3, f64x2.mul(shift, s1)), read(c, F));
    return kind == SLOPE ? cross : f64x2.sub(f64x2.sub(u, mean), cross);
  }
  // Σ (x - mean)²; u is 0 on a constant window, so this is exactly 0 there.
  const sq = f64x2.sub(s2, f64x2.mul(s1, mean));
  if (kind == VAR || kind == STD) return f64x2.mul(f64x2.pmax(sq, d(0)), read(c, F));
  const none = f64x2.le(sq, d(0)); // false on NaN, which passes on by itself
  if (kind == ZSCORE || kind == NORM) {
    const top = kind == NORM ? f64x2.sub(u, mean) : f64x2.add(ref, mean);
    return v128.or(signed(f64x2.div(f64x2.mul(top, top), f64x2.mul(sq, read(c, F))), top), none);
  }
  if (kind == RSQUARE) {
    const cross = f64x2.add(s3, f64x2.mul(shift, s1));
    return v128.or(f64x2.div(f64x2.mul(f64x2.mul(cross, cross), read(c, F)), sq), none);
  }
  if (kind == SKEW) {
    // Σ(x-m)³ = Σu³ - m (3 Σu² - 2 m Σu) = Σu³ - m (Σu² + 2 Σ(x-m)²)
    const cube = f64x2.sub(s3, f64x2.mul(mean, f64x2.add(s2, f64x2.add(sq, sq))));
    const square = f64x2.div(f64x2.mul(f64x2.mul(cube, cube), read(c, F)), f64x2.mul(sq, f64x2.mul(sq, sq)));
    return v128.or(signed(square, cube), none);
  }
  // KURT: Σ(x-m)⁴ = Σu⁴ - m (4 Σu³ - m (6 Σu² - 3 m Σu)), and 6 Σu² - 3 m Σu = 3 (Σu² + Σ(x-m)²).
  const inner = f64x2.mul(mean, f64x2.mul(f64x2.add(s2, sq), read(c, THREE)));
  const three = f64x2.add(s3, s3);
  const fourth = f64x2.sub(s4, f64x2.mul(mean, f64x2.sub(f64x2.add(three, three), inner)));
  return v128.or(f64x2.add(f64x2.div(f64x2.mul(fourth, read(c, F)), f64x2.mul(sq, sq)), read(c, K)), none);
}

// @ts-ignore: decorator
@inline
function powers(kind: i32): bool {
  return kind == SKEW || kind == KURT;
}
// @ts-ignore: decorator
@inline
function timed(kind: i32): bool {
  return kind == SLOPE || kind == RSQUARE || kind == RESID || kind == DECAY;
}
// @ts-ignore: decorator
@inline
function squared(kind: i32): bool {
  return kind != SLOPE && kind != RESID && kind < MEAN;
}

// @ts-ignore: decorator
@inline
function scan(kind: i32, out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const zero = d(0);
  // A suffix's sums stand together: as many pairs of vectors as the kind needs.
  const pairs: usize = kind == KURT ? 4 : powers(kind) || kind == RSQUARE ? 3 : 2;
  const place: usize = pairs << 5;
  const two: usize = 32;
  const third: usize = squared(kind) ? 64 : 32;
  prepare(kind, window, scratch);
  const suffixes = scratch + HEAD;
  const middle = kind == DECAY ? <f64>window : <f64>(window - 1) / 2;
  const keep = kind == EMA ? 1.0 - 2.0 / <f64>(window + 1) : 1.0;
  const last = ((columns + 15) & ~15) << 2;
  for (let c: i32 = 0; c < last; c += 16) {
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      const head = x + c + start * <i32>xStride;
      const first_ = read(head);
      const refL = low(first_), refH = high(first_);
      let l1 = zero, h1 = zero, l2 = zero, h2 = zero, l3 = zero, h3 = zero, l4 = zero, h4 = zero;
      if (whole) {
        let p = head;
        let s = suffixes + <usize>window * place;
        let weight: f64 = 1;
        for (let j = start - 1; j > t - window; j--) {
          p -= xStride;
          s -= place;
          const u = read(p);
          const ul = f64x2.sub(low(u), refL), uh = f64x2.sub(high(u), refH);
          if (kind == EMA) {
            l1 = f64x2.add(l1, f64x2.mul(ul, d(weight))); h1 = f64x2.add(h1, f64x2.mul(uh, d(weight)));
            weight *= keep;
          } else {
            l1 = f64x2.add(l1, ul); h1 = f64x2.add(h1, uh);
          }
          write(s, l1); write(s, h1, 16);
          if (squared(kind)) {
            const ql = f64x2.mul(ul, ul), qh = f64x2.mul(uh, uh);
            l2 = f64x2.add(l2, ql); h2 = f64x2.add(h2, qh);
            write(s, l2, two); write(s, h2, two + 16);
            if (powers(kind)) {
              l3 = f64x2.add(l3, f64x2.mul(ql, ul)); h3 = f64x2.add(h3, f64x2.mul(qh, uh));
              write(s, l3, third); write(s, h3, third + 16);
              if (kind == KURT) {
                l4 = f64x2.add(l4, f64x2.mul(ql, ql)); h4 = f64x2.add(h4, f64x2.mul(qh, qh));
                write(s, l4, 96); write(s, h4, 112);
              }
            }
          }
          if (timed(kind)) {
            const at = d(<f64>(j - start));
            l3 = f64x2.add(l3, f64x2.mul(at, ul)); h3 = f64x2.add(h3, f64x2.mul(at, uh));
            write(s, l3, third); write(s, h3, third + 16);
          }
        }
      }
      for (let i: usize = 0; i < place; i += 16) write(suffixes + <usize>window * place + i, zero); // the empty suffix
      l1 = zero; h1 = zero; l2 = zero; h2 = zero; l3 = zero; h3 = zero; l4 = zero; h4 = zero;
      const end = min(rows, start + window);
      let older: f64 = 1;
      // Rows that only feed the sums: before the call's first, or before the first full window.
      const quiet = min(end, whole ? t : max(t, start + window - 1));
      let p = head;
      let s = suffixes;
      let o = out + c + start * <i32>outStride;
      for (let j = start; j < end; j++, p += xStride, o += outStride) {
        s += place;
        const u = read(p);
        const ul = f64x2.sub(low(u), refL), uh = f64x2.sub(high(u), refH);
        if (kind == EMA) {
          const fade = read(scratch, K);
          l1 = f64x2.mul(l1, fade); h1 = f64x2.mul(h1, fade);
          older *= keep;
        }
        l1 = f64x2.add(l1, ul); h1 = f64x2.add(h1, uh);
        if (squared(kind)) {
          const ql = f64x2.mul(ul, ul), qh = f64x2.mul(uh, uh);
          l2 = f64x2.add(l2, ql); h2 = f64x2.add(h2, qh);
          if (powers(kind)) {
            l3 = f64x2.add(l3, f64x2.mul(ql, ul)); h3 = f64x2.add(h3, f64x2.mul(qh, uh));
            if (kind == KURT) {
              l4 = f64x2.add(l4, f64x2.mul(ql, ql)); h4 = f64x2.add(h4, f64x2.mul(qh, qh));
            }
          }
        }
        if (timed(kind)) {
          const at = d(<f64>(j - start));
          l3 = f64x2.add(l3, f64x2.mul(at, ul)); h3 = f64x2.add(h3, f64x2.mul(at, uh));
        }
        if (j < quiet) {
          if (j >= t) write(o, splat(f32.NaN));
          continue;
        }
        // What turns a place in the block into a place in the window, or ages the suffix.
        const shift = timed(kind) ? d(middle - <f64>(j - start)) : zero;
        let s1l = read(s), s1h = read(s, 16);
        if (kind == EMA) { s1l = f64x2.mul(s1l, d(older)); s1h = f64x2.mul(s1h, d(older)); }
        const cube = powers(kind) || timed(kind);
        const L = finish(kind, scratch, shift, ul, refL,
          f64x2.add(l1, s1l), squared(kind) ? f64x2.add(l2, read(s, two)) : zero,
          cube ? f64x2.add(l3, read(s, third)) : zero, kind == KURT ? f64x2.add(l4, read(s, 96)) : zero);
        const H = finish(kind, scratch, shift, uh, refH,
          f64x2.add(h1, s1h), squared(kind) ? f64x2.add(h2, read(s, two + 16)) : zero,
          cube ? f64x2.add(h3, read(s, third + 16)) : zero, kind == KURT ? f64x2.add(h4, read(s, 112)) : zero);
        if (kind == STD) write(o, finite(root(L, H)));
        else if (kind == ZSCORE || kind == NORM || kind == SKEW) write(o, finite(signedRoot(L, H)));
        else if (kind == RSQUARE) write(o, f32x4.pmin(join(L, H), splat(1)));
        else write(o, finite(join(L, H)));
      }
      t = end;
    }
  }
}

export function ts_var(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window == 2) varOfTwo(out, outStride, x, xStride, rows, columns, first);
  else if (window > 2 && window <= SHORT) shortVar(out, outStride, x, xStride, rows, columns, first, window, scratch);
  else scan(VAR, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_std(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window == 2) stdOfTwo(out, outStride, x, xStride, rows, columns, first);
  else scan(STD, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_zscore(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window == 2) zscoreOfTwo(out, outStride, x, xStride, rows, columns, first);
  else scan(ZSCORE, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_norm(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window == 2) normOfTwo(out, outStride, x, xStride, rows, columns, first);
  else scan(NORM, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_skew(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  scan(SKEW, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_kurt(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  scan(KURT, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_slope(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window == 2) slopeOfTwo(out, outStride, x, xStride, rows, columns, first);
  else if (window > 2 && window <= SHORT_TREND) shortSlope(out, outStride, x, xStride, rows, columns, first, window, scratch);
  else scan(SLOPE, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_rsquare(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window == 2) rsquareOfTwo(out, outStride, x, xStride, rows, columns, first);
  else scan(RSQUARE, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function ts_resid(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window == 2) residOfTwo(out, outStride, x, xStride, rows, columns, first);
  else scan(RESID, out, outStride, x, xStride, rows, columns, first, window, scratch);
}

export function longMean(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  scan(MEAN, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function longSum(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  scan(SUM, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function longEma(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  scan(EMA, out, outStride, x, xStride, rows, columns, first, window, scratch);
}
export function longDecay(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  scan(DECAY, out, outStride, x, xStride, rows, columns, first, window, scratch);
}

/** Products of blocks: in double precision, because a part may pass float32's range where the whole does not. */
export function ts_prod(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const never = splat(f32.NaN);
  const one = d(1);
  const last = (columns + 15 & ~15) << 2;
  for (let c: i32 = 0; c < last; c += 16) {
    const xc = x + c;
    const oc = out + c;
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      let l = one, h = one;
      if (whole) {
        for (let j = start - 1; j > t - window; j--) {
          const u = read(xc + j * <i32>xStride);
          const s = scratch + (<usize>(j - start + window) << 5);
          l = f64x2.mul(l, low(u)); h = f64x2.mul(h, high(u));
          write(s, l); write(s, h, 16);
        }
      }
      const none = scratch + (<usize>window << 5);
      write(none, one); write(none, one, 16);
      l = one; h = one;
      const end = min(rows, start + window);
      for (let j = start; j < end; j++) {
        const u = read(xc + j * <i32>xStride);
        l = f64x2.mul(l, low(u)); h = f64x2.mul(h, high(u));
        if (j < t) continue;
        const o = oc + j * <i32>outStride;
        if (!whole && j < start + window - 1) {
          write(o, never);
          continue;
        }
        const s = scratch + (<usize>(j - start + 1) << 5);
        write(o, finite(join(f64x2.mul(l, read(s)), f64x2.mul(h, read(s, 16)))));
      }
      t = end;
    }
  }
}
