import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Arena } from '../core/arena.ts';
import { builtFile } from '../core/package-root.ts';
import { stream } from '../core/random.ts';
import { price, ratio, shares } from '../core/units.ts';
import { checkMarket } from '../data/check.ts';
import type { FieldInfo, StoredFile } from '../data/market.ts';
import { contentHash, readManifest } from '../data/store/manifest.ts';
import { MinuteReader } from '../data/store/minute.ts';
import { openMarket, verifyFiles } from '../data/store/open.ts';
import { type MarketHead, MarketWriter } from '../data/store/write.ts';

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'evolve-store-'));
});
afterAll(() => rm(place, { recursive: true }));

const field = (name: string, kind: FieldInfo['kind'], unit = ratio): FieldInfo => ({ name, kind, unit, doc: '' });
const dates = (count: number) =>
  Array.from({ length: count }, (_, t) => new Date(Date.UTC(2023, 11, 20) + t * 86_400_000).toISOString().slice(0, 10));

/** Numbers of every sort with some missing; the same for the same name. */
function cells(count: number, name: number): Float32Array {
  const random = stream(5, 0, name);
  return Float32Array.from({ length: count }, () =>
    random.next() < 0.1 ? Number.NaN : random.normal() * 10 ** random.below(9),
  );
}

const head = (T: number, N: number, M: number): MarketHead => ({
  name: 'test',
  calendar: dates(T),
  symbols: Array.from({ length: N }, (_, n) => `S${n}`),
  minute: { starts: Array.from({ length: M }, (_, j) => 570 + j), barMinutes: 1 },
  datesPerYear: 244,
  provenance: { command: 'test' },
});

/** Dates 3 and 4 have no bars at all, and `volume` has none on date 6. */
const hasBars = (t: number, name: string) => t !== 3 && t !== 4 && !(t === 6 && name === 'volume');

async function write(folder: string, T = 30, N = 19, M = 8, overwrite = false): Promise<void> {
  const writer = await MarketWriter.create(folder, head(T, N, M), { overwrite });
  await writer.daily(field('CLOSE', 'm', price), cells(T * N, 1));
  await writer.vector(field('MKT_RETURN', 'v'), cells(T, 2));
  await writer.daily(
    { ...field('INDUSTRY', 'g'), labels: ['a', 'b'] },
    Float32Array.from({ length: T * N }, (_, i) => (i % N) % 2),
  );
  writer.minuteField(field('close', 'b', price));
  writer.minuteField(field('volume', 'b', shares));
  for (let t = 0; t < T; t++) {
    const slabs = ['close', 'volume']
      .filter((name) => hasBars(t, name))
      .map((name) => [name, slab(t, name, M * N)] as const);
    await writer.minuteDay(t, new Map(slabs));
  }
  await writer.finish();
}
const slab = (t: number, name: string, count: number) => cells(count, 100 + t * 2 + (name === 'volume' ? 1 : 0));

describe('a market that was written', () => {
  let folder: string;
  beforeAll(async () => {
    folder = join(place, 'market');
    await write(folder);
  });

  test('opens with the same bits', async () => {
    const arena = new Arena(2 ** 26);
    const { daily, manifest } = await openMarket(folder, arena, { verify: true });
    const [T, N] = [30, 19];
    const close = daily.get('CLOSE');
    const expected = cells(T * N, 1);
    if (!close) throw new Error('no CLOSE');
    for (let t = 0; t < T; t++) {
      expect(arena.row(close, t)).toEqual(expected.subarray(t * N, (t + 1) * N));
      const padded = arena.floats(close.address + t * close.stride, close.stride / 4);
      expect([...padded.subarray(N)].every(Number.isNaN)).toBe(true);
    }
    expect([...daily.keys()]).toEqual(['CLOSE', 'MKT_RETURN', 'INDUSTRY']);
    expect(manifest.fields.map((f) => f.name)).toEqual(['CLOSE', 'MKT_RETURN', 'INDUSTRY', 'close', 'volume']);
  });

  test('repeats a market vector over the symbols, and keeps a grouping that never changes once', async () => {
    const arena = new Arena(2 ** 26);
    const { daily } = await openMarket(folder, arena);
    const [vector, group] = [daily.get('MKT_RETURN'), daily.get('INDUSTRY')];
    if (!vector || !group) throw new Error('a field is missing');
    const expected = cells(30, 2);
    for (let t = 0; t < 30; t++) {
      expect(arena.row(vector, t)).toEqual(new Float32Array(19).fill(expected[t] as number));
    }
    expect(group).toMatchObject({ stride: 0, rows: 30, columns: 19 });
    expect([...arena.row(group, 29)]).toEqual(Array.from({ length: 19 }, (_, n) => n % 2));
  });

  test('loads only the fields asked for', async () => {
    const arena = new Arena(2 ** 26);
    const { daily } = await openMarket(folder, arena, { fields: ['CLOSE', 'close'] });
    expect([...daily.keys()]).toEqual(['CLOSE']);
    await expect(openMarket(folder, arena, { fields: ['CLOES'] })).rejects.toThrow('Did you mean CLOSE?');
  });

  test('gives each date of minute bars with the same bits, and says when there are none', async () => {
    const reader = await MinuteReader.open(folder, await readManifest(folder));
    const into = new Uint8Array(new SharedArrayBuffer(reader.slabBytes));
    for (let t = 0; t < 30; t++) {
      for (const name of ['close', 'volume']) {
        const found = t % 2 === 0 ? reader.read(t, name, into) : await reader.readLater(t, name, into);
        expect(found).toBe(hasBars(t, name));
        expect(reader.has(t, name)).toBe(found);
        if (found) expect(Float32Array.from(new Float32Array(into.buffer))).toEqual(slab(t, name, 8 * 19));
      }
    }
    reader.close();
  });

  test('streams dates in order while the next is read', async () => {
    const arena = new Arena(2 ** 26);
    const reader = await MinuteReader.open(folder, await readManifest(folder), ['volume', 'close']);
    const slots = () => reader.fields.map(() => arena.allocate(reader.slabBytes));
    const days: number[] = [];
    for await (const { t, slabs } of reader.stream([0, 1, 2, 3, 5, 6, 7, 29], arena.memory, [slots(), slots()])) {
      days.push(t);
      expect([...slabs.keys()]).toEqual(['volume', 'close'].filter((name) => hasBars(t, name)));
      for (const [name, address] of slabs) {
        expect(arena.floats(address, 8 * 19)).toEqual(slab(t, name, 8 * 19));
      }
    }
    expect(days).toEqual([0, 1, 2, 3, 5, 6, 7, 29]);
    reader.close();
  });

  test('is read by a full Arrow reader', async () => {
    const daily = tableFromIPC(await readFile(join(folder, 'daily.arrow')));
    expect(daily.numRows).toBe(30);
    expect(daily.getChild('CLOSE')?.get(2)?.toArray()).toEqual(cells(30 * 19, 1).subarray(38, 57));
    expect(daily.getChild('date')?.get(0)).toBe(Date.UTC(2023, 11, 20));
    const minute = tableFromIPC(await readFile(join(folder, 'minute', 'close-2023.arrow')));
    expect(minute.batches.length).toBe(10); // 12 dates of December, two without bars
  });

  test('written again is the same to the last byte', async () => {
    const again = join(place, 'again');
    await write(again);
    for (const file of ['market.json', 'daily.arrow', 'minute/close-2023.arrow', 'minute/volume-2024.arrow']) {
      expect(await readFile(join(again, file))).toEqual(await readFile(join(folder, file)));
    }
  });

  test('is replaced only when told to, and only when it is a market', async () => {
    await expect(write(folder)).rejects.toMatchObject({ code: 'exists' });
    const other = join(place, 'replaced');
    await write(other, 5);
    await write(other, 6, 19, 8, true);
    expect((await readManifest(other)).calendar.length).toBe(6);
    const strangers = join(place, 'strangers');
    await mkdir(strangers);
    await writeFile(join(strangers, 'thesis.txt'), 'x');
    await expect(write(strangers, 5, 3, 2, true)).rejects.toThrow('not a market');
    expect(await readdir(strangers)).toEqual(['thesis.txt']);
    expect((await readdir(place)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

test('any shape of market comes back', async () => {
  const size = (max: number) => fc.integer({ min: 1, max });
  await fc.assert(
    fc.asyncProperty(size(150), size(40), size(5), async (T, N, M) => {
      const folder = join(place, `${T}-${N}-${M}`);
      await write(folder, T, N, M, true);
      const arena = new Arena(2 ** 26);
      const { daily } = await openMarket(folder, arena, { fields: ['CLOSE'] });
      const expected = cells(T * N, 1);
      for (let t = 0; t < T; t++) {
        expect(arena.row(daily.get('CLOSE') as never, t)).toEqual(expected.subarray(t * N, (t + 1) * N));
      }
      const reader = await MinuteReader.open(folder, await readManifest(folder), ['close']);
      const into = new Uint8Array(reader.slabBytes);
      const last = slab(T - 1, 'close', M * N);
      const known = hasBars(T - 1, 'close') && last.some((value) => !Number.isNaN(value)); // one cell may be missing
      expect(reader.read(T - 1, 'close', into)).toBe(known);
      if (known) expect(new Float32Array(into.buffer)).toEqual(last);
      reader.close();
    }),
    { numRuns: 15 },
  );
});

test('infinities become missing and are counted', async () => {
  const folder = join(place, 'infinite');
  const writer = await MarketWriter.create(folder, { ...head(2, 2, 1), minute: undefined });
  await writer.daily(field('CLOSE', 'm', price), Float32Array.of(1, Number.POSITIVE_INFINITY, -1 / 0, 4));
  const manifest = await writer.finish();
  expect(manifest.provenance).toEqual({ command: 'test', infinitiesDropped: { CLOSE: 2 } });
  const arena = new Arena(2 ** 26);
  const { daily } = await openMarket(folder, arena);
  expect([...arena.row(daily.get('CLOSE') as never, 0)]).toEqual([1, Number.NaN]);
});

test('a market cannot have two fields of one name, or bars without a grid', async () => {
  const folder = join(place, 'twice');
  const writer = await MarketWriter.create(folder, { ...head(2, 2, 1), minute: undefined });
  await writer.daily(field('CLOSE', 'm', price), new Float32Array(4));
  await expect(writer.daily(field('CLOSE', 'm', price), new Float32Array(4))).rejects.toThrow('CLOSE is there twice');
  await expect(writer.daily(field('close', 'm', price), new Float32Array(4))).rejects.toThrow('upper-case');
  expect(() => writer.minuteField(field('close', 'b', price))).toThrow('minute grid');
  await writer.abort();
  await expect(
    MarketWriter.create(folder, { ...head(2, 2, 1), calendar: ['2024-01-02', '2024-01-01'] }),
  ).rejects.toThrow('should ascend');
});

test('a writer that is killed leaves no market', async () => {
  const folder = join(place, 'killed');
  const script = `
    const { MarketWriter } = await import(${JSON.stringify(pathToFileURL(builtFile('data', 'store', 'write.js')).href)});
    const writer = await MarketWriter.create(${JSON.stringify(folder)}, ${JSON.stringify(head(30, 100, 50))});
    writer.minuteField(${JSON.stringify(field('close', 'b', price))});
    await writer.minuteDay(0, new Map([['close', new Float32Array(5000)]]));
    process.stdout.write('writing');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  expect(await Promise.race([once(child.stdout, 'data'), exit]).then(String)).toBe('writing');
  child.kill('SIGKILL');
  await exit;
  await expect(readManifest(folder)).rejects.toThrow(`There is no market folder ${folder}`);
  await write(folder, 5); // nothing is in the way
  expect((await readManifest(folder)).calendar.length).toBe(5);
});

describe('a damaged market is refused with the reason', () => {
  let whole: string;
  let count = 0;
  beforeAll(async () => {
    whole = join(place, 'whole');
    await write(whole);
  });
  const copy = async () => {
    const folder = join(place, `damaged-${count++}`);
    await cp(whole, folder, { recursive: true });
    return folder;
  };
  const open = (folder: string) => openMarket(folder, new Arena(2 ** 26));
  const refused = (message: string) =>
    expect.objectContaining({ code: 'bad-market', message: expect.stringContaining(message) });

  test('no folder, no market.json', async () => {
    await expect(open(join(place, 'nowhere'))).rejects.toEqual(refused('There is no market folder'));
    await expect(open(place)).rejects.toEqual(refused('is not a market'));
  });

  test.each([
    ['broken JSON', (text: string) => text.slice(0, 300), 'is not JSON'],
    ['another schema', (text: string) => text.replace('"schema": 1', '"schema": 2'), 'says schema 2'],
    ['a wrong date', (text: string) => text.replace('2023-12-21', '2023-02-30'), '"calendar"[1] should be a date'],
    ['dates out of order', (text: string) => text.replace('2023-12-21', '2023-12-01'), 'should ascend'],
    ['a symbol twice', (text: string) => text.replace('"S1"', '"S0"'), 'S0 twice'],
    ['a missing unit', (text: string) => text.replace('"price": 1', '"cost": 1'), 'needs a "unit"'],
    [
      'days that are no runs',
      (text: string) => text.replace(/"days": \[\s*\[/, '"days": [0, ['),
      'should give the "days" of minute/',
    ],
    [
      'a planted signal without its worth',
      (text: string) =>
        text.replace('"datesPerYear"', '"planted": [{ "name": "a", "expression": "CLOSE" }], "datesPerYear"'),
      '"planted" should list signals',
    ],
    ['an edited symbol', (text: string) => text.replace('"S1"', '"T1"'), 'was edited'],
  ])('%s', async (_name, edit, message) => {
    const folder = await copy();
    const file = join(folder, 'market.json');
    await writeFile(file, edit(await readFile(file, 'utf8')));
    await expect(open(folder)).rejects.toEqual(refused(message));
  });

  test('a file cut short, missing or replaced', async () => {
    const folder = await copy();
    await truncate(join(folder, 'minute', 'close-2023.arrow'), 1000);
    await expect(open(folder)).rejects.toEqual(refused('cut short'));
    await rm(join(folder, 'minute', 'close-2023.arrow'));
    await expect(open(folder)).rejects.toEqual(refused('missing its file minute/close-2023.arrow'));
  });

  // Headers, footer and numbers alike: either the layout no longer holds together or the hash tells.
  test('any byte of a file changed', async () => {
    const folder = await copy();
    const file = join(folder, 'daily.arrow');
    const bytes = await readFile(file);
    const manifest = await readManifest(folder);
    const random = stream(1, 2, 3);
    for (let i = 0; i < 150; i++) {
      const at = i < 75 ? random.below(bytes.length) : bytes.length - 1 - random.below(700);
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] as number) ^ (1 + random.below(255));
      await writeFile(file, changed);
      await open(folder).catch((error: unknown) => expect(error).toEqual(refused('is damaged')));
      await expect(verifyFiles(folder, manifest)).rejects.toEqual(refused('not what was written'));
    }
  });

  // Whoever changes a file and its hash alike gets past the hash, never past a sentence.
  test('any byte of a header changed together with its hash', async () => {
    const folder = await copy();
    const path = 'minute/close-2023.arrow';
    const bytes = await readFile(join(folder, path));
    const { hash: _, ...manifest } = await readManifest(folder);
    for (let at = 0; at < Math.min(bytes.length, 1200); at += 11) {
      const place = at < 600 ? at : bytes.length - 1 - (at - 600);
      const changed = Uint8Array.from(bytes);
      changed[place] = (changed[place] as number) ^ 0xff;
      await writeFile(join(folder, path), changed);
      const sha256 = createHash('sha256').update(changed).digest('hex');
      const files = { ...manifest.files, [path]: { ...(manifest.files[path] as StoredFile), sha256 } };
      const edited = { ...manifest, files };
      await writeFile(join(folder, 'market.json'), JSON.stringify({ ...edited, hash: contentHash(edited) }));
      await checkMarket(folder); // answers with sentences and throws nothing
    }
  });
});
