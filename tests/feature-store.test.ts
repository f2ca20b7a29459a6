import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { builtFile } from '../core/package-root.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import {
  type FeaturePlace,
  FeatureReader,
  type FeatureRequest,
  makeFeatures,
} from '../models/features/feature-store.ts';
import { parse } from '../program/parse.ts';
import { type TestMarket, troubledMarket } from './markets.ts';

const size = { rows: 200, columns: 19, bars: 4, seed: 5 };
const formulas = [
  'CLOSE',
  'ts_corr(CLOSE, VOLUME, 5)',
  'ts_mean(ts_corr(CLOSE, VOLUME, 5), 3)',
  'cs_rank(VOLUME) * CLOSE',
  'ts_mean(close, 4) / CLOSE',
  'learn_ic(ts_return(CLOSE, 5), 10) * ts_return(CLOSE, 5)',
  'ts_zscore(HIGH, 7)',
];
const channels = formulas.map((expression) => ({ name: `<${expression}>`, expression }));
const whole = { from: 0, to: size.rows };

const folder = mkdtempSync(join(tmpdir(), 'evolve-features-'));
let market: TestMarket;
/** Bits of [symbols][channels] of each date. */
let expected: Int32Array[];
let store: string;
let stores = 0;
/** Features of all channels and dates, in a store of their own. */
let ready: FeaturePlace;

beforeAll(async () => {
  vi.stubEnv('EVOLVE_CACHE', join(folder, 'cache'));
  market = await troubledMarket(size);
  const evaluator = await Evaluator.open(market.folder, { workers: 1 });
  const values = await evaluator.values(formulas.map((text) => parse(text, evaluator.vocabulary)));
  expected = Array.from({ length: size.rows }, (_, t) => {
    const record = new Float32Array(size.columns * formulas.length);
    for (const [i, matrix] of values.entries()) {
      evaluator.arena.row(matrix, t).forEach((value, symbol) => {
        record[symbol * formulas.length + i] = Number.isNaN(value) ? Number.NaN : value;
      });
    }
    return bits(record);
  });
  await evaluator.close();
  ready = await make({ folder: join(folder, 'ready') });
});
beforeEach(() => {
  store = join(folder, `store ${stores++}`);
});
afterEach(() => rmSync(store, { recursive: true, force: true }));
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(dirname(market.folder), { recursive: true });
  rmSync(folder, { recursive: true });
});

const bits = (numbers: Float32Array): Int32Array =>
  new Int32Array(numbers.buffer.slice(numbers.byteOffset, numbers.byteOffset + numbers.byteLength));

/** Of each symbol, its numbers nine times over. */
const nineTimes = (record: Int32Array): Int32Array =>
  record.reduce(
    (all, value, at) => {
      const channel = at % formulas.length;
      for (let k = 0; k < 9; k++) all[9 * (at - channel) + k * formulas.length + channel] = value;
      return all;
    },
    new Int32Array(9 * record.length),
  );

const make = (request: Partial<FeatureRequest> = {}): Promise<FeaturePlace> =>
  makeFeatures({ data: market.folder, channels, ...whole, workers: 1, folder: store, ...request });

/** The store with those features in it. */
function copied(): FeaturePlace {
  cpSync(dirname(ready.folder), store, { recursive: true });
  return { ...ready, folder: join(store, basename(ready.folder)) };
}

function read(place: FeaturePlace, from = place.from, to = place.to): Int32Array[] {
  const reader = FeatureReader.open(place);
  try {
    return Array.from({ length: to - from }, (_, i) => bits(reader.record(from + i)));
  } finally {
    reader.close();
  }
}

const records = ({ folder }: FeaturePlace): string => join(folder, 'records.bin');
/** Written anew, a file is another one. */
const made = (place: FeaturePlace): string => `${place.folder} ${statSync(records(place)).ino}`;

async function failure(work: () => unknown): Promise<EvolveError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof EvolveError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

describe('what is read', () => {
  test('is what the evaluator has, to the bit, whatever the memory, the workers and the stretch', async () => {
    const blocks = { default: 0, tight: 0 };
    const place = await make({
      onProgress: (stage, _, total) => {
        if (stage === 'Computing features') blocks.default = total / formulas.length;
      },
    });
    expect(place).toEqual({ folder: place.folder, ...whole, channels: formulas.length, symbols: size.columns });
    expect(read(place)).toEqual(expected);
    expect(expected.some((record) => new Float32Array(record.buffer).some(Number.isNaN))).toBe(true);
    expect(blocks.default).toBe(2);

    const late = await make({ ...{ from: 7, to: 181 }, workers: 2, folder: `${store}/b` });
    expect(read(late)).toEqual(expected.slice(7, 181));
    // So little memory that every date is a block of its own, and that not all cores have a worker.
    const tight = await make({
      ...{ from: 33, to: 150, memory: 4 * 1024 ** 2, workers: undefined, folder: `${store}/c` },
      channels: Array.from({ length: 9 }, () => channels).flat(),
      onProgress: (stage, _, total) => {
        if (stage === 'Computing features') blocks.tight = total / (9 * formulas.length);
      },
    });
    expect(blocks.tight).toBe(117);
    expect(read(tight)).toEqual(expected.slice(33, 150).map(nineTimes));
  });

  test('stays while fewer other dates are asked for than are held', () => {
    const place = copied();
    const date = fc.nat({ max: size.rows - 1 });
    fc.assert(
      fc.property(fc.array(date, { maxLength: 60 }), fc.integer({ min: 0, max: 30_000 }), (dates, memory) => {
        const reader = FeatureReader.open(place, { memory });
        const views = new Map<number, Float32Array>();
        for (const t of dates) {
          views.delete(t);
          views.set(t, reader.record(t));
          for (const [date, view] of [...views].slice(-reader.held)) expect(bits(view)).toEqual(expected[date]);
        }
        reader.close();
      }),
      { numRuns: 40 },
    );
    const reader = FeatureReader.open(place, { memory: 0 });
    expect(reader.held).toBe(8);
    const first = reader.record(0);
    expect(reader.record(0)).toBe(first);
    expect(() => reader.record(size.rows)).toThrow(RangeError);
    reader.close();
  });
});

describe('what is kept', () => {
  test('is found again, also for fewer dates, and says of what it is', async () => {
    const stages = new Set<string>();
    const place = await make({ onProgress: (stage) => stages.add(stage) });
    expect([...stages]).toContain('Computing features');
    stages.clear();
    const again = await make({ onProgress: (stage) => stages.add(stage) });
    expect(made(again)).toBe(made(place));
    expect(await make({ from: 5, to: 9 })).toEqual(place);
    expect([...stages]).toEqual([]);
    const head = JSON.parse(readFileSync(join(place.folder, 'features.json'), 'utf8'));
    expect(head).toMatchObject({ ...whole, symbols: size.columns, channels, firstDate: '2022-11-01' });
  });

  test('is of these channels, in this order, on this market', async () => {
    const few = { ...whole, channels: channels.slice(0, 2) };
    const names = new Set([basename((await make(few)).folder)]);
    names.add(basename((await make({ ...few, channels: channels.slice(0, 2).reverse() })).folder));
    names.add(basename((await make({ ...few, channels: channels.slice(0, 1) })).folder));
    const other = await troubledMarket({ ...size, seed: 6 });
    names.add(basename((await make({ ...few, data: other.folder })).folder));
    await rm(dirname(other.folder), { recursive: true });
    expect(names.size).toBe(4);
    // Names say nothing of values.
    names.add(basename((await make({ ...few, channels: few.channels.map((it) => ({ ...it, name: 'x' })) })).folder));
    expect(names.size).toBe(4);
  });

  test('is made once by those who ask at the same time', async () => {
    const places = await Promise.all([make(), make(), make()]);
    expect(new Set(places.map(made)).size).toBe(1);
    expect(readdirSync(store)).toEqual([basename((places[0] as FeaturePlace).folder)]);
    expect(read(places[2] as FeaturePlace)).toEqual(expected);
  });

  test('gives way, those used longest ago first and never what this process uses', async () => {
    const place = await make({ channels: channels.slice(0, 3) });
    const bytes = statSync(records(place)).size;
    const copies = ['a', 'b', 'c'].map((letter, i) => {
      const copy = join(store, `${letter.repeat(40)}-0-${size.rows}`);
      cpSync(place.folder, copy, { recursive: true });
      utimesSync(join(copy, 'features.json'), 1e9 + i, 1e9 + i);
      return copy;
    });
    utimesSync(join(place.folder, 'features.json'), 1, 1);
    FeatureReader.open({ ...place, folder: copies[0] as string }).close(); // and now it is used last
    mkdirSync(join(store, 'something else'));
    const newest = await make({ channels: channels.slice(3, 6), keep: 3.5 * bytes });
    const left = [newest.folder, place.folder, copies[0] as string].map((path) => basename(path));
    expect(readdirSync(store).sort()).toEqual([...left, 'something else'].sort());
    await make({ channels: channels.slice(1, 4), keep: 1 });
    expect(readdirSync(store)).toHaveLength(4);
    expect(readdirSync(store)).not.toContain(basename(copies[0] as string));
    expect(read(place)).toHaveLength(size.rows);
  });
});

describe('what is broken', () => {
  const damage: Readonly<Record<string, (place: FeaturePlace) => void>> = {
    'cut short': (place) => writeFileSync(records(place), readFileSync(records(place)).subarray(0, -5)),
    'without its head': ({ folder }) => rmSync(join(folder, 'features.json')),
    'without its records': (place) => rmSync(records(place)),
    'with half a head': ({ folder }) => writeFileSync(join(folder, 'features.json'), '{"schema": 1, "from'),
    'with other checksums': (place) => flip(place, statSync(records(place)).size - 3),
  };

  function flip(place: FeaturePlace, at: number): void {
    const bytes = readFileSync(records(place));
    bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(records(place), bytes);
  }

  test.each(Object.entries(damage))('%s: is not opened, and made anew', async (_, harm) => {
    const place = copied();
    harm(place);
    const { code, message } = await failure(() => FeatureReader.open(place));
    expect(code).toBe('bad-data');
    expect(message).toMatch(/Run the command again, and they are made anew/);
    expect(message).toContain(place.folder);
    expect(await make()).toEqual(place);
    expect(read(place)).toEqual(expected);
    expect(readdirSync(store)).toHaveLength(1);
  });

  test('one bit of a record: is noticed when it is read first, and made anew', async () => {
    const place = copied();
    flip(place, 4 * size.columns * formulas.length * 50 + 17);
    const reader = FeatureReader.open(place);
    expect(bits(reader.record(49))).toEqual(expected[49]);
    expect((await failure(() => reader.record(50))).message).toMatch(/damaged: the record of date 50 is not the one/);
    reader.close();
    expect(read(await make())).toEqual(expected);
  });

  test('features that are gone are said to be', async () => {
    const place = copied();
    rmSync(place.folder, { recursive: true });
    expect((await failure(() => FeatureReader.open(place))).message).toMatch(/they are gone/);
  });

  test('a process killed at work leaves nothing that is taken for features, and its file goes in time', async () => {
    const url = pathToFileURL(builtFile('models', 'features', 'feature-store.js')).href;
    const request = { data: market.folder, channels, ...whole, workers: 1, folder: store };
    const code = `const { makeFeatures } = await import(${JSON.stringify(url)});
      const kill = (stage, done) => stage === 'Computing features' && process.kill(process.pid, 'SIGKILL');
      await makeFeatures({ ...${JSON.stringify(request)}, onProgress: kill });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'ignore', 'pipe'] });
    const said: string[] = [];
    child.stderr.on('data', (chunk) => said.push(String(chunk)));
    await new Promise((closed) => child.on('close', closed));
    expect([child.signalCode, said.join('')]).toEqual(['SIGKILL', '']);
    const [left = '', ...others] = readdirSync(store);
    expect([left, others]).toEqual([expect.stringContaining('.partial-'), []]);
    const place = await make();
    expect(read(place)).toEqual(expected);
    // It could be of a process that has just begun.
    expect(readdirSync(store)).toHaveLength(2);
    for (const path of [join(store, left), join(store, left, 'records.bin')]) utimesSync(path, 1e9, 1e9);
    await make({ channels: channels.slice(0, 1) });
    expect(readdirSync(store).filter((name) => name.includes('partial'))).toEqual([]);
  });
});

describe('what cannot be made', () => {
  test.each([
    [
      'ts_mean(CLOSED, 5)',
      'bad-expression',
      /^Channel x on market troubled: Unknown field "CLOSED".*Did you mean "CLOSE"\?/,
    ],
    ['INDUSTRY', 'bad-expression', /^Channel x .*INDUSTRY is no channel/],
    ['close', 'bad-expression', /^Channel x .*close is no channel/],
    ['ts_mean(close, 40)', 'bad-expression', /^Channel x .*longer than the day/],
  ])('%s', async (expression, code, sentence) => {
    const error = await failure(() => make({ channels: [{ name: 'x', expression }] }));
    expect(error.message).toMatch(sentence);
    expect(error.code).toBe(code);
    expect(readdirSync(folder)).not.toContain(basename(store));
  });

  test('with too little memory, or in a place that takes no files, it says so and leaves nothing', async () => {
    expect((await failure(() => make({ memory: 1000 }))).code).toBe('out-of-memory');
    expect(readdirSync(store)).toEqual([]);
    writeFileSync(join(store, 'file'), '');
    const { code, message } = await failure(() => make({ folder: join(store, 'file', 'features') }));
    expect(code).toBe('unwritable');
    expect(message).toMatch(/is a file, not a folder\. Name another place for caches with EVOLVE_CACHE\.$/);
  });
});
