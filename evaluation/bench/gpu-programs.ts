/** A generation of random programs scored on a device and by the SIMD kernels, in one run; and how far apart they are. */
import type { DeviceMode } from '../../operators/gpu/dawn.ts';
import { Evaluator } from '../evaluator.ts';
import type { DailyScores, DeviceState } from '../task.ts';
import { randomBatch } from './random-batch.ts';

export interface GpuProgramTiming {
  readonly method: 'pearson' | 'rank';
  readonly programs: number;
  readonly dates: number;
  readonly symbols: number;
  /** Seconds of a generation on the device just opened, which compiles its kernels and uploads the market. */
  readonly cold: number;
  /** Of another generation after it. */
  readonly warm: number;
  /** Of the latter by the SIMD kernels, warm too, on so many threads. */
  readonly simd: number;
  readonly workers: number;
  /** How many times faster than the kernels the device is, warm; below 1 it is slower. */
  readonly overSimd: number;
  /** Programs x dates x symbols a second, warm. */
  readonly cellsPerSecond: number;
  /** Of the device's memory, at a time. */
  readonly peakBytes: number;
  /** Of two mean correlations: the largest difference, and the middle one. */
  readonly apart: { readonly most: number; readonly middle: number };
}

export async function timeGpuPrograms(
  folder: string,
  { mode, programs: count, workers, method }: GpuMeasure,
): Promise<GpuProgramTiming> {
  const evaluator = await Evaluator.open(folder, {
    workers,
    device: { mode },
    onDeviceLost: (reason) => {
      throw new Error(`the device was lost: ${reason}`);
    },
  });
  try {
    const [first, programs] = [randomBatch(evaluator, count, true, 3), randomBatch(evaluator, count, true, 1)];
    const cold = (await timed(() => evaluator.score(first, { method }))).seconds;
    const there = await timed(() => evaluator.score(programs, { method }));
    const state = (await evaluator.deviceState()) as DeviceState;
    evaluator.dropDevice();
    await evaluator.score(randomBatch(evaluator, 60, true, 2), { method });
    const here = await timed(() => evaluator.score(programs, { method }));
    const { calendar, symbols } = evaluator.market.manifest;
    return {
      method,
      programs: count,
      dates: calendar.length,
      symbols: symbols.length,
      cold,
      warm: there.seconds,
      simd: here.seconds,
      workers: evaluator.workers,
      overSimd: here.seconds / there.seconds,
      cellsPerSecond: (count * calendar.length * symbols.length) / there.seconds,
      peakBytes: state.peakBytes,
      apart: apart(there.answer, here.answer),
    };
  } finally {
    await evaluator.close();
  }
}

export interface GpuMeasure {
  readonly mode: DeviceMode;
  readonly programs: number;
  readonly workers?: number | undefined;
  readonly method: 'pearson' | 'rank';
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly answer: T; readonly seconds: number }> {
  const started = performance.now();
  const answer = await work();
  return { answer, seconds: (performance.now() - started) / 1000 };
}

/** Dates on which only one of the two has a correlation are left out. */
function apart(there: readonly DailyScores[], here: readonly DailyScores[]): GpuProgramTiming['apart'] {
  const differences = here.map(({ ic }, i) => {
    const both = ic.map((value, t) => value - (there[i]?.ic[t] as number)).filter((value) => !Number.isNaN(value));
    return Math.abs(both.reduce((sum, value) => sum + value, 0) / Math.max(1, both.length));
  });
  differences.sort((a, b) => a - b);
  return { most: differences.at(-1) ?? 0, middle: differences[Math.floor(differences.length / 2)] ?? 0 };
}
