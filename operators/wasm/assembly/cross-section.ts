/**
 * One date's row over all symbols. `n` is how many symbols there are; the cells of `out` from there to the next
 * multiple of 16 become missing. `out` may be any of the inputs. Sums are in double precision relative to the first
 * present cell, so an offset costs no digits and a row of equal values has a variance of exactly zero.
 */
import { groupScratch } from './groups';
import { counted, finite, firstPresent, high, join, low, missing, past, read, splat, summed, write } from './lanes';
import { padded, rankRow, sortScratch } from './ranking';
import { present, twiceMedian } from './selecting';

const NORM = 0;
const DEMEAN = 1;
const SCALE = 2;
/** Bytes of scratch for any kernel of this file, of groups.ts or of correlation.ts on n symbols. */
export function crossScratch(n: i32): i32 {
  return <i32>(max(sortScratch(n) + padded(n) * 12, groupScratch(n)) + 1024);
}

/** Four cells of a row, missing past its end. */
// @ts-ignore: decorator
@inline
function cells(x: usize, i: i32, n: i32): v128 {
  const v = read(x + (<usize>i << 2));
  return i + 4 > n ? v128.or(v, past(n - i)) : v;
}

/** Missing from cell `from` (a multiple of 4) to the end of the padding. */
// @ts-ignore: decorator
@inline
function clear(out: usize, from: i32, n: i32): void {
  for (let at = out + (<usize>from << 2), end = out + (padded(n) << 2); at < end; at += 16) write(at, splat(f32.NaN));
}

/** Each cell becomes (x - away) * by. */
// @ts-ignore: decorator
@inline
function rescale(kind: i32, out: usize, x: usize, n: i32): void {
  const first = firstPresent(x, n);
  const origin = kind == SCALE ? splat(0) : splat(first);
  const shift = kind == SCALE ? f64x2.splat(0) : f64x2.splat(first);
  let sums = f64x2.splat(0), sums2 = sums, squares = sums, squares2 = sums;
  let held = i32x4.splat(0);
  for (let i = 0; i < n; i += 4) {
    const v = cells(x, i, n);
    const present = f32x4.eq(v, v);
    let whole = v128.bitselect(v, origin, present);
    if (kind == SCALE) whole = f32x4.abs(whole);
    const a = f64x2.sub(low(whole), shift), b = f64x2.sub(high(whole), shift);
    sums = f64x2.add(sums, a);
    sums2 = f64x2.add(sums2, b);
    if (kind == NORM) {
      squares = f64x2.add(squares, f64x2.mul(a, a));
      squares2 = f64x2.add(squares2, f64x2.mul(b, b));
    }
    held = i32x4.sub(held, present);
  }
  const m = <f64>counted(held);
  const total = summed(f64x2.add(sums, sums2));
  let away: f64 = 0, by: f64 = 1;
  if (kind == SCALE) by = total > 0 ? total : NaN;
  else {
    away = <f64>first + total / m;
    if (kind == NORM) {
      const variance = (summed(f64x2.add(squares, squares2)) - (total * total) / m) / (m - 1);
      by = variance > 0 ? Math.sqrt(variance) : NaN;
    }
  }
  const away2 = f64x2.splat(away), by2 = f64x2.splat(kind == SCALE ? by : 1 / by);
  for (let i = 0; i < n; i += 4) {
    const v = cells(x, i, n);
    let a = low(v), b = high(v);
    if (kind == SCALE) {
      // Divided, not multiplied by an inverse: a single symbol is exactly 1 or -1.
      a = f64x2.div(a, by2);
      b = f64x2.div(b, by2);
    } else {
      a = f64x2.sub(a, away2);
      b = f64x2.sub(b, away2);
      if (kind == NORM) {
        a = f64x2.mul(a, by2);
        b = f64x2.mul(b, by2);
      }
    }
    write(out + (<usize>i << 2), finite(join(a, b)));
  }
  clear(out, (n + 3) & ~3, n);
}

export function cs_norm(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, n: i32, scratch: usize): void {
  for (let t = 0; t < rows; t++, out += outStride, x += xStride) rescale(NORM, out, x, n);
}
export function cs_demean(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, n: i32, scratch: usize): void {
  for (let t = 0; t < rows; t++, out += outStride, x += xStride) rescale(DEMEAN, out, x, n);
}
export function cs_scale(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, n: i32, scratch: usize): void {
  for (let t = 0; t < rows; t++, out += outStride, x += xStride) rescale(SCALE, out, x, n);
}

export function cs_rank(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, n: i32, scratch: usize): void {
  const sorting = scratch + (padded(n) << 2) + 64;
  const one = i32x4.splat(1);
  for (let t = 0; t < rows; t++, out += outStride, x += xStride) {
    const twice = splat(<f32>(rankRow(scratch, x, n, sorting) << 1));
    for (let i = 0; i < n; i += 4) {
      const rank = f32x4.div(f32x4.convert_i32x4_s(i32x4.add(read(scratch + (<usize>i << 2)), one)), twice);
      write(out + (<usize>i << 2), v128.or(rank, missing(cells(x, i, n))));
    }
    clear(out, (n + 3) & ~3, n);
  }
}

export function cs_winsor(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, n: i32, scratch: usize, k: f64): void {
  let middle: f64 = 0, spread: f64 = 0;
  for (let t = 0; t < rows; t++, out += outStride, x += xStride) {
    const m = present(x, n);
    if (m == 0) {
      clear(out, 0, n);
      continue;
    }
    // Half of the cells were within a spread of the middle.
    const pace = (4 * spread) / <f64>m;
    middle = 0.5 * twiceMedian(x, n, m, middle, pace);
    const origin = f64x2.splat(middle);
    for (let i = 0; i < n; i += 4) {
      const v = cells(x, i, n);
      const l = f64x2.abs(f64x2.sub(low(v), origin)), h = f64x2.abs(f64x2.sub(high(v), origin));
      write(scratch + (<usize>i << 2), join(l, h));
    }
    spread = 0.5 * twiceMedian(scratch, n, m, spread, pace);
    const reach = k * spread;
    const least = splat(<f32>(middle - reach)), most = splat(<f32>(middle + reach));
    for (let i = 0; i < n; i += 4) {
      write(out + (<usize>i << 2), finite(f32x4.max(least, f32x4.min(most, cells(x, i, n)))));
    }
    clear(out, (n + 3) & ~3, n);
  }
}

export function cs_resid(out: usize, outStride: usize, x: usize, xStride: usize, y: usize, yStride: usize, rows: i32, n: i32, scratch: usize): void {
  for (let t = 0; t < rows; t++, out += outStride, x += xStride, y += yStride) residuals(out, x, y, n);
}

function residuals(out: usize, x: usize, y: usize, n: i32): void {
  let firstX: f32 = 0, firstY: f32 = 0;
  for (let i = 0; i < n; i++) {
    firstX = load<f32>(x + (<usize>i << 2));
    firstY = load<f32>(y + (<usize>i << 2));
    if (firstX == firstX && firstY == firstY) break;
  }
  const originX = splat(firstX), originY = splat(firstY);
  const shiftX = f64x2.splat(firstX), shiftY = f64x2.splat(firstY);
  let sx = f64x2.splat(0), sy = sx, syy = sx, sxy = sx;
  let held = i32x4.splat(0);
  for (let i = 0; i < n; i += 4) {
    const v = cells(x, i, n), w = read(y + (<usize>i << 2));
    const present = v128.and(f32x4.eq(v, v), f32x4.eq(w, w));
    const whole = v128.bitselect(v, originX, present), other = v128.bitselect(w, originY, present);
    const a = f64x2.sub(low(whole), shiftX), b = f64x2.sub(high(whole), shiftX);
    const c = f64x2.sub(low(other), shiftY), d = f64x2.sub(high(other), shiftY);
    sx = f64x2.add(sx, f64x2.add(a, b));
    sy = f64x2.add(sy, f64x2.add(c, d));
    syy = f64x2.add(syy, f64x2.add(f64x2.mul(c, c), f64x2.mul(d, d)));
    sxy = f64x2.add(sxy, f64x2.add(f64x2.mul(a, c), f64x2.mul(b, d)));
    held = i32x4.sub(held, present);
  }
  const m = <f64>counted(held);
  const varies = summed(syy) - (summed(sy) * summed(sy)) / m;
  const slope = f64x2.splat(varies > 0 ? (summed(sxy) - (summed(sx) * summed(sy)) / m) / varies : NaN);
  const meanX = f64x2.splat(<f64>firstX + summed(sx) / m), meanY = f64x2.splat(<f64>firstY + summed(sy) / m);
  for (let i = 0; i < n; i += 4) {
    const v = cells(x, i, n), w = read(y + (<usize>i << 2));
    const a = f64x2.sub(f64x2.sub(low(v), meanX), f64x2.mul(slope, f64x2.sub(low(w), meanY)));
    const b = f64x2.sub(f64x2.sub(high(v), meanX), f64x2.mul(slope, f64x2.sub(high(w), meanY)));
    write(out + (<usize>i << 2), finite(join(a, b)));
  }
  clear(out, (n + 3) & ~3, n);
}
