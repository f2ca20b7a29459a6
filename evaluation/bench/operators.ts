/**
 * Every operator's kernel timed on this machine as the evaluator calls it: block by block on one thread, float32,
 * window 20. Read the ratios: to a plain copy of the same panel in the same run, and to the plain reference.
 */
import { type Matrix, padTo } from '../../core/arena.ts';
import { type Stream, stream } from '../../core/random.ts';
import { type OperatorName, operatorNames } from '../../operators/table.ts';
import type { Call } from '../../program/expression.ts';
import { evaluateReference } from '../../program/reference-program.ts';
import { benchPanel, inBlocks, type PanelSize, rowsFrom, sample, simdRun, time } from './panel.ts';

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

export function* timeOperators(size: PanelSize, repetitions: number): Generator<OperatorTiming> {
  const panel = benchPanel(size);
  const { arena, kernels, fields, out, scratch, dates, symbols } = panel;
  const random = stream(2, dates, symbols);
  const [x, y] = [fields.get('X') as Matrix, fields.get('Y') as Matrix];
  const cells = dates * symbols;
  const padded = padTo(symbols);
  const copy = time(
    inBlocks(size, (t, rows) =>
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
    yield timing(name, time(simdRun(panel, expression), repetitions), referenceTime(expression, random));
  }
  const ranks = arena.matrix(dates, symbols);
  kernels.rank_labels?.(ranks.address, ranks.stride, y.address, y.stride, dates, symbols, scratch);
  for (const name of ['ic_pearson', 'ic_spearman'] as const) {
    const run = inBlocks(size, (t, rows) => {
      const operands = [x, y, ...(name === 'ic_spearman' ? [ranks] : [])].flatMap((m) => {
        const { address, stride } = rowsFrom(m, t);
        return [address, stride];
      });
      kernels[name]?.(out.address, ...operands, rows, symbols, scratch);
    });
    yield timing(name, time(run, repetitions));
  }
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
