/**
 * The operators' gpu.js kernels timed beside the SIMD kernels on the same panel, one operator a plan, and how far their
 * answers are from the reference and from the SIMD kernels'.
 */
import { EvolveError } from '../../core/failure.ts';
import type { Device, DeviceValue } from '../../operators/gpu/device.ts';
import { type GpuRow, gpuKernels } from '../../operators/gpu/kernels.ts';
import { partsOfRow, rowNumbers } from '../../operators/gpu/stage.ts';
import { type OperatorName, operatorNames } from '../../operators/table.ts';
import type { Call } from '../../program/expression.ts';
import { evaluateReference } from '../../program/reference-program.ts';
import { parametersOf } from '../gpu/parameters-of.ts';
import { type BenchPanel, benchPanel, bestAndMedian, cellsOf, type PanelSize, sample, simdRun, time } from './panel.ts';

export interface GpuTiming {
  readonly operator: OperatorName;
  /** Milliseconds: making the plan, compiling, and the first answer. */
  readonly first: number;
  /** Milliseconds of every further answer, input uploaded and answer read back. */
  readonly best: number;
  readonly median: number;
  /** Milliseconds of the SIMD kernel, on one thread. */
  readonly simdBest: number;
  readonly simdMedian: number;
  /** How many times faster than the SIMD kernel; below 1 it is slower. */
  readonly overSimd: number;
  readonly reference: Distance;
  readonly simd: Distance;
  /** How far from the reference it may be, in the measure of `Distance`. */
  readonly tolerance: number;
  /** How gpu.js ran the plan: `fused-...` where nothing between two kernels was copied. */
  readonly executor: string;
}

/** Between two matrices. */
interface Distance {
  /** As a part of the answer, or of the largest answer of the symbol or date, as the operator's row says. */
  readonly error: number;
  /** Cells missing in only one of them. */
  readonly gaps: number;
}

/** The reference is slow: it says what the first dates should be, and the SIMD kernels what all should be. */
export const referenceDates = 60;

/** Those that have a row on this panel: not those of minute bars and labels. */
export const gpuTimed: readonly OperatorName[] = operatorNames.filter((name) => sample(name));

export async function* timeGpuOperators(
  device: Device,
  size: PanelSize,
  repetitions: number,
): AsyncGenerator<GpuTiming> {
  const bytes = 4 * size.dates * Math.max(size.symbols, partsOfRow);
  const largest = device.adapter?.largestBinding ?? Number.POSITIVE_INFINITY;
  if (bytes > largest) {
    const most = Math.floor(largest / 4 / Math.max(size.symbols, partsOfRow));
    throw new EvolveError(
      'bad-argument',
      `A panel of ${bytes} bytes is more than ${device.adapter?.name} can bind; --dates ${most} or less fit.`,
    );
  }
  const panel = benchPanel(size);
  const inputs = new Map([...panel.fields].map(([name, matrix]) => [name, cellsOf(panel, matrix)]));
  for (const name of gpuTimed) yield await timeOne(device, panel, inputs, sample(name) as Call, repetitions);
}

async function timeOne(
  device: Device,
  panel: BenchPanel,
  cells: ReadonlyMap<string, Float32Array>,
  expression: Call,
  repetitions: number,
): Promise<GpuTiming> {
  const { dates: rows, symbols: columns } = panel;
  const operator = expression.operator;
  const row = gpuKernels[operator as keyof typeof gpuKernels];
  const given = expression.inputs.map(({ key }) => ({ rows, columns, cells: cells.get(key) as Float32Array }));
  const numbers = { ...rowNumbers(columns), ...parametersOf(expression) };

  const started = performance.now();
  const plan = device.plan(given, (...values) => {
    const series = Object.fromEntries(values.map((value, i) => ['xyz'[i] as string, value as DeviceValue]));
    return { answer: device.run(row.stages, { series, numbers }, rows, columns) };
  });
  try {
    let { answer } = await plan.run();
    const first = performance.now() - started;
    const times: number[] = [];
    while (times.length < repetitions) {
      const again = performance.now();
      ({ answer } = await plan.run());
      times.push(performance.now() - again);
    }
    const [best, median] = bestAndMedian(times);
    const [simdBest, simdMedian] = time(simdRun(panel, expression), repetitions);
    return {
      operator,
      first,
      best,
      median,
      simdBest,
      simdMedian,
      overSimd: simdMedian / median,
      reference: distance(row, answer, referenceAnswers(expression, panel, cells), columns),
      simd: distance(row, answer, cellsOf(panel, panel.out), columns),
      tolerance: row.tolerance,
      executor: plan.executor,
    };
  } finally {
    await plan.release();
  }
}

function referenceAnswers(
  expression: Call,
  { dates, symbols: columns }: BenchPanel,
  cells: ReadonlyMap<string, Float32Array>,
): Float64Array {
  const rows = Math.min(dates, referenceDates);
  const daily = new Map([...cells].map(([name, all]) => [name, Float64Array.from(all.subarray(0, rows * columns))]));
  return evaluateReference(expression, { rows, columns, daily, minute: new Map(), starts: [] });
}

/** Over the cells of `expected`, which may be fewer. */
function distance(row: GpuRow, answer: Float32Array, expected: Float32Array | Float64Array, columns: number): Distance {
  const place = {
    cell: (at: number) => at,
    symbol: (at: number) => at % columns,
    date: (at: number) => Math.floor(at / columns),
  }[row.of];
  const smallestNormal = 2 ** -126;
  const scale = new Float64Array(expected.length).fill(Math.max(row.least ?? 0, smallestNormal));
  for (const [at, value] of expected.entries()) {
    if (Math.abs(value) > (scale[place(at)] as number)) scale[place(at)] = Math.abs(value);
  }
  let [error, gaps] = [0, 0];
  for (const [at, value] of expected.entries()) {
    const own = answer[at] as number;
    if (Number.isNaN(own) !== Number.isNaN(value)) gaps++;
    else if (!Number.isNaN(own)) error = Math.max(error, Math.abs(own - value) / (scale[place(at)] as number));
  }
  return { error, gaps };
}
