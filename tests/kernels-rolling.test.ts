/** Every rolling kernel against its row's reference, on ordinary and awkward panels, in one call and in pieces. */
import { describe, expect, test } from 'vitest';
import { Arena } from '../core/arena.ts';
import type { Rolling } from '../operators/define.ts';
import { operatorsOf } from '../operators/table.ts';
import { loadKernels } from '../operators/wasm/kernels.ts';
import { rollingScratch } from '../operators/wasm/scratch.ts';
import { column, type Panel, panelOf, panels } from './arbitraries/panel.ts';

const arena = new Arena(64 * 1024 ** 2);
const kernels = loadKernels(arena.memory);
const windows = [1, 2, 3, 5, 10, 20, 50, 270];

function load(p: Panel) {
  const matrix = arena.matrix(p.rows, p.columns);
  for (let t = 0; t < p.rows; t++) arena.row(matrix, t).set(p.cells.subarray(t * p.columns, (t + 1) * p.columns));
  return matrix;
}

/** The kernel's answer, computed in calls of at most `piece` rows. */
function compute(
  name: string,
  row: Rolling,
  x: Panel,
  y: Panel,
  window: number,
  q: number,
  piece: number,
): Float32Array {
  const inputs = [x, y].slice(0, row.arity).map(load);
  const out = arena.matrix(x.rows, x.columns);
  const scratch = arena.allocate(rollingScratch(window));
  const lag = row.reads === 'ends' ? row.span(window) - 1 : window;
  for (let t = 0; t < x.rows; t += piece) {
    const rows = Math.min(piece, x.rows - t);
    const addresses = inputs.flatMap((m) => [m.address + t * m.stride, m.stride]);
    kernels[name]?.(out.address + t * out.stride, out.stride, ...addresses, rows, x.columns, t, lag, scratch, q);
  }
  const cells = new Float32Array(x.rows * x.columns);
  for (let t = 0; t < x.rows; t++) cells.set(arena.row(out, t).subarray(0, x.columns), t * x.columns);
  for (const m of [...inputs, out]) arena.release(m.address);
  arena.release(scratch);
  return cells;
}

const largest = 3.4028234663852886e38;
const stored = (value: number): number => (Math.abs(value) <= largest ? value : Number.NaN);

function refer(row: Rolling, x: Panel, y: Panel, window: number, q: number): Float64Array {
  const out = new Float64Array(x.rows * x.columns).fill(Number.NaN);
  const span = row.span(window);
  for (let i = 0; i < x.columns; i++) {
    const [cx, cy] = [column(x, i), column(y, i)];
    for (let t = span - 1; t < x.rows; t++) {
      const [wx, wy] = [cx.subarray(t - span + 1, t + 1), cy.subarray(t - span + 1, t + 1)];
      const gap = row.reads === 'every' && (wx.some(Number.isNaN) || (row.arity === 2 && wy.some(Number.isNaN)));
      if (!gap) out[t * x.columns + i] = stored(row.reference(wx.slice(), wy.slice(), q));
    }
  }
  return out;
}

/** A spread that passes float32's range may be called missing, never infinite or wrong: no price gets there. */
const giant = 'near the largest float';

/** What counts as the output's scale: its largest size in the column. */
function compare(
  actual: Float32Array,
  expected: Float64Array,
  columns: number,
  mayGiveUp: boolean,
): string | undefined {
  const scale = new Float64Array(columns);
  expected.forEach((value, at) => {
    const i = at % columns;
    if (!Number.isNaN(value)) scale[i] = Math.max(scale[i] as number, Math.abs(value));
  });
  for (let at = 0; at < expected.length; at++) {
    const [a, e] = [actual[at] as number, expected[at] as number];
    if (Number.isNaN(a) && (Number.isNaN(e) || mayGiveUp)) continue;
    // Below the smallest normal float32 the last digit is coarse.
    const near = Math.abs(a - e) <= 1e-5 * (scale[at % columns] as number) + 3e-45;
    if (near && Math.abs(a) !== Infinity) continue;
    return `row ${Math.floor(at / columns)} column ${at % columns}: ${a} where the reference has ${e}`;
  }
  return undefined;
}

describe.each(operatorsOf('rolling'))('%s', (name, row) => {
  test.each(Object.keys(panels))('%s', (panelName) => {
    const x = panelOf(panelName);
    const y = panelOf(panelName, 1);
    for (const window of windows.filter((s) => s >= row.least)) {
      const expected = refer(row, x, y, window, 0.3);
      const whole = compute(name, row, x, y, window, 0.3, x.rows);
      expect(compare(whole, expected, x.columns, panelName === giant), `window ${window}`).toBeUndefined();
      // Object.is: the same bits, but for the many spellings of NaN.
      const pieces = compute(name, row, x, y, window, 0.3, 7);
      expect(pieces.findIndex((value, at) => !Object.is(value, whole[at]))).toBe(-1);
    }
  });
});
