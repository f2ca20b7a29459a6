import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { EvolveError } from '../core/failure.ts';
import { packageRoot } from '../core/package-root.ts';
import { type EvalOptions, evalFactors } from '../evaluation/eval-factors.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { parse } from '../program/parse.ts';
import { evolve } from './evolve.ts';
import { type TestMarket, troubledMarket } from './markets.ts';

const size = { rows: 70, columns: 19, bars: 16, seed: 5 };
const formulas = [
  'ts_mean(close, 16) / CLOSE',
  'ts_norm(cs_norm(HIGH), 20)',
  'ts_max(ts_min(interval(volume, sum, 9:30, 10:00) / VOLUME, 2) + ts_corr(high, volume, 16), 5)',
  'learn_ic(ts_return(CLOSE, 5), 10) * ts_return(CLOSE, 5)',
  'ts_corr(ts_std(close, 16), MKT_RETURN, 10)',
  'CLOSE',
];
const folder = mkdtempSync(join(tmpdir(), 'evolve-eval-'));
let market: TestMarket;
let calendar: readonly string[];
/** Cells of each formula, date by date. */
let values: Float32Array[];
let means: number[];

beforeAll(async () => {
  vi.stubEnv('EVOLVE_CACHE', join(folder, 'cache'));
  market = await troubledMarket(size);
  const evaluator = await Evaluator.open(market.folder, { workers: 1 });
  const programs = formulas.map((text) => parse(text, evaluator.vocabulary));
  calendar = evaluator.market.manifest.calendar;
  values = (await evaluator.values(programs)).map((matrix) => {
    const cells = new Float32Array(size.rows * size.columns);
    for (let t = 0; t < size.rows; t++) cells.set(evaluator.arena.row(matrix, t), t * size.columns);
    return cells;
  });
  means = (await evaluator.score(programs)).map(({ ic }) => mean([...ic].filter((value) => !Number.isNaN(value))));
  await evaluator.close();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(dirname(market.folder), { recursive: true });
  rmSync(folder, { recursive: true });
});

const mean = (all: readonly number[]): number => all.reduce((sum, value) => sum + value, 0) / all.length;

let files = 0;
async function written(options: Partial<EvalOptions>, ending = 'arrow'): Promise<string> {
  const out = join(folder, `${files++}.${ending}`);
  await evalFactors({ factors: formulas, data: market.folder, out, workers: 2, ...options });
  return out;
}

/** The cells of an Arrow file's columns from `first` on. */
function columns(path: string, first: number): Float32Array[] {
  const table = tableFromIPC(readFileSync(path));
  return table.schema.fields
    .slice(first)
    .map((_, i) =>
      Float32Array.from({ length: table.numRows }, (_, row) => table.getChildAt(first + i)?.get(row) ?? Number.NaN),
    );
}

const fromDate = (t: number): Float32Array[] => values.map((cells) => cells.slice(t * size.columns));

describe('what is written', () => {
  test('is what the evaluator has', async () => {
    expect(columns(await written({}), 2)).toEqual(values);
  });

  test('wide: a column for each symbol', async () => {
    const [first] = values as [Float32Array];
    const path = await written({ factors: formulas.slice(0, 1), shape: 'wide' });
    const expected = Array.from({ length: size.columns }, (_, n) =>
      Float32Array.from({ length: size.rows }, (_, t) => first[t * size.columns + n] as number),
    );
    expect(columns(path, 1)).toEqual(expected);
  });

  test.each([1, 33, 69])('from date %i on it is the end of the whole, minute bars included', async (t) => {
    expect(columns(await written({ from: calendar[t] }), 2)).toEqual(fromDate(t));
  });

  test('dates need not be of the calendar, and both ends are in', async () => {
    const path = await written({ factors: ['CLOSE'], from: '2022-11-30', to: calendar[40] });
    const whole = values[5] as Float32Array;
    expect(columns(path, 2)).toEqual([whole.slice(29 * size.columns, 41 * size.columns)]);
  });

  test.each(['arrow', 'parquet', 'csv'])(
    '%s: the same bytes for any worker count, memory and repetition',
    async (ending) => {
      const first = readFileSync(await written({ workers: 1 }, ending));
      for (const options of [{ workers: 2 }, { workers: 1, memory: 80 * 1024 ** 2 }]) {
        expect(readFileSync(await written(options, ending)).equals(first), JSON.stringify(options)).toBe(true);
      }
    },
  );
});

describe('what is summed up', () => {
  test('each factor: its cells, its unit, its correlation with what follows', async () => {
    const report = await evalFactors({ factors: formulas, data: market.folder, workers: 2 });
    expect(report).toMatchObject({ dates: 70, symbols: 19, from: calendar[0], to: calendar.at(-1) });
    for (const [i, factor] of report.factors.entries()) {
      const cells = values[i] as Float32Array;
      const known = [...cells].filter((value) => !Number.isNaN(value));
      const dates = calendar.filter((_, t) =>
        cells.subarray(t * size.columns, (t + 1) * size.columns).some((value) => !Number.isNaN(value)),
      );
      const variance = known.reduce((sum, value) => sum + (value - mean(known)) ** 2, 0) / (known.length - 1);
      expect(factor, formulas[i]).toMatchObject({
        name: formulas[i],
        unit: i === 5 ? 'price' : 'a plain ratio',
        coverage: known.length / cells.length,
        min: Math.min(...known),
        max: Math.max(...known),
        first: dates[0],
        last: dates.at(-1),
      });
      expect(factor.mean).toBeCloseTo(mean(known), 10);
      expect(factor.std).toBeCloseTo(Math.sqrt(variance), 10);
      expect(factor.ic?.mean).toBe(means[i]);
      expect(factor.rankIc?.dates).toBeGreaterThan(20);
    }
  });

  test('of some dates it is what the file of them has', async () => {
    const range = { from: calendar[30], to: calendar[50] };
    const path = await written(range);
    const { factors } = await evalFactors({ factors: formulas, data: market.folder, workers: 2, ...range });
    for (const [i, cells] of columns(path, 2).entries()) {
      const known = [...cells].filter((value) => !Number.isNaN(value));
      expect(factors[i]?.mean).toBeCloseTo(mean(known), 10);
      expect(factors[i]?.ic?.dates).toBeLessThanOrEqual(21);
    }
  });

  test('a factor without a value has nothing to tell', async () => {
    const { factors } = await evalFactors({ factors: ['ts_mean(CLOSE, 500)'], data: market.folder });
    expect(factors[0]).toMatchObject({ coverage: 0, mean: Number.NaN, min: Number.NaN, first: undefined });
    expect(factors[0]?.ic).toMatchObject({ mean: Number.NaN, dates: 0 });
  });
});

describe('libraries', () => {
  const library = (content: unknown): string => {
    const path = join(folder, `${files++}.json`);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const names = async (...factors: string[]): Promise<string[]> =>
    (await evalFactors({ factors, data: market.folder, workers: 1 })).factors.map(({ name }) => name);

  test('are lists of named formulas, of formulas, or objects that hold one, and mix with formulas', async () => {
    const named = library([{ name: 'a', expression: 'CLOSE/OPEN' }, { expression: 'HIGH/LOW' }, 'div(LOW, HIGH)']);
    const object = library({ version: 1, factors: [{ name: 'b', expression: 'OPEN / CLOSE', ic: 0.03 }] });
    expect(await names(named, '-CLOSE/OPEN', object)).toEqual(['a', 'HIGH / LOW', 'LOW / HIGH', '-CLOSE / OPEN', 'b']);
  });

  test('seeds.json is one, for markets of whole sessions', async () => {
    const failure = await names(join(packageRoot, 'seeds.json')).catch((error: EvolveError) => error);
    expect(String(failure)).toMatch(/seeds\.json, factor 1 "base": ts_mean\(close, 240\) .* which has 16\.$/);
  });

  test.each([
    [[{ name: 'a' }], /, factor 1 "a" has no "expression"\.$/],
    [[{ name: 'a', expression: 7 }], /, factor 1 "a" has no "expression"\.$/],
    [['CLOSE', 7], /, factor 2 should be a formula, or an object with "name" and "expression"\.$/],
    [['CLOSE', null], /, factor 2 should be a formula/],
    [[{ name: '', expression: 'CLOSE' }], /, factor 1 has a "name" that is not a text\.$/],
    [[{ name: ['a'], expression: 'CLOSE' }], /, factor 1 has a "name" that is not a text\.$/],
    [
      ['CLOSE', { name: 'b', expression: 'CLOSE + VOLUME' }],
      /, factor 2 "b": cannot add price to volume at character 7\.$/,
    ],
    [['CLOSE', 'CLOSEE'], /, factor 2: Unknown field "CLOSEE" at character 1\. Did you mean "CLOSE"\?$/],
    [['CLOSE', ' CLOSE '], /, factor 2: there is a factor called CLOSE already\. Each needs its own name\.$/],
    [[], / holds no factor\.$/],
    [{ factors: {} }, / should hold a list such as /],
    ['7', / should hold a list such as /],
    ['null', / should hold a list such as /],
    ['', / is not valid JSON: /],
    ['[{"name": "a",', / is not valid JSON: /],
  ])('%j is refused, and the entry named', async (content, sentence) => {
    const path = library(content);
    const failure: EvolveError = await names(path).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(failure.name).toBe('EvolveError');
    expect(failure.message.startsWith(path)).toBe(true);
    expect(failure.message).toMatch(sentence);
  });

  test('a file that cannot be written is refused before anything is evaluated, and one in the way stays', async () => {
    const taken = join(folder, 'taken.csv');
    writeFileSync(taken, 'mine');
    const options = { factors: ['CLOSE'], data: market.folder };
    await expect(evalFactors({ ...options, out: taken })).rejects.toThrow(
      /taken\.csv already exists\. Add --overwrite/,
    );
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    await expect(evalFactors({ ...options, out: taken, overwrite: true, workers: 50, memory: 1e6 })).rejects.toThrow(
      /raise --memory or lower --workers\.$/,
    );
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    mkdirSync(join(folder, 'folder.csv'));
    await expect(evalFactors({ ...options, out: join(folder, 'folder.csv') })).rejects.toThrow(/it is a folder\.$/);
    await expect(
      evalFactors({ ...options, out: join(market.folder, 'f.csv'), overwrite: true, config: taken }),
    ).rejects.toThrow(/it lies in .*, which this command reads\. Name another place\.$/);
    await expect(evalFactors({ ...options, out: taken, overwrite: true, config: taken })).rejects.toThrow(
      /it is read by this command\. Name another place\.$/,
    );
    await expect(
      evalFactors({ ...options, out: join(folder, 'date.csv'), shape: 'wide', factors: ['CLOSE', 'OPEN'] }),
    ).rejects.toThrow('A wide file holds one factor and there are 2.');
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('no factor can be called like another column', async () => {
    const path = library([{ name: 'symbol', expression: 'CLOSE' }]);
    await expect(written({ factors: [path] })).rejects.toThrow(/^A factor cannot be called "symbol"/);
    await expect(written({ factors: [path], shape: 'wide' })).resolves.toMatch(/arrow$/);
  });
});

describe.concurrent('the command', () => {
  test('prints a table, or JSON with the same figures', async () => {
    const args = ['eval', 'CLOSE / OPEN', '-HIGH/LOW', '--data', market.folder];
    const [table, json] = await Promise.all([evolve(args), evolve([...args, '--json'])]);
    expect({ ...table, ms: 0 }).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toMatch(/^troubled: 70 dates 2022-11-01 to 2023-01-09, 19 symbols\n\n/);
    const { factors } = JSON.parse(json.stdout);
    expect(factors.map(({ name }: { name: string }) => name)).toEqual(['CLOSE / OPEN', '-HIGH / LOW']);
    const [row] = table.stdout.split('\n').filter((line) => line.endsWith('  CLOSE / OPEN'));
    expect(row).toContain(factors[0].ic.mean.toFixed(4));
    expect(row).toContain(factors[0].mean.toPrecision(4));
  });

  test('writes a file and says what is in it', async () => {
    const out = join(folder, 'command.parquet');
    const { code, stdout } = await evolve(['eval', 'CLOSE', '--data', market.folder, '--out', out]);
    expect(code).toBe(0);
    expect(stdout).toContain(`command.parquet: long, 1,330 rows, 7 kB; 70 dates 2022-11-01 to 2023-01-09, 19 symbols`);
    expect(stdout).toMatch(/%.* {2}price {2}CLOSE\n$/);
  });
});
