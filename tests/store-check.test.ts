import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { money, price, ratio, shares } from '../core/units.ts';
import { checkMarket } from '../data/check.ts';
import { cachedMarket, cacheFolder } from '../data/embedded.ts';
import { marketInfo } from '../data/info.ts';
import type { FieldInfo } from '../data/market.ts';
import { contentHash, readManifest } from '../data/store/manifest.ts';
import { MarketWriter } from '../data/store/write.ts';
import { synthesise } from '../data/synth/synthesise.ts';

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'evolve-check-'));
});
afterAll(() => rm(place, { recursive: true }));

const dates = ['2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05'];
const symbols = ['AAA', 'BBB'];
const field = (name: string, unit = price): FieldInfo => ({ name, kind: 'm', unit, doc: '' });
const bar = (name: string, unit = price): FieldInfo => ({ name, kind: 'b', unit, doc: '' });
const missing = Number.NaN;

/** Two symbols over four dates; BBB is listed on the second and does not trade on the third. */
async function write(name: string, changes: Record<string, readonly number[]> = {}): Promise<string> {
  const folder = join(place, name);
  const starts = [570, 571];
  const writer = await MarketWriter.create(folder, {
    name,
    calendar: dates,
    symbols,
    minute: { starts, barMinutes: 1 },
    datesPerYear: 252,
    provenance: { command: 'test' },
  });
  const daily: Record<string, readonly number[]> = {
    OPEN: [10, missing, 11, 20, 12, missing, 13, 21],
    HIGH: [12, missing, 12, 22, 13, missing, 14, 22],
    LOW: [9, missing, 10, 19, 11, missing, 12, 20],
    CLOSE: [11, missing, 11, 21, 12, missing, 14, 22],
    VOLUME: [200, missing, 200, 200, 200, missing, 200, 200],
    SUSPENDED: [0, missing, 0, 0, 0, 1, 0, 0],
    INDUSTRY: [0, 1, 0, 1, 0, 1, 0, 1],
    ...changes,
  };
  const units = { VOLUME: shares, AMOUNT: money, SUSPENDED: ratio };
  for (const [key, cells] of Object.entries(daily)) {
    if (key === key.toLowerCase()) continue;
    const info =
      key === 'INDUSTRY'
        ? { ...field(key, ratio), kind: 'g' as const, labels: ['Steel', 'Banks'] }
        : field(key, units[key as keyof typeof units] ?? price);
    await writer.daily(info, Float32Array.from(cells));
  }
  for (const key of ['high', 'close', 'volume']) writer.minuteField(bar(key, key === 'volume' ? shares : price));
  for (const t of dates.keys()) {
    if (t === 3) continue; // no bars on the last date
    const of = (key: string) => [daily[key]?.[t * 2], daily[key]?.[t * 2 + 1]] as [number, number];
    const half = of('VOLUME').map((volume) => volume / 2);
    const slabs = {
      high: [...of('HIGH'), ...of('HIGH')],
      close: [...of('OPEN'), ...of('CLOSE')],
      volume: [...half, ...half],
    };
    const slab = (key: keyof typeof slabs) => [key, Float32Array.from(changes[key] ?? slabs[key])] as const;
    await writer.minuteDay(t, new Map([slab('high'), slab('close'), slab('volume')]));
  }
  await writer.finish();
  return folder;
}

describe('check', () => {
  test('finds nothing in a sound market, and nothing in a synthetic one', async () => {
    expect(await checkMarket(await write('sound'))).toEqual([]);
    await synthesise(join(place, 'synthetic'), { stocks: 30, days: 60, minutes: 8, seed: 1 });
    const days: number[] = [];
    expect(await checkMarket(join(place, 'synthetic'), { onDay: (done) => days.push(done) })).toEqual([]);
    expect(days.at(-1)).toBe(60);
  });

  test.each([
    [
      'a low above the high',
      { LOW: [13, missing, 10, 19, 14, missing, 12, 20] },
      'A daily bar has its low above its high: 2 times, first AAA on 2024-01-02.',
    ],
    [
      'a close outside',
      { CLOSE: [11, missing, 11, 21, 12, missing, 14, 23] },
      'A daily bar has its close above its high: once, first BBB on 2024-01-05.',
    ],
    [
      'a price of nothing',
      { LOW: [0, missing, 10, 19, 11, missing, 12, 20] },
      'A daily bar has a low that is not positive: once, first AAA on 2024-01-02.',
    ],
    [
      'a negative volume',
      { VOLUME: [200, missing, -200, 200, 200, missing, 200, 200] },
      'A daily bar has a negative volume: once, first AAA on 2024-01-03.',
    ],
    [
      'an unknown code',
      { INDUSTRY: [0, 1, 0, 1, 0, 7, 0, 1] },
      'INDUSTRY has a code without a label: once, first 7 for BBB on 2024-01-04.',
    ],
    [
      'a minute close outside',
      { close: [12.5, 1, 11, 21] },
      'A minute bar has its close above its high: 2 times, first AAA on 2024-01-02 at 9:30.',
    ],
    [
      'bars of another source',
      { volume: [1, 1, 1, 1] },
      'VOLUME is not what the minute field volume adds up to: 4 of 4 days are more than 1% apart, first AAA on 2024-01-02, where it is 200 and its bars give 2.',
    ],
  ])('finds %s', async (name, changes: Record<string, readonly number[]>, sentence) => {
    expect(await checkMarket(await write(name.replaceAll(' ', '-'), changes))).toContain(sentence);
  });

  test('says what keeps it from reading on', async () => {
    const folder = await write('broken');
    const file = join(folder, 'daily.arrow');
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    await writeFile(file, bytes);
    expect(await checkMarket(folder)).toEqual([expect.stringContaining('its content is not what was written')]);
    const lacking = await write('lacking');
    const { hash: _, ...manifest } = await readManifest(lacking);
    const listed = { ...manifest, fields: [...manifest.fields, field('EXTRA')] };
    await writeFile(join(lacking, 'market.json'), JSON.stringify({ ...listed, hash: contentHash(listed) }));
    expect(await checkMarket(lacking)).toEqual([expect.stringContaining('it has no column EXTRA')]);
    expect(await checkMarket(join(place, 'nowhere'))).toEqual([expect.stringContaining('There is no market folder')]);
  });
});

test('info counts what is known, and why the rest is not', async () => {
  const info = await marketInfo(await write('info'));
  expect(info).toMatchObject({ dates: 4, symbols: 2, bars: 2 });
  expect(info.missing).toEqual({ notListed: 1, noLongerListed: 0, suspended: 1, noBar: 0 });
  const close = info.fields.find((known) => known.name === 'CLOSE');
  expect(close).toMatchObject({ coverage: 6 / 8, from: '2024-01-02', to: '2024-01-05' });
  const minute = info.fields.find((known) => known.name === 'close');
  expect(minute).toMatchObject({ coverage: 3 / 4, from: '2024-01-02', to: '2024-01-04' });
  expect(info.memoryBytes).toBe(7 * 4 * 64);
});

describe('the embedded market', () => {
  test('is made once, by whoever comes first, and again when it is broken', async () => {
    const before = process.env.EVOLVE_CACHE;
    process.env.EVOLVE_CACHE = join(place, 'cache');
    try {
      const small = { stocks: 8, days: 20, minutes: 240, seed: 1 };
      const [folder, same] = await Promise.all([cachedMarket(small), cachedMarket(small)]);
      expect(same).toBe(folder);
      expect(await readdir(join(place, 'cache'))).toEqual([basename(folder)]);
      const { hash } = await readManifest(folder);
      let made = 0;
      await cachedMarket(small, () => made++);
      expect(made).toBe(0);
      await truncate(join(folder, 'daily.arrow'), 100);
      await cachedMarket(small, () => made++);
      expect(made).toBe(small.days);
      expect((await readManifest(folder)).hash).toBe(hash);
    } finally {
      if (before === undefined) delete process.env.EVOLVE_CACHE;
      else process.env.EVOLVE_CACHE = before;
    }
  });

  test('lives where the system keeps such things', () => {
    expect(cacheFolder({ EVOLVE_CACHE: 'here' }, 'linux')).toBe('here');
    expect(cacheFolder({ XDG_CACHE_HOME: 'x' }, 'linux')).toBe(join('x', 'evolve'));
    expect(cacheFolder({}, 'linux').endsWith(join('.cache', 'evolve'))).toBe(true);
    expect(cacheFolder({}, 'darwin').endsWith(join('Library', 'Caches', 'evolve'))).toBe(true);
    expect(cacheFolder({ LOCALAPPDATA: 'a' }, 'win32')).toBe(join('a', 'evolve', 'cache'));
  });
});
