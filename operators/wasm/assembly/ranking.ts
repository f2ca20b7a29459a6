/**
 * Ranks of one row. Two ways, same answer.
 *
 * spread(): a monotone curve fitted to 16 of the row's cells maps values to two to four times as many buckets;
 * values are grouped by bucket, and a cell's rank is where its bucket starts plus a count within it, which is one
 * vector comparison because whatever follows the bucket is larger anyway. Nothing is compared by branching, ties need
 * no care and the result is written in order.
 *
 * sort(): radix sort of (value, place) pairs, least significant digit first. For rows the curve cannot spread (most
 * cells equal, a few dense clumps) and for short ones.
 *
 * Measured per cell on 512 and 4,096 cells, prices, volumes, returns and ratios, with and without holes: spread 7.9-9.1
 * and 7.9-8.9 ns; sort 10-17 and 10-12; the same buckets followed by an insertion sort of pairs 11-12 on both. A row of
 * five distinct values costs spread's attempt and then sort's 8-12.
 */
import { missing, read, splat, write } from './lanes';

/** Rows shorter than this are not worth a curve. */
const SHORT = 64;
/** Cells the curve is fitted to. */
const SAMPLES = 16;
/** Digits of 11 bits from this many cells on, of 8 below: the larger tables cost more than the pass they save. */
const LONG = 1536;
// @ts-ignore: decorator
@inline
const TABLES: usize = 3 * 2048 * 4;

/** A row's cells rounded up to whole cache lines. */
// @ts-ignore: decorator
@inline
export function padded(n: i32): usize {
  return <usize>((n + 15) & ~15);
}

/** Bytes of scratch for one row of n cells: two arrays of pairs, or buckets, values and at most 4 n starts. */
export function sortScratch(n: i32): usize {
  return padded(n) * 24 + TABLES + 256;
}

/**
 * Twice the mean rank, less 1, of each present cell, as a whole number at `ranks`: from 1 to 2 m - 1, where m, returned,
 * is how many cells are present. What is written for missing cells means nothing. `ranks` may be x.
 */
export function rankRow(ranks: usize, x: usize, n: i32, scratch: usize): i32 {
  const m = n < SHORT ? -1 : spread(ranks, x, n, scratch);
  if (m >= 0) return m;
  const count = collect(scratch, x, n);
  const sorted = sort(scratch, n, count);
  const end = sorted + (<usize>count << 3);
  let before = 0;
  for (let at = sorted; at < end; ) {
    const key = load<u32>(at, 4);
    let stop = at + 8;
    while (stop < end && load<u32>(stop, 4) == key) stop += 8;
    const run = <i32>((stop - at) >> 3);
    for (; at < stop; at += 8) store<i32>(ranks + (<usize>load<u32>(at) << 2), 2 * before + run);
    before += run;
  }
  return count;
}

/** As rankRow, or -1 when the curve does not spread this row. */
function spread(ranks: usize, x: usize, n: i32, scratch: usize): i32 {
  const samples = scratch;
  const step = <usize>(n / SAMPLES) << 2;
  let taken = 0;
  for (let i = 0, at = x; i < SAMPLES; i++, at += step) {
    const v = load<f32>(at) * EIGHTH;
    if (v != v) continue;
    let slot = samples + (<usize>taken << 2);
    for (; slot > samples && load<f32>(slot - 4) > v; slot -= 4) store<f32>(slot, load<f32>(slot - 4));
    store<f32>(slot, v);
    taken++;
  }
  if (taken < SAMPLES / 3) return -1;
  const quarter = load<f32>(samples + (<usize>(taken >> 2) << 2));
  const middle = splat(load<f32>(samples + (<usize>(taken >> 1) << 2)));
  const half: f32 = 0.5;
  const reach = half * (load<f32>(samples + (<usize>((3 * taken) >> 2) << 2)) - quarter);
  if (!(reach > 0)) return -1;

  const size = 2 << (32 - clz(n - 1)); // two to four buckets a cell
  const buckets = scratch;
  const values = buckets + (padded(n) << 2);
  const table = values + (padded(n) << 2) + 128;
  const gone = table + (<usize>size << 2);
  for (let at = table; at <= gone; at += 16) write(at, i32x4.splat(0));

  // (1 - r / (|d| + r)) with the sign of d = v - middle: half of the cells lie within r, so half of the buckets do.
  // Every step rounds monotonically, so buckets are in order for certain. Eighths cannot overflow.
  const spreadBy = splat(<f32>(size >> 1) - half);
  const r = splat(reach), one = splat(1), eighth = splat(EIGHTH);
  const sign = i32x4.splat(0x80000000), last = i32x4.splat(size << 2);
  for (let c: usize = 0, end = <usize>n << 2; c < end; c += 16) {
    const v = read(x + c);
    const d = f32x4.sub(f32x4.mul(v, eighth), middle);
    const inside = f32x4.sub(one, f32x4.div(r, f32x4.add(f32x4.abs(d), r)));
    const place = f32x4.add(f32x4.mul(v128.or(inside, v128.and(d, sign)), spreadBy), spreadBy);
    const bucket = i32x4.shl(i32x4.trunc_sat_f32x4_s(place), 2);
    write(buckets + c, v128.bitselect(last, bucket, missing(v)));
  }
  const cells = buckets + (<usize>n << 2);
  for (let at = buckets; at < cells; at += 4) {
    const slot = table + load<u32>(at);
    store<i32>(slot, load<i32>(slot) + 1);
  }
  let m: u32 = 0, pairs: u32 = 0;
  for (let at = table; at < gone; at += 4) {
    const held = load<u32>(at);
    store<u32>(at, m);
    m += held;
    pairs += held * held;
  }
  if (pairs > 24 * m) return -1; // cells in crowded buckets are compared with all of their bucket
  store<u32>(gone, m);
  for (let c: usize = 0, end = <usize>n << 2; c < end; c += 4) {
    const slot = table + load<u32>(buckets + c);
    const to = load<u32>(slot);
    store<f32>(values + (<usize>to << 2), load<f32>(x + c));
    store<u32>(slot, to + 1);
  }
  write(values + (<usize>m << 2), splat(f32.NaN)); // neither less than anything nor equal to it
  store<u32>(gone, m); // a missing cell's bucket ends where it starts

  // A bucket starts where the one before it ended.
  store<u32>(table - 4, 0);
  for (let c: usize = 0, end = <usize>n << 2; c < end; c += 4) {
    const slot = table - 4 + load<u32>(buckets + c);
    const start = load<u32>(slot);
    const stop = values + (<usize>load<u32>(slot, 4) << 2) - 16;
    const v = v128.load32_splat(x + c);
    let at = values + (<usize>start << 2);
    let rank = 2 * start + notAbove(read(at), v);
    while (at < stop) {
      at += 16;
      rank += notAbove(read(at), v);
    }
    store<u32>(ranks + c, rank);
  }
  return m;
}
// @ts-ignore: decorator
@inline
const EIGHTH: f32 = 0.125;

/** How many of four are less than v, plus how many are less or equal. */
// @ts-ignore: decorator
@inline
function notAbove(others: v128, v: v128): u32 {
  return popcnt(i32x4.bitmask(f32x4.lt(others, v)) | (i32x4.bitmask(f32x4.le(others, v)) << 4));
}

/**
 * Pairs of the present cells, by place, at `pairs`. Returns how many.
 * The pair's upper half grows with the value as an unsigned number; -0 and 0 are one value.
 */
function collect(pairs: usize, x: usize, n: i32): i32 {
  const sign = i32x4.splat(0x80000000);
  let place = i32x4(0, 1, 2, 3);
  let to = pairs;
  for (let i = 0; i < n; i += 4, x += 16) {
    const v = f32x4.add(read(x), splat(0));
    const key = v128.xor(v, v128.or(i32x4.shr_s(v, 31), sign));
    let gone = i32x4.bitmask(missing(v));
    if (i + 4 > n) gone |= 15 << (n - i);
    const first = v128.shuffle<i32>(place, key, 0, 4, 1, 5);
    const second = v128.shuffle<i32>(place, key, 2, 6, 3, 7);
    if (gone == 0) {
      write(to, first);
      write(to, second, 16);
      to += 32;
    } else {
      store<i64>(to, i64x2.extract_lane(first, 0));
      to += <usize>(~gone & 1) << 3;
      store<i64>(to, i64x2.extract_lane(first, 1));
      to += <usize>(~gone & 2) << 2;
      store<i64>(to, i64x2.extract_lane(second, 0));
      to += <usize>(~gone & 4) << 1;
      store<i64>(to, i64x2.extract_lane(second, 1));
      to += <usize>(~gone & 8);
    }
    place = i32x4.add(place, i32x4.splat(4));
  }
  return <i32>((to - pairs) >> 3);
}

// @ts-ignore: decorator
@inline
function sortBy(bits: i32, passes: i32, from: usize, spare: usize, tables: usize, n: i32): usize {
  const size = 1 << bits;
  const mask = size - 1;
  for (let at = tables, end = tables + ((<usize>passes << bits) << 2); at < end; at += 16) write(at, i32x4.splat(0));
  const stop = from + (<usize>n << 3);
  for (let at = from; at < stop; at += 8) {
    const key = load<u32>(at, 4);
    count(tables + (<usize>(key & mask) << 2));
    count(tables + (<usize>size << 2) + (<usize>((key >> bits) & mask) << 2));
    count(tables + (<usize>(2 * size) << 2) + (<usize>((key >> (2 * bits)) & mask) << 2));
    if (passes > 3) count(tables + (<usize>(3 * size) << 2) + (<usize>((key >> (3 * bits)) & mask) << 2));
  }
  for (let pass = 0; pass < passes; pass++, tables += <usize>size << 2) {
    const shift = 32 + pass * bits;
    const shared = <usize>((load<u64>(from) >> shift) & mask) << 2;
    if (load<i32>(tables + shared) == n) continue;
    let next = spare;
    for (let at = tables, end = tables + (<usize>size << 2); at < end; at += 4) {
      const held = load<u32>(at);
      store<u32>(at, next);
      next += held << 3;
    }
    for (let at = from, end = from + (<usize>n << 3); at < end; at += 8) {
      const pair = load<u64>(at);
      const slot = tables + (<usize>((pair >> shift) & mask) << 2);
      const to = load<u32>(slot);
      store<u64>(to, pair);
      store<u32>(slot, to + 8);
    }
    const sorted = spare;
    spare = from;
    from = sorted;
  }
  return from;
}

// @ts-ignore: decorator
@inline
function count(slot: usize): void {
  store<i32>(slot, load<i32>(slot) + 1);
}

/** Sorts the n pairs at the start of scratch by value, ties by place. Returns where they are. */
function sort(scratch: usize, cells: i32, n: i32): usize {
  const spare = scratch + (padded(cells) << 3);
  const tables = scratch + (padded(cells) << 4);
  if (n == 0) return scratch;
  return n < LONG ? sortBy(8, 4, scratch, spare, tables, n) : sortBy(11, 3, scratch, spare, tables, n);
}
