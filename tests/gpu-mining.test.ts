/** Searches whose programs are scored by the kernels for graphics devices, on this processor. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { marketSearch } from '../cli/mining/market-search.ts';
import { mine } from '../cli/mining/mine.ts';
import type { MineOptions } from '../cli/mining/mine-options.ts';
import { recordedBackends } from '../cli/mining/recorded-backends.ts';
import { searchConfig } from '../cli/mining/search-options.ts';
import { timeBackends } from '../cli/mining/time-backends.ts';
import { readManifest } from '../data/store/manifest.ts';
import { surveyDevice } from '../operators/gpu/survey-device.ts';
import type { FactorLibrary } from '../runs/library.ts';
import { absentDevice } from './absent-device.ts';
import { type Playground, playground, stoppedAfter, told } from './mining.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await playground();
});
afterAll(() => ground.remove());

const short: MineOptions = { rounds: 2, population: 24, children: 8 };
const mined = (name: string, options: MineOptions) =>
  mine({ ...ground.small, ...short, out: join(ground.place, name), ...options });
const library = (name: string): FactorLibrary =>
  JSON.parse(readFileSync(join(ground.place, name, 'library.json'), 'utf8'));

const absent = await absentDevice('webasm');

describe.skipIf(absent !== undefined)('webasm', () => {
  test('the same search twice, or stopped in between, is the same to the bit, and finds what wasm finds', async () => {
    const report = await mined('once', { backend: 'webasm' });
    expect(report.backend).toBe('webasm');
    expect(
      await stoppedAfter(2, { ...ground.small, ...short, backend: 'webasm', out: join(ground.place, 'twice') }),
    ).toBe(true);
    // Nobody needs to say again what computes.
    await mined('twice', { resume: true, workers: 1 });
    expect(told(join(ground.place, 'twice'))).toEqual(told(join(ground.place, 'once')));
    expect(recordedBackends(join(ground.place, 'twice'))).toEqual(['webasm']);

    await mined('threads', {});
    const [here, there] = [library('threads'), library('once')];
    expect([here.backend, there.backend]).toEqual([undefined, 'webasm']);
    expect(there.factors.map(({ expression }) => expression)).toEqual(here.factors.map(({ expression }) => expression));
    expect(there.factors.length).toBeGreaterThan(0);
    for (const [i, { fitness, metrics }] of there.factors.entries()) {
      expect(fitness).toBeCloseTo(here.factors[i]?.fitness as number, 6);
      expect(metrics).toEqual(here.factors[i]?.metrics);
    }
    expect(readFileSync(join(ground.place, 'once', 'report.html'), 'utf8')).toContain(', webasm<');
  });

  test('a run goes on with another backend when it is told to, and says so', async () => {
    await stoppedAfter(1, { ...ground.small, ...short, backend: 'webasm', out: join(ground.place, 'other') });
    const report = await mined('other', { resume: true, backend: 'wasm' });
    expect(report.backend).toBe('webasm, then wasm');
    expect(library('other').backend).toBe('webasm, then wasm');
  });

  test('both are timed on programs of the search', async () => {
    const search = marketSearch(searchConfig({}), await readManifest(ground.market));
    const notes: unknown[] = [];
    const times = await timeBackends(search, ground.market, { mode: 'webasm' }, { workers: 1 }, (note) =>
      notes.push(note),
    );
    expect(times).toMatchObject({ programs: 16, threads: 1 });
    expect(times?.deviceSeconds).toBeGreaterThan(0);
    expect(times?.threadSeconds).toBeGreaterThan(0);
    expect(notes).toHaveLength(2);
    const bars = marketSearch(searchConfig({ fields: 'close,volume' }), await readManifest(ground.market));
    expect(await timeBackends(bars, ground.market, { mode: 'webasm' }, { workers: 1 }, () => {})).toBeUndefined();
  });
});

describe('without a graphics card', async () => {
  const survey = await surveyDevice();
  const hard = survey.mode === 'webgpu' && !survey.adapter?.software;

  test.skipIf(hard)('auto takes wasm and says why', async () => {
    const notes: string[] = [];
    const report = await mined('auto', {
      rounds: 0,
      backend: 'auto',
      onProgress: (told) => told.kind === 'note' && notes.push(told.sentence),
    });
    expect(report.backend).toBe('wasm');
    expect(notes).toEqual([expect.stringMatching(/^Scores are computed by wasm: .+\.$/)]);
  });

  test.skipIf(survey.mode === 'webgpu')('gpu is refused with the reason, and no folder is made', async () => {
    await expect(mined('none', { backend: 'gpu' })).rejects.toThrow(
      `There is no graphics device here: ${survey.passedOver?.reason}. ${survey.passedOver?.remedy}, or leave --backend out.`,
    );
    expect(() => recordedBackends(join(ground.place, 'none'))).toThrow('There is no run');
  });
});
