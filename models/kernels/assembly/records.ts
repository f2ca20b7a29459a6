/** Numbers of records, scaled, as rows of a batch have them. In double precision until they are stored. */
import { high, joined, low } from './doubles';
import { read, write } from './lanes';

// @ts-ignore: decorator
@inline
function drawnIn(x: v128, mean: usize, inverse: usize, limit: f64): v128 {
  const scaled = f64x2.mul(f64x2.sub(x, read(mean)), read(inverse));
  return f64x2.pmax(f64x2.pmin(scaled, f64x2.splat(limit)), f64x2.splat(-limit));
}

/** Four numbers, 0 where missing. Their means and inverses lie one behind another, in double precision. */
// @ts-ignore: decorator
@inline
function scaled(x: v128, mean: usize, inverse: usize, limit: f64): v128 {
  const y = joined(drawnIn(low(x), mean, inverse, limit), drawnIn(high(x), mean + 16, inverse + 16, limit));
  return v128.and(y, f32x4.eq(y, y));
}

// @ts-ignore: decorator
@inline
function scaledOne(x: f32, mean: usize, inverse: usize, limit: f64): f32 {
  const y = (<f64>x - load<f64>(mean)) * load<f64>(inverse);
  return <f32>(y > limit ? limit : y < -limit ? -limit : y == y ? y : 0);
}

/** All channels of each symbol's row in the record, which begins at `record`; what they become, `stride` bytes apart. */
export function scaleAll(
  record: usize,
  symbols: usize,
  count: i32,
  channels: i32,
  means: usize,
  inverses: usize,
  limit: f64,
  out: usize,
  stride: usize,
): void {
  const rowBytes = <u32>channels << 2;
  for (const end = symbols + (<usize>count << 2); symbols < end; symbols += 4) {
    const row = record + load<u32>(symbols) * rowBytes;
    let c = 0;
    for (; c <= channels - 4; c += 4) {
      const at = <usize>c << 2;
      write(out + at, scaled(read(row + at), means + 2 * at, inverses + 2 * at, limit));
    }
    for (; c < channels; c++) {
      const at = <usize>c << 2;
      store<f32>(out + at, scaledOne(load<f32>(row + at), means + 2 * at, inverses + 2 * at, limit));
    }
    out += stride;
  }
}

/** Those channels that are read: `places` has the bytes before each of them in a row. */
export function scaleSome(
  record: usize,
  symbols: usize,
  count: i32,
  channels: i32,
  places: usize,
  width: i32,
  means: usize,
  inverses: usize,
  limit: f64,
  out: usize,
  stride: usize,
): void {
  const rowBytes = <u32>channels << 2;
  for (const end = symbols + (<usize>count << 2); symbols < end; symbols += 4) {
    const row = record + load<u32>(symbols) * rowBytes;
    let c = 0;
    for (; c <= width - 4; c += 4) {
      const at = <usize>c << 2;
      let x = v128.load32_zero(row + load<u32>(places + at));
      x = v128.load_lane<f32>(row + load<u32>(places + at, 4), x, 1);
      x = v128.load_lane<f32>(row + load<u32>(places + at, 8), x, 2);
      x = v128.load_lane<f32>(row + load<u32>(places + at, 12), x, 3);
      write(out + at, scaled(x, means + 2 * at, inverses + 2 * at, limit));
    }
    for (; c < width; c++) {
      const at = <usize>c << 2;
      const x = load<f32>(row + load<u32>(places + at));
      store<f32>(out + at, scaledOne(x, means + 2 * at, inverses + 2 * at, limit));
    }
    out += stride;
  }
}
