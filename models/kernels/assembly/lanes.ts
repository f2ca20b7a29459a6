/**
 * Sixteen elements of the batch side by side are a *row*: four vectors, one cache line. Everything the kernels keep of a
 * block of the batch (a unit's state, a gate, an input at one step) is a row, and no lane ever meets another but in the
 * sums of weight gradients.
 */

/** Elements of the batch worked on together. */
// @ts-ignore: decorator
@inline
export const LANES: i32 = 16;

/** Bytes of a row. */
// @ts-ignore: decorator
@inline
export const ROW: usize = 64;

// @ts-ignore: decorator
@inline
export function rows(count: i32): usize {
  return <usize>count << 6;
}

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

// @ts-ignore: decorator
@inline
export function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

// @ts-ignore: decorator
@inline
export function sub(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

// @ts-ignore: decorator
@inline
export function mul(a: v128, b: v128): v128 {
  return f32x4.mul(a, b);
}
