/**
 * Every operator's kernel timed on this machine as the evaluator calls it: block by block on one thread, float32,
 * window 20. Read the ratios: to a plain copy of the same panel in the same run, and to the plain reference.
 */
import { Arena, type Matrix, padTo } from '../../core/arena.ts';
import { type Stream, stream } from '../../core/random.ts';
import { ratio } from '../../core/units.ts';
import type { Kind } from '../../operators/define.ts';
import { type OperatorName, operatorNames, operatorOf } from '../../operators/table.ts';
import { crossScratch, loadKernels } from '../../operators/wasm/kernels.ts';
import { rollingScratch } from '../../operators/wasm/scratch.ts';
import { call, field, must } from '../../program/build.ts';
import type { Call } from '../../program/expression.ts';
import { evaluateReference } from '../../program/reference-program.ts';
import type { Word } from '../../program/vocabulary.ts';
import { apply } from '../apply.ts';
import { blockRows } from '../run-plan.ts';

export interface OperatorTiming {
  readonly operator: OperatorName | 'copy' | 'ic_pearson' | 'ic_spearman';
  /** Milliseconds for the whole panel: the fastest and the middle of the repetitions. */
  readonly best: number;
  readonly median: number;
  readonly nsPerCell: number;
  /** Times as long as copying the panel. */
  readonly copies: number;
  /** How many times faster than the reference, cell for cell. */
  readonly overReference?: number | undefined;
}

export interface PanelSize {
  readonly dates: number;
  readonly symbols: number;
}

const window = 20;

export function* timeOperators({ dates, symbols }: PanelSize, repetitions: number): Generator<OperatorTiming> {
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
  const [x, y] = [fields.get('X') as Matrix, fields.get('Y') as Matrix];
  const cells = dates * symbols;
  const padded = padTo(symbols);

  const blocks = (work: (t: number, rows: number) => void) => () => {
    const size = blockRows(symbols);
    for (let t = 0; t < dates; t += size) work(t, Math.min(size, dates - t));
  };
  const rowsOf = (m: Matrix, t: number) => ({ address: m.address + t * m.stride, stride: m.stride });
  const copy = time(
    blocks((t, rows) =>
      kernels.copyRows?.(out.address + t * out.stride, out.stride, x.address + t * x.stride, x.stride, rows, padded),
    ),
    repetitions,
  );
  const timing = (
    operator: OperatorTiming['operator'],
    [best, median]: [number, number],
    reference?: number,
  ): OperatorTiming => ({
    operator,
    best,
    median,
    nsPerCell: (1e6 * median) / cells,
    copies: median / copy[1],
    overReference: reference === undefined ? undefined : reference / ((1e6 * median) / cells),
  });
  yield timing('copy', copy);

  for (const name of operatorNames) {
    const expression = sample(name);
    if (!expression) continue;
    const run = blocks((t, rows) => {
      const inputs = expression.inputs.map((input) => rowsOf(fields.get(input.key) as Matrix, t));
      apply(kernels, expression, rowsOf(out, t), inputs, { rows, columns: symbols, first: t, scratch });
    });
    yield timing(name, time(run, repetitions), referenceTime(expression, random));
  }
  const ranks = arena.matrix(dates, symbols);
  kernels.rank_labels?.(ranks.address, ranks.stride, y.address, y.stride, dates, symbols, scratch);
  for (const name of ['ic_pearson', 'ic_spearman'] as const) {
    const run = blocks((t, rows) => {
      const operands = [x, y, ...(name === 'ic_spearman' ? [ranks] : [])].flatMap((m) => [
        m.address + t * m.stride,
        m.stride,
      ]);
      kernels[name]?.(out.address, ...operands, rows, symbols, scratch);
    });
    yield timing(name, time(run, repetitions));
  }
}

const word = (name: string, kind: Kind): Word => ({ name, kind, unit: ratio });

/** The operator on plain fields; undefined for those that need minute bars or labels. */
function sample(name: OperatorName): Call | undefined {
  const row = operatorOf(name);
  if (row.shape === 'bar' || row.shape === 'interval' || row.shape === 'learn') return undefined;
  const inputs = [field(word('X', 'm')), field(word('Y', 'm')), field(word('Y', 'm'))].slice(0, row.arity);
  if (row.shape === 'cross-section' && row.grouped) inputs[1] = field(word('G', 'g'));
  if (name === 'where') inputs[0] = field(word('C', 'm'));
  const values = { window, fraction: 0.8, positive: 3, number: 1.5 };
  const parameters = row.parameters.map(({ type }) => values[type]);
  return must(call(name, inputs, parameters)) as Call;
}

/** Nanoseconds a cell of the reference, on a panel small enough to wait for. */
function referenceTime(expression: Call, random: Stream): number {
  const [rows, columns] = [60, 64];
  const make = () => Float64Array.from({ length: rows * columns }, () => Math.fround(10 + 90 * random.next()));
  const group = Float64Array.from({ length: rows * columns }, () => random.below(5));
  const daily = new Map([
    ['X', make()],
    ['Y', make()],
    ['C', make()],
    ['G', group],
  ]);
  const [best] = time(() => evaluateReference(expression, { rows, columns, daily, minute: new Map(), starts: [] }), 3);
  return (1e6 * best) / (rows * columns);
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
function time(work: () => void, repetitions: number): [best: number, median: number] {
  work();
  work();
  const times = Array.from({ length: repetitions }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  }).sort((a, b) => a - b);
  return [times[0] as number, times[Math.floor(repetitions / 2)] as number];
}
