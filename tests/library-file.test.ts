/** The file a search leaves to others: it comes back as it was, and whatever is wrong in it is named with its place. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EvolveError } from '../core/failure.ts';
import { builtFile, packageRoot } from '../core/package-root.ts';
import { readManifest } from '../data/store/manifest.ts';
import { namedFactors } from '../evaluation/named-factors.ts';
import {
  type FactorLibrary,
  type LibraryFactor,
  libraryText,
  readLibrary,
  type SplitMetrics,
} from '../runs/library.ts';
import { troubledMarket } from './markets.ts';

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'evolve-library-'));
});
afterAll(() => rmSync(place, { recursive: true }));

const metrics: SplitMetrics = {
  ...{ ic: 0.0571, icStd: 0.12, icir: 0.475, t: 6.25, rankIc: 0.061, rankIcir: 0.5 },
  ...{ positive: 0.68, dates: 480, coverage: 0.97, turnover: 0.21 },
};

const factor = (name: string, expression: string): LibraryFactor => ({
  name,
  expression,
  program: {
    setup: ['n0 = CLOSE'],
    learn: [],
    predict: ['n1 = ts_mean(n0, 20)', 'n2 = div(n1, n0)'],
  },
  unit: 'ratio',
  size: 3,
  sign: 1,
  fitness: 0.0571,
  metrics: { train: metrics, valid: { ...metrics, icir: Number.NaN } },
  nearest: { name: 'other', correlation: -0.31 },
  ancestry: [
    { expression: 'CLOSE / OPEN', move: 'seed', fitness: Number.NaN },
    { expression, move: 'insert', fitness: 0.0571 },
  ],
});

const library: FactorLibrary = {
  schema: 1,
  name: 'first',
  engineVersion: '0.1.0',
  config: { seed: 7, moves: { insert: 2, degenerate: 1 }, fields: ['CLOSE'] },
  market: { name: 'small', hash: 'abc', dates: ['2020-01-02', '2023-12-29'], symbols: 50 },
  split: {
    train: ['2020-01-02', '2021-12-31'],
    valid: ['2022-01-04', '2022-12-30'],
    test: ['2023-01-03', '2023-12-29'],
  },
  label: { price: 'OPEN', lag: 1, horizon: 1 },
  tried: { programs: 12_000, evaluations: 9_000, rounds: 250 },
  thresholds: { train: 0.03, how: 'the best of a placebo run and a half', placeboBest: 0.02 },
  factors: [factor('mean', 'ts_mean(CLOSE, 20) / CLOSE'), factor('gap', 'OPEN / ts_delay(CLOSE, 1)')],
};

function written(content: unknown): string {
  const path = join(place, 'library.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const text = fc.string({ minLength: 1, unit: 'binary' });
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
const measured = fc.oneof({ weight: 4, arbitrary: number }, { weight: 1, arbitrary: fc.constant(Number.NaN) });
const count = fc.nat();
const dates = fc.constantFrom<[string, string]>(['2020-01-02', '2023-12-29'], ['2021-01-04', '2022-12-30']);
const lines = fc.array(fc.string(), { maxLength: 3 });
const split: fc.Arbitrary<SplitMetrics> = fc.record({
  ...{ ic: measured, icStd: measured, icir: measured, t: measured, rankIc: measured, rankIcir: measured },
  ...{ positive: measured, dates: count, coverage: measured, turnover: measured },
});
const anyFactor: fc.Arbitrary<LibraryFactor> = fc.record(
  {
    name: text,
    expression: text,
    program: fc.record({ setup: lines, learn: lines, predict: lines }),
    unit: fc.string(),
    size: fc.integer({ min: 1, max: 99 }),
    sign: fc.constantFrom(1, -1),
    fitness: number,
    metrics: fc.record({ train: split, valid: split, test: split }, { requiredKeys: ['train', 'valid'] }),
    nearest: fc.record({ name: text, correlation: measured }),
    ancestry: fc.array(fc.record({ expression: text, move: fc.string(), fitness: measured }), { maxLength: 3 }),
  },
  {
    requiredKeys: [
      ...(['name', 'expression', 'program', 'unit', 'size', 'sign', 'fitness'] as const),
      ...(['metrics', 'ancestry'] as const),
    ],
  },
);
const json = fc.jsonValue({ maxDepth: 2 }).map((value): unknown => JSON.parse(JSON.stringify(value)));
const anyLibrary: fc.Arbitrary<FactorLibrary> = fc
  .record({
    config: fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      json,
    ),
    tried: fc.record({ programs: count, evaluations: count, rounds: count }),
    label: fc.record({ price: text, lag: count, horizon: fc.integer({ min: 1, max: 20 }) }),
    split: fc.record({ train: dates, valid: dates, test: dates }),
    thresholds: fc.record({ train: number, how: fc.string(), placeboBest: number }, { requiredKeys: ['train', 'how'] }),
    factors: fc.uniqueArray(anyFactor, { maxLength: 3, selector: ({ name }) => name }),
  })
  .map((parts) => ({ ...library, ...parts }));

describe('a library', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(anyLibrary, (library) => {
        expect(readLibrary(written(libraryText(library)))).toEqual(library);
      }),
      { numRuns: 50 },
    );
  });

  test('is the same text whatever order its keys were put in', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]) => [key, reversed(inner)]),
      );
    };
    fc.assert(
      fc.property(anyLibrary, (library) => {
        expect(libraryText(reversed(library) as FactorLibrary)).toBe(libraryText(library));
      }),
      { numRuns: 30 },
    );
  });

  test('reads well', () => {
    const text = libraryText(library);
    expect(text.split('\n').slice(0, 12)).toEqual([
      '{',
      '  "schema": 1,',
      '  "name": "first",',
      '  "engineVersion": "0.1.0",',
      '  "config": { "fields": ["CLOSE"], "moves": { "degenerate": 1, "insert": 2 }, "seed": 7 },',
      '  "market": { "name": "small", "hash": "abc", "dates": ["2020-01-02", "2023-12-29"], "symbols": 50 },',
      '  "split": {',
      '    "train": ["2020-01-02", "2021-12-31"],',
      '    "valid": ["2022-01-04", "2022-12-30"],',
      '    "test": ["2023-01-03", "2023-12-29"]',
      '  },',
      '  "label": { "price": "OPEN", "lag": 1, "horizon": 1 },',
    ]);
    expect(text).toContain('\n      "nearest": { "name": "other", "correlation": -0.31 },\n');
    expect(text).toContain('{ "expression": "CLOSE / OPEN", "move": "seed", "fitness": null }');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });

  test('can be evaluated by name', async () => {
    const { folder } = await troubledMarket({ rows: 5, columns: 2, bars: 2, seed: 1 });
    const named = await namedFactors([written(libraryText(library))], await readManifest(folder));
    expect(named.map(({ name }) => name)).toEqual(['mean', 'gap']);
    rmSync(dirname(folder), { recursive: true });
  });

  test('without a fitness is our bug', () => {
    const broken = { ...library, factors: [{ ...factor('mean', 'CLOSE'), fitness: Number.NaN }] };
    expect(() => libraryText(broken)).toThrow(new RangeError('factors[0].fitness is NaN, which a library cannot hold'));
    expect(() => libraryText({ ...library, config: { rate: Number.POSITIVE_INFINITY } })).toThrow(
      new RangeError('config.rate is Infinity, which a library cannot hold'),
    );
  });
});

/** A step into the library, and what is put there; undefined takes away what was there. */
type Change = readonly [path: string, value: unknown, complaint: string];

const changes: readonly Change[] = [
  ['schema', 2, 'schema should be 1, not 2'],
  ['name', undefined, 'it lacks "name"'],
  ['name', '', 'name is empty'],
  ['note', 'mine', 'it has a key "note" that libraries do not have'],
  ['config', [], 'config should be an object, not []'],
  ['market.symbols', 2.5, 'market.symbols should be a whole number, not 2.5'],
  ['market.dates.0', '2020-1-2', 'market.dates[0] should be a date such as 2024-01-31, not "2020-1-2"'],
  ['split.valid', ['2020-01-02'], 'split.valid should have 2 entries, not 1'],
  ['split.test', undefined, 'split lacks "test"'],
  ['label.horizon', 0, 'label.horizon should be 1 or more, not 0'],
  ['tried.rounds', -1, 'tried.rounds should be 0 or more, not -1'],
  ['thresholds.placeboBest', null, 'thresholds.placeboBest should be a number, not null'],
  ['factors', {}, 'factors should be a list, not {}'],
  ['factors.1', 'CLOSE', 'factor 2 should be an object, not "CLOSE"'],
  ['factors.1.expression', undefined, 'factor 2 "gap" lacks "expression"'],
  ['factors.0.name', 7, 'factor 1: name should be a text, not 7'],
  ['factors.0.sign', 0, 'factor 1 "mean": sign should be 1 or -1, not 0'],
  ['factors.0.metrics.valid.t', undefined, 'factor 1 "mean": metrics.valid lacks "t"'],
  ['factors.0.metrics.train.ic', '0.05', 'factor 1 "mean": metrics.train.ic should be a number or null, not "0.05"'],
  ['factors.0.ancestry.1.move', null, 'factor 1 "mean": ancestry[1].move should be a text, not null'],
  ['factors.0.program.predict.1', 3, 'factor 1 "mean": program.predict[1] should be a text, not 3'],
  ['factors.1.nearest.x/y~', 1, 'factor 2 "gap": nearest has a key "x/y~" that libraries do not have'],
  ['factors.1.name', 'mean', 'factor 2 "mean" has the name of another one'],
];

function changed(path: string, value: unknown): unknown {
  const copy = JSON.parse(libraryText(library));
  const steps = path.split('.');
  const last = steps.pop() as string;
  const target = steps.reduce((at, step) => at[step], copy);
  if (value === undefined) delete target[last];
  else target[last] = value;
  return copy;
}

function complaint(path: string): EvolveError {
  try {
    readLibrary(path);
  } catch (error) {
    return error as EvolveError;
  }
  throw new Error('it was read');
}

describe('what breaks the schema is named with its place', () => {
  test.each(changes)('%s: %j', (path, value, expected) => {
    const { code, message } = complaint(written(changed(path, value)));
    expect(code).toBe('bad-library');
    expect(message).toBe(`${join(place, 'library.json')} is no factor library: ${expected}.`);
  });

  test('wherever it is: each value in turn is replaced by one of another kind, each key taken away', () => {
    const places: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (path) places.push(path);
      if (typeof value !== 'object' || value === null || path === 'config') return;
      for (const [key, inner] of Object.entries(value)) walk(inner, path ? `${path}.${key}` : key);
    };
    walk(JSON.parse(libraryText({ ...library, factors: library.factors.slice(0, 1) })), '');
    expect(places.length).toBeGreaterThan(80);
    const optional = /(placeboBest|nearest|\.test)$/;
    for (const path of places) {
      const steps = path.split('.');
      const last = steps.at(-1) as string;
      const inside = `${join(place, 'library.json')} is no factor library: `;
      const spelled = steps
        .slice(steps[0] === 'factors' && steps.length > 2 ? 2 : 0)
        .join('.')
        .replace(/\.(\d+)/g, '[$1]');
      const another = complaint(written(changed(path, true)));
      expect(another.code).toBe('bad-library');
      expect(another.message.startsWith(inside)).toBe(true);
      if (!/^factors\.\d+$/.test(path)) expect(another.message).toContain(`${spelled} should be `);
      if (optional.test(path) || /^\d+$/.test(last)) continue;
      expect(complaint(written(changed(path, undefined))).message).toContain(`lacks "${last}"`);
    }
  });

  test('several at once: the first in the sentence, the others below it', () => {
    const { factors: _, ...others } = library;
    const { message, details } = complaint(written({ ...others, schema: 3, tried: {} }));
    expect([message, ...details].join('\n')).toMatch(
      /lacks "factors"[\s\S]*schema should be 1[\s\S]*tried lacks "programs"/,
    );
    const many = Array.from({ length: 30 }, () => 'CLOSE');
    expect(complaint(written({ ...library, factors: many })).details).toHaveLength(11);
  });

  test.each(['[]', 'null', '3'])('%s is none', (text) => {
    expect(complaint(written(text))).toMatchObject({
      code: 'bad-library',
      message: expect.stringMatching(`is no factor library: it should be an object, not `),
    });
  });

  test('numbers beyond all numbers', () => {
    const large = (path: string) => JSON.stringify(changed(path, 'LARGE')).replace('"LARGE"', '1e999');
    expect(complaint(written(large('config.seed'))).message).toMatch(/: config\.seed is too large a number\.$/);
    expect(complaint(written(large('factors.0.fitness'))).message).toMatch(
      /: factor 1 "mean": fitness should be a number/,
    );
  });

  test('no JSON, no file, a folder', () => {
    expect(complaint(written('{ "schema": tru }'))).toMatchObject({
      code: 'bad-library',
      message: expect.stringContaining('is not valid JSON'),
    });
    const absent = join(place, 'absent.json');
    expect(complaint(absent)).toMatchObject({ code: 'missing-file', message: `There is no file ${absent}.` });
    expect(complaint(place)).toMatchObject({
      code: 'missing-file',
      message: `Cannot read ${place}: it is a folder.`,
    });
  });
});

describe('the published schema', () => {
  const schema = JSON.parse(readFileSync(join(packageRoot, 'runs', 'library.schema.json'), 'utf8'));

  test('is part of the package and describes every property', () => {
    const { files } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
    expect(files).toContain('runs/library.schema.json');
    let seen = 0;
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const { properties } = value as { properties?: Record<string, { description?: string }> };
      for (const [name, property] of Object.entries(properties ?? {})) {
        seen++;
        expect(property.description, name).toMatch(/^[A-Z1].*\.$/);
      }
      for (const inner of Object.values(value)) walk(inner);
    };
    walk(schema);
    expect(seen).toBeGreaterThan(50);
  });

  // Compiling it costs more than all else a short command does.
  test('is not compiled before a library is read', () => {
    const script = `
      import { createRequire } from 'node:module';
      import { libraryText, readLibrary } from ${JSON.stringify(pathToFileURL(builtFile('runs', 'library.js')).href)};
      const { cache } = createRequire(${JSON.stringify(builtFile('runs', 'library.js'))});
      const loaded = () => Object.keys(cache).some((file) => /[\\\\/]ajv[\\\\/]/.test(file));
      const library = ${JSON.stringify(library)};
      libraryText(library);
      const before = loaded();
      readLibrary(process.argv[1]);
      console.log(before, loaded());
    `;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script, written(library)]);
    expect(printed.toString().trim()).toBe('false true');
  });
});
