/** Four numbers as two and two of double precision, where sums are taken. */

// @ts-ignore: decorator
@inline
export function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

// @ts-ignore: decorator
@inline
export function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
}

/** The two and two as four numbers again. */
// @ts-ignore: decorator
@inline
export function joined(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** sums at an offset += two numbers. */
// @ts-ignore: decorator
@inline
export function bump(sums: usize, by: v128, offset: usize = 0): void {
  v128.store(sums + offset, f64x2.add(v128.load(sums + offset), by));
}
