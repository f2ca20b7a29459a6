/**
 * One date's row, group by group. The cells are dealt into runs, one a group, where they lie side by side as whole
 * vectors; what comes out is collected again. Where a cell goes depends on the groups alone, so it is worked out once
 * and kept as long as rows have the same groups, which they have for years.
 *
 * Group codes are whole numbers from 0 to 65535 held as floats; anything else is no group.
 */
import { counted, finite, firstPresent, high, join, low, missing, past, read, splat, summed, write } from './lanes';
import { padded, rankRow, sortScratch } from './ranking';

const NORM = 0;
const DEMEAN = 1;
const RANK = 2;
const GROUPS = 65536;
/** Runs of more cells are ranked as rows are; shorter ones by comparing every cell with every other. */
const LONG: usize = 64 << 2;

/** Where things stand in scratch. */
// @ts-ignore: decorator
@inline
function dealtAt(places: usize, n: i32): usize {
  return places + (padded(n) << 2);
}
/** A run has up to three cells of padding. */
// @ts-ignore: decorator
@inline
function cellsOf(n: i32): usize {
  return (padded(n) << 4) + 64;
}
// @ts-ignore: decorator
@inline
function runsAt(places: usize, n: i32): usize {
  return dealtAt(places, n) + 2 * cellsOf(n);
}
// @ts-ignore: decorator
@inline
function tableAt(places: usize, n: i32): usize {
  return runsAt(places, n) + (padded(n) << 2) + 64;
}
// @ts-ignore: decorator
@inline
function sortingAt(places: usize, n: i32): usize {
  return tableAt(places, n) + ((GROUPS + 16) << 2);
}

/** Bytes of scratch for the kernels of this file on n symbols. */
export function groupScratch(n: i32): usize {
  return sortingAt(0, n) + sortScratch(n);
}

/**
 * Every cell's place among the dealt at `places`, a byte offset; the runs' ends at runsAt, each a multiple of a vector,
 * the first run being the cells without a group. Returns how many runs there are.
 */
function deal(places: usize, g: usize, n: i32): i32 {
  const one = i32x4.splat(1);
  let most = i32x4.splat(0);
  // Whatever is past the row's end is in no group.
  for (let c: usize = 0; c < padded(n) << 2; c += 16) {
    const group = v128.or(read(g + c), past(n - <i32>(c >> 2)));
    const code = i32x4.trunc_sat_f32x4_s(group);
    const whole = f32x4.eq(f32x4.convert_i32x4_s(code), group);
    const known = v128.and(whole, i32x4.lt_u(code, i32x4.splat(GROUPS)));
    const slot = v128.and(i32x4.add(code, one), known);
    most = i32x4.max_u(most, slot);
    write(places + c, slot);
  }
  most = i32x4.max_u(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  const table = tableAt(places, n);
  const last = table + (<usize>max(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1)) << 2);
  memory.fill(table, 0, last + 4 - table);
  const end = places + (padded(n) << 2);
  for (let at = places; at < end; at += 4) {
    const held = table + (<usize>load<u32>(at) << 2);
    store<u32>(held, load<u32>(held) + 1);
  }
  const runs = runsAt(places, n);
  let run = runs;
  let next: u32 = 0;
  for (let at = table; at <= last; at += 4) {
    const held = load<u32>(at);
    if (held == 0 && at > table) continue;
    store<u32>(at, next);
    next += ((held + 3) & ~3) << 2;
    store<u32>(run, next);
    run += 4;
  }
  for (let at = places; at < end; at += 4) {
    const slot = table + (<usize>load<u32>(at) << 2);
    const to = load<u32>(slot);
    store<u32>(at, to);
    store<u32>(slot, to + 4);
  }
  // Padding stays missing, and so does what comes out for cells without a group.
  const dealt = dealtAt(places, n);
  for (let at = dealt, stop = dealt + next; at < stop; at += 16) write(at, splat(f32.NaN));
  const done = dealt + cellsOf(n);
  for (let at = done, stop = done + load<u32>(runs); at < stop; at += 16) write(at, splat(f32.NaN));
  return <i32>((run - runs) >> 2);
}

function sameRow(a: usize, b: usize, n: i32): bool {
  let differ = i32x4.splat(0);
  for (let c: usize = 0, end = <usize>n << 2; c < end; c += 16) differ = v128.or(differ, v128.xor(read(a + c), read(b + c)));
  return !v128.any_true(differ);
}

// @ts-ignore: decorator
@inline
function scan(kind: i32, out: usize, outStride: usize, x: usize, xStride: usize, g: usize, gStride: usize, rows: i32, n: i32, places: usize): void {
  const dealt = dealtAt(places, n), done = dealt + cellsOf(n), runs = runsAt(places, n);
  const width = padded(n) << 2;
  let count = 0;
  for (let t = 0; t < rows; t++, out += outStride, x += xStride, g += gStride) {
    if (t == 0 || (gStride != 0 && !sameRow(g, g - gStride, n))) count = deal(places, g, n);
    for (let c: usize = 0; c < width; c += 16) {
      store<u32>(dealt + load<u32>(places + c), load<u32>(x + c));
      store<u32>(dealt + load<u32>(places + c, 4), load<u32>(x + c, 4));
      store<u32>(dealt + load<u32>(places + c, 8), load<u32>(x + c, 8));
      store<u32>(dealt + load<u32>(places + c, 12), load<u32>(x + c, 12));
    }
    let from = <usize>load<u32>(runs);
    for (let run = 1; run < count; run++) {
      const to = <usize>load<u32>(runs + (<usize>run << 2));
      if (kind == RANK) ranked(done + from, dealt + from, to - from, sortingAt(places, n));
      else standardised(kind, done + from, dealt + from, to - from);
      from = to;
    }
    for (let c: usize = 0; c < width; c += 16) {
      store<u32>(out + c, load<u32>(done + load<u32>(places + c)));
      store<u32>(out + c, load<u32>(done + load<u32>(places + c, 4)), 4);
      store<u32>(out + c, load<u32>(done + load<u32>(places + c, 8)), 8);
      store<u32>(out + c, load<u32>(done + load<u32>(places + c, 12)), 12);
    }
  }
}

/** Relative to the group's first present cell, in double precision. */
// @ts-ignore: decorator
@inline
function standardised(kind: i32, out: usize, x: usize, bytes: usize): void {
  const first = firstPresent(x, <i32>(bytes >> 2));
  const origin = splat(first), shift = f64x2.splat(first);
  let sums = f64x2.splat(0), squares = sums;
  let held = i32x4.splat(0);
  for (let c: usize = 0; c < bytes; c += 16) {
    const v = read(x + c);
    const present = f32x4.eq(v, v);
    const whole = v128.bitselect(v, origin, present);
    const a = f64x2.sub(low(whole), shift), b = f64x2.sub(high(whole), shift);
    sums = f64x2.add(sums, f64x2.add(a, b));
    if (kind == NORM) squares = f64x2.add(squares, f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b)));
    held = i32x4.sub(held, present);
  }
  const m = <f64>counted(held), total = summed(sums);
  const mean = f64x2.splat(<f64>first + total / m);
  let by: f64 = 1;
  if (kind == NORM) {
    const variance = (summed(squares) - (total * total) / m) / (m - 1);
    by = variance > 0 ? 1 / Math.sqrt(variance) : NaN;
  }
  const scale = f64x2.splat(by);
  for (let c: usize = 0; c < bytes; c += 16) {
    const v = read(x + c);
    let a = f64x2.sub(low(v), mean), b = f64x2.sub(high(v), mean);
    if (kind == NORM) {
      a = f64x2.mul(a, scale);
      b = f64x2.mul(b, scale);
    }
    write(out + c, finite(join(a, b)));
  }
}

/** Ranks in (0, 1]; ties share their mean rank. */
function ranked(out: usize, x: usize, bytes: usize, scratch: usize): void {
  const one = i32x4.splat(1);
  if (bytes > LONG) {
    const twice = splat(<f32>(rankRow(out, x, <i32>(bytes >> 2), scratch) << 1));
    for (let c: usize = 0; c < bytes; c += 16) {
      const rank = f32x4.div(f32x4.convert_i32x4_s(i32x4.add(read(out + c), one)), twice);
      write(out + c, v128.or(rank, missing(read(x + c))));
    }
    return;
  }
  let held = i32x4.splat(0);
  for (let c: usize = 0; c < bytes; c += 16) {
    const v = read(x + c);
    held = i32x4.sub(held, f32x4.eq(v, v));
  }
  const twice = splat(<f32>(counted(held) << 1));
  for (let c: usize = 0; c < bytes; c += 16) {
    const v = read(x + c);
    // Those less, and those less or equal; a missing one is neither.
    let a = one, b = i32x4.splat(0);
    for (let at = x, end = x + bytes; at < end; at += 16) {
      const w0 = v128.load32_splat(at), w1 = v128.load32_splat(at, 4), w2 = v128.load32_splat(at, 8), w3 = v128.load32_splat(at, 12);
      a = i32x4.sub(a, i32x4.add(f32x4.lt(w0, v), f32x4.le(w0, v)));
      b = i32x4.sub(b, i32x4.add(f32x4.lt(w1, v), f32x4.le(w1, v)));
      a = i32x4.sub(a, i32x4.add(f32x4.lt(w2, v), f32x4.le(w2, v)));
      b = i32x4.sub(b, i32x4.add(f32x4.lt(w3, v), f32x4.le(w3, v)));
    }
    write(out + c, v128.or(f32x4.div(f32x4.convert_i32x4_s(i32x4.add(a, b)), twice), missing(v)));
  }
}

export function group_norm(out: usize, outStride: usize, x: usize, xStride: usize, g: usize, gStride: usize, rows: i32, n: i32, scratch: usize): void {
  scan(NORM, out, outStride, x, xStride, g, gStride, rows, n, scratch);
}
export function group_demean(out: usize, outStride: usize, x: usize, xStride: usize, g: usize, gStride: usize, rows: i32, n: i32, scratch: usize): void {
  scan(DEMEAN, out, outStride, x, xStride, g, gStride, rows, n, scratch);
}
export function group_rank(out: usize, outStride: usize, x: usize, xStride: usize, g: usize, gStride: usize, rows: i32, n: i32, scratch: usize): void {
  scan(RANK, out, outStride, x, xStride, g, gStride, rows, n, scratch);
}
