/** Labels without what industries, sizes and other exposures explain: against statsmodels, and what holds on any market. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { forwardReturns } from '../data/labels.ts';
import type { FieldInfo, Market } from '../data/market.ts';
import { readManifest } from '../data/store/manifest.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { LabelExposures } from '../models/samples/label-exposures.ts';
import {
  type LabelRules,
  labelCounts,
  labelledReturns,
  trainingLabelFields,
  trainingLabels,
} from '../models/samples/labels.ts';
import { standardLabels } from '../models/samples/standard-labels.ts';
import { marketOf, type SampleMarket, sampleMarket } from './sample-market.ts';

type Cells = readonly (number | null)[];
type Golden = readonly Readonly<Record<'returns' | 'industry' | 'cap' | 'number' | 'labels', Cells>>[];

const file = join(dirname(fileURLToPath(import.meta.url)), 'golden', 'labels', 'neutral.json');
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;
const numbersOf = (cells: Cells): Float64Array => Float64Array.from(cells, (x) => x ?? Number.NaN);

const label = { price: 'CLOSE', lag: 1, horizon: 2 } as const;
const rule: LabelRules = { label, universe: 'MEMBER', neutraliseLabels: ['industry', 'size', 'SHAPE'] };
const seeds = fc.integer({ min: 0, max: 1000 });
const [dates, symbols] = [14, 40];

interface Exposed extends SampleMarket {
  readonly exposures: LabelExposures | undefined;
}

/** A sample market with industries, some of one symbol, capitals, and a number; holes in all of them. */
async function exposedMarket(seed: number, asked = rule, otherFrom = dates): Promise<Exposed> {
  const plain = sampleMarket({ dates, symbols, seed, otherFrom });
  const random = stream(seed, 7, 7);
  const cellsOf = (draw: () => number): Float32Array =>
    Float32Array.from({ length: dates * symbols }, (_, at) => {
      const [value, missing] = [draw(), random.next() < 0.05];
      if (at >= otherFrom * symbols) return 3 * value;
      return missing ? Number.NaN : value;
    });
  const names = plain.market.manifest.fields.map(({ name }) => name);
  const made = marketOf(
    dates,
    symbols,
    new Map([
      ...names.map((name) => [name, plain.field(name)] as const),
      ['INDUSTRY', cellsOf(() => Math.floor(9 * random.next() ** 2))],
      ['CAP', cellsOf(() => (random.next() < 0.03 ? 0 : Math.exp(random.normal())))],
      ['SHAPE', cellsOf(() => random.normal())],
    ]),
  );
  const fields = made.market.manifest.fields.map(
    (field): FieldInfo => (field.name === 'INDUSTRY' ? { ...field, kind: 'g' } : field),
  );
  const market: Market = { ...made.market, manifest: { ...made.market.manifest, fields } };
  const { arena } = made;
  const values = () => Promise.reject(new Error('there is no program'));
  return { ...made, market, exposures: await LabelExposures.of({ market, arena, values }, asked) };
}

const rowAt = <T extends Float32Array>(cells: T, t: number) => cells.subarray(t * symbols, (t + 1) * symbols);

/** By industry, and the three numbers beside it, of each symbol with a label on the date. */
const shown = (market: SampleMarket, labels: Float32Array, t: number) =>
  [...rowAt(labels, t)].flatMap((value, n) => {
    const at = (name: string): number => rowAt(market.field(name), t)[n] as number;
    return Number.isNaN(value)
      ? []
      : [{ value, industry: at('INDUSTRY'), columns: [Math.log(at('CAP')), at('SHAPE')] as const }];
  });

const sum = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0);

describe('labels freed from exposures', () => {
  test('are what statsmodels leaves of the returns', () => {
    for (const { returns, industry, cap, number, labels } of golden) {
      const section = numbersOf(returns);
      const columns = [numbersOf(cap).map(Math.log), numbersOf(number)];
      standardLabels(section, { groups: numbersOf(industry), columns });
      const expected = numbersOf(labels);
      expect(section.map((x) => Number(Number.isNaN(x)))).toEqual(expected.map((x) => Number(Number.isNaN(x))));
      const off = section.map((x, n) => Math.abs(x - (expected[n] as number)));
      expect(Math.max(...off.filter((x) => !Number.isNaN(x)))).toBeLessThan(1e-9);
    }
  });

  test('add up to nothing in every industry and along every other exposure, and have deviation 1', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const market = await exposedMarket(seed);
        const labels = trainingLabels(market, rule);
        for (let t = 0; t < dates - 3; t++) {
          const all = shown(market, labels, t);
          expect(all.length).toBeGreaterThan(10);
          expect(sum(all.map(({ value }) => value ** 2)) / all.length).toBeCloseTo(1, 5);
          for (const industry of new Set(all.map((one) => one.industry))) {
            const members = all.filter((one) => one.industry === industry).map(({ value }) => value);
            expect(Math.abs(sum(members) / members.length)).toBeLessThan(1e-5);
            if (members.length === 1) expect(Math.abs(members[0] as number)).toBeLessThan(1e-5);
          }
          for (const c of [0, 1] as const) {
            const along = sum(all.map(({ value, columns }) => value * columns[c]));
            expect(Math.abs(along)).toBeLessThan(1e-5 * Math.sqrt(all.length * sum(all.map((o) => o.columns[c] ** 2))));
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  test('are of all who would have one without, but for those that lack an exposure, and these are counted', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const market = await exposedMarket(seed);
        const { neutraliseLabels: _, ...plain } = rule;
        const [labels, all] = [
          trainingLabels(market, rule),
          trainingLabels({ ...market, exposures: undefined }, plain),
        ];
        const lacks = (at: number): boolean =>
          ['INDUSTRY', 'SHAPE'].some((name) => Number.isNaN(market.field(name)[at])) ||
          !((market.field('CAP')[at] as number) > 0);
        let without = 0;
        for (const [at, value] of all.entries()) {
          expect(Number.isNaN(labels[at])).toBe(Number.isNaN(value) || lacks(at));
          if (!Number.isNaN(value) && lacks(at)) without++;
        }
        const every = [...Array(dates).keys()];
        expect(without).toBeGreaterThan(0);
        const [counts, others] = [
          labelCounts(market, rule, every),
          labelCounts({ ...market, exposures: undefined }, plain, every),
        ];
        expect(counts).toEqual({ ...others, noExposure: without, labelled: others.labelled - without });
      }),
      { numRuns: 15 },
    );
  });

  test('do not change with what comes after they are known, nor with exposures after their own date', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.integer({ min: 4, max: dates - 1 }), async (seed, from) => {
        const labels = trainingLabels(await exposedMarket(seed), rule);
        const other = trainingLabels(await exposedMarket(seed, rule, from), rule);
        const end = (from - 3) * symbols;
        expect(other.subarray(0, end)).toEqual(labels.subarray(0, end));
        expect(other).not.toEqual(labels);
      }),
      { numRuns: 15 },
    );
  });

  test('of a placebo are the same on each date, each another symbol’s', async () => {
    const market = await exposedMarket(5);
    const labels = trainingLabels(market, rule);
    const exchanged = trainingLabels(market, { ...rule, placebo: 3 });
    for (let t = 0; t < dates - 3; t++) {
      const [row, other] = [rowAt(labels, t), rowAt(exchanged, t)];
      expect(other.toSorted()).toEqual(row.toSorted());
      expect([...other].map(Number.isNaN)).toEqual([...row].map(Number.isNaN));
      expect(other).not.toEqual(row);
    }
  });

  test('are judged by the returns they were made of, which a placebo passes on with them', async () => {
    const market = await exposedMarket(5);
    const labels = trainingLabels(market, rule);
    const returns = labelledReturns(market, rule, labels);
    const forward = forwardReturns(market.market, label, market.arena);
    for (const [at, value] of labels.entries()) {
      const made = market.arena.row(forward, Math.floor(at / symbols))[at % symbols];
      expect(returns[at]).toBe(Number.isNaN(value) ? Number.NaN : made);
    }
    expect(returns.some(Number.isFinite)).toBe(true);
    const chance = { ...rule, placebo: 3 };
    const exchanged = trainingLabels(market, chance);
    const passed = labelledReturns(market, chance, exchanged);
    const pairs = (of: Float32Array, made: Float32Array, t: number) =>
      [...rowAt(of, t)].map((value, n) => `${value} ${rowAt(made, t)[n]}`).sort();
    for (let t = 0; t < dates; t++) expect(pairs(exchanged, passed, t)).toEqual(pairs(labels, returns, t));
    expect(passed).not.toEqual(returns);
  });

  test('teach nothing where exposures explain all there is', async () => {
    const returns = Float64Array.of(0.01, 0.03, 0.05, 0.02, -0.04);
    standardLabels(returns, { columns: [returns.map((x) => 2 - 7 * x)] });
    expect([...returns].every(Number.isNaN)).toBe(true);
    const market = await exposedMarket(3, { ...rule, neutraliseLabels: ['industry'] });
    // Everybody is an industry.
    market.field('INDUSTRY').forEach((_, at, all) => {
      all[at] = at % symbols;
    });
    const industry = market.market.daily.get('INDUSTRY');
    for (let t = 0; industry && t < dates; t++) market.arena.row(industry, t).set(rowAt(market.field('INDUSTRY'), t));
    const counts = labelCounts(market, { ...rule, neutraliseLabels: ['industry'] }, [2, 3]);
    expect(counts).toMatchObject({ labelled: 0, noExposure: 0 });
    expect(counts.sameForAll).toBeGreaterThan(40);
  });

  test('are not made without the exposures', async () => {
    const { market, arena } = await exposedMarket(1);
    expect(() => trainingLabels({ market, arena }, rule)).toThrow(RangeError);
    expect(await LabelExposures.of({ market, arena, values: async () => [] }, { label })).toBeUndefined();
  });
});

describe('on a market folder', () => {
  const place = mkdtempSync(join(tmpdir(), 'evolve-labels-'));
  const folder = join(place, 'market');
  afterAll(() => rmSync(place, { recursive: true }));

  test('formulas and words are exposures, and the fields they read are named', async () => {
    await synthesise(folder, { stocks: 40, days: 60, minutes: 0, seed: 4 });
    const asked: LabelRules = { label, neutraliseLabels: ['industry', 'return', 'ts_mean(VOLUME, 5)'] };
    const fields = trainingLabelFields(await readManifest(folder), asked);
    expect(new Set(fields)).toEqual(new Set(['CLOSE', 'CAN_BUY', 'ST', 'SUSPENDED', 'INDUSTRY', 'VOLUME']));
    const evaluator = await Evaluator.open(folder, { workers: 1, fields, label });
    try {
      const { market, arena } = evaluator;
      const { used } = arena;
      const exposures = await LabelExposures.of(evaluator, asked);
      const labels = trainingLabels({ market, arena, exposures }, asked);
      const counts = labelCounts({ market, arena, exposures }, asked, [0, 1, 30]);
      // Its formulas look back, so the first dates have none.
      expect(counts.noExposure).toBeGreaterThan(40);
      expect(counts.labelled).toBeGreaterThan(20);
      const date = 30;
      const exposed = exposures?.at(date);
      const row = labels.subarray(date * 40, (date + 1) * 40);
      const close = arena.row(market.daily.get('CLOSE') as never, date);
      const before = arena.row(market.daily.get('CLOSE') as never, date - label.horizon);
      for (const [n, value] of [...(exposed?.columns[0] ?? [])].entries()) {
        if (!Number.isNaN(value)) expect(value).toBeCloseTo((close[n] as number) / (before[n] as number) - 1, 6);
      }
      for (const column of exposed?.columns ?? []) {
        const along = sum([...row].flatMap((x, n) => (Number.isNaN(x) ? [] : [x * (column[n] as number)])));
        const size = Math.sqrt(sum([...row].flatMap((x, n) => (Number.isNaN(x) ? [] : [(column[n] as number) ** 2]))));
        expect(Math.abs(along)).toBeLessThan(1e-4 * size);
      }
      exposures?.release();
      expect(arena.used).toBe(used);
    } finally {
      await evaluator.close();
    }
  });

  test.each([
    ['industry', 'INDUSTRY', 'The market has no INDUSTRY, by which industry is neutralised.'],
    ['size', 'CAP', 'The market has no CAP, by which size is neutralised.'],
  ])('%s on a market without %s is refused by the name of the flag', async (word, field, sentence) => {
    const { manifest } = sampleMarket({ dates: 5, symbols: 3, seed: 1 }).market;
    const bare = { ...manifest, fields: manifest.fields.filter(({ name }) => name !== field) };
    expect(() => trainingLabelFields(bare, { label, neutraliseLabels: [word] })).toThrow(
      expect.objectContaining({
        code: 'missing-field',
        message: expect.stringMatching(new RegExp(`^${sentence}.*leave ${word} out of --neutralise-labels`)),
      }),
    );
  });

  test('a word that is none is refused with the one that was meant', () => {
    const { manifest } = sampleMarket({ dates: 5, symbols: 3, seed: 1 }).market;
    expect(() => trainingLabelFields(manifest, { label, neutraliseLabels: ['industri'] })).toThrow(
      /--neutralise-labels industri is no field.*Did you mean industry/,
    );
  });
});
