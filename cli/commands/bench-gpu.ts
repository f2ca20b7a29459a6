/** `evolve bench --backend gpu`: operators, and then a generation of programs, on a device and by the SIMD kernels. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { synthesise } from '../../data/synth/synthesise.ts';
import { type GpuTiming, gpuTimed, referenceDates, timeGpuOperators } from '../../evaluation/bench/gpu-operators.ts';
import { type GpuProgramTiming, timeGpuPrograms } from '../../evaluation/bench/gpu-programs.ts';
import { Device } from '../../operators/gpu/device.ts';
import { deviceName } from '../../operators/gpu/survey-device.ts';
import { count, countOf } from '../print/number.ts';
import { progress } from '../print/progress.ts';
import { table } from '../print/table.ts';
import type { BenchArguments } from './bench.ts';

export async function benchGpu(args: BenchArguments): Promise<void> {
  const { data, dates, symbols, repetitions, json } = args;
  if (symbols < 2) throw new EvolveError('bad-argument', '--symbols should be 2 or more, for programs to compare.');
  // A market that cannot be had shows before anything is timed; without --data one is made, and gone afterwards.
  if (data !== undefined) await readManifest(data);
  const { device, passedOver } = await Device.openBest();
  const { mode, adapter } = device;
  const timings = await operatorTimings(device, args);
  const generations = await programTimings(device, args);
  const reason = passedOver && `${passedOver.reason}. ${passedOver.remedy}.`;
  if (json) {
    const about = { dates, symbols, node: process.version, mode, adapter, passedOver: reason, referenceDates };
    return console.log(JSON.stringify({ ...about, timings, generations }, null, 2));
  }
  console.log(
    `${count(dates)} dates x ${count(symbols)} symbols, float32, window 20, Node ${process.version}\ngpu.js in ${deviceName(device)}, beside the SIMD kernels on one thread`,
  );
  if (reason) console.log(`Not in webgpu: ${reason}`);
  console.log(
    'First: a plan is made and compiled and gives its first answer. Warm: a further answer. Both upload the input and read the answer back.\n',
  );
  console.log(operatorTable(timings));
  console.log(
    `\nTimes are medians of ${repetitions}. Error is the largest against the reference over the first ${countOf(Math.min(dates, referenceDates), 'date')}, from SIMD over all, as a part of the answer or of its symbol's or date's largest.\n`,
  );
  const [one] = generations as [GpuProgramTiming];
  console.log(
    `A generation: ${countOf(one.programs, 'random program')} on ${count(one.dates)} dates x ${count(one.symbols)} symbols, daily correlations of each, beside the SIMD kernels on ${countOf(one.workers, 'thread')}`,
  );
  console.log(
    'Cold: kernels are compiled and the market is uploaded. Warm: another generation after it. Apart: the largest difference of two mean correlations, and the middle one.\n',
  );
  console.log(programTable(generations));
}

async function operatorTimings(device: Device, { dates, symbols, repetitions }: BenchArguments): Promise<GpuTiming[]> {
  const line = progress('Timing operators', gpuTimed.length);
  const timings: GpuTiming[] = [];
  try {
    for await (const timing of timeGpuOperators(device, { dates, symbols }, repetitions)) {
      timings.push(timing);
      line.step(timings.length, timing.operator);
    }
  } finally {
    line.done();
    await device.close();
  }
  return timings;
}

/** Where the device is this processor, a few programs take as long as a generation elsewhere. */
const ordinary = 500;
const few = 20;

/** On a market that is made for it, and gone afterwards, without `--data`. */
async function programTimings({ mode, adapter }: Device, args: BenchArguments): Promise<GpuProgramTiming[]> {
  const slow = mode === 'webasm' || adapter?.software === true;
  const { data, dates, symbols, workers, programs = slow ? few : ordinary } = args;
  const place = await mkdtemp(join(tmpdir(), 'evolve-bench-'));
  const methods = ['pearson', 'rank'] as const;
  const line = progress('Timing programs', methods.length);
  try {
    const folder = data ?? join(place, 'market');
    if (data === undefined) await synthesise(folder, { stocks: symbols, days: dates, minutes: 0, seed: 1 });
    const timings: GpuProgramTiming[] = [];
    for (const method of methods) {
      timings.push(await timeGpuPrograms(folder, { mode, programs, workers, method }));
      line.step(timings.length, method);
    }
    return timings;
  } finally {
    line.done();
    await rm(place, { recursive: true });
  }
}

function operatorTable(timings: readonly GpuTiming[]): string {
  const rows = timings.map((t) => [
    t.operator,
    t.first.toFixed(1),
    t.median.toFixed(2),
    t.simdMedian.toFixed(3),
    t.overSimd.toPrecision(2),
    errorOf(t.reference),
    errorOf(t.simd),
    t.tolerance === 0 ? '0' : t.tolerance.toExponential(0),
  ]);
  return table(rows, ['operator', 'first ms', 'warm ms', 'SIMD ms', 'x SIMD', 'error', 'from SIMD', 'may be']);
}

const errorOf = ({ error, gaps }: GpuTiming['reference']): string =>
  gaps > 0 ? countOf(gaps, 'gap') : error === 0 ? '0' : error.toExponential(1);

function programTable(timings: readonly GpuProgramTiming[]): string {
  const rows = timings.map((t) => [
    t.method,
    t.cold.toFixed(2),
    t.warm.toFixed(2),
    t.simd.toFixed(2),
    t.overSimd.toPrecision(2),
    t.cellsPerSecond.toExponential(1),
    count(t.peakBytes / 1024 ** 2),
    `${t.apart.most.toExponential(0)}, ${t.apart.middle.toExponential(0)}`,
  ]);
  return table(rows, ['correlation', 'cold s', 'warm s', 'SIMD s', 'x SIMD', 'cells/s', 'device MiB', 'apart']);
}
