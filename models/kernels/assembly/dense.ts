/** Dense layers, a block of rows at a time: the block's inputs stay in the second-level cache, a panel in the first. */
import { bump, high, low } from './doubles';
import { read, write } from './lanes';
import { LINE, panels, rowsByPanel, TALL, WIDE } from './tiles';

// @ts-ignore: decorator
@inline
function floats(count: i32): usize {
  return <usize>count << 2;
}

// @ts-ignore: decorator
@inline
function fives(outputs: i32): i32 {
  return (outputs + TALL - 1) / TALL;
}

/** Panels of a matrix of which entry (k, n) lies at k * deep + n * across numbers; `start` may be 0, for zeros. */
export function packPanels(
  matrix: usize,
  deep: i32,
  across: i32,
  depth: i32,
  columns: i32,
  start: usize,
  packed: usize,
): void {
  for (let from = 0; from < columns; from += WIDE) {
    const count = min(WIDE, columns - from);
    memory.fill(packed, 0, <usize>(depth + 1) * LINE);
    if (start) memory.copy(packed, start + floats(from), floats(count));
    packed += LINE;
    for (let k = 0; k < depth; k++) {
      let at = matrix + floats(k * deep + from * across);
      for (let n = 0; n < count; n++) {
        store<f32>(packed + floats(n), load<f32>(at));
        at += floats(across);
      }
      packed += LINE;
    }
  }
}

/** Bytes of a packed matrix. */
export function packedBytes(depth: i32, columns: i32): usize {
  return <usize>(panels(columns) * (depth + 1)) * LINE;
}

/** out[rows][columns] = start + x[rows][depth] times the packed matrix; `tile` is scratch of TILE bytes. */
export function multiply(
  x: usize,
  packed: usize,
  out: usize,
  rows: i32,
  depth: i32,
  columns: i32,
  tile: usize,
): void {
  for (let from = 0; from < columns; from += WIDE) {
    const count = columns - from;
    for (let row = 0; row < rows; row += TALL) {
      const left = min(TALL, rows - row);
      const at = x + floats(row * depth);
      const to = out + floats(row * columns + from);
      if (count >= WIDE) {
        rowsByPanel(at, floats(depth), left, packed, depth, to, floats(columns));
      } else {
        rowsByPanel(at, floats(depth), left, packed, depth, tile, LINE);
        for (let m = 0; m < left; m++) {
          memory.copy(to + floats(m * columns), tile + <usize>m * LINE, floats(count));
        }
      }
    }
    packed += <usize>(depth + 1) * LINE;
  }
}

/** Numbers in double precision that hold the gradient of the weights: tiles, panel of inputs after panel. */
export function weightSums(inputs: i32, outputs: i32): i32 {
  return panels(inputs) * fives(outputs) * TALL * WIDE;
}

// @ts-ignore: decorator
@inline
const TILE: usize = 4 * TALL * WIDE;

/** Bytes of scratch for blocks of so many rows. */
export function scratchBytes(rows: i32, outputs: i32): usize {
  return TILE + <usize>(rows + 1) * LINE + floats(rows * outputs);
}

/** Adds x[rows][inputs] transposed times dY[rows][outputs] to the sums. */
export function addWeights(
  x: usize,
  dY: usize,
  rows: i32,
  inputs: i32,
  outputs: i32,
  sums: usize,
  scratch: usize,
): void {
  const tile = scratch;
  const panel = tile + TILE;
  const panelEnd = panel + <usize>(rows + 1) * LINE;
  const deltas = panelEnd;
  transpose(dY, rows, outputs, deltas);
  memory.fill(panel, 0, LINE);
  for (let from = 0; from < inputs; from += WIDE) {
    let at = x + floats(from);
    for (let to = panel + LINE; to < panelEnd; to += LINE) {
      write(to, read(at));
      write(to, read(at, 16), 16);
      at += floats(inputs);
    }
    for (let m = 0; m < outputs; m += TALL) {
      const left = min(TALL, outputs - m);
      rowsByPanel(deltas + floats(m * rows), floats(rows), left, panel, rows, tile, LINE);
      addTile(tile, left, sums);
      sums += 8 * TALL * WIDE;
    }
  }
}

function transpose(matrix: usize, rows: i32, columns: i32, out: usize): void {
  for (let c = 0; c < columns; c++) {
    let at = matrix + floats(c);
    for (let r = 0; r < rows; r++) {
      store<f32>(out, load<f32>(at));
      at += floats(columns);
      out += 4;
    }
  }
}

function addTile(tile: usize, rows: i32, sums: usize): void {
  for (const end = tile + <usize>rows * LINE; tile < end; tile += 16) {
    const x = read(tile);
    bump(sums, low(x));
    bump(sums, high(x), 16);
    sums += 32;
  }
}

/** The sums of addWeights as a matrix [inputs][outputs]. */
export function finishWeights(sums: usize, inputs: i32, outputs: i32, out: usize): void {
  const tiles = fives(outputs);
  for (let i = 0; i < inputs; i++) {
    const panel = sums + <usize>((i / WIDE) * tiles * TALL * WIDE + i % WIDE) * 8;
    for (let m = 0; m < outputs; m++) {
      store<f32>(out, <f32>load<f64>(panel + <usize>m * 8 * WIDE));
      out += 4;
    }
  }
}
