/** What operators are timed on: a panel of prices, conditions and groups, each operator as an expression on it, a clock. */
import { Arena, type Matrix } from '../../core/arena.ts';
import { stream } from '../../core/random.ts';
import { ratio } from '../../core/units.ts';
import type { Kind } from '../../operators/define.ts';
import { type OperatorName, operatorOf } from '../../operators/table.ts';
import { crossScratch, type Kernels, loadKernels } from '../../operators/wasm/kernels.ts';
import { rollingScratch } from '../../operators/wasm/scratch.ts';
import { call, field, must } from '../../program/build.ts';
import type { Call } from '../../program/expression.ts';
import type { Word } from '../../program/vocabulary.ts';
import { apply } from '../apply.ts';
import { blockRows } from '../run-plan.ts';

export interface PanelSize {
  readonly dates: number;
  readonly symbols: number;
}

const window = 20;

export interface BenchPanel extends PanelSize {
  readonly arena: Arena;
  readonly kernels: Kernels;
  /** X and Y are prices, C is 0 or 1, G holds 30 groups. */
  readonly fields: ReadonlyMap<string, Matrix>;
  readonly out: Matrix;
  readonly scratch: number;
}

export function benchPanel({ dates, symbols }: PanelSize): BenchPanel {
  const arena = new Arena();
  const kernels = loadKernels(arena.memory);
  const random = stream(1, dates, symbols);
  const fields = new Map<string, Matrix>([
    ['X', filled(arena, dates, symbols, () => 10 + 90 * random.next())],
    ['Y', filled(arena, dates, symbols, () => 10 + 90 * random.next())],
    ['C', filled(arena, dates, symbols, () => random.below(2))],
    ['G', filled(arena, 1, symbols, () => random.below(30))],
  ]);
  fields.set('G', { ...(fields.get('G') as Matrix), stride: 0, rows: dates });
  const out = arena.matrix(dates, symbols);
  const scratch = arena.allocate(Math.max(rollingScratch(window), crossScratch(kernels, symbols)));
  return { dates, symbols, arena, kernels, fields, out, scratch };
}

/** The work, for the dates of one block after another. */
export const inBlocks =
  ({ dates, symbols }: PanelSize, work: (t: number, rows: number) => void) =>
  () => {
    const size = blockRows(symbols);
    for (let t = 0; t < dates; t += size) work(t, Math.min(size, dates - t));
  };

export const rowsFrom = (m: Matrix, t: number) => ({ address: m.address + t * m.stride, stride: m.stride });

/** Computes the operator for the whole panel, into `out`. */
export function simdRun(panel: BenchPanel, expression: Call): () => void {
  const { kernels, fields, out, scratch, symbols } = panel;
  return inBlocks(panel, (t, rows) => {
    const inputs = expression.inputs.map((input) => rowsFrom(fields.get(input.key) as Matrix, t));
    apply(kernels, expression, rowsFrom(out, t), inputs, { rows, columns: symbols, first: t, scratch });
  });
}

/** Date-major, without padding. */
export function cellsOf({ arena, dates, symbols }: BenchPanel, matrix: Matrix): Float32Array {
  const cells = new Float32Array(dates * symbols);
  for (let t = 0; t < dates; t++) cells.set(arena.row(matrix, t).subarray(0, symbols), t * symbols);
  return cells;
}

const word = (name: string, kind: Kind): Word => ({ name, kind, unit: ratio });

/** The operator on plain fields; undefined for those that need minute bars or labels. */
export function sample(name: OperatorName): Call | undefined {
  const row = operatorOf(name);
  if (row.shape === 'bar' || row.shape === 'interval' || row.shape === 'learn') return undefined;
  const inputs = [field(word('X', 'm')), field(word('Y', 'm')), field(word('Y', 'm'))].slice(0, row.arity);
  if (row.shape === 'cross-section' && row.grouped) inputs[1] = field(word('G', 'g'));
  if (name === 'where') inputs[0] = field(word('C', 'm'));
  const values = { window, fraction: 0.8, positive: 3, number: 1.5 };
  const parameters = row.parameters.map(({ type }) => values[type]);
  return must(call(name, inputs, parameters)) as Call;
}

function filled(arena: Arena, rows: number, columns: number, cell: () => number): Matrix {
  const matrix = arena.matrix(rows, columns);
  for (let t = 0; t < rows; t++) {
    const row = arena.row(matrix, t);
    for (let i = 0; i < columns; i++) row[i] = cell();
  }
  return matrix;
}

/** The fastest and the middle one, after two runs that do not count. */
export function time(work: () => void, repetitions: number): [best: number, median: number] {
  work();
  work();
  return bestAndMedian(
    Array.from({ length: repetitions }, () => {
      const started = performance.now();
      work();
      return performance.now() - started;
    }),
  );
}

export function bestAndMedian(times: readonly number[]): [best: number, median: number] {
  const sorted = [...times].sort((a, b) => a - b);
  return [sorted[0] as number, sorted[Math.floor(sorted.length / 2)] as number];
}
