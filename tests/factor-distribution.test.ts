/** What many factors come to: in figures, in bins, on the page and in the terminal. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sheetSummary } from '../cli/print/tear-sheet.ts';
import { distributionCharts } from '../cli/report/tear-sheet/distribution.ts';
import { roundBins } from '../cli/report/tear-sheet/histogram.ts';
import { tearSheetPage, tearSheetPictures } from '../cli/report/tear-sheet-page.ts';
import { distributionOf } from '../evaluation/tear-sheet/distribution.ts';
import type { FactorSheet, TearSheet } from '../evaluation/tear-sheet/sheet.ts';
import { charts } from './html.ts';
import { tearSheet } from './sheets.ts';

const size = { dates: 60, layers: 0 };
const full = tearSheet(5, { ...size, factors: 14 });
/** With next to no charts of each factor, which take long to draw. */
const many: TearSheet = {
  ...full,
  factors: full.factors.map((one) => ({
    ...one,
    decay: [],
    autocorrelation: [],
    likeness: [],
    ic: { ...one.ic, byYear: [], byMonth: [], cumulative: [] },
    placebo: { ...one.placebo, means: [] },
  })),
};

test('there is one of thirteen factors, and none of twelve', () => {
  expect(many.distribution).toBeDefined();
  expect(tearSheet(5, { ...size, factors: 13 }).distribution?.factors).toBe(13);
  expect(tearSheet(5, { ...size, factors: 12 }).distribution).toBeUndefined();
});

const finite = fc.double({ min: -0.2, max: 0.2, noNaN: true });
const factor = fc.record({
  sign: fc.constantFrom(1 as const, -1 as const),
  mean: fc.option(finite, { freq: 6, nil: Number.NaN }),
  icir: fc.option(finite, { freq: 6, nil: Number.NaN }),
});
const [template] = many.factors as readonly [FactorSheet, ...FactorSheet[]];

test('figures are those of the factors turned the way they point', () => {
  fc.assert(
    fc.property(
      fc.array(factor, { minLength: 13, maxLength: 20 }),
      fc.array(finite, { minLength: 400 }),
      (some, draws) => {
        const factors = some.map(({ sign, mean, icir }) => ({ sign, rankIc: { ...template.rankIc, mean, icir } }));
        const matrix = some.map((_, i) =>
          some.map((__, j) => (i === j ? 1 : (draws[Math.min(i, j) * 20 + Math.max(i, j)] as number))),
        );
        const names = some.map((_, i) => String(i));
        const found = distributionOf(factors, { names, pearson: matrix, spearman: matrix, dates: 9, fewest: 9 });
        const means = some.filter(({ mean }) => !Number.isNaN(mean)).map(({ sign, mean }) => sign * mean);
        expect(found?.factors).toBe(means.length);
        expect(found?.rankIc.atLeastGood).toBe(means.filter((x) => x >= 0.05).length);
        expect(found?.rankIc.mean).toBeCloseTo(means.reduce((a, b) => a + b, 0) / means.length, 12);
        const below = means.filter((x) => x <= (found?.rankIc.median as number) + 1e-15).length;
        const above = means.filter((x) => x >= (found?.rankIc.median as number) - 1e-15).length;
        if (means.length > 0) expect(2 * Math.min(below, above)).toBeGreaterThanOrEqual(means.length);
        let [sum, pairs] = [0, 0];
        for (let i = 0; i < some.length; i++) {
          for (let j = i + 1; j < some.length; j++, pairs++) sum += Math.abs(matrix[j]?.[i] as number);
        }
        expect(found?.likeness.pearson).toBeCloseTo(sum / pairs, 12);
        // Turning every factor and its sign round changes nothing.
        const turned = factors.map(({ sign, rankIc }) => ({
          sign: -sign as 1 | -1,
          rankIc: { ...rankIc, mean: -rankIc.mean, icir: -rankIc.icir },
        }));
        expect(distributionOf(turned, { names, pearson: matrix, spearman: matrix, dates: 9, fewest: 9 })).toEqual(
          found,
        );
      },
    ),
    { numRuns: 40 },
  );
});

describe('files of many factors beside each other', () => {
  const groups = ['day', 'minutes'];
  const two = tearSheet(6, { ...size, factors: 27 });
  const factors = two.factors.map((one, i) => ({ ...one, ...(i > 0 && { group: groups[i % 2] as string }) }));
  const correlation = two.correlation as NonNullable<TearSheet['correlation']>;
  const distribution = distributionOf(factors, correlation) as NonNullable<TearSheet['distribution']>;

  test('each has the figures it has by itself', () => {
    expect(distribution.groups?.map(({ name }) => name)).toEqual(['minutes', 'day']);
    for (const { name, ...found } of distribution.groups ?? []) {
      const places = factors.flatMap(({ group }, i) => (group === name ? [i] : []));
      expect(places).toHaveLength(13);
      const some = (matrix: readonly (readonly number[])[]) =>
        places.map((i) => places.map((j) => matrix[i]?.[j] as number));
      const { pearson, spearman } = correlation;
      const own = { ...correlation, pearson: some(pearson), spearman: some(spearman) };
      const { groups: none, ...alone } = distributionOf(
        places.map((i) => factors[i] as FactorSheet),
        own,
      ) as NonNullable<TearSheet['distribution']>;
      expect(found).toEqual(alone);
      expect(none).toBeUndefined();
    }
    const { groups: _, ...whole } = distribution;
    expect(distributionOf(two.factors, two.correlation)).toEqual(whole);
  });

  test('a line each in the terminal, and charts', () => {
    const text = sheetSummary({ ...two, factors, distribution });
    for (const { name, factors: known, rankIc, icir } of distribution.groups ?? []) {
      const line = text.split('\n').find((one) => one.endsWith(`  ${name}`));
      expect(line?.trim().split(/ +/).slice(0, 4)).toEqual(
        [rankIc.mean.toFixed(4), rankIc.atLeastGood, known, icir.mean.toFixed(2)].map(String),
      );
    }
    expect(distributionCharts(factors).map(({ title }) => title)).toEqual([
      ...['RankIC', 'ICIR of RankIC'],
      ...['minutes: RankIC', 'minutes: ICIR of RankIC', 'day: RankIC', 'day: ICIR of RankIC'],
    ]);
    expect(new Set(distributionCharts(factors).map(({ chart }) => chart.name)).size).toBe(6);
  });
});

test('bins hold every value once, between edges at round numbers', () => {
  fc.assert(
    fc.property(fc.array(finite, { minLength: 1, maxLength: 60 }), fc.integer({ min: 2, max: 20 }), (values, most) => {
      const { first, step, counts } = roundBins(values, most);
      expect(counts.length).toBeLessThanOrEqual(most);
      expect([1, 2, 5, 10]).toContain(Math.round(step / 10 ** Math.floor(Math.log10(step * (1 + 1e-9)))));
      expect(Math.abs(first / step - Math.round(first / step))).toBeLessThan(1e-6);
      expect(counts[0]).toBeGreaterThan(0);
      expect(counts.at(-1)).toBeGreaterThan(0);
      const dust = 1e-8 * step;
      for (const [i, held] of counts.entries()) {
        const [low, high] = [first + i * step, first + (i + 1) * step];
        expect(held).toBeLessThanOrEqual(values.filter((x) => x >= low - dust && x <= high + dust).length);
        expect(held).toBeGreaterThanOrEqual(values.filter((x) => x > low + dust && x < high - dust).length);
      }
      expect(counts.reduce((a, b) => a + b, 0)).toBe(values.length);
    }),
    { numRuns: 100 },
  );
  expect(roundBins([0.03, 0.05, 0.069, 0.07], 6)).toEqual({ first: 0.03, step: 0.01, counts: [1, 0, 1, 1, 1] });
  expect(roundBins([0, 0], 8).counts).toEqual([2]);
});

test('the page and the pictures have both histograms, and pages of few factors none', async () => {
  const page = await tearSheetPage(many);
  const shown = charts(page).filter((chart) => chart.includes('How many factors have which'));
  expect(shown).toHaveLength(2);
  const { rankIc, likeness } = many.distribution as NonNullable<TearSheet['distribution']>;
  expect(page).toContain(`Mean RankIC ${rankIc.mean.toFixed(4).replace('-', '−')}`);
  expect(page).toContain(`two factors: ${likeness.pearson.toFixed(2)}`);
  expect([...(await tearSheetPictures(many)).keys()].slice(-3)).toEqual([
    'correlation',
    'rank-ic-distribution',
    'icir-distribution',
  ]);
  const { distribution: _, ...without } = many;
  const plain = await tearSheetPage(without);
  expect(plain).not.toContain('How many factors have which');
  expect(page.length - plain.length).toBeLessThan(16_000);
});

test('is a line in the terminal, the same from JSON', () => {
  const { factors, rankIc } = many.distribution as NonNullable<TearSheet['distribution']>;
  const line = sheetSummary(many)
    .split('\n')
    .find((one) => one.startsWith('Each the way it points'));
  expect(line).toContain(
    `mean RankIC ${rankIc.mean.toFixed(4)}, ${rankIc.atLeastGood} of ${factors} at 5% or more, mean ICIR`,
  );
  expect(line).toMatch(/mean \|correlation\| of pairs 0\.\d\d, of their ranks 0\.\d\d\.$/);
  const { distribution: _, ...few } = many;
  expect(sheetSummary(few)).not.toContain('Each the way it points');
});

test('factors without a RankIC have no histogram, and figures that are missing are left out', async () => {
  const nothing = many.factors.map((one) => ({
    ...one,
    rankIc: { ...one.rankIc, mean: Number.NaN, icir: Number.NaN },
  }));
  const distribution = distributionOf(nothing, undefined);
  expect(distribution).toMatchObject({ factors: 0, rankIc: { atLeastGood: 0 } });
  const { correlation: _, ...rest } = many;
  const sheet = { ...rest, factors: nothing, ...(distribution && { distribution }) };
  const read = JSON.parse(JSON.stringify(sheet)) as TearSheet;
  const page = await tearSheetPage(read);
  expect(page).not.toContain('How many factors have which');
  expect(page.replace(/<style>[\s\S]*?<\/style>|<[^>]*>/g, ' ')).not.toMatch(/NaN|undefined|null|Infinity/);
  for (const one of [sheet, read]) expect(sheetSummary(one)).not.toMatch(/NaN|undefined|null/);
});
