/**
 * Sums over rows and maps of [rows][channels], for batch normalisation. Sums are in double precision, eight channels at a
 * time; they read up to seven numbers past the last channel, and what comes of those is nobody's.
 */
import { add, mul, read, sub, write } from './lanes';
import { bump, high, low } from './doubles';
import { LINE } from './tiles';

// @ts-ignore: decorator
@inline
function zero(): v128 {
  return f64x2.splat(0);
}

// @ts-ignore: decorator
@inline
function square(x: v128): v128 {
  return f64x2.mul(x, x);
}

/** sums[channel] += the sum of the channel. */
export function addSums(x: usize, rows: i32, channels: i32, sums: usize): void {
  const stride = <usize>channels << 2;
  for (let c = 0; c < channels; c += 8) {
    let a = zero();
    let b = zero();
    let d = zero();
    let e = zero();
    let at = x;
    for (let r = 0; r < rows; r++) {
      const near = read(at);
      const far = read(at, 16);
      a = f64x2.add(a, low(near));
      b = f64x2.add(b, high(near));
      d = f64x2.add(d, low(far));
      e = f64x2.add(e, high(far));
      at += stride;
    }
    bump(sums, a, 0);
    bump(sums, b, 16);
    bump(sums, d, 32);
    bump(sums, e, 48);
    x += LINE;
    sums += 64;
  }
}

/** squares[channel] += the sum of squared distances from the channel's mean, in double precision as well. */
export function addSquares(x: usize, rows: i32, channels: i32, means: usize, squares: usize): void {
  const stride = <usize>channels << 2;
  for (let c = 0; c < channels; c += 8) {
    const m0 = read(means);
    const m1 = read(means, 16);
    const m2 = read(means, 32);
    const m3 = read(means, 48);
    let a = zero();
    let b = zero();
    let d = zero();
    let e = zero();
    let at = x;
    for (let r = 0; r < rows; r++) {
      const near = read(at);
      const far = read(at, 16);
      a = f64x2.add(a, square(f64x2.sub(low(near), m0)));
      b = f64x2.add(b, square(f64x2.sub(high(near), m1)));
      d = f64x2.add(d, square(f64x2.sub(low(far), m2)));
      e = f64x2.add(e, square(f64x2.sub(high(far), m3)));
      at += stride;
    }
    bump(squares, a, 0);
    bump(squares, b, 16);
    bump(squares, d, 32);
    bump(squares, e, 48);
    x += LINE;
    means += 64;
    squares += 64;
  }
}

/** dots[channel] += the sum of dY * (x - mean); sums[channel] += the sum of dY. */
export function addNormSums(
  x: usize,
  dY: usize,
  rows: i32,
  channels: i32,
  means: usize,
  dots: usize,
  sums: usize,
): void {
  const stride = <usize>channels << 2;
  for (let c = 0; c < channels; c += 8) {
    const nearMean = read(means);
    const farMean = read(means, 16);
    let a = zero();
    let b = zero();
    let d = zero();
    let e = zero();
    let f = zero();
    let g = zero();
    let h = zero();
    let i = zero();
    let atX = x;
    let atY = dY;
    for (let r = 0; r < rows; r++) {
      const near = read(atY);
      const nearDot = mul(near, sub(read(atX), nearMean));
      a = f64x2.add(a, low(nearDot));
      b = f64x2.add(b, high(nearDot));
      f = f64x2.add(f, low(near));
      g = f64x2.add(g, high(near));
      const far = read(atY, 16);
      const farDot = mul(far, sub(read(atX, 16), farMean));
      d = f64x2.add(d, low(farDot));
      e = f64x2.add(e, high(farDot));
      h = f64x2.add(h, low(far));
      i = f64x2.add(i, high(far));
      atX += stride;
      atY += stride;
    }
    bump(dots, a, 0);
    bump(dots, b, 16);
    bump(dots, d, 32);
    bump(dots, e, 48);
    bump(sums, f, 0);
    bump(sums, g, 16);
    bump(sums, h, 32);
    bump(sums, i, 48);
    x += LINE;
    dY += LINE;
    means += LINE;
    dots += 64;
    sums += 64;
  }
}

// Maps go over rows as one run of numbers. What they know of channels is a table: a vector of each of its columns, and so on
// for the next four numbers, until the channels have come round to a whole vector.

/** x = x * scale + shift, in place. The table's columns are scale and shift. */
export function affine(x: usize, count: i32, table: usize, tableEnd: usize): void {
  const end = x + (<usize>count << 2);
  let at = table;
  for (; x < end; x += 16) {
    write(x, add(mul(read(x), read(at)), read(at, 16)));
    at += 32;
    if (at == tableEnd) at = table;
  }
}

/** dY = dY * factor - constant - (x - mean) * slope, in place. The table's columns are these four. */
export function normBack(x: usize, dY: usize, count: i32, table: usize, tableEnd: usize): void {
  const end = x + (<usize>count << 2);
  let at = table;
  for (; x < end; x += 16) {
    const direct = sub(mul(read(dY), read(at)), read(at, 16));
    write(dY, sub(direct, mul(sub(read(x), read(at, 32)), read(at, 48))));
    dY += 16;
    at += 64;
    if (at == tableEnd) at = table;
  }
}
