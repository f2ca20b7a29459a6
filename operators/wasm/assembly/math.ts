/**
 * exp, log and their kin on vectors. Polynomials are minimax fits (Remez exchange) of the named remainder over the
 * reduced interval, in float32 unless the name ends in 64. A missing value stays missing.
 *
 * docs/notes/tolerance.md has their largest errors over sweeps of every exponent; tests/kernels-cells.test.ts repeats them.
 */
import { splat } from './lanes';

// @ts-ignore: decorator
@inline
const SIGN: i32 = 0x80000000;

/** exp(x) for x <= 0, down through the denormals to 0. */
// @ts-ignore: decorator
@inline
export function expOfNegative(x: v128): v128 {
  // pmax keeps its first operand when that is NaN.
  const y = f32x4.pmax(x, splat(-105));
  const n = f32x4.nearest(f32x4.mul(y, splat(1.44269504)));
  // ln 2 in two parts; the first has 9 bits, so its product with n is exact.
  const r = f32x4.sub(f32x4.sub(y, f32x4.mul(n, splat(0.693359375))), f32x4.mul(n, splat(-2.1219444e-4)));
  // (exp(r) - 1 - r) / r² on |r| <= ln 2 / 2, to 3e-9.
  let p = f32x4.add(f32x4.mul(r, splat(0.0013814595)), splat(0.008368717));
  p = f32x4.add(f32x4.mul(p, r), splat(0.04166839));
  p = f32x4.add(f32x4.mul(p, r), splat(0.16666521));
  p = f32x4.add(f32x4.mul(p, r), splat(0.49999994));
  const e = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), splat(1));
  // 2^n in two factors, so that a denormal result is rounded once.
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(e, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** Natural logarithm; missing at zero and below, and of infinity. */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  // Denormals have no exponent to read: scale them up by 2^23 first.
  const small = f32x4.lt(x, splat(1.17549435e-38));
  const bits = v128.bitselect(f32x4.mul(x, splat(8388608)), x, small);
  // x = 2^e m, m in [sqrt(1/2), sqrt(2)).
  const e = i32x4.shr_s(i32x4.sub(bits, i32x4.splat(0x3f3504f3)), 23);
  const m = i32x4.sub(bits, i32x4.shl(e, 23));
  const n = f32x4.convert_i32x4_s(i32x4.sub(e, v128.and(small, i32x4.splat(23))));
  // log m = 2 atanh s with s = (m - 1) / (m + 1), written as f - s (f - R) so that f = m - 1 enters unrounded.
  const f = f32x4.sub(m, splat(1));
  const s = f32x4.div(f, f32x4.add(f, splat(2)));
  const z = f32x4.mul(s, s);
  // (2 atanh(√z) / √z - 2) / z, to 1e-9.
  let r = f32x4.add(f32x4.mul(z, splat(0.29871863)), splat(0.39977536));
  r = f32x4.add(f32x4.mul(r, z), splat(0.66666776));
  r = f32x4.mul(r, z);
  const tail = f32x4.add(f32x4.mul(n, splat(-2.1219444e-4)), f32x4.mul(s, f32x4.sub(r, f)));
  const result = f32x4.add(f32x4.mul(n, splat(0.693359375)), f32x4.add(tail, f));
  const counts = v128.and(f32x4.gt(x, splat(0)), f32x4.lt(x, splat(f32.POSITIVE_INFINITY)));
  return v128.or(result, v128.not(counts));
}

/** 1 / (1 + exp(-x)); the lower tail keeps its digits. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const e = expOfNegative(v128.or(x, i32x4.splat(SIGN)));
  const one = splat(1);
  return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, splat(0))), f32x4.add(one, e));
}

/** By exp away from zero, by an odd polynomial near it, where the difference would cancel. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(SIGN));
  const t = f32x4.abs(x);
  const one = splat(1);
  const e = expOfNegative(f32x4.mul(t, splat(-2)));
  const far = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e));
  const z = f32x4.mul(t, t);
  // (tanh(√z) / √z - 1) / z on z <= 0.36, to 3e-9.
  let p = f32x4.add(f32x4.mul(z, splat(-0.0059058736)), splat(0.020805389));
  p = f32x4.add(f32x4.mul(p, z), splat(-0.053786684));
  p = f32x4.add(f32x4.mul(p, z), splat(0.13331959));
  p = f32x4.add(f32x4.mul(p, z), splat(-0.333333));
  const near = f32x4.add(t, f32x4.mul(f32x4.mul(p, z), t));
  return v128.or(v128.bitselect(near, far, f32x4.lt(t, splat(0.6))), sign);
}

/** Natural logarithm of two positive doubles that came from float32, so are never denormal. */
// @ts-ignore: decorator
@inline
function log64(x: v128): v128 {
  const root = i64x2.sub(x, i64x2.splat(0x3fe6a09e667f3bcd));
  const m = i64x2.sub(x, v128.and(root, i64x2.splat(0xfff0000000000000)));
  const e = i32x4.shr_s(v128.shuffle<i32>(root, root, 1, 3, 1, 3), 20);
  const f = f64x2.sub(m, f64x2.splat(1));
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2)));
  const z = f64x2.mul(s, s);
  // The remainder of log() above, to 5e-12.
  let r = f64x2.add(f64x2.mul(z, f64x2.splat(0.2358229620482358)), f64x2.splat(0.2853730133349293));
  r = f64x2.add(f64x2.mul(r, z), f64x2.splat(0.40000335297241196));
  r = f64x2.add(f64x2.mul(r, z), f64x2.splat(0.666666656450191));
  const mantissa = f64x2.add(f64x2.add(s, s), f64x2.mul(f64x2.mul(r, z), s));
  return f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(e), f64x2.splat(0.6931471805599453)), mantissa);
}

/** exp of two doubles, kept within what float32 can tell from zero and infinity. */
// @ts-ignore: decorator
@inline
function exp64(x: v128): v128 {
  const y = f64x2.pmin(f64x2.pmax(x, f64x2.splat(-120)), f64x2.splat(100));
  const n = f64x2.nearest(f64x2.mul(y, f64x2.splat(1.4426950408889634)));
  const r = f64x2.sub(y, f64x2.mul(n, f64x2.splat(0.6931471805599453)));
  // (exp(r) - 1 - r) / r², to 1e-12.
  let p = f64x2.add(f64x2.mul(r, f64x2.splat(2.470827807880574e-5)), f64x2.splat(0.0001990895229115366));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.0013889197235094422));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.008333281787829636));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.04166666440384566));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.16666666784511122));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5000000000427132));
  const e = f64x2.add(f64x2.add(f64x2.mul(f64x2.mul(p, r), r), r), f64x2.splat(1));
  const high = i32x4.shl(i32x4.add(i32x4.trunc_sat_f64x2_s_zero(n), i32x4.splat(1023)), 20);
  return f64x2.mul(e, v128.shuffle<i32>(high, i32x4.splat(0), 4, 0, 4, 1));
}

/** Two cells of |x|^k. The logarithm is taken in double precision: k log x has to be right to the last float32 digit. */
// @ts-ignore: decorator
@inline
export function power64(size: v128, k: v128): v128 {
  return exp64(f64x2.mul(k, log64(size)));
}
