/** What a neutral loss takes off: directions that span a constant and the styles, against the regression of tear sheets. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { price } from '../core/units.ts';
import { MarketWriter } from '../data/store/write.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { Regression } from '../evaluation/tear-sheet/regression.ts';
import { styles } from '../evaluation/tear-sheet/styles.ts';
import { orthonormal } from '../models/samples/orthonormal.ts';
import { Samples } from '../models/samples/samples.ts';
import { StyleBasis } from '../models/samples/style-basis.ts';
import { styleExposures } from '../models/samples/styles.ts';
import { calendarOf, partOf } from './sample-market.ts';

const columnsOf = (basis: Float64Array, rows: number): Float64Array[] =>
  Array.from({ length: basis.length / rows }, (_, k) => basis.subarray(k * rows, (k + 1) * rows));
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

/** What is left of y beside a basis. */
function rest(y: Float64Array, basis: Float64Array): Float64Array {
  const left = y.slice();
  for (const column of columnsOf(basis, y.length)) {
    const slope = dot(y, column);
    for (let i = 0; i < left.length; i++) left[i] = (left[i] as number) - slope * (column[i] as number);
  }
  return left;
}

/** Styles as they come: float32, some of them sums of others, some of them alike for all. */
function drawn(seed: number, rows: number, count: number): Float64Array[] {
  const random = stream(seed, rows, count);
  const columns: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const kind = random.next();
    const [a, b] = [columns[k - 1], columns[k - 2]];
    const offset = kind < 0.3 ? 5 * random.normal() : 0;
    columns.push(
      Float64Array.from({ length: rows }, (_, i) => {
        if (kind > 0.9) return 0.7;
        if (kind > 0.75 && a && b) return Math.fround(0.4 * (a[i] as number) - 1.3 * (b[i] as number));
        return Math.fround(random.normal() + offset);
      }),
    );
  }
  return columns;
}

const sizes = {
  rows: fc.integer({ min: 1, max: 60 }),
  count: fc.integer({ min: 0, max: 10 }),
  seed: fc.nat({ max: 999 }),
};

describe('a basis', () => {
  test('is orthonormal, its first column the constant', () => {
    fc.assert(
      fc.property(fc.record(sizes), ({ rows, count, seed }) => {
        const basis = columnsOf(orthonormal(drawn(seed, rows, count), rows), rows);
        expect(basis.length).toBeLessThanOrEqual(Math.min(rows, 1 + count));
        for (const x of basis[0] as Float64Array) expect(x).toBeCloseTo(1 / Math.sqrt(rows), 12);
        for (const [i, a] of basis.entries()) {
          for (const [j, b] of basis.entries()) expect(Math.abs(dot(a, b) - Number(i === j))).toBeLessThan(1e-12);
        }
      }),
    );
  });

  test('leaves of anything what a regression on the columns leaves', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.record({ ...sizes, rows: fc.integer({ min: 15, max: 60 }) }), ({ rows, count, seed }) => {
        const columns = drawn(seed, rows, count);
        const random = stream(seed, 3, 3);
        const y = Float64Array.from({ length: rows }, () => random.normal());
        const left = rest(y, orthonormal(columns, rows));
        const regressed = new Float64Array(rows);
        // What float32 rounding leaves of a sum of columns is a column to the regression: it gets them without.
        const independent = columns.filter((_, k) => {
          const before = orthonormal(columns.slice(0, k), rows).length;
          return orthonormal(columns.slice(0, k + 1), rows).length > before;
        });
        new Regression().residuals(y, { columns: independent }, regressed);
        for (const [i, x] of left.entries()) expect(Math.abs(x - (regressed[i] as number))).toBeLessThan(1e-9);
        for (const column of columns) {
          expect(Math.abs(dot(left, column))).toBeLessThan(1e-5 * Math.sqrt(dot(column, column) * dot(y, y)));
        }
        compared++;
      }),
      { numRuns: 100 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  test('by hand: what depends on others is dropped', () => {
    const steps = Float64Array.of(1, 2, 3);
    const [root, half] = [1 / Math.sqrt(3), Math.SQRT1_2];
    const basis = orthonormal([Float64Array.of(4, 4, 4), steps, steps.map((x) => 1 - 2 * x)], 3);
    expect(basis.length).toBe(6);
    for (const [i, x] of [root, root, root, -half, 0, half].entries()) expect(basis[i]).toBeCloseTo(x, 12);
    expect(orthonormal([], 0)).toEqual(new Float64Array(0));
  });

  test('of symbols without a style takes off them what it takes off the average one', () => {
    const none = Number.NaN;
    // Two styles of one date and four symbols, of which the second and later ones are asked for.
    const values = Float32Array.of(9, 1, none, 3, none, none, none, none);
    const basis = new StyleBasis({ values, count: 2 }, 4).of(0, Int32Array.of(1, 2, 3));
    const root = 1 / Math.sqrt(3);
    expect(basis.length).toBe(6);
    for (const [i, x] of [root, root, root, -Math.SQRT1_2, 0, Math.SQRT1_2].entries()) {
      expect(basis[i]).toBeCloseTo(x, 12);
    }
  });
});

describe('exposures', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'evolve-styles-'));
  const place = join(folder, 'market');
  await synthesise(place, { stocks: 30, days: 330, minutes: 0, seed: 5 });
  const evaluator = await Evaluator.open(place, { workers: 1 });
  afterAll(async () => {
    await evaluator.close();
    await rm(folder, { recursive: true });
  });
  const { arena, market } = evaluator;
  const { length: dates } = market.manifest.calendar;

  test('are the styles of the market on the dates asked for, missing on others', async () => {
    const wanted = [329, 270, 300];
    const { used } = arena;
    const found = await styleExposures(evaluator, wanted);
    expect(arena.used).toBe(used);
    expect(found.values.buffer).toBeInstanceOf(SharedArrayBuffer);
    const field = (name: string): Float32Array | undefined => {
      const matrix = market.daily.get(name);
      return matrix && Float32Array.from(Array.from({ length: dates }, (_, t) => [...arena.row(matrix, t)]).flat());
    };
    const { styles: plain, leftOut } = styles({ dates, symbols: 30, field });
    expect(found.names).toEqual(plain.map(({ name }) => name));
    expect(found.names).toContain('Size');
    expect(found.leftOut).toEqual(leftOut);
    expect(found.count).toBe(plain.length);
    let known = 0;
    for (const [k, { values }] of plain.entries()) {
      for (let t = 0; t < dates; t++) {
        const row = found.values.subarray((k * dates + t) * 30, (k * dates + t + 1) * 30);
        const right = values.subarray(t * 30, (t + 1) * 30);
        expect(row).toEqual(wanted.includes(t) ? right : new Float32Array(30).fill(Number.NaN));
        known += row.filter((x) => !Number.isNaN(x)).length;
      }
    }
    expect(known).toBeGreaterThan(300);
  });

  test('become the bases of sections', async () => {
    const found = await styleExposures(evaluator, [300, 301]);
    const part = partOf('one', 1, [0]);
    const samples = new Samples({
      parts: [
        {
          part,
          reader: { record: () => new Float32Array(30).fill(1), close: () => {} },
          scaler: { mean: Float32Array.of(0), deviation: Float32Array.of(1) },
        },
      ],
      labels: new Float32Array(dates * 30).fill(1),
      symbols: 30,
      limit: 0,
      styles: found,
    });
    const [batch] = [...samples.batches([300, 301], 100, { whole: true })];
    const all = Int32Array.from({ length: 30 }, (_, n) => n);
    const bases = new StyleBasis(found, 30);
    expect(batch?.sections).toEqual([
      { date: 300, from: 0, to: 30, basis: bases.of(300, all) },
      { date: 301, from: 30, to: 60, basis: bases.of(301, all) },
    ]);
    expect(bases.of(300, all).length).toBeGreaterThanOrEqual(4 * 30);
  });

  const refused = async (datesPerYear: number): Promise<unknown> => {
    const path = join(folder, `bare-${datesPerYear}`);
    const writer = await MarketWriter.create(path, {
      name: 'bare',
      calendar: calendarOf(12),
      symbols: ['A', 'B'],
      minute: undefined,
      datesPerYear,
      provenance: {},
    });
    await writer.daily({ name: 'OPEN', kind: 'm', unit: price, doc: '' }, new Float32Array(24).fill(1));
    await writer.finish();
    const bare = await Evaluator.open(path, { workers: 1 });
    try {
      return await styleExposures(bare).then(
        () => 'none was missing',
        (error) => error,
      );
    } finally {
      await bare.close();
    }
  };

  test('of a market that has none are refused, with what is missing', async () => {
    expect(await refused(244)).toMatchObject({
      code: 'missing-field',
      message: expect.stringContaining('the market bare gives none (Size: the market has no CAP; Beta: '),
    });
    expect(await refused(12)).toMatchObject({
      code: 'missing-field',
      message: expect.stringContaining('the market has 12 dates a year'),
    });
  });

  test('need their fields to be loaded', async () => {
    const some = await Evaluator.open(place, { workers: 1, fields: ['OPEN', 'TURN'] });
    await expect(styleExposures(some)).rejects.toThrow('was not loaded');
    await some.close();
  });
});
