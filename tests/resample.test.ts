import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { money, price, ratio, shares } from '../core/units.ts';
import type { FieldInfo } from '../data/market.ts';
import { resampledGrid, resampleMarket } from '../data/resample.ts';
import { MarketWriter } from '../data/store/write.ts';
import { none, readBack } from './import-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evolve-resample-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const field = (name: string, kind: FieldInfo['kind'], unit: FieldInfo['unit']): FieldInfo => ({
  name,
  kind,
  unit,
  doc: '',
});
const bars: FieldInfo[] = [
  field('open', 'b', price),
  field('high', 'b', price),
  field('low', 'b', price),
  field('close', 'b', price),
  field('volume', 'b', shares),
  field('amount', 'b', money),
  field('vwap', 'b', price),
  field('spread', 'b', ratio),
];

/** Two parts of four bars of 5 minutes; one symbol, and another that never trades. `slabs` by date and field. */
async function market(slabs: Readonly<Record<string, number[]>>[]): Promise<string> {
  const from = join(folder, 'from');
  const starts = [570, 575, 580, 585, 780, 785, 790, 795];
  const writer = await MarketWriter.create(from, {
    name: 'five',
    calendar: slabs.map((_, t) => `2024-01-0${t + 2}`),
    symbols: ['A', 'B'],
    minute: { starts, barMinutes: 5 },
    datesPerYear: 244,
    provenance: {},
  });
  await writer.daily(field('CLOSE', 'm', price), Float32Array.from(slabs.flatMap((_, t) => [t + 1, none])));
  await writer.vector(
    field('MKT_RETURN', 'v', ratio),
    Float32Array.from(slabs, (_, t) => t / 10),
  );
  await writer.daily(
    { ...field('INDUSTRY', 'g', ratio), labels: ['x', 'y'] },
    Float32Array.from(slabs.flatMap(() => [0, 1])),
  );
  for (const info of bars) writer.minuteField(info);
  for (const [t, day] of slabs.entries()) {
    await writer.minuteDay(
      t,
      new Map(
        Object.entries(day).map(([name, values]) => [
          name,
          Float32Array.from(values.flatMap((value) => [value, none])),
        ]),
      ),
    );
  }
  await writer.finish();
  return from;
}

const whole = {
  open: [1, 2, 3, 4, 5, 6, 7, 8],
  high: [9, 2, 3, 4, 5, 6, 8, 8],
  low: [1, 2, 0.5, 4, 5, 6, 7, 3],
  close: [2, 3, 4, 5, 6, 7, 8, 9],
  volume: [10, 20, 30, 40, 50, 0, 70, 80],
  amount: [10, 40, 90, 160, 250, 0, 490, 640],
  vwap: [1, 2, 3, 4, 5, none, 7, 8],
  spread: [1, 2, 3, 4, 5, 6, 7, 8],
};

describe('bars of 20 minutes made of bars of 5', () => {
  test('open first, high and low at their extremes, close last, volumes added, vwap weighted', async () => {
    const out = join(folder, 'out');
    await resampleMarket({ from: await market([whole]), out, to: '20m' });
    const { manifest, minute, daily } = await readBack(out);
    expect(manifest.minute).toEqual({ starts: [570, 780], barMinutes: 20 });
    const first = (name: string) => minute(name, 0).map((bar) => bar[0]);
    expect([first('open'), first('high'), first('low'), first('close')]).toEqual([
      [1, 5],
      [9, 8],
      [0.5, 3],
      [5, 9],
    ]);
    expect([first('volume'), first('amount'), first('vwap'), first('spread')]).toEqual([
      [100, 200],
      [300, 1380],
      [3, 6.9],
      [4, 8],
    ]);
    expect(minute('close', 0).map((bar) => bar[1])).toEqual([none, none]);
    expect([daily('CLOSE'), daily('MKT_RETURN')[0]?.[0], daily('INDUSTRY')]).toEqual([[[1, none]], 0, [[0, 1]]]);
    expect(manifest.fields.find((info) => info.name === 'INDUSTRY')?.labels).toEqual(['x', 'y']);
  });

  test('minutes that are missing are passed over, and a bar of none is missing', async () => {
    const gaps = {
      ...whole,
      open: [none, none, 3, 4, none, none, none, none],
      volume: [none, 20, none, 40, none, none, none, none],
    };
    const out = join(folder, 'out');
    await resampleMarket({ from: await market([gaps]), out, to: '20m' });
    const { minute } = await readBack(out);
    expect(minute('open', 0).map((bar) => bar[0])).toEqual([3, none]);
    expect(minute('volume', 0).map((bar) => bar[0])).toEqual([60, none]);
  });

  test('a date without bars, or without one field, has none', async () => {
    const { spread: _, ...bare } = whole;
    const out = join(folder, 'out');
    await resampleMarket({ from: await market([whole, {}, bare]), out, to: '10m' });
    const { minute } = await readBack(out);
    expect(minute('close', 1).flat().every(Number.isNaN)).toBe(true);
    expect(minute('spread', 2).flat().every(Number.isNaN)).toBe(true);
    expect(minute('close', 2).map((bar) => bar[0])).toEqual([3, 5, 7, 9]);
  });

  test('in two steps or in one is the same market', async () => {
    const from = await market([whole, { ...whole, close: whole.low }]);
    await resampleMarket({ from, out: join(folder, 'ten'), to: '10m' });
    const [once, twice] = await Promise.all([
      resampleMarket({ from, out: join(folder, 'once'), to: '20m' }),
      resampleMarket({ from: join(folder, 'ten'), out: join(folder, 'twice'), to: '20m' }),
    ]);
    expect(twice.hash).toBe(once.hash);
  });
});

describe('the grid of longer bars', () => {
  test('never spans a break, and covers every bar once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 2, max: 12 }),
        (morning, afternoon, times) => {
          const starts = [...Array(morning).keys()]
            .map((b) => 540 + b)
            .concat([...Array(afternoon).keys()].map((b) => 900 + b));
          const { grid, parts } = resampledGrid({ starts, barMinutes: 1 }, times);
          expect(parts.flatMap(([first, end]) => starts.slice(first, end))).toEqual(starts);
          for (const [i, [first, end]] of parts.entries()) {
            expect((starts[end - 1] as number) - (starts[first] as number)).toBe(end - first - 1);
            expect(grid.starts[i]).toBe(starts[first]);
            expect(end - first).toBeLessThanOrEqual(times);
          }
        },
      ),
    );
  });

  test('240 minutes are 16 bars of 15', () => {
    const starts = [...Array(120).keys()].map((b) => 570 + b).concat([...Array(120).keys()].map((b) => 780 + b));
    expect(resampledGrid({ starts, barMinutes: 1 }, 15).grid.starts).toHaveLength(16);
  });
});

describe('what cannot be resampled is one sentence', () => {
  test.each([
    ['7m', /Bars of 7 minutes cannot be made of bars of 5\. Ask for a larger multiple: 10m, 15m/],
    ['5m', /Bars of 5 minutes cannot be made of bars of 5/],
    ['soon', /--to soon is not a length of bars such as 15m or 1h/],
    ['0m', /--to 0m is not a length/],
  ])('to %s', async (to, sentence) => {
    const from = await market([whole]);
    await expect(resampleMarket({ from, out: join(folder, 'out'), to })).rejects.toThrow(sentence);
    expect(await readdir(folder)).toEqual(['from']);
  });

  test('from no market, or into one that is there', async () => {
    const from = await market([whole]);
    await expect(resampleMarket({ from: join(folder, 'none'), out: join(folder, 'out'), to: '10m' })).rejects.toThrow(
      /There is no market folder/,
    );
    await expect(resampleMarket({ from, out: from, to: '10m' })).rejects.toThrow(/already a market/);
  });
});
