/**
 * sigmoid and tanh, both from a power of two. Their largest absolute errors over every exponent and sign are stated here
 * and repeated by tests/recurrent.test.ts. A missing value stays missing.
 *
 * Rational approximations (tanh as x P(x²) / Q(x²)) take as many operations, and rounding alone costs them 3.7e-7.
 */
import { add, mul, splat, sub } from './lanes';

/**
 * 2^y, relative error 1.9e-7, for |y| <= 126. Reduction by one product is enough: what it loses grows with |y|, while
 * sigmoid and tanh care for exp less and less there.
 */
// @ts-ignore: decorator
@inline
export function powerOfTwo(y: v128): v128 {
  return powerAboveOf(f32x4.pmax(y, splat(-126)));
}

/** The same for y >= -126. pmax and pmin keep their first operand when that is NaN. */
// @ts-ignore: decorator
@inline
function powerAboveOf(y: v128): v128 {
  const bounded = f32x4.pmin(y, splat(126));
  // Adding 1.5 * 2^23 + 127 rounds to a whole number and leaves it, biased as an exponent is, in the low bits.
  const shifted = add(bounded, splat(12583039));
  const f = sub(bounded, sub(shifted, splat(12583039)));
  let p = add(mul(f, splat(0.00132647273)), splat(0.00967151299));
  p = add(mul(p, f), splat(0.0555073358));
  p = add(mul(p, f), splat(0.240222424));
  p = add(mul(p, f), splat(0.693147004));
  p = add(mul(p, f), splat(1)); // exactly, so that tanh(0) is 0
  return mul(p, i32x4.shl(shifted, 23));
}

/** 1 / (1 + exp(-x)), to 1.1e-7. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = splat(1);
  return f32x4.div(one, add(one, powerOfTwo(mul(x, splat(-1.44269504)))));
}

/** 1 - 2 / (1 + exp(2|x|)) with the sign of x, to 1.6e-7. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const one = splat(1);
  const e = powerAboveOf(mul(f32x4.abs(x), splat(2.88539008)));
  const t = sub(one, f32x4.div(splat(2), add(one, e)));
  return v128.or(t, v128.and(x, i32x4.splat(0x80000000)));
}
