/**
 * The product everything dense is made of, in tiles of five by eight: ten sums stay in registers, and 20 operations need 7
 * loads; six by eight spills. So does V8 when a branch follows the loop, and a tile takes twice as long: sums are written
 * in one go, and what is particular about a tile is somebody else's.
 *
 * One side is a *panel*: eight columns side by side, packed, [depth][8].
 */
import { add, mul, read, write } from './lanes';

/** Columns of a panel. */
// @ts-ignore: decorator
@inline
export const WIDE: i32 = 8;

/** Rows of a tile. */
// @ts-ignore: decorator
@inline
export const TALL: i32 = 5;

/** Bytes of eight columns. */
// @ts-ignore: decorator
@inline
export const LINE: usize = 32;

// @ts-ignore: decorator
@inline
export function panels(columns: i32): i32 {
  return (columns + WIDE - 1) / WIDE;
}

/**
 * out[m][n] = start[n] + sum over k of x[m][k] * panel[k][n], for up to five rows and eight columns; the start is the
 * panel's first line. Where fewer than five rows are left the last takes their place and is written again, the same.
 */
export function rowsByPanel(
  x: usize,
  xStride: usize,
  rowCount: i32,
  panel: usize,
  depth: i32,
  out: usize,
  outStride: usize,
): void {
  const one = <usize>min(1, rowCount - 1);
  const two = <usize>min(2, rowCount - 1);
  const three = <usize>min(3, rowCount - 1);
  const four = <usize>min(4, rowCount - 1);
  let x0 = x;
  let x1 = x + one * xStride;
  let x2 = x + two * xStride;
  let x3 = x + three * xStride;
  let x4 = x + four * xStride;
  let a0 = read(panel);
  let b0 = read(panel, 16);
  let a1 = a0;
  let b1 = b0;
  let a2 = a0;
  let b2 = b0;
  let a3 = a0;
  let b3 = b0;
  let a4 = a0;
  let b4 = b0;
  panel += LINE;
  for (const end = panel + <usize>depth * LINE; panel < end; panel += LINE) {
    const a = read(panel);
    const b = read(panel, 16);
    const v0 = v128.load32_splat(x0);
    a0 = add(a0, mul(v0, a));
    b0 = add(b0, mul(v0, b));
    const v1 = v128.load32_splat(x1);
    a1 = add(a1, mul(v1, a));
    b1 = add(b1, mul(v1, b));
    const v2 = v128.load32_splat(x2);
    a2 = add(a2, mul(v2, a));
    b2 = add(b2, mul(v2, b));
    const v3 = v128.load32_splat(x3);
    a3 = add(a3, mul(v3, a));
    b3 = add(b3, mul(v3, b));
    const v4 = v128.load32_splat(x4);
    a4 = add(a4, mul(v4, a));
    b4 = add(b4, mul(v4, b));
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    x4 += 4;
  }
  write(out, a0);
  write(out, b0, 16);
  write(out + one * outStride, a1);
  write(out + one * outStride, b1, 16);
  write(out + two * outStride, a2);
  write(out + two * outStride, b2, 16);
  write(out + three * outStride, a3);
  write(out + three * outStride, b3, 16);
  write(out + four * outStride, a4);
  write(out + four * outStride, b4, 16);
}
