/** Four columns at a time: short names for what every kernel does with a vector. */

// @ts-ignore: decorator
@inline
export function read(address: usize, offset: usize = 0): v128 {
  return v128.load(address + offset);
}

// @ts-ignore: decorator
@inline
export function write(address: usize, value: v128, offset: usize = 0): void {
  v128.store(address + offset, value);
}

// @ts-ignore: decorator
@inline
export function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** The same double twice. */
// @ts-ignore: decorator
@inline
export function d(value: f64): v128 {
  return f64x2.splat(value);
}

/** Infinities become missing: inf * 0 is NaN, a finite value keeps itself. */
// @ts-ignore: decorator
@inline
export function finite(value: v128): v128 {
  return f32x4.add(value, f32x4.mul(value, f32x4.splat(0)));
}

/** All bits set where missing. */
// @ts-ignore: decorator
@inline
export function missing(value: v128): v128 {
  return f32x4.ne(value, value);
}

/** The first two lanes in double precision. */
// @ts-ignore: decorator
@inline
export function low(value: v128): v128 {
  return f64x2.promote_low_f32x4(value);
}

/** The last two lanes in double precision. */
// @ts-ignore: decorator
@inline
export function high(value: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(value, value, 2, 3, 2, 3));
}

/** Two pairs of doubles back to four floats. */
// @ts-ignore: decorator
@inline
export function join(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** All lanes from `left` on: what a row's last vector holds past its end. */
// @ts-ignore: decorator
@inline
export function past(left: i32): v128 {
  return i32x4.ge_s(i32x4(0, 1, 2, 3), i32x4.splat(left));
}

/** The first present value, or missing when there is none. */
// @ts-ignore: decorator
@inline
export function firstPresent(x: usize, n: i32): f32 {
  for (let i = 0; i < n; i++) {
    const v = load<f32>(x + (<usize>i << 2));
    if (v == v) return v;
  }
  return f32.NaN;
}

/** Four counts as one. */
// @ts-ignore: decorator
@inline
export function counted(counts: v128): i32 {
  const pairs = i32x4.add(counts, v128.shuffle<i32>(counts, counts, 2, 3, 0, 1));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

/** Two doubles as one. */
// @ts-ignore: decorator
@inline
export function summed(sums: v128): f64 {
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}
