/** What says whether operators can be computed by gpu.js, and how fast: where it is absent, the reason and the remedy. */
import { describe, expect, test } from 'vitest';
import { type GpuTiming, gpuTimed } from '../evaluation/bench/gpu-operators.ts';
import type { GpuProgramTiming } from '../evaluation/bench/gpu-programs.ts';
import { NoDevice } from '../operators/gpu/dawn.ts';
import { Device } from '../operators/gpu/device.ts';
import { operatorNames, operatorOf } from '../operators/table.ts';
import { evolve } from './evolve.ts';

async function opened(): Promise<{ mode: Device['mode']; why: NoDevice | undefined } | NoDevice> {
  try {
    const { device, passedOver } = await Device.openBest();
    await device.close();
    return { mode: device.mode, why: passedOver };
  } catch (error) {
    if (error instanceof NoDevice) return error;
    throw error;
  }
}

const best = await opened();
const size = ['--dates', '70', '--symbols', '41', '--repetitions', '1', '--programs', '2'];

interface Report {
  readonly mode: string;
  readonly adapter?: { readonly name: string; readonly largestBinding: number };
  readonly passedOver?: string;
  readonly timings: readonly GpuTiming[];
  readonly generations: readonly GpuProgramTiming[];
}

test('all operators are timed but those of bars and labels', () => {
  const apart = operatorNames.filter((name) => ['bar', 'interval', 'learn'].includes(operatorOf(name).shape));
  expect([...gpuTimed, ...apart].sort()).toEqual([...operatorNames].sort());
});

test('only the bench of operators and programs has this backend', async () => {
  const { code, stderr } = await evolve(['bench', 'mining', '--backend', 'gpu']);
  expect([code, stderr.trim()]).toEqual([
    1,
    '--backend gpu is for evolve bench alone: it times operators and programs, not mining.',
  ]);
});

test('doctor says which device the operators have, or why none and what helps', async () => {
  const { stdout } = await evolve(['doctor', '--json']);
  const finding = JSON.parse(stdout).find(({ name }: { name: string }) => name === 'GPU operators');
  if (best instanceof NoDevice) {
    expect(finding).toMatchObject({ ok: false, required: false, found: best.reason, remedy: `${best.remedy}.` });
  } else if (best.why) {
    const found = `webasm, on this processor: ${best.why.reason}`;
    expect(finding).toMatchObject({ ok: false, required: false, found, remedy: `${best.why.remedy}.` });
  } else {
    expect(finding).toMatchObject({
      ok: true,
      found: expect.stringMatching(/^webgpu on .+; matrices up to [\d.]+ GiB$/),
    });
  }
});

test.runIf(best instanceof NoDevice)('without gpu.js the bench says what to install', async () => {
  const { code, stderr } = await evolve(['bench', '--backend', 'gpu', ...size]);
  expect(code).toBe(1);
  expect(stderr.trim()).toBe((best as NoDevice).message);
  expect(stderr).toContain('npm i gpu.js');
});

describe('bench --backend gpu', () => {
  test('JSON: every operator in one run with the SIMD kernels, near both them and the reference', async ({ skip }) => {
    if (best instanceof NoDevice) return skip(best.message);
    const { code, stdout } = await evolve(['bench', '--backend', 'gpu', '--json', ...size]);
    expect(code).toBe(0);
    const report: Report = JSON.parse(stdout);
    expect(report).toMatchObject({ dates: 70, symbols: 41, mode: best.mode, referenceDates: 60 });
    expect(report.passedOver).toBe(best.why && `${best.why.reason}. ${best.why.remedy}.`);
    expect(report.adapter !== undefined).toBe(best.mode === 'webgpu');
    expect(report.timings.map(({ operator }) => operator)).toEqual(gpuTimed);
    for (const timing of report.timings) {
      const { operator, first, best: fastest, median, simdBest, simdMedian, overSimd, tolerance, executor } = timing;
      for (const time of [first, fastest, median, simdBest, simdMedian]) expect(time, operator).toBeGreaterThan(0);
      expect(overSimd).toBe(simdMedian / median);
      expect(executor).toMatch(/^fused-/);
      expect(timing.reference.gaps + timing.simd.gaps, operator).toBe(0);
      // The reference's answers are rounded to float32; the SIMD kernels are themselves off by a few such roundings.
      expect(timing.reference.error, operator).toBeLessThanOrEqual(tolerance + 6e-8);
      expect(timing.simd.error, operator).toBeLessThanOrEqual(2 * tolerance + 2e-6);
    }
    expect(report.generations.map(({ method }) => method)).toEqual(['pearson', 'rank']);
    for (const { programs, dates, symbols, cold, warm, simd, overSimd, peakBytes, apart } of report.generations) {
      expect([programs, dates, symbols]).toEqual([2, 70, 41]);
      for (const seconds of [cold, warm, simd]) expect(seconds).toBeGreaterThan(0);
      expect(overSimd).toBe(simd / warm);
      expect(peakBytes).toBeGreaterThan(0);
      expect(apart.most).toBeLessThan(1e-3);
    }
  });

  test('text: the device or the reason it is not a graphics card, what is timed, a row for each', async ({ skip }) => {
    if (best instanceof NoDevice) return skip(best.message);
    const { stdout } = await evolve(['bench', '--backend', 'gpu', ...size]);
    expect(stdout).toContain(`gpu.js in ${best.mode} on `);
    if (best.why) expect(stdout).toContain(`Not in webgpu: ${best.why.reason}. ${best.why.remedy}.`);
    expect(stdout).toContain('Both upload the input and read the answer back.');
    for (const name of gpuTimed) expect(stdout).toMatch(new RegExp(`^${name} +[\\d.]+ +[\\d.]+ `, 'm'));
    expect(stdout).not.toContain(' gap');
    expect(stdout).toContain('A generation: 2 random programs on 70 dates x 41 symbols');
    expect(stdout).toMatch(/^rank +[\d.]+ +[\d.]+ /m);
  });

  test('a panel that the device cannot bind is refused with the dates that fit', async ({ skip }) => {
    if (best instanceof NoDevice || best.mode !== 'webgpu') return skip('no adapter whose limits to exceed');
    const { code, stderr } = await evolve(['bench', '--backend', 'gpu', '--dates', '90000000', '--symbols', '512']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/is more than .+ can bind; --dates \d+ or less fit\.$/m)]);
  });
});
