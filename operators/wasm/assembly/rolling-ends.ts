/**
 * Operators that read today's row and one `lag` rows before it. `lag` is the distance itself: s on daily rows,
 * s - 1 on a day's minute bars, where the window's first bar is meant.
 */
import { finite, read, splat, write } from './lanes';

const DELAY = 0;
const DIFF = 1;
const RETURN = 2;

// @ts-ignore: decorator
@inline
function scan(kind: i32, out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, lag: i32): void {
  const never = splat(f32.NaN);
  const width = <usize>((columns + 15) & ~15) << 2;
  for (let t = 0; t < rows; t++) {
    const o = out + t * <i32>outStride;
    if (first + t < lag) {
      for (let c: usize = 0; c < width; c += 16) write(o + c, never);
      continue;
    }
    const now = x + t * <i32>xStride;
    const then = x + (t - lag) * <i32>xStride;
    for (let c: usize = 0; c < width; c += 16) {
      const old = read(then + c);
      if (kind == DELAY) write(o + c, old);
      else if (kind == DIFF) write(o + c, finite(f32x4.sub(read(now + c), old)));
      else {
        // (today - then) / then keeps the digits of a small return that today / then - 1 would round away.
        write(o + c, finite(f32x4.div(f32x4.sub(read(now + c), old), old)));
      }
    }
  }
}

export function ts_delay(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, lag: i32, scratch: usize): void {
  scan(DELAY, out, outStride, x, xStride, rows, columns, first, lag);
}
export function ts_diff(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, lag: i32, scratch: usize): void {
  scan(DIFF, out, outStride, x, xStride, rows, columns, first, lag);
}
export function ts_return(out: usize, outStride: usize, x: usize, xStride: usize, rows: i32, columns: i32, first: i32, lag: i32, scratch: usize): void {
  scan(RETURN, out, outStride, x, xStride, rows, columns, first, lag);
}
