/**
 * Correlation, covariance and slope of two series over a window: double precision sums, as in rolling-moments.ts, of
 * differences in float32, whose rounding is no more than that of the values themselves.
 */
import { d, finite, high, join, low, read, splat, write } from './lanes';
import { signed, signedRoot } from './roots';
import { SHORT, shortCov } from './rolling-short';
import { betaOfTwo, corrOfTwo, covOfTwo } from './rolling-twos';

const CORR = 0;
const COV = 1;
const BETA = 2;

/** 1 / n and 1 / (n - 1) stand at the head of scratch, as in rolling-moments.ts. */
const BY: usize = 0;
const F: usize = 16;
const HEAD: usize = 32;

/** CORR comes out squared, with its sign: see roots.ts. */
// @ts-ignore: decorator
@inline
function finish(kind: i32, c: usize, su: v128, sv: v128, suv: v128, svv: v128, suu: v128): v128 {
  const by = read(c, BY);
  const mean = f64x2.mul(sv, by);
  const cross = f64x2.sub(suv, f64x2.mul(su, mean));
  if (kind == COV) return f64x2.mul(cross, read(c, F));
  const vv = f64x2.sub(svv, f64x2.mul(sv, mean));
  if (kind == BETA) return v128.or(f64x2.div(cross, vv), f64x2.le(vv, d(0)));
  const vu = f64x2.sub(suu, f64x2.mul(f64x2.mul(su, by), su));
  const product = f64x2.mul(vu, vv);
  // Neither is below zero but by rounding, and a constant side is exactly zero.
  const none = f64x2.le(f64x2.pmin(vu, vv), d(0));
  return v128.or(signed(f64x2.div(f64x2.mul(cross, cross), product), cross), none);
}

// @ts-ignore: decorator
@inline
function scan(kind: i32, out: usize, outStride: usize, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  const zero = d(0);
  const place: usize = kind == COV ? 96 : kind == BETA ? 128 : 160;
  write(scratch, d(1 / <f64>window), BY);
  write(scratch, d(1 / <f64>(window - 1)), F);
  const suffixes = scratch + HEAD;
  const last = ((columns + 15) & ~15) << 2;
  for (let c: i32 = 0; c < last; c += 16) {
    let t = 0;
    while (t < rows) {
      const start = t - (first + t) % window;
      const whole = first + start >= window;
      const headX = x + c + start * <i32>xStride, headY = y + c + start * <i32>yStride;
      const firstX = read(headX), firstY = read(headY);
      let lu = zero, hu = zero, lv = zero, hv = zero, luv = zero, huv = zero, lvv = zero, hvv = zero, luu = zero, huu = zero;
      if (whole) {
        let p = headX, q = headY;
        let s = suffixes + <usize>window * place;
        for (let j = start - 1; j > t - window; j--) {
          p -= xStride;
          q -= yStride;
          s -= place;
          const u = f32x4.sub(read(p), firstX), v = f32x4.sub(read(q), firstY);
          const ul = low(u), uh = high(u), vl = low(v), vh = high(v);
          lu = f64x2.add(lu, ul); hu = f64x2.add(hu, uh);
          lv = f64x2.add(lv, vl); hv = f64x2.add(hv, vh);
          luv = f64x2.add(luv, f64x2.mul(ul, vl)); huv = f64x2.add(huv, f64x2.mul(uh, vh));
          write(s, lu); write(s, hu, 16); write(s, lv, 32); write(s, hv, 48); write(s, luv, 64); write(s, huv, 80);
          if (kind != COV) {
            lvv = f64x2.add(lvv, f64x2.mul(vl, vl)); hvv = f64x2.add(hvv, f64x2.mul(vh, vh));
            write(s, lvv, 96); write(s, hvv, 112);
          }
          if (kind == CORR) {
            luu = f64x2.add(luu, f64x2.mul(ul, ul)); huu = f64x2.add(huu, f64x2.mul(uh, uh));
            write(s, luu, 128); write(s, huu, 144);
          }
        }
      }
      for (let i: usize = 0; i < place; i += 16) write(suffixes + <usize>window * place + i, zero); // the empty suffix
      lu = zero; hu = zero; lv = zero; hv = zero; luv = zero; huv = zero; lvv = zero; hvv = zero; luu = zero; huu = zero;
      const end = min(rows, start + window);
      const quiet = min(end, whole ? t : max(t, start + window - 1));
      let p = headX, q = headY;
      let s = suffixes;
      let o = out + c + start * <i32>outStride;
      for (let j = start; j < end; j++, p += xStride, q += yStride, o += outStride) {
        s += place;
        const u = f32x4.sub(read(p), firstX), v = f32x4.sub(read(q), firstY);
        const ul = low(u), uh = high(u), vl = low(v), vh = high(v);
        lu = f64x2.add(lu, ul); hu = f64x2.add(hu, uh);
        lv = f64x2.add(lv, vl); hv = f64x2.add(hv, vh);
        luv = f64x2.add(luv, f64x2.mul(ul, vl)); huv = f64x2.add(huv, f64x2.mul(uh, vh));
        if (kind != COV) {
          lvv = f64x2.add(lvv, f64x2.mul(vl, vl)); hvv = f64x2.add(hvv, f64x2.mul(vh, vh));
        }
        if (kind == CORR) {
          luu = f64x2.add(luu, f64x2.mul(ul, ul)); huu = f64x2.add(huu, f64x2.mul(uh, uh));
        }
        if (j < quiet) {
          if (j >= t) write(o, splat(f32.NaN));
          continue;
        }
        const L = finish(kind, scratch, f64x2.add(lu, read(s)), f64x2.add(lv, read(s, 32)), f64x2.add(luv, read(s, 64)),
          kind != COV ? f64x2.add(lvv, read(s, 96)) : zero, kind == CORR ? f64x2.add(luu, read(s, 128)) : zero);
        const H = finish(kind, scratch, f64x2.add(hu, read(s, 16)), f64x2.add(hv, read(s, 48)), f64x2.add(huv, read(s, 80)),
          kind != COV ? f64x2.add(hvv, read(s, 112)) : zero, kind == CORR ? f64x2.add(huu, read(s, 144)) : zero);
        if (kind == CORR) write(o, f32x4.pmax(f32x4.pmin(signedRoot(L, H), splat(1)), splat(-1)));
        else write(o, finite(join(L, H)));
      }
      t = end;
    }
  }
}

export function ts_corr(out: usize, outStride: usize, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window == 2) corrOfTwo(out, outStride, x, xStride, y, yStride, rows, columns, first);
  else scan(CORR, out, outStride, x, xStride, y, yStride, rows, columns, first, window, scratch);
}
export function ts_cov(out: usize, outStride: usize, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window == 2) covOfTwo(out, outStride, x, xStride, y, yStride, rows, columns, first);
  else if (window <= SHORT) shortCov(out, outStride, x, xStride, y, yStride, rows, columns, first, window, scratch);
  else scan(COV, out, outStride, x, xStride, y, yStride, rows, columns, first, window, scratch);
}
export function ts_beta(out: usize, outStride: usize, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, columns: i32, first: i32, window: i32, scratch: usize): void {
  if (window == 2) betaOfTwo(out, outStride, x, xStride, y, yStride, rows, columns, first);
  else scan(BETA, out, outStride, x, xStride, y, yStride, rows, columns, first, window, scratch);
}
