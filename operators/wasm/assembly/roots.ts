/** Square roots of doubles that end as floats. */
import { join, splat } from './lanes';

/** The square carries the sign of what was squared. */
// @ts-ignore: decorator
@inline
export function signed(square: v128, sign: v128): v128 {
  return v128.or(square, v128.and(sign, f64x2.splat(-0.0)));
}

/**
 * Roots on four floats at once, several times faster than on pairs of doubles. A square may leave float32's range
 * where its root does not: such lanes, and only they, take the slow way, so a cell never depends on its neighbours.
 */
// @ts-ignore: decorator
@inline
export function root(l: v128, h: v128): v128 {
  const square = join(l, h);
  const fast = f32x4.sqrt(square);
  const outside = v128.or(f32x4.lt(square, splat(1e-30)), f32x4.gt(square, splat(1e37)));
  if (!v128.any_true(outside)) return fast;
  return v128.bitselect(join(f64x2.sqrt(l), f64x2.sqrt(h)), fast, outside);
}

/** The root of a square that carries a sign, with that sign. */
// @ts-ignore: decorator
@inline
export function signedRoot(l: v128, h: v128): v128 {
  const square = join(l, h);
  const size = f32x4.abs(square);
  const sign = v128.xor(square, size);
  const fast = f32x4.sqrt(size);
  const outside = v128.or(f32x4.lt(size, splat(1e-30)), f32x4.gt(size, splat(1e37)));
  if (!v128.any_true(outside)) return v128.or(fast, sign);
  const slow = join(f64x2.sqrt(f64x2.abs(l)), f64x2.sqrt(f64x2.abs(h)));
  return v128.or(v128.bitselect(slow, fast, outside), sign);
}
