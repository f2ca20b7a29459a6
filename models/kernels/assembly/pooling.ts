/** Mean, maximum and minimum over steps of [rows][steps][channels], four channels at a time. */
import { high, joined, low } from './doubles';
import { add, read, splat } from './lanes';

/** At most four lanes, the rest of the vector is nobody's. */
// @ts-ignore: decorator
@inline
function writeSome(address: usize, value: v128, lanes: i32): void {
  if (lanes >= 4) {
    v128.store(address, value);
    return;
  }
  if (lanes > 0) v128.store32_lane(address, value, 0);
  if (lanes > 1) v128.store32_lane(address, value, 1, 4);
  if (lanes > 2) v128.store32_lane(address, value, 2, 8);
}

/** A missing number makes all three missing. */
export function pool(x: usize, rows: i32, steps: i32, channels: i32, mean: usize, max: usize, min: usize): void {
  const stride = <usize>channels << 2;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c += 4) {
      const offset = <usize>c << 2;
      let at = x + offset;
      let most = read(at);
      let least = most;
      let missing = f32x4.ne(most, most);
      let near = low(most);
      let far = high(most);
      for (let t = 1; t < steps; t++) {
        at += stride;
        const value = read(at);
        near = f64x2.add(near, low(value));
        far = f64x2.add(far, high(value));
        // max and min would keep what is missing, and cost ten instructions each.
        most = f32x4.pmax(most, value);
        least = f32x4.pmin(least, value);
        missing = v128.or(missing, f32x4.ne(value, value));
      }
      const lanes = channels - c;
      const parts = f64x2.splat(<f64>steps);
      writeSome(mean + offset, joined(f64x2.div(near, parts), f64x2.div(far, parts)), lanes);
      // All bits set are a NaN.
      writeSome(max + offset, v128.or(most, missing), lanes);
      writeSome(min + offset, v128.or(least, missing), lanes);
    }
    x += <usize>steps * stride;
    mean += stride;
    max += stride;
    min += stride;
  }
}

/**
 * The gradient of x, given those of the three. An extreme's goes to the first step that has it, and to none when it is
 * missing; the mean's goes to all.
 */
export function poolGradient(
  x: usize,
  rows: i32,
  steps: i32,
  channels: i32,
  max: usize,
  min: usize,
  dMean: usize,
  dMax: usize,
  dMin: usize,
  dX: usize,
): void {
  const stride = <usize>channels << 2;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < channels; c += 4) {
      const offset = <usize>c << 2;
      const most = read(max + offset);
      const least = read(min + offset);
      const share = f32x4.div(read(dMean + offset), splat(<f32>steps));
      // What is still to be given; nothing once it is.
      let toMost = read(dMax + offset);
      let toLeast = read(dMin + offset);
      let at = offset;
      for (let t = 0; t < steps; t++) {
        const value = read(x + at);
        const isMost = f32x4.eq(value, most);
        const isLeast = f32x4.eq(value, least);
        const extremes = add(v128.and(toMost, isMost), v128.and(toLeast, isLeast));
        writeSome(dX + at, add(share, extremes), channels - c);
        toMost = v128.andnot(toMost, isMost);
        toLeast = v128.andnot(toLeast, isLeast);
        at += stride;
      }
    }
    x += <usize>steps * stride;
    dX += <usize>steps * stride;
    max += stride;
    min += stride;
    dMean += stride;
    dMax += stride;
    dMin += stride;
  }
}
