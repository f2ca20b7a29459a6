/**
 * How a factor's row agrees with the label's, date by date. `out` takes two doubles a row, the correlation and how
 * many cells have both; the correlation is missing below 3 cells and when either side is constant. A score's correlation
 * (ic_pearson, ic_spearman) is missing as well when the factor varies by rounding alone.
 */
import { counted, high, low, missing, past, read, splat, summed, write } from './lanes';
import { padded, rankRow } from './ranking';

const LEAST = 3;

// @ts-ignore: decorator
@inline
function report(slope: bool, out: usize, count: i32, xx: f64, yy: f64, xy: f64, least: f64 = 0): void {
  const varies = count >= LEAST && xx > least && (slope || yy > 0);
  const answer = slope ? xy / xx : Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy)));
  store<f64>(out, varies ? answer : NaN);
  store<f64>(out, <f64>count, 8);
}

/** Vectors summed in float32 before the sums go on in double precision. */
const BLOCK = 16;

/**
 * One pass relative to the first common cell, so an offset costs no digits and a constant side has a spread of exactly
 * zero. Products are float32, and so are sums of 16 of them: with the origin within three deviations of the mean,
 * which is checked, the correlation is good to 3e-6 at worst and was off by 2e-7 at most. Rows that fail the check, or whose squares leave float32's range,
 * are done again in double precision. 0.5 ns a cell, against 1.1 in double precision throughout.
 */
// @ts-ignore: decorator
@inline
function scan(slope: bool, judged: bool, out: usize, factor: usize, factorStride: usize, label: usize, labelStride: usize, rows: i32, n: i32): void {
  for (let t = 0; t < rows; t++, out += 16, factor += factorStride, label += labelStride) {
    let firstX: f32 = 0, firstY: f32 = 0;
    for (let at: usize = 0, end = <usize>n << 2; at < end; at += 4) {
      firstX = load<f32>(factor + at);
      firstY = load<f32>(label + at);
      if (firstX == firstX && firstY == firstY) break;
    }
    const originX = splat(firstX), originY = splat(firstY);
    let sums = f64x2.splat(0), squaresX = sums, squaresY = sums, products = sums, sumsY = sums;
    let held = i32x4.splat(0);
    for (let i = 0; i < n; ) {
      let sx = splat(0), sy = sx, xx = sx, yy = sx, xy = sx;
      for (const stop = min(n, i + 4 * BLOCK); i < stop; i += 4) {
        const v = read(factor + (<usize>i << 2)), w = read(label + (<usize>i << 2));
        let present = v128.and(f32x4.eq(v, v), f32x4.eq(w, w));
        if (i + 4 > n) present = v128.andnot(present, past(n - i));
        held = i32x4.sub(held, present);
        const a = v128.and(f32x4.sub(v, originX), present), b = v128.and(f32x4.sub(w, originY), present);
        sx = f32x4.add(sx, a);
        sy = f32x4.add(sy, b);
        xx = f32x4.add(xx, f32x4.mul(a, a));
        yy = f32x4.add(yy, f32x4.mul(b, b));
        xy = f32x4.add(xy, f32x4.mul(a, b));
      }
      sums = f64x2.add(sums, f64x2.add(low(sx), high(sx)));
      sumsY = f64x2.add(sumsY, f64x2.add(low(sy), high(sy)));
      squaresX = f64x2.add(squaresX, f64x2.add(low(xx), high(xx)));
      squaresY = f64x2.add(squaresY, f64x2.add(low(yy), high(yy)));
      products = f64x2.add(products, f64x2.add(low(xy), high(xy)));
    }
    const count = counted(held);
    const m = <f64>count, x = summed(sums), y = summed(sumsY);
    const xx = summed(squaresX), yy = summed(squaresY);
    if (trusted(m, x, xx) && trusted(m, y, yy)) report(slope, out, count, xx - (x * x) / m, yy - (y * y) / m, summed(products) - (x * y) / m, judged ? rounding(firstX, x, m) : 0);
    else exact(slope, judged, out, factor, label, n, firstX, firstY);
  }
}

export function ic_pearson(out: usize, factor: usize, factorStride: usize, label: usize, labelStride: usize, rows: i32, n: i32, scratch: usize): void {
  scan(false, true, out, factor, factorStride, label, labelStride, rows, n);
}

/** The correlation of any two series, however little they vary. */
export function daily_correlation(out: usize, factor: usize, factorStride: usize, label: usize, labelStride: usize, rows: i32, n: i32, scratch: usize): void {
  scan(false, false, out, factor, factorStride, label, labelStride, rows, n);
}

/** The slope of the label on the factor in the correlation's place; missing when the factor is constant. */
export function daily_slope(out: usize, factor: usize, factorStride: usize, label: usize, labelStride: usize, rows: i32, n: i32, scratch: usize): void {
  scan(true, false, out, factor, factorStride, label, labelStride, rows, n);
}

/** Whether sums of float32 products say enough: the mean within three deviations of the origin, squares in range. */
// @ts-ignore: decorator
@inline
function trusted(m: f64, total: f64, squares: f64): bool {
  return total * total < 0.9 * m * squares && squares < 1e38 && squares > 1e-25 * m;
}

/** The same in double precision. */
function exact(slope: bool, judged: bool, out: usize, factor: usize, label: usize, n: i32, firstX: f32, firstY: f32): void {
  const originX = f64x2.splat(<f64>firstX), originY = f64x2.splat(<f64>firstY);
  let sx = f64x2.splat(0), sy = sx, xx = sx, yy = sx, xy = sx;
  let held = i32x4.splat(0);
  for (let i = 0; i < n; i += 4) {
    const v = read(factor + (<usize>i << 2)), w = read(label + (<usize>i << 2));
    let present = v128.and(f32x4.eq(v, v), f32x4.eq(w, w));
    if (i + 4 > n) present = v128.andnot(present, past(n - i));
    held = i32x4.sub(held, present);
    // A missing cell stands at the origin, where it adds nothing.
    const a = v128.bitselect(v, splat(firstX), present), b = v128.bitselect(w, splat(firstY), present);
    const al = f64x2.sub(low(a), originX), ah = f64x2.sub(high(a), originX);
    const bl = f64x2.sub(low(b), originY), bh = f64x2.sub(high(b), originY);
    sx = f64x2.add(sx, f64x2.add(al, ah));
    sy = f64x2.add(sy, f64x2.add(bl, bh));
    xx = f64x2.add(xx, f64x2.add(f64x2.mul(al, al), f64x2.mul(ah, ah)));
    yy = f64x2.add(yy, f64x2.add(f64x2.mul(bl, bl), f64x2.mul(bh, bh)));
    xy = f64x2.add(xy, f64x2.add(f64x2.mul(al, bl), f64x2.mul(ah, bh)));
  }
  const count = counted(held);
  const m = <f64>count, x = summed(sx), y = summed(sy);
  report(slope, out, count, summed(xx) - (x * x) / m, summed(yy) - (y * y) / m, summed(xy) - (x * y) / m, judged ? rounding(firstX, x, m) : 0);
}

/**
 * What the squared deviations of a row of equal values may come to by rounding, with room: a deviation of 5e-7 of the
 * mean, four to eight units in the last place. That of x * power(x, -1), which says nothing, is 2e-8. `total` is the sum of
 * the distances from `first`. docs/notes/tolerance.md; operators/gpu/cross-section.ts has the same bound.
 */
// @ts-ignore: decorator
@inline
function rounding(first: f32, total: f64, m: f64): f64 {
  const mean = <f64>first + total / m;
  return 2.5e-13 * mean * mean * m;
}

/**
 * The label's ranks, for ic_spearman: twice the rank less its mean, missing where the label is. Made once per label
 * and good for every factor that has a value wherever the label has one.
 */
export function rank_labels(out: usize, outStride: usize, label: usize, labelStride: usize, rows: i32, n: i32, scratch: usize): void {
  for (let t = 0; t < rows; t++, out += outStride, label += labelStride) {
    for (let at: usize = 0, end = padded(n) << 2; at < end; at += 16) write(out + at, splat(f32.NaN));
    centredRanks(out, label, label, n, scratch);
  }
}

/**
 * Pearson correlation of the mean ranks among the cells that have both. `labelRanks` (0: none) are rank_labels of the
 * same label: used on the dates where the factor misses none of the label's cells, so only the factor is sorted.
 */
export function ic_spearman(out: usize, factor: usize, factorStride: usize, label: usize, labelStride: usize, labelRanks: usize, labelRanksStride: usize, rows: i32, n: i32, scratch: usize): void {
  const x = scratch, y = x + (padded(n) << 2), sorting = y + (padded(n) << 2) + 192;
  const known = labelRanks != 0;
  for (let t = 0; t < rows; t++, out += 16, factor += factorStride, label += labelStride, labelRanks += labelRanksStride) {
    let lacking = i32x4.splat(0);
    for (let i = 0; i < n; i += 4) {
      const w = shared(label, label, i, n);
      lacking = v128.or(lacking, v128.andnot(missing(read(factor + (<usize>i << 2))), missing(w)));
    }
    const varies = variesBeyondRounding(factor, label, n);
    const reuse = known && !v128.any_true(lacking);
    const count = centredRanks(x, factor, label, n, sorting);
    const ranks = reuse ? labelRanks : y;
    if (!reuse) centredRanks(y, label, factor, n, sorting);
    let xx = f64x2.splat(0), yy = xx, xy = xx;
    for (let i = 0; i < n; i += 4) {
      const v = read(x + (<usize>i << 2)), w = read(ranks + (<usize>i << 2));
      let present = v128.and(f32x4.eq(v, v), f32x4.eq(w, w));
      if (i + 4 > n) present = v128.andnot(present, past(n - i));
      const p = v128.and(v, present), q = v128.and(w, present);
      const a = low(p), b = high(p), c = low(q), d = high(q);
      xx = f64x2.add(xx, f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b)));
      yy = f64x2.add(yy, f64x2.add(f64x2.mul(c, c), f64x2.mul(d, d)));
      xy = f64x2.add(xy, f64x2.add(f64x2.mul(a, c), f64x2.mul(b, d)));
    }
    report(false, out, count, varies ? summed(xx) : 0, summed(yy), summed(xy));
  }
}

/** Of the factor's cells that have a label. Two that are far enough apart say so at once: hardly more than these are read. */
function variesBeyondRounding(factor: usize, label: usize, n: i32): bool {
  let first: f64 = NaN, total: f64 = 0, squares: f64 = 0, m: f64 = 0;
  for (let at: usize = 0, end = <usize>n << 2; at < end; at += 4) {
    const v = <f64>load<f32>(factor + at), w = load<f32>(label + at);
    if (v != v || w != w) continue;
    if (m == 0) first = v;
    const d = v - first, most = Math.abs(first) + Math.abs(d);
    // One value so far from another is a larger deviation than `rounding`, whatever the others are.
    if (d * d > 1e-12 * <f64>n * most * most) return true;
    total += d;
    squares += d * d;
    m += 1;
  }
  return squares - (total * total) / m > rounding(<f32>first, total, m);
}

/** Ranks of x among the cells that x and y both have: twice the rank less its mean, which is whole and sums to 0. */
function centredRanks(out: usize, x: usize, y: usize, n: i32, scratch: usize): i32 {
  for (let i = 0; i < n; i += 4) write(out + (<usize>i << 2), shared(x, y, i, n));
  const m = rankRow(out, out, n, scratch);
  const middle = i32x4.splat(m);
  for (let i = 0; i < n; i += 4) {
    const at = out + (<usize>i << 2);
    write(at, v128.or(f32x4.convert_i32x4_s(i32x4.sub(read(at), middle)), missing(shared(x, y, i, n))));
  }
  return m;
}

/** Four cells of x, missing where y is or past the row's end. */
// @ts-ignore: decorator
@inline
function shared(x: usize, y: usize, i: i32, n: i32): v128 {
  const v = v128.or(read(x + (<usize>i << 2)), missing(read(y + (<usize>i << 2))));
  return i + 4 > n ? v128.or(v, past(n - i)) : v;
}
