/**
 * The k-th smallest present cell of a row without sorting it: by counting the cells below a pivot, four at a time. No
 * branch depends on a cell. The pivot is guessed from where it was on the row before, then drawn between its bounds, and
 * halves their distance in float32's own order when that does not help.
 */
import { counted, past, read, splat } from './lanes';

/** A whole number that grows with the float, and back: its own inverse. */
// @ts-ignore: decorator
@inline
function turned(bits: i32): i32 {
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

// @ts-ignore: decorator
@inline
function tail(x: usize, n: i32): v128 {
  const whole = n & ~3;
  return v128.or(read(x + (<usize>whole << 2)), past(n - whole));
}

export function present(x: usize, n: i32): i32 {
  let found = i32x4.splat(0);
  const end = x + (<usize>(n & ~3) << 2);
  for (let at = x; at < end; at += 16) {
    const v = read(at);
    found = i32x4.sub(found, f32x4.eq(v, v));
  }
  if (n & 3) {
    const v = tail(x, n);
    found = i32x4.sub(found, f32x4.eq(v, v));
  }
  return counted(found);
}

function below(x: usize, n: i32, pivot: f32): i32 {
  const p = splat(pivot);
  let a = i32x4.splat(0), b = a;
  const end = x + (<usize>(n & ~3) << 2);
  let at = x;
  for (; at + 16 < end; at += 32) {
    a = i32x4.sub(a, f32x4.lt(read(at), p));
    b = i32x4.sub(b, f32x4.lt(read(at, 16), p));
  }
  if (at < end) a = i32x4.sub(a, f32x4.lt(read(at), p));
  if (n & 3) b = i32x4.sub(b, f32x4.lt(tail(x, n), p));
  return counted(i32x4.add(a, b));
}

/** The smallest cell that is at least `floor`, or with `above` larger than it. Others are made missing, and missing is not less. */
function smallest(x: usize, n: i32, floor: f32, above: bool): f32 {
  const f = splat(floor);
  let a = splat(Infinity), b = a;
  const end = x + (<usize>(n & ~3) << 2);
  let at = x;
  for (; at + 16 < end; at += 32) {
    a = f32x4.pmin(a, reached(read(at), f, above));
    b = f32x4.pmin(b, reached(read(at, 16), f, above));
  }
  if (at < end) a = f32x4.pmin(a, reached(read(at), f, above));
  if (n & 3) b = f32x4.pmin(b, reached(tail(x, n), f, above));
  a = f32x4.pmin(a, b);
  const two = f32x4.pmin(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  return min(f32x4.extract_lane(two, 0), f32x4.extract_lane(two, 1));
}

// @ts-ignore: decorator
@inline
function reached(v: v128, floor: v128, above: bool): v128 {
  return v128.or(v, above ? f32x4.le(v, floor) : f32x4.lt(v, floor));
}

/** The next float up. */
// @ts-ignore: decorator
@inline
function after(value: f32): f32 {
  return reinterpret<f32>(turned(turned(reinterpret<i32>(value + 0)) + 1)); // -0 is 0
}

/** Counts before the search turns from guessing to halving. */
const GUESSES = 8;

/**
 * The k-th smallest, counted from 0; there must be more than k present cells. The search starts at `guess` and steps by
 * `pace` a place: on a row like the one before four counts are enough. A guess decides how long it takes, not what it finds.
 */
function select(x: usize, n: i32, m: i32, k: i32, guess: f64, pace: f64): f32 {
  let low = -f32.MAX_VALUE, high = f32.POSITIVE_INFINITY;
  let underLow = 0, underHigh = m;
  let pivot = <f32>guess;
  for (let counts = 0; underHigh - underLow > 1; counts++) {
    const from = turned(reinterpret<i32>(low)), to = turned(reinterpret<i32>(high));
    if (<i64>to - <i64>from <= 1) break;
    // Neither a guess that leaves the bounds nor a missing one is taken, nor one that has failed too often.
    if (!(pivot > low && pivot < high) || (counts > GUESSES && counts & 1)) pivot = reinterpret<f32>(turned(<i32>((<i64>from + <i64>to) >> 1)));
    const under = below(x, n, pivot);
    if (under <= k) {
      low = pivot;
      underLow = under;
    } else {
      high = pivot;
      underHigh = under;
    }
    if (low > -f32.MAX_VALUE && high < f32.POSITIVE_INFINITY) {
      const share = (<f64>(k - underLow) + 0.5) / <f64>(underHigh - underLow);
      pivot = <f32>(<f64>low + (<f64>high - <f64>low) * share);
    } else {
      pivot = <f32>(<f64>pivot + pace * (<f64>(k - under) + 0.5));
      pace *= 2;
    }
    if (counts == GUESSES) {
      // Many equal cells are never told apart by counting: try whether the first one left is it.
      const first = smallest(x, n, low, false);
      const upTo = below(x, n, after(first));
      if (upTo > k) return first;
      low = after(first);
      underLow = upTo;
    }
  }
  return smallest(x, n, low, false);
}

/** Twice the median of the m present cells: the sum of the two in the middle, or the middle one with itself. */
export function twiceMedian(x: usize, n: i32, m: i32, guess: f64, pace: f64): f64 {
  const lower = select(x, n, m, (m - 1) >> 1, guess, pace);
  if (m & 1) return 2 * <f64>lower;
  // The next one up is the same value again, unless the lower one is the last of its like.
  const next = smallest(x, n, lower, true);
  const ties = below(x, n, next);
  return <f64>lower + <f64>(ties > m >> 1 ? lower : next);
}
