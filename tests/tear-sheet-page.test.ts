/** The page of a tear sheet: whole, by itself, of the sheet's own figures, and safe whatever is written in it. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { tones } from '../cli/report/scheme.ts';
import { thinned } from '../cli/report/tear-sheet/plot.ts';
import { tearSheetPage, tearSheetPictures } from '../cli/report/tear-sheet-page.ts';
import type { FactorSheet, TearSheet } from '../evaluation/tear-sheet/sheet.ts';
import { withCombinations } from '../evaluation/tear-sheet/with-combinations.ts';
import { changed, charts, elements, expectWholeDocument, words } from './html.ts';
import { tearSheet } from './sheets.ts';

type Matrix = NonNullable<TearSheet['correlation']>;

const small = { dates: 200, layers: 4 };
const one = tearSheet(7, small);
const library = tearSheet(8, { ...small, factors: 3 });
let page: string;
let shelf: string;

beforeAll(async () => {
  page = await tearSheetPage(one);
  shelf = await tearSheetPage(library);
});

/** Every number of a sheet. */
function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (Array.isArray(value)) return value.flatMap(numbersOf);
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(numbersOf) : [];
}

describe.each([
  ['a factor', () => page, one],
  ['a library', () => shelf, library],
] as const)('the page of %s', (_, text, sheet) => {
  test('is one whole document that needs nothing from elsewhere and runs nothing', () => {
    expectWholeDocument(text());
  });

  test('is the same for the same sheet', async () => {
    expect(await tearSheetPage(sheet)).toBe(text());
  });

  test('says what it weighs', () => {
    const [, said = '', unit] = /This page weighs ([\d.]+) (MB|kB)/.exec(text()) ?? [];
    const bytes = Buffer.byteLength(text());
    expect(Math.abs(Number(said) * (unit === 'MB' ? 1e6 : 1e3) - bytes)).toBeLessThan(0.01 * bytes);
  });

  test('its tables have figures of the sheet and no others', () => {
    const known = new Set(
      numbersOf(sheet).flatMap((value) => {
        const size = Math.abs(value);
        return [0, 1, 2, 3, 4].flatMap((digits) => [size.toFixed(digits), (100 * size).toFixed(digits)]);
      }),
    );
    for (const { coverage } of withCombinations(sheet)) {
      for (const cells of [coverage.known, ...coverage.byReason.map((row) => row.cells)]) {
        for (const digits of [1, 2]) known.add(((100 * cells) / coverage.cells).toFixed(digits));
      }
    }
    for (const [i] of withCombinations(sheet).entries()) known.add(String(i + 1));
    const cells = [...text().matchAll(/<td>([^<]*)<\/td>/g)].map(([, cell = '']) => cell);
    expect(cells.length).toBeGreaterThan(100);
    for (const cell of cells) {
      // Of dates only their number is a figure, and "> 0" says which side.
      const figures = cell.replace(/\d{4}-\d\d-\d\d|&#\d+;\s0|,(?=\d{3})/g, '').match(/\d+(\.\d+)?/g) ?? [];
      for (const figure of figures) expect(known, cell).toContain(figure);
    }
  });

  test('says what was assumed and what went wrong', () => {
    const seen = words(text());
    expect(seen).toContain(`${sheet.market.datesPerYear} dates a year`);
    expect(seen).toContain('0.2% of what is bought');
    expect(seen).toContain('11 dates at the end have no label');
    for (const warning of sheet.warnings) expect(seen).toContain(warning);
    for (const { coverage } of sheet.factors) {
      for (const { reason } of coverage.byReason) expect(seen).toContain(`left out: ${reason}`);
    }
  });

  test('its charts are drawn in colours that have a dark counterpart, and say what they show', () => {
    const colours: Set<string> = new Set(Object.values(tones).map(({ light }) => light));
    for (const chart of charts(text())) {
      expect(chart).toMatch(/^<svg [^>]*role="img" aria-label="[^"]{30,}"/);
      expect(chart).not.toMatch(/NaN|undefined|Infinity/);
      for (const [tag] of chart.replace(/<clipPath[\s\S]*?<\/clipPath>/g, '').matchAll(/<[^>]*>/g)) {
        const fill = / fill="([^"]*)"/.exec(tag)?.[1] ?? 'none';
        const stroke = / stroke="([^"]*)"/.exec(tag)?.[1] ?? 'none';
        if (!/ fill-opacity="0"/.test(tag) && fill !== 'none') expect(colours).toContain(fill);
        if (!/ stroke-width="0"/.test(tag) && stroke !== 'none') expect(colours).toContain(stroke);
      }
    }
  });
});

test('a factor has ten charts, and so has the combination in equal weights; a library one more, and its later factors are folded', () => {
  expect(charts(page)).toHaveLength(10);
  expect(charts(shelf)).toHaveLength(41);
  const folded = shelf.match(/<details class="factor"( open)?>/g) ?? [];
  expect(folded.map((tag) => tag.includes('open'))).toEqual([true, true, ...Array(4).fill(false)]);
});

test('every analysis has a line for each factor and each combination', async () => {
  const judged = withCombinations(library);
  const tables = new Map(
    [...shelf.matchAll(/aria-label="([^"]*)"><table[\s\S]*?<tbody>([\s\S]*?)<\/tbody>/g)].map(
      ([, label = '', body = '']) => [
        label,
        [...body.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = '']) => words(row).trim().split(' ')),
      ],
    ),
  );
  const line = (label: string, i: number): string[] => tables.get(label)?.[i] ?? [];
  expect(judged.map(({ name }) => name).slice(3)).toEqual([
    'combined equally',
    'combined by IC',
    'combined by ridge regression',
  ]);
  for (const [i, { name, rankIc, layers, decay }] of judged.entries()) {
    const heads = [...name.split(' '), String(i + 1)];
    for (const [label, figures] of [
      ['All factors', [rankIc.mean.toFixed(4), rankIc.icir.toFixed(3)]],
      [
        'Layers of all factors',
        [layers?.layers[0]?.excess, layers?.layers.at(-1)?.excess].map(
          (one) => `${(100 * (one?.annualReturn ?? 0)).toFixed(1)}%`,
        ),
      ],
      ['RankIC by dates later', decay.map((one) => one.rankIc.toFixed(4))],
    ] as const) {
      expect(line(label, i).slice(0, heads.length), label).toEqual(heads);
      for (const figure of figures) expect(line(label, i), label).toContain(figure.replace('-', '−'));
    }
  }
  for (const method of ['Pearson', 'Spearman'] as const) {
    const of = method === 'Pearson' ? 'pearson' : 'spearman';
    const found = judged.map(({ likeness }) => likeness[2]?.[of].toFixed(2).replace('-', '−'));
    expect(line(`${method} correlation with known factors`, 2)).toEqual(['lnto', ...found]);
  }
  // Of many factors, what they are together stands for them.
  const many = await tearSheetPage({
    ...library,
    factors: Array.from({ length: 13 }, () => library.factors[0] as FactorSheet),
  });
  const [, titles = ''] =
    /aria-label="Pearson correlation[^"]*"><table class="figures">\s*<thead>([\s\S]*?)<\/thead>/.exec(many) ?? [];
  expect(words(titles).trim()).toBe('known factor combined equally combined by IC combined by ridge regression');
});

test('correlations of factors that seldom meet are said to be of few dates', async () => {
  const note = async (fewest: number) => {
    const page = await tearSheetPage({ ...library, correlation: { ...(library.correlation as Matrix), fewest } });
    return /Spearman below, mean of ([^<]*)</.exec(page)?.[1];
  };
  expect(await note(60)).toBe('60 dates');
  expect(await note(3)).toBe('60 dates at most, of one pair 3');
});

test('figures that are missing are dashes, in memory and in JSON', async () => {
  // What is a count stays one; there is no sheet without dates per year.
  const missing = (value: number): number => (Number.isInteger(value) ? value : Number.NaN);
  const empty: TearSheet = {
    ...library,
    factors: library.factors.map((factor) => changed(factor, missing)),
    ...(library.correlation && { correlation: changed(library.correlation, missing) }),
  };
  for (const sheet of [empty, JSON.parse(JSON.stringify(empty)) as TearSheet]) {
    const text = await tearSheetPage(sheet);
    elements(text);
    expect(words(text)).not.toMatch(/NaN|undefined|null|Infinity|\[object/);
    expect(text.match(/<td>–<\/td>/g)?.length).toBeGreaterThan(100);
    expect(charts(text).join('')).not.toMatch(/NaN|undefined|Infinity/);
  }
});

test('known factors without a correlation are named below the chart, not in it', async () => {
  const [factor] = one.factors as [FactorSheet];
  const likeness = factor.likeness.map((row) =>
    row.kind === 'style' ? { ...row, pearson: Number.NaN, spearman: Number.NaN } : row,
  );
  const chartOf = (text: string) => charts(text).find((chart) => /Correlation with known factors/.test(chart)) ?? '';
  const styled = await tearSheetPage({ ...one, factors: [{ ...factor, likeness }] });
  expect(chartOf(page)).toContain('>Momentum<');
  expect(words(page)).not.toContain('without a correlation on these dates');
  expect(chartOf(styled)).toContain('>lnamihud<');
  expect(chartOf(styled)).not.toContain('Momentum');
  expect(words(styled)).toContain(
    'Known factors without a correlation on these dates: Size, Beta, Momentum, ResVol, NLSize, Liquidity.',
  );
  const none = likeness.filter(({ kind }) => kind === 'style');
  expect(chartOf(await tearSheetPage({ ...one, factors: [{ ...factor, likeness: none }] }))).toBe('');
});

test('a factor of which next to nothing is known has a page', async () => {
  const [factor] = one.factors as [FactorSheet];
  const nothing = { ...factor.ic, byYear: [], byMonth: [], series: [], cumulative: [] };
  const { layers: _, expression: __, ...rest } = factor;
  const bare: FactorSheet = {
    ...rest,
    ic: nothing,
    rankIc: nothing,
    decay: [],
    autocorrelation: [],
    likeness: [],
    placebo: { ...factor.placebo, means: [] },
  };
  const text = await tearSheetPage({ ...one, dates: [], factors: [bare], warnings: [] });
  elements(text);
  expect(charts(text)).toHaveLength(3);
  expect(words(text)).not.toMatch(/NaN|undefined|null|Infinity/);
});

test('whatever is written in a sheet, the page has the same elements', async () => {
  const hostile = fc
    .array(
      fc.constantFrom(
        '<script>',
        '</style>',
        '<b>',
        '</details>',
        '"',
        "'",
        '&',
        '<!--',
        ']]>',
        '<svg/onload=x>',
        '{a|b}',
        '$&',
        '$1',
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map((pieces) => pieces.join(''));
  const [a, b] = library.factors as [FactorSheet, FactorSheet];
  const written = (text: string): Promise<string> => {
    const named = (factor: FactorSheet): FactorSheet => ({
      ...factor,
      name: text,
      expression: text,
      coverage: { ...factor.coverage, byReason: [{ reason: text, cells: 3 }] },
      likeness: [{ name: text, kind: 'style', doc: 'What it is.', pearson: 0.1, spearman: 0.2 }],
    });
    return tearSheetPage({
      ...library,
      factors: [named(a), named(b)],
      market: { ...library.market, name: text },
      settings: { ...library.settings, universe: text, neutralise: [text], winsorise: text, split: text },
      correlation: {
        names: [text, text],
        pearson: [
          [1, 0.5],
          [0.5, 1],
        ],
        spearman: [
          [1, 0.5],
          [0.5, 1],
        ],
        dates: 9,
        fewest: 9,
      },
      warnings: [text],
    });
  };
  const plain = elements(await written('plain'));
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      const attacked = await written(text);
      expect(elements(attacked)).toEqual(plain);
      expect(attacked).not.toContain('onload=x>');
    }),
    { numRuns: 6 },
  );
});

test('the pictures are files by name', async () => {
  const pictures = await tearSheetPictures(library);
  expect(pictures.size).toBe(41);
  expect(pictures.has('combined-layer-excess')).toBe(true);
  expect([...pictures.keys()].slice(0, 2)).toEqual(['1-cumulative-ic', '1-ic-by-year']);
  for (const [name, text] of pictures) {
    expect(name).toMatch(/^[\w-]+$/);
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="[^"]*" width="\d+" height="\d+"/);
    elements(text);
  }
});

test('a long series is thinned and keeps its ends', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), (length) => {
      const shown = thinned(length);
      expect(shown.length).toBe(Math.min(length, 400));
      if (length > 0) expect([shown[0], shown.at(-1)]).toEqual([0, length - 1]);
      expect(new Set(shown).size).toBe(shown.length);
    }),
  );
});

test.each([0.0043, -0.0087, 0.05])(
  'the mean of %d stands where it belongs among those of shuffled labels',
  async (mean) => {
    const [factor] = one.factors as [FactorSheet];
    const means = Array.from({ length: 101 }, (_, k) => (k - 50) * 1e-4);
    const shown: TearSheet = {
      ...one,
      factors: [{ ...factor, ic: { ...factor.ic, mean }, placebo: { ...factor.placebo, means, mean: 0 } }],
    };
    const svg = [...(await tearSheetPictures(shown))].find(([name]) => name.endsWith('placebo'))?.[1] ?? '';
    const ticks = [...svg.matchAll(/translate\(([\d.]+) 238\)"[^>]*>([-\d.]+)</g)].map(([, x, value]) => [
      Number(x),
      Number(value),
    ]);
    const [a, b] = [ticks[0] as number[], ticks.at(-1) as number[]];
    const perUnit = ((b[0] as number) - (a[0] as number)) / ((b[1] as number) - (a[1] as number));
    const expected = (a[0] as number) + (mean - (a[1] as number)) * perUnit;
    const mark = svg.match(/<path d="M([\d.]+) [\d.]+L\1 [\d.]+"[^>]*stroke-width="2.5"/);
    // Lines are moved to whole pixels.
    expect(Math.abs(Number(mark?.[1]) - expected)).toBeLessThan(1);
  },
);
