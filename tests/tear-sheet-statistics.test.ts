/** The statistics of a tear sheet: against scipy, pandas and statsmodels, by properties, and on odd sections. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Stream, stream } from '../core/random.ts';
import { addMember, equalWeights, icWeights, leaveOut } from '../evaluation/tear-sheet/combine.ts';
import { icReport } from '../evaluation/tear-sheet/daily-ic.ts';
import { type Preparation, prepareSection } from '../evaluation/tear-sheet/prepare.ts';
import { type Exposures, Regression } from '../evaluation/tear-sheet/regression.ts';
import { RidgeSums } from '../evaluation/tear-sheet/ridge-sums.ts';
import type { Section } from '../evaluation/tear-sheet/section.ts';
import { select } from '../evaluation/tear-sheet/select.ts';
import { parseWinsorisation, winsorisationText } from '../evaluation/tear-sheet/winsorise.ts';
import { rank } from '../operators/reference/cross-section.ts';
import { correlation } from '../operators/reference/rolling.ts';

type Stored = readonly (number | null)[];
interface Golden {
  readonly correlations: {
    readonly dates: readonly string[];
    readonly x: readonly Stored[];
    readonly y: readonly Stored[];
    readonly pearson: Stored;
    readonly reports: readonly ({ horizon: number; every: number; series: Stored } & Record<string, unknown>)[];
  };
  readonly regressions: readonly {
    readonly name: string;
    readonly y: Stored;
    readonly groups?: Stored;
    readonly columns: readonly Stored[];
    readonly weights?: Stored;
    readonly residuals: Stored;
  }[];
  readonly preparations: {
    readonly x: Stored;
    readonly universe: Stored;
    readonly groups: Stored;
    readonly columns: readonly Stored[];
    readonly weights: Stored;
    readonly cases: readonly { winsorise: string; standardise: boolean; alone: Stored; neutral: Stored }[];
  };
  readonly ridges: {
    readonly sections: readonly (readonly Stored[])[];
    readonly label: readonly Stored[];
    readonly cases: readonly { penalty: number; weights: Stored }[];
  };
}

const golden: Golden = JSON.parse(readFileSync(new URL('golden/tear-sheet/statistics.json', import.meta.url), 'utf8'));
const numbers = (stored: Stored): Section => Float64Array.from(stored, (x) => x ?? Number.NaN);
const { NaN: missing } = Number;

/** Missing in the same places; elsewhere within a part in 10⁹ of the larger, or of the largest of the section. */
function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-9): void {
  expect(actual.length).toBe(wanted.length);
  const size = Math.max(...Array.from(wanted, (x) => (Number.isNaN(x) ? 0 : Math.abs(x))));
  for (let i = 0; i < wanted.length; i++) {
    const [a, w] = [actual[i] as number, wanted[i] as number];
    if (Number.isNaN(a) === Number.isNaN(w) && !(Math.abs(a - w) > tolerance * size)) continue;
    expect.fail(`${a} in place ${i} is not ${w}`);
  }
}

const residuals = (y: Section, exposures: Exposures): Section => {
  const out = new Float64Array(y.length);
  new Regression().residuals(y, exposures, out);
  return out;
};
const plain: Preparation = { winsorise: { kind: 'none' }, standardise: true };
const prepared = (x: Section, preparation = plain, exposures?: Exposures, universe?: Section): Section => {
  const out = new Float64Array(x.length);
  prepareSection(x, universe, exposures, preparation, out);
  return out;
};

/** A section and exposures with holes, groups of all sizes from one, and offsets as those of prices and capital. */
interface Case {
  readonly y: Section;
  readonly groups: Section;
  readonly columns: readonly Section[];
  readonly weights: Section;
}
const cases = fc.tuple(fc.integer({ min: 5, max: 60 }), fc.nat()).map(([n, seed]): Case => {
  const random = stream(seed, 0, n);
  const section = (offset: number, cell: (r: Stream) => number): Section =>
    Float64Array.from({ length: n }, () => (random.next() < 0.1 ? missing : offset + cell(random)));
  const codes = 1 + random.below(6);
  return {
    y: section(3, (r) => r.normal()),
    groups: section(801_010, (r) => 10 * r.below(codes)),
    columns: [section(24, (r) => r.normal()), section(0, (r) => Math.exp(r.normal())), section(0, (r) => r.below(3))],
    weights: section(0, (r) => Math.exp(r.normal())),
  };
});
const known = (x: Section): number[] => [...x.keys()].filter((i) => !Number.isNaN(x[i]));
const shuffled = <T extends ArrayLike<number>>(x: T, order: readonly number[]): Section =>
  Float64Array.from(order, (i) => x[i] as number);

describe('correlations of dates', () => {
  const { dates, x, y, pearson, reports } = golden.correlations;
  const daily = (ranked: boolean): number[] =>
    dates.map((_, t) => {
      const [a, b] = [numbers(x[t] as Stored), numbers(y[t] as Stored)];
      const both = known(a).filter((i) => !Number.isNaN(b[i]));
      const [p, q] = [a, b].map((z) => shuffled(z, both)) as [Section, Section];
      if (ranked) for (const z of [p, q]) rank(z.slice(), z, 0, z);
      return both.length > 1 ? correlation(p, q) : missing;
    });

  test('agree with scipy, ties and all', () => {
    expectClose(daily(false), numbers(pearson));
    expectClose(daily(true), numbers(reports[0]?.series as Stored));
  });

  test.each(reports)('are reported as pandas and statsmodels do: horizon $horizon, every $every', (wanted) => {
    const { horizon, every, series, cumulative, ...figures } = wanted;
    const report = icReport([...numbers(series)], dates, { horizon, every });
    expectClose(report.cumulative, cumulative as number[]);
    expectClose(report.series, numbers(series));
    const flat = (value: unknown): number[] =>
      typeof value === 'object' ? Object.values(value as object).flatMap(flat) : [Number(value)];
    for (const [name, value] of Object.entries(figures)) {
      const actual = report[name as keyof typeof report];
      if (typeof value === 'number') expectClose([actual as number], [value]);
      else {
        expectClose(flat(actual).filter(Number.isFinite), flat(value).filter(Number.isFinite));
        expect((actual as object[]).map((row) => Object.values(row)[0])).toEqual(
          (value as object[]).map((row) => Object.values(row)[0]),
        );
      }
    }
  });

  test('by hand: four months of a factor that foretells losses', () => {
    const dates = ['2023-11-30', '2023-12-29', '2024-01-31', '2024-02-29'];
    const report = icReport([-0.3, missing, 0.1, -0.1], dates, { horizon: 1, every: 20 });
    expect(report.mean).toBeCloseTo(-0.1, 12);
    expect(report.std).toBeCloseTo(0.2, 12);
    expect(report.icir).toBeCloseTo(-0.5, 12);
    expect(report.t).toBeCloseTo(-0.5 * Math.sqrt(3), 12);
    expect(report.share).toBeCloseTo(2 / 3, 12);
    expect(report.dates).toBe(3);
    expectClose(report.cumulative, [-0.3, -0.3, -0.2, -0.3]);
    // The share of a year is in the report's direction, not its own.
    expect(report.byYear.map(({ year, share, dates }) => [year, share, dates])).toEqual([
      ['2023', 1, 1],
      ['2024', 0.5, 2],
    ]);
    expect(report.byMonth.map(({ month, dates }) => `${month} ${dates}`)).toEqual([
      '2023-11 1',
      '2023-12 0',
      '2024-01 1',
      '2024-02 1',
    ]);
    expect(report.byMonth[1]?.mean).toBeNaN();
  });

  test('labels overlap where samples are near each other, whatever lies between those that are not', () => {
    const sampled = (every: number) =>
      Array.from({ length: 240 }, (_, t) => (t % every === 0 ? Math.sin(7 * t) : missing));
    const days = Array.from({ length: 240 }, (_, t) => `2024-${String(1 + Math.floor(t / 28)).padStart(2, '0')}-01`);
    const lags = (series: number[], every: number) => icReport(series, days, { horizon: 10, every }).lags;
    expect(lags(sampled(1), 1)).toBe(18);
    expect(lags(sampled(3), 1)).toBe(6);
    expect(lags(sampled(20), 1)).toBe(2);
    expect(lags(sampled(2), 3)).toBe(4);
    // The scores with a gap are as near to each other as those without.
    expect(lags([...sampled(1).slice(0, 120), ...sampled(20).slice(120)], 1)).toBe(18);
  });

  test('what cannot be said is missing', () => {
    const silent = icReport([missing, missing], ['2024-01-02', '2024-01-03'], { horizon: 10, every: 1 });
    expect(silent).toMatchObject({ mean: missing, std: missing, icir: missing, share: missing, t: missing, dates: 0 });
    expect(silent).toMatchObject({ tNeweyWest: missing, lags: 0 });
    expect(icReport([], [], { horizon: 1, every: 1 })).toMatchObject({ mean: missing, byYear: [], byMonth: [] });
    // Two stocks that always agree.
    const sure = icReport([1, 1, 1], ['2024-01-02', '2024-01-03', '2024-01-04'], { horizon: 1, every: 1 });
    expect(sure).toMatchObject({ mean: 1, std: 0, icir: missing, t: missing, tNeweyWest: missing, share: 1 });
  });
});

describe('residuals', () => {
  test.each(golden.regressions)(
    'agree with statsmodels: $name',
    ({ y, groups, columns, weights, residuals: wanted }) => {
      const exposures = {
        columns: columns.map(numbers),
        ...(groups && { groups: numbers(groups) }),
        ...(weights && { weights: numbers(weights) }),
      };
      expectClose(residuals(numbers(y), exposures), numbers(wanted));
    },
  );

  test('by hand: the group means off, then a line', () => {
    const groups = Float64Array.of(1, 1, 2, 2, 2);
    expectClose(residuals(Float64Array.of(1, 3, 10, 20, 30), { groups, columns: [] }), [-1, 1, -10, 0, 10]);
    expectClose(residuals(Float64Array.of(1, 2, 4), { columns: [Float64Array.of(0, 1, 2)] }), [1 / 6, -1 / 3, 1 / 6]);
    // Weights 1, 1, 2: the mean is 2.
    const weights = Float64Array.of(1, 1, 2);
    expectClose(residuals(Float64Array.of(0, 2, 3), { columns: [], weights }), [-2, 0, 1]);
  });

  test('are orthogonal to every exposure, by the weights', () => {
    fc.assert(
      fc.property(cases, ({ y, groups, columns, weights }) => {
        const out = residuals(y, { groups, columns, weights });
        const cells = known(out);
        const by = (x: (cell: number) => number): number =>
          cells.reduce((sum, i) => sum + (weights[i] as number) * (out[i] as number) * x(i), 0);
        for (const column of columns) expect(Math.abs(by((i) => column[i] as number))).toBeLessThan(1e-8);
        for (const code of new Set(groups)) {
          expect(Math.abs(by((i) => (groups[i] === code ? 1 : 0)))).toBeLessThan(1e-10);
        }
      }),
    );
  });

  test('grow with y, and do not see what exposures add to it', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0.01, max: 100, noNaN: true }), ({ y, groups, columns, weights }, a) => {
        const exposures = { groups, columns, weights };
        const out = residuals(y, exposures);
        const scaled = y.map((x) => -a * x);
        expectClose(
          residuals(scaled, exposures),
          out.map((x) => -a * x),
          1e-7,
        );
        const [first, second] = columns as [Section, Section];
        const more = y.map((x, i) => x + a * (first[i] as number) - 2 * (second[i] as number) + (groups[i] as number));
        for (const i of known(out)) expect(residuals(more, exposures)[i]).toBeCloseTo(out[i] as number, 6);
      }),
    );
  });

  test('follow the symbols, and do not depend on the sections seen before', () => {
    const used = new Regression();
    fc.assert(
      fc.property(cases, fc.nat(), ({ y, groups, columns, weights }, seed) => {
        const order = orderOf(y.length, seed);
        const out = residuals(y, { groups, columns, weights });
        const again = new Float64Array(y.length);
        used.residuals(y, { groups, columns, weights }, again);
        expect(again).toEqual(out);
        const moved = {
          groups: shuffled(groups, order),
          columns: columns.map((column) => shuffled(column, order)).reverse(),
          weights: shuffled(weights, order),
        };
        expectClose(residuals(shuffled(y, order), moved), shuffled(out, order), 1e-8);
      }),
    );
  });

  test('a column that says nothing new changes nothing', () => {
    fc.assert(
      fc.property(cases, ({ y, groups, columns, weights }) => {
        const [first, second] = columns as [Section, Section];
        const constant = y.map(() => 7.1);
        const sum = first.map((x, i) => 3 * x - (second[i] as number));
        const ofGroup = groups.map((code) => Math.sin(code));
        const more = { groups, columns: [constant, ...columns, sum, ofGroup], weights };
        expectClose(residuals(y, more), residuals(y, { groups, columns, weights }), 1e-8);
      }),
    );
  });

  test('do not depend on how far from 0 numbers are', () => {
    const far = (x: Section): Section => x.map((value) => 2 ** 44 + Math.round(64 * value) / 64);
    const near = (x: Section): Section => far(x).map((value) => value - 2 ** 44);
    fc.assert(
      fc.property(cases, ({ y, groups, columns, weights }) => {
        const exposures = (moved: (x: Section) => Section): Exposures => ({
          groups,
          columns: columns.map(moved),
          weights,
        });
        expectClose(residuals(far(y), exposures(far)), residuals(near(y), exposures(near)), 1e-8);
      }),
    );
  });

  test('who is alone in a group is explained by it, to the last bit', () => {
    fc.assert(
      fc.property(cases, ({ y, groups, columns, weights }) => {
        const out = residuals(y, { groups, columns, weights });
        const cells = known(out);
        for (const i of cells) {
          if (cells.filter((other) => groups[other] === groups[i]).length === 1) expect(out[i]).toBe(0);
        }
      }),
    );
  });

  test('are exactly 0 where all is explained', () => {
    const groups = Float64Array.of(1, 1, 1, 1, 2, missing);
    const column = Float64Array.of(0.1, 0.7, 0.3, 0.2, 5, 1);
    const y = Float64Array.of(0.3, 0.1, 0.2, 0.9, 8, 1);
    const [, , , , alone, without] = residuals(y, { groups, columns: [column] });
    expect(alone).toBe(0);
    expect(without).toBeNaN();
    const line = column.map((x) => 0.1 + 0.7 * x);
    expect([...residuals(line, { groups, columns: [column] })]).toEqual([0, 0, 0, 0, 0, missing]);
    expect([...residuals(y.fill(0.1), { columns: [column] })]).toEqual([0, 0, 0, 0, 0, 0]);
    // Two symbols and a column, or one symbol.
    const two = Float64Array.of(0.3, missing, 0.1);
    expect([...residuals(two, { columns: [Float64Array.of(0.7, 1, 0.2)] })]).toEqual([0, missing, 0]);
    expect([...residuals(Float64Array.of(missing, 5), { columns: [] })]).toEqual([missing, 0]);
  });

  test('nobody to regress on', () => {
    const column = Float64Array.of(1, 2, 3);
    const none = [missing, missing, missing];
    expect([...residuals(Float64Array.from(none), { columns: [column] })]).toEqual(none);
    expect([...residuals(column, { columns: [Float64Array.from(none)] })]).toEqual(none);
    expect([...residuals(column, { columns: [], groups: Float64Array.from(none) })]).toEqual(none);
    expect([...residuals(column, { columns: [], weights: Float64Array.of(0, -1, missing) })]).toEqual(none);
    expect([...residuals(new Float64Array(0), { columns: [] })]).toEqual([]);
    const weights = Float64Array.of(2, 0, 2, -1);
    expectClose(residuals(Float64Array.of(1, 9, 3, 9), { columns: [], weights }), [-1, missing, 1, missing]);
    // An infinite number is missing, not an end to the others.
    const wild = Float64Array.of(1, Number.POSITIVE_INFINITY, 3);
    expectClose(residuals(wild, { columns: [] }), [-1, missing, 1]);
  });
});

describe('preparation', () => {
  const { x, universe, groups, columns, weights, cases: settings } = golden.preparations;

  test.each(settings)('agrees with numpy and statsmodels: $winsorise, standardise $standardise', (wanted) => {
    const preparation = { winsorise: parseWinsorisation(wanted.winsorise), standardise: wanted.standardise };
    const exposures = { groups: numbers(groups), columns: columns.map(numbers), weights: numbers(weights) };
    expectClose(prepared(numbers(x), preparation, undefined, numbers(universe)), numbers(wanted.alone));
    expectClose(prepared(numbers(x), preparation, exposures, numbers(universe)), numbers(wanted.neutral));
    const inPlace = numbers(x);
    prepareSection(inPlace, numbers(universe), exposures, preparation, inPlace);
    expectClose(inPlace, numbers(wanted.neutral));
  });

  test('by hand: the median is 3 and the MAD 1, so 2 MAD end at 1 and 5', () => {
    const section = Float64Array.of(3, 2, 100, 4, missing, 2.5, 3.5, -50);
    const bounded = prepared(section, { winsorise: parseWinsorisation('mad:2'), standardise: false });
    expect([...bounded]).toEqual([3, 2, 5, 4, missing, 2.5, 3.5, 1]);
    // Quantiles of 0, 1, ..., 4 at a tenth: 0.4 and 3.6.
    const tenths = { winsorise: parseWinsorisation('quantile:0.1'), standardise: false };
    expectClose(prepared(Float64Array.of(0, 1, 2, 3, 4), tenths), [0.4, 1, 2, 3, 3.6]);
  });

  const rules = fc.constantFrom('mad:5', 'mad:1', 'quantile:0.05', 'none').map(parseWinsorisation);

  test('does not depend on origin and unit, and turns with the sign', () => {
    const affine = fc.tuple(
      fc.double({ min: -50, max: 50, noNaN: true }),
      fc.double({ min: 0.1, max: 50, noNaN: true }),
    );
    fc.assert(
      fc.property(cases, rules, affine, ({ y, groups, columns }, winsorise, [a, b]) => {
        for (const exposures of [undefined, { groups, columns }]) {
          const preparation = { winsorise, standardise: true };
          const out = prepared(y, preparation, exposures);
          const moved = y.map((x) => a - b * x);
          expectClose(
            prepared(moved, preparation, exposures),
            out.map((x) => -x),
            1e-7,
          );
        }
      }),
    );
  });

  test('leaves a mean of 0 and a deviation of 1, or nothing', () => {
    fc.assert(
      fc.property(cases, rules, ({ y, groups, columns }, winsorise) => {
        const out = prepared(y, { winsorise, standardise: true }, { groups, columns });
        const cells = known(out);
        if (cells.length === 0) return;
        const mean = cells.reduce((sum, i) => sum + (out[i] as number), 0) / cells.length;
        const variance = cells.reduce((sum, i) => sum + ((out[i] as number) - mean) ** 2, 0) / cells.length;
        expect(mean).toBeCloseTo(0, 10);
        expect(variance).toBeCloseTo(1, 10);
      }),
    );
  });

  test('follows the symbols, and does not see those outside the universe', () => {
    fc.assert(
      fc.property(cases, rules, fc.nat(), ({ y, groups, columns, weights }, winsorise, seed) => {
        const preparation = { winsorise, standardise: true };
        const universe = weights.map((w) => (w > 0.7 ? 1 : 0));
        const order = orderOf(y.length, seed);
        const out = prepared(y, preparation, { groups, columns }, universe);
        const moved = { groups: shuffled(groups, order), columns: columns.map((column) => shuffled(column, order)) };
        const others = y.map((x, i) => (universe[i] === 1 ? x : seed));
        expectClose(
          prepared(shuffled(others, order), preparation, moved, shuffled(universe, order)),
          shuffled(out, order),
          1e-8,
        );
      }),
    );
  });

  test('what says nothing is missing, not rounding made large', () => {
    const none = [missing, missing, missing];
    const constant = Float64Array.of(0.1, 0.1, 0.1);
    expect([...prepared(constant)]).toEqual(none);
    expect([...prepared(Float64Array.from(none))]).toEqual(none);
    expect([...prepared(Float64Array.of(missing, 3, missing))]).toEqual(none);
    const column = Float64Array.of(0.7, 0.1, 0.4);
    expect([...prepared(column, plain, { columns: [column.map((x) => 3 - x / 7)] })]).toEqual(none);
    // As float32 stores it: only its rounding is left.
    expect([...prepared(Float64Array.from(Float32Array.from(column)), plain, { columns: [column] })]).toEqual(none);
    expectClose(prepared(Float64Array.of(5, 9)), [-1, 1]);
    expectClose(prepared(Float64Array.of(1, 2, Number.NEGATIVE_INFINITY)), [-1, 1, missing]);
  });

  test('where most are alike the MAD bounds nothing', () => {
    const mostlyZero = Float64Array.of(0, 0, 0, 0, 5);
    expect(prepared(mostlyZero, { winsorise: parseWinsorisation('mad:5'), standardise: false })).toEqual(mostlyZero);
  });

  test('winsorising is written as it is read', () => {
    for (const text of ['mad:5', 'mad:1.5', 'quantile:0.01', 'quantile:0', 'none']) {
      expect(winsorisationText(parseWinsorisation(text))).toBe(text);
    }
    expect(parseWinsorisation('mad:1e3')).toEqual({ kind: 'mad', k: 1000 });
    expect(parseWinsorisation('mad:2.5E-1')).toEqual({ kind: 'mad', k: 0.25 });
    expect(parseWinsorisation('quantile:1e-3')).toEqual({ kind: 'quantile', share: 0.001 });
    // Numbers too long for digits are written so that they are read again.
    expect(parseWinsorisation(winsorisationText({ kind: 'mad', k: 1e30 }))).toEqual({ kind: 'mad', k: 1e30 });
    for (const text of [
      '',
      'mad',
      'mad:',
      'mad:0',
      'mad:-1',
      'mad:x',
      'mad:5 ',
      'mad:e3',
      'mad:1e',
      'mad:1e999',
      'quantile:0.5',
      'quantile:1',
      'iqr:2',
    ]) {
      expect(() => parseWinsorisation(text)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
    }
  });

  test('selection finds what sorting finds', () => {
    const values = fc.array(fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: 0, max: 3 })), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.nat(), (list, seed) => {
        const k = seed % list.length;
        const sorted = Float64Array.from(list).sort();
        const parted = Float64Array.from([...list, 1e9, -1e9]); // of which the last two are not asked about
        expect(select(parted, list.length, k)).toEqual(sorted[k] === 0 ? expect.closeTo(0) : sorted[k]);
        expect(Math.max(...parted.subarray(0, k + 1))).toBeLessThanOrEqual(sorted[k] as number);
        expect(Math.min(...parted.subarray(k, list.length))).toBeGreaterThanOrEqual(sorted[k] as number);
      }),
    );
  });
});

describe('combination', () => {
  const { sections, label, cases: penalties } = golden.ridges;
  const fed = (order: readonly number[] = [...sections.keys()]): RidgeSums => {
    const sums = new RidgeSums(5);
    for (const t of order) sums.add((sections[t] as Stored[]).map(numbers), numbers(label[t] as Stored));
    return sums;
  };

  test.each(penalties)('ridge agrees with numpy: penalty $penalty', ({ penalty, weights }) => {
    expectClose(fed().weights(penalty), numbers(weights));
  });

  test('weights by hand', () => {
    expect(equalWeights([1, -1, 1, 1])).toEqual([0.25, -0.25, 0.25, 0.25]);
    expectClose(icWeights([0.03, -0.01, missing]), [0.75, -0.25, 0]);
    expect(icWeights([missing, 0])).toEqual([0, 0]);
    // Uncorrelated members, of which the first is the label: all weight is its.
    const sums = new RidgeSums(2);
    sums.add([Float64Array.of(1, 1, -1, -1), Float64Array.of(1, -1, 1, -1)], Float64Array.of(0.03, 0.03, 0.01, 0.01));
    expectClose(sums.weights(0.1), [1, 0]);
    expect(new RidgeSums(2).weights(0.1)).toEqual([0, 0]);
    expect(() => sums.weights(-1)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });

  test('the larger the penalty, the nearer to the correlations with the label', () => {
    const random = stream(3, 1, 4);
    const members = [0, 1, 2]
      .map(() => Float64Array.from({ length: 50 }, () => random.normal()))
      .map((x) => prepared(x));
    const returns = Float64Array.from({ length: 50 }, (_, i) => (members[0]?.[i] as number) + 2 * random.normal());
    const sums = new RidgeSums(3);
    sums.add(members, returns);
    expectClose(sums.weights(1e9), icWeights(members.map((x) => correlation(x, returns))), 1e-8);
  });

  test('copies share their weight, and one of them takes it all without a penalty', () => {
    const random = stream(3, 1, 5);
    const normal = (): Section => Float64Array.from({ length: 40 }, () => random.normal());
    const [a, b, returns] = [normal(), normal(), normal()];
    const sums = new RidgeSums(3);
    sums.add([a, a, b], returns);
    const [first, second] = sums.weights(0.1) as [number, number];
    expect(first).toBeCloseTo(second, 12);
    expect(first).not.toBe(0);
    const [all, none] = sums.weights(0) as [number, number];
    expect(none).toBe(0);
    expect(Math.abs(all)).toBeGreaterThan(0);
    // A combination of others but for rounding.
    const blends = new RidgeSums(3);
    blends.add([a, b, a.map((x, i) => (x + (b[i] as number)) / 3)], returns);
    expect(blends.weights(0)[2]).toBe(0);
  });

  test("no date's size or level matters, and a date whose label does not vary counts for nothing", () => {
    const [one, other] = [fed(), new RidgeSums(5)];
    for (const [t, date] of sections.entries()) {
      other.add(
        date.map(numbers),
        numbers(label[t] as Stored).map((x) => (1 + t) * x - t),
      );
    }
    expectClose(other.weights(), one.weights());
    one.add((sections[0] as Stored[]).map(numbers), numbers(label[0] as Stored).fill(0.02));
    expectClose(other.weights(), one.weights());
    expect(one.dates).toBe(sections.length);
    expectClose(fed([...sections.keys()].reverse()).weights(), one.weights());
  });

  test('a missing member is 0, and half of the members must be known', () => {
    const members = [
      Float64Array.of(1, missing, 2, missing),
      Float64Array.of(1, 1, missing, missing),
      Float64Array.of(-2, missing, 1, missing),
    ];
    const together = (some: readonly Float64Array[], weights: readonly number[]) => {
      const [sum, other, known] = [new Float32Array(4), new Float32Array(4), new Float32Array(4)];
      for (const [m, member] of some.entries()) {
        const weight = weights[m] as number;
        addMember(
          member,
          [
            { sum, weight },
            { sum: other, weight: -2 * weight },
          ],
          known,
        );
      }
      const left = leaveOut([sum, other], known, some.length);
      expect([...other]).toEqual([...sum].map((x) => -2 * x));
      expect(left).toBe(sum.filter((x) => !Number.isNaN(x)).length);
      return [...sum];
    };
    expect(together(members, [0.5, 0.25, -0.25])).toEqual([1.25, missing, 0.75, missing]);
    expect(together(members.slice(0, 2), [0.5, 0.5])).toEqual([1, 0.5, 1, missing]);
    // As the sums fill them: all but the last symbol count.
    const [sums, filled] = [new RidgeSums(2), new RidgeSums(2)];
    const label = Float64Array.of(3, 1, 2, 50);
    sums.add(members.slice(0, 2), label);
    filled.add([Float64Array.of(1, 0, 2), Float64Array.of(1, 1, 0)], label.slice(0, 3));
    expectClose(sums.weights(), filled.weights());
    expect(sums.weights()[0]).not.toBe(0);
  });
});

/** A shuffle of n places. */
function orderOf(n: number, seed: number): number[] {
  const random = stream(seed, 1, n);
  const keys = Array.from({ length: n }, () => random.next());
  return [...keys.keys()].sort((a, b) => (keys[a] as number) - (keys[b] as number));
}
