/**
 * `evolve evaluate` as it is typed: what goes out, markets and factors with little to say, and what a user gets wrong.
 * To add a case, add a row.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixed } from '../cli/print/number.ts';
import { sheetSummary } from '../cli/print/tear-sheet.ts';
import { tearSheetPage } from '../cli/report/tear-sheet-page.ts';
import { stream } from '../core/random.ts';
import type { CombinationSheet, FactorSheet, TearSheet } from '../evaluation/tear-sheet/sheet.ts';
import { withCombinations } from '../evaluation/tear-sheet/with-combinations.ts';
import { libraryText } from '../runs/library.ts';
import { evolveEach } from './evolve.ts';
import { handMade } from './market-copies.ts';
import { tearSheet as madeUp } from './sheets.ts';
import { factorLibrary, libraryFactor } from './small-library.ts';

const cwd = mkdtempSync(join(tmpdir(), 'evolve-evaluate-'));
const around = { cwd, env: { EVOLVE_CACHE: join(cwd, 'cache') } };
afterAll(() => rmSync(cwd, { recursive: true }));

type Cell = (t: number, n: number) => number;
type Heard = Awaited<ReturnType<typeof evolveEach>>[number];

const rows = 60;
const columns = 12;

/** Prices that wander, noise, and what else is wanted. */
async function market(name: string, fields: Readonly<Record<string, Cell>> = {}, size = { rows, columns }) {
  const random = stream(3, size.rows, size.columns);
  const last = Float64Array.from({ length: size.columns }, () => 10 * Math.exp(random.normal()));
  const close: Cell = (_, n) => {
    last[n] = (last[n] as number) * Math.exp(0.02 * random.normal());
    return last[n] as number;
  };
  await handMade(join(cwd, name), size, { CLOSE: close, NOISE: () => random.normal(), ...fields });
}

beforeAll(async () => {
  await market('usual', {
    CONSTANT: () => 1,
    GAP: (t, n) => (t % 7 === 3 ? Number.NaN : (n * 7 + t) % columns),
    NEVER: () => Number.NaN,
    MEMBER: (_, n) => n % 2,
    NOBODY: () => 0,
    CAP: (_, n) => 1 + n,
    SWING: (_, n) => n - 5,
    INDUSTRY: (_, n) => n % 3,
    SECTOR: (_, n) => n % 4,
  });
  await market('two', {}, { rows, columns: 2 });
  await market('one', {}, { rows, columns: 1 });
  await market('alone', { INDUSTRY: (_, n) => n });
  await market('frozen', { CLOSE: (_, n) => n + 1 });
  await market('short', {}, { rows: 8, columns });
  await market('date', {}, { rows: 1, columns });
  // Held for five dates at a time; the last prices of three symbols are in the middle of one.
  const gone = (t: number, n: number) => n < 3 && t > 33;
  await market('delisted', {
    CLOSE: (t, n) => (gone(t, n) ? Number.NaN : 10 + n + Math.sin(t + n)),
    LISTED_DAYS: (t, n) => (gone(t, n) ? Number.NaN : t + 1),
  });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  symlinkSync('noise.csv', join(cwd, 'link.html'));
  symlinkSync('flags.json', join(cwd, 'flags.html'));
}, 30_000);

/** On dates behind those of training. */
const late = (name: string, by: number): string =>
  `date,symbol,${name}\n${['02-10', '02-11', '02-12', '02-13']
    .flatMap((day, t) => [1, 2, 4, 5, 8].map((n) => `2023-${day},S00${n},${(by * n + t) % 7}`))
    .join('\n')}\n`;

const files: Readonly<Record<string, string>> = {
  'late.csv': late('LATE', 2),
  'later.csv': late('LATER', 1),
  'empty.json': '{"factors": []}',
  'empty-list.json': '[]',
  'corrupt.json': '{"schema": 1, ',
  'notes.parquet': 'hello',
  'broken.parquet': 'PAR1 and no more PAR1',
  'words.csv': 'date,symbol,score\n2023-01-04,S001,good\n',
  'twice.csv': 'date,symbol,score\n2023-01-04,S001,1\n2023-01-04,S001,2\n',
  'strangers.csv': 'date,symbol,score\n2023-01-04,X,1\n2023-01-05,Y,2\n',
  'ancient.csv': 'date,symbol,score\n1999-01-04,S001,1\n1999-01-05,S002,2\n',
  'noise.csv': 'date,symbol,NOISE\n2023-01-04,S001,1\n2023-01-04,S002,2\n2023-01-04,S004,4\n',
  'sole.csv': 'date,symbol,SOLE\n2023-01-04,S001,1\n2023-01-04,S002,2\n2023-01-04,S004,4\n',
  // Between the dates that --horizon 5 samples.
  'seldom.csv': `date,symbol,score\n${['01-03', '01-13', '01-23', '02-02', '02-12']
    .flatMap((day, t) => [1, 2, 4, 5, 8].map((n) => `2023-${day},S00${n},${(n * (t + 1)) % 7}`))
    .join('\n')}\n`,
  'twice.json': '[{"name": "a", "expression": "NOISE"}, {"name": "a", "expression": "CLOSE"}]',
  'stranger.json': libraryText(factorLibrary(libraryFactor('one', 'NOISES + 1'))),
  'elsewhere.json': libraryText(factorLibrary(libraryFactor('one', 'NOISE'))),
  'first.json': '[{"name": "a", "expression": "NOISE"}]',
  'second.json': '[{"name": "a", "expression": "GAP"}]',
  'second/noise.csv': 'date,symbol,NOISE\n2023-01-04,S001,3\n2023-01-04,S002,2\n2023-01-04,S004,5\n',
  'loud.csv': 'date,symbol,NOISE\n2023-01-04,S001,4\n2023-01-04,S002,2\n2023-01-04,S004,1\n2023-01-04,X\x1b,1\n',
  'named.json': '[{"name": "\\u001b[31mred", "expression": "GAP"}]',
  'mine.html': 'mine',
  'taken/decay.svg': 'mine',
  'run/run.json': '{}',
  'found/library.json': '[{"name": "a", "expression": "NOISE"}]',
  'folder.html/mine': 'mine',
  'flags.json': '{"data": "usual"}',
};

/** Double quotes keep spaces inside an argument. */
const split = (line: string): string[] =>
  ['evaluate', ...(line.match(/"[^"]*"|\S+/g) ?? [])].map((word) => word.replaceAll('"', ''));

const daily = '--split all --horizon 1 --workers 1 --against none --shuffles 9';

describe('with little to say, there is a sheet all the same, with what is missing left out', () => {
  /** [what, command line, a warning, more that must be so] */
  const oddities: readonly (readonly [string, string, RegExp, (sheet: TearSheet, factor: FactorSheet) => void])[] = [
    [
      'the same value on every date',
      `CONSTANT --data usual ${daily}`,
      /^CONSTANT has no correlation on any date: its values are missing or alike\.$/,
      (_, { ic, placebo, coverage }) => {
        expect([ic.mean, ic.dates, placebo.p, coverage.known, coverage.datesWithout]).toEqual([null, 0, null, 0, rows]);
      },
    ],
    [
      'a value on no date',
      `NEVER --data usual ${daily}`,
      /^NEVER has no correlation on any date: its values are missing or alike\.$/,
      (_, { coverage }) =>
        expect(coverage.byReason).toEqual([{ reason: 'traded, but the factor has no value', cells: rows * columns }]),
    ],
    [
      'dates without a value',
      `GAP --data usual ${daily}`,
      /^All dates are judged/,
      (_, { ic, coverage }) => {
        expect(ic.series.flatMap((x, t) => (x === null ? [t] : []))).toEqual([3, 10, 17, 24, 31, 38, 45, 52, 58, 59]);
        expect([ic.dates, coverage.datesWithout]).toEqual([rows - 10, 9]);
      },
    ],
    [
      'nobody in the universe',
      `NOISE --data usual ${daily} --universe NOBODY`,
      /^NOISE has no correlation on any date: its values are missing or alike\.$/,
      (_, { coverage, placebo }) => expect([coverage.cells, placebo.p]).toEqual([0, null]),
    ],
    [
      'two symbols',
      `NOISE --data two ${daily} --layers 2`,
      /^NOISE has no correlation on any date: the returns beside its values are too few or alike\.$/,
      (_, { ic, layers }) => {
        expect([ic.mean, ic.tNeweyWest]).toEqual([null, null]);
        expect(layers?.layers.map(({ size }) => size)).toEqual([1, 1]);
      },
    ],
    [
      'one symbol',
      `NOISE --data one ${daily}`,
      /^NOISE has no correlation on any date/,
      (_, { ic }) => expect(ic.dates).toBe(0),
    ],
    [
      'each symbol alone in its industry',
      `NOISE --data alone ${daily} --neutralise industry`,
      /^NOISE has no correlation on any date: its values are missing or alike\.$/,
      (_, { coverage }) =>
        expect(coverage.byReason).toEqual([
          { reason: 'on a date on which all values are alike or explained', cells: rows * columns },
        ]),
    ],
    [
      'what is named twice, and weights below 0 for half of the symbols',
      `NOISE --data usual ${daily} --neutralise CAP,CAP --weighted-by SWING`,
      /^SWING is not above 0 for 50% of the cells: .* they are left out\./,
      ({ settings }, { coverage }) => {
        expect(settings.neutralise).toEqual(['CAP']);
        expect(coverage.byReason).toEqual([
          { reason: 'has no weight above 0 in the regression', cells: (rows * columns) / 2 },
        ]);
      },
    ],
    [
      'prices that never move',
      `NOISE --data frozen ${daily}`,
      /^NOISE has no correlation on any date: the returns beside its values are too few or alike\.$/,
      (_, { ic, layers }) => {
        expect(ic.dates).toBe(0);
        expect(layers?.universe.nav.every((value) => value === 1)).toBe(true);
      },
    ],
    [
      'symbols delisted while they are held',
      `NOISE --data delisted ${daily} --rebalance 5 --cost 0`,
      /^All dates are judged/,
      (_, { ic, layers, coverage }) => {
        expect(layers?.untraded.delisted).toBe(3);
        // A return of one date, entered a date later: two dates of each of the three, and the last two of the others.
        expect(coverage.sampled).toEqual({ known: coverage.known, withoutLabel: 3 * 2 + (columns - 3) * 2 });
        expect(layers?.layers.every(({ nav }) => nav.every((value) => value > 0))).toBe(true);
        expect(coverage.cells).toBe(rows * columns - 3 * (rows - 34));
        expect(ic.dates).toBe(rows - 2);
      },
    ],
    [
      'as many dates as one label takes',
      'NOISE --data short --split all --horizon 6 --workers 1',
      /^Correlations are of one date, one in 6/,
      (_, { ic, decay }) => expect([ic.dates, decay.map(({ dates }) => dates)]).toEqual([1, [1, 0, 0, 0, 0]]),
    ],
    [
      'no shuffles',
      `NOISE --data usual ${daily.replace(/\d+$/, '0')}`,
      /^All dates are judged/,
      (_, { placebo }) => expect(placebo).toEqual({ shuffles: 0, mean: null, std: null, p: null, means: [] }),
    ],
    [
      'no layers',
      `NOISE --data usual ${daily} --layers 0`,
      /^All dates are judged/,
      (_, factor) => expect(factor).not.toHaveProperty('layers'),
    ],
    [
      'weeks of which there are 52.2 a year',
      `NOISE --data usual ${daily} --dates-per-year 52.2`,
      /^All dates are judged/,
      ({ market }) => expect(market.datesPerYear).toBe(52.2),
    ],
    [
      'a factor of one date among others',
      `sole.csv GAP --data usual ${daily}`,
      /^Correlations of SOLE are of one date, one in 1: too few to tell chance from skill\./,
      ({ warnings, factors }) => {
        expect(factors.map(({ ic }) => ic.dates)).toEqual([1, rows - 10]);
        expect(warnings).toContainEqual(expect.stringMatching(/^Layers were dealt fewer than 5 times: SOLE \(1\)\./));
      },
    ],
    [
      'more layers than symbols',
      `NOISE --data usual ${daily} --layers 10 --universe MEMBER`,
      /^NOISE: 4 of 10 layers never held a symbol; fewer --layers would fill them\.$/,
      (_, { layers }) => expect(layers?.layers.filter(({ size }) => size === 1)).toHaveLength(6),
    ],
    [
      'scores of one date',
      'noise.csv --data usual --split all --every 1 --horizon 1 --workers 1',
      /^All dates are judged/,
      ({ warnings }, { ic, sign, coverage }) => {
        expect([ic.dates, sign, coverage.known]).toEqual([1, 1, 3]);
        // An IC of -0.33 among three symbols is chance.
        expect(warnings.filter((one) => one.includes('too good'))).toEqual([]);
      },
    ],
    [
      'scores on other dates than those sampled',
      'seldom.csv --data usual --split all --horizon 5 --workers 1',
      /^score has values on 5 of 60 dates: correlations are of 0 of them, layers were dealt on 0 and kept on 0 when they were due\. --every 1 and --rebalance 1 would use all of them;/,
      ({ warnings }, { ic }) => {
        expect(ic.dates).toBe(0);
        expect(warnings.filter((one) => /no correlation on any date/.test(one))).toEqual([]);
      },
    ],
    [
      'scores so seldom that their labels do not overlap, on all of their dates',
      'seldom.csv --data usual --split all --horizon 5 --every 1 --rebalance 1 --workers 1',
      /^Correlations are of 5 dates, one in 1: too few/,
      (_, { ic, layers }) => {
        expect([ic.dates, layers?.rebalances]).toEqual([5, 5]);
        // As many as five dates that follow each other have, of labels of one date.
        expect(ic.lags).toBe(2);
      },
    ],
    [
      'scores of several files under one name, with letters a terminal takes for a command',
      `noise.csv second/noise.csv loud.csv sole.csv named.json --data usual ${daily} --layers 0`,
      /^loud\.csv: 1 left out, symbol the market does not have, such as X.\.$/,
      ({ factors, warnings }) => {
        expect(factors.map(({ name }) => name)).toEqual([
          'noise.csv: NOISE',
          'second/noise.csv: NOISE',
          'loud: NOISE',
          'SOLE',
          '\ufffd[31mred',
        ]);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(warnings.join(' ')).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
      },
    ],
    [
      'labels that overlap',
      'NOISE --data usual --split all --horizon 10 --every 1 --workers 1',
      /^Correlations are of 49 dates, one in 1, whose labels overlap: too few/,
      (_, { ic }) => expect(ic.lags).toBe(12),
    ],
    [
      'two factors, and no training dates to combine them by',
      `NOISE GAP --data usual ${daily}`,
      /^Factors are not combined: signs and weights come from training dates/,
      ({ combinations, correlation }) => {
        expect(combinations).toEqual([]);
        expect(correlation?.names).toEqual(['NOISE', 'GAP']);
        expect([correlation?.dates, correlation?.fewest]).toEqual([rows, rows - 9]);
      },
    ],
    [
      'two files of scores, which are good when they are high',
      `seldom.csv sole.csv --data usual ${daily}`,
      /^Factors are combined in equal weights alone: other weights come from training dates/,
      ({ combinations = [] }) => {
        expect(combinations).toHaveLength(1);
        expect(combinations[0]).toMatchObject({ name: 'equal', weights: [0.5, 0.5] });
        expect(combinations[0]).not.toHaveProperty('fitted');
      },
    ],
    [
      'two files of scores that begin behind the training dates',
      'late.csv later.csv --data usual --horizon 1 --workers 1 --against none',
      /^Factors are combined in equal weights alone: other weights come from training dates, and no date of them has values/,
      ({ combinations = [], correlation }) => {
        expect(combinations).toMatchObject([{ name: 'equal', weights: [0.5, 0.5] }]);
        expect(combinations[0]).not.toHaveProperty('fitted');
        expect(combinations[0]?.ic.dates).toBe(4);
        expect(combinations[0]?.coverage).toMatchObject({ known: 20, datesWithout: expect.any(Number) });
        expect(correlation?.names).toEqual(['LATE', 'LATER', 'combined equally']);
      },
    ],
    [
      'a library in which one factor says nothing',
      'NOISE CONSTANT --data usual --horizon 1 --workers 1',
      /^CONSTANT has no correlation on any date/,
      ({ correlation, factors, combinations = [] }) => {
        // Whether half of the factors know something is asked: of two, one is enough.
        expect(correlation?.names).toEqual(['NOISE', 'CONSTANT', 'combined equally']);
        expect(correlation?.pearson.slice(0, 2)).toEqual([
          [1, null, expect.closeTo(factors[0]?.sign ?? 0, 5)],
          [null, 1, null],
        ]);
        expect(combinations.map(({ layers }) => layers?.rebalances)).toEqual(
          factors.slice(0, 1).flatMap(({ layers }) => Array(3).fill(layers?.rebalances)),
        );
        for (const { name, ic } of combinations) expect(ic.dates, name).toBeGreaterThan(5);
        expect(combinations.find(({ name }) => name === 'ic')?.weights[1]).toBe(0);
      },
    ],
  ];
  let heard: readonly Heard[];

  beforeAll(async () => {
    heard = await evolveEach(
      oddities.map(([, line]) => [...split(line), '--json']),
      around,
    );
  }, 30_000);

  test.each(oddities.map((row, i) => [row[0], row, i] as const))('%s', (_, [, , warning, more], i) => {
    const { code, stdout, stderr } = heard[i] as Heard;
    expect([code, stderr]).toEqual([0, '']);
    const sheet = JSON.parse(stdout) as TearSheet;
    expect(sheet.schema).toBe(1);
    expect(sheet.warnings).toContainEqual(expect.stringMatching(warning));
    // What is null there is missing, and the terminal has nothing in its place.
    const summary = sheetSummary(JSON.parse(stdout, (_, value) => value ?? Number.NaN));
    for (const sentence of sheet.warnings) expect(summary).toContain(`! ${sentence}`);
    expect(summary).not.toMatch(/NaN|undefined|Infinity|null/);
    // No word waits for a figure, and one of a thing is one.
    expect(summary).not.toMatch(/\b1 (symbols|dates)\b/);
    for (const line of summary.split('\n').filter((one) => /^(Top less|RankIC by|Ranks alike)/.test(one))) {
      expect(line).toMatch(/^[\w ]+:( +(\d+: |Sharpe |drawdown )?-?[\d.]+%?( a year( before costs)?)?[,.]?)+$/);
    }
    more(sheet, sheet.factors[0] as FactorSheet);
  });
});

describe('what goes out', () => {
  test('a page and pictures; values as they are have the correlations of standardised ones', async () => {
    const common = `NOISE GAP --data usual ${daily} --winsorise none`;
    const files = ['--report', 'sheet.html', '--pictures', 'pictures'];
    const [plain, standard, again] = (await evolveEach(
      [
        [...split(common), '--no-standardise', '--json', ...files],
        [...split(common), '--json'],
        [...split(common), '--overwrite', ...files],
      ],
      around,
    )) as [Heard, Heard, Heard];
    expect([plain, standard, again].map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ]);
    const [a, b] = [JSON.parse(plain.stdout) as TearSheet, JSON.parse(standard.stdout) as TearSheet];
    expect([a.settings.standardise, b.settings.standardise]).toEqual([false, true]);
    for (const [i, { ic, rankIc }] of a.factors.entries()) {
      expect(ic.mean).toBeCloseTo(b.factors[i]?.ic.mean as number, 5);
      expect(rankIc.mean).toBeCloseTo(b.factors[i]?.rankIc.mean as number, 5);
    }
    const page = readFileSync(join(cwd, 'sheet.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).not.toMatch(/NaN|undefined/);
    const pictures = readdirSync(join(cwd, 'pictures'));
    expect(pictures.length).toBeGreaterThan(10);
    for (const name of pictures) {
      expect(name).toMatch(/\.svg$/);
      const picture = readFileSync(join(cwd, 'pictures', name), 'utf8');
      expect(picture).toMatch(/^<svg/);
      expect(picture).not.toMatch(/NaN|undefined/);
    }
    expect(again.stdout).toContain('The whole sheet: sheet.html');
    expect(again.stdout).toContain('Pictures: pictures');
    expect(again.stdout).not.toMatch(/NaN|undefined|null/);
  });
});

test('the terminal has decay and known factors of each, of many those of the combinations', () => {
  const after = (text: string, heading: RegExp, lines: number): string[][] => {
    const all = text.split('\n');
    const from = all.findIndex((line) => heading.test(line)) + 1;
    return all.slice(from, from + lines).map((line) => line.trim().split(/ {2,}/));
  };
  for (const factors of [3, 11]) {
    const sheet = madeUp(6, { dates: 60, layers: 3, factors });
    const judged = withCombinations(sheet).slice(factors > 10 ? factors : 0);
    const text = sheetSummary(sheet);
    expect(after(text, / {2}RankIC by dates later$/, judged.length)).toEqual(
      judged.map(({ decay, name }) => [...decay.map(({ rankIc }) => fixed(rankIc, 4)), name]),
    );
    const known = judged[0]?.likeness ?? [];
    expect(after(text, / {2}known factor$/, known.length)).toEqual(
      known.map(({ name }, k) => [...judged.map(({ likeness }) => fixed(likeness[k]?.pearson, 2)), name]),
    );
    expect(text).toContain(`Pearson correlations of 1 ${judged[0]?.name}, 2 `);
    expect(text).toContain('Signs and weights of what is combined come from 2013-01-07 to 2018-12-28.');
    // Signs of a library are its own, and no date judged or trained on has a say in equal weights of them.
    const [{ fitted: _, ...equal } = {}, ...others] = sheet.combinations ?? [];
    const given = { ...sheet, combinations: [equal as CombinationSheet, ...others] };
    expect(sheetSummary(given)).toContain(
      'Weights by IC and by ridge regression of what is combined come from 2013-01-07',
    );
  }
});

test('of few factors the terminal has all correlations', () => {
  const sheet = madeUp(6, { dates: 60, layers: 3, factors: 3 });
  const { names, pearson, spearman } = sheet.correlation as NonNullable<TearSheet['correlation']>;
  const lines = sheetSummary(sheet).split('\n');
  const from = lines.findIndex((line) => line.endsWith('  correlations'));
  const cell = (rows: readonly (readonly number[])[], i: number, j: number) => fixed(rows[i]?.[j], 2);
  for (const [i, name] of names.entries()) {
    const cells = names.flatMap((_, j) => (i === j ? [] : [cell(i < j ? pearson : spearman, i, j)]));
    expect(lines[from + 1 + i]?.trim().split(/ +/)).toEqual([...cells, ...name.split(' ')]);
  }
  expect(sheetSummary(madeUp(6, { dates: 60, layers: 3, factors: 11 }))).not.toContain('  correlations\n');
});

describe('names of hundreds of characters', () => {
  const long = 'n'.repeat(300);
  const factors = madeUp(6, { dates: 60, layers: 3, factors: 2 }).factors.map((factor, i) => ({
    ...factor,
    name: `${i}${long}`,
    expression: `${i}${long}`.replaceAll('n', 'x'),
  }));

  test.each([1, 2])('leave the figures of %d on the screen', (count) => {
    const summary = sheetSummary({ ...madeUp(6, { dates: 60, layers: 3 }), factors: factors.slice(0, count) });
    const [rows, legend] = [false, true].map((is) =>
      summary.split('\n').filter((line) => /n{9}/.test(line) && line.startsWith('Pearson') === is),
    ) as [string[], string[]];
    expect(rows).toHaveLength(count === 1 ? 1 : 6);
    expect(legend).toHaveLength(count - 1);
    for (const row of rows) {
      expect(row).toMatch(/n{56}\.\.\.(: \dx{156}\.\.\.)?$/);
      expect(row.length).toBeLessThan(320);
    }
  });
});

describe('how it was made', () => {
  test('the dates said are those with a correlation', () => {
    const [factor] = usual.factors as [FactorSheet];
    const of = (dates: number) => sheetSummary({ ...usual, factors: [{ ...factor, ic: { ...factor.ic, dates } }] });
    expect(usual.dates).toHaveLength(6);
    expect(of(6)).toContain('; correlations on 6 dates, one in 10.');
    expect(of(1)).toContain('; correlations on 1 date of 6 sampled, one in 10.');
  });
  test('who counts, on what scale and by which weights is in the first lines and on the page', async () => {
    const changed = settings({ universe: 'MEMBER', standardise: false, neutralise: ['industry'], weightedBy: 'CAP' });
    expect(sheetSummary(changed)).toContain(
      ', of them those above 0 in MEMBER; preset report, values winsorised median ± 5 MAD, not standardised, neutral to industry (weighted by the root of CAP).',
    );
    const page = await tearSheetPage(changed);
    expect(page).toContain('<dt>Universe</dt><dd>symbols above 0 in MEMBER</dd>');
    expect(page).toContain('<dt>Standardised</dt><dd>no</dd>');
    expect(page).toContain('industry; the regression is weighted by the root of CAP</dd>');
    const { universe: _, ...rest } = usual.settings;
    const plain = sheetSummary({ ...usual, settings: { ...rest, neutralise: [] } });
    expect(plain.split('\n\n')[0]).not.toMatch(/above 0|standardised|weighted|neutral/);
  });

  const usual = madeUp(5, { dates: 60, layers: 3 });
  const settings = (changes: Partial<TearSheet['settings']>): TearSheet => ({
    ...usual,
    settings: { ...usual.settings, ...changes },
  });

  test.each([
    [0.0004, '0.04%'],
    [0.002, '0.2%'],
    [0.00001, '0.001%'],
    [0, '0%'],
  ])('costs of %s are %s', async (cost, said) => {
    const sheet = settings({ cost: { buy: cost, sell: cost } });
    expect(sheetSummary(sheet)).toContain(`, ${said} each way`);
    expect(await tearSheetPage(sheet)).toContain(`${said} of what is bought, ${said} of what is sold`);
  });
});

describe('what a user gets wrong is one sentence, and nothing is written', () => {
  /** [command line, the first line on stderr] */
  const mistakes: readonly (readonly [string, string])[] = [
    ['"NOPE + 1" --data usual', 'Unknown field "NOPE" at character 1. Did you mean "NOISE"?'],
    ['NOISE --data nowhere', 'There is no market folder nowhere.'],
    ['NOISE --data usual --split all --from 2023-01-10', 'Give --split, or --from and --to, not both.'],
    ['NOISE --data usual --split tset', '--split cannot be "tset". Did you mean "test"?'],
    ['NOISE --data usual --parts 0.5,0.5', '--parts should be three shares'],
    [
      'NOISE --data usual --split all --parts nonsense',
      '--parts nonsense would say nothing: --split all takes every date. Leave it out.',
    ],
    [
      'NOISE --data usual --from 2023-01-10 --parts 0.6,0.2,0.2',
      '--parts 0.6,0.2,0.2 would say nothing: --from and --to are dates of your own. Leave it out.',
    ],
    ['NOISE --data usual --from 2023-13-01', '--from 2023-13-01 is not a date such as 2024-01-31.'],
    ['NOISE --data usual --from 2030-01-01', 'The market has no date from 2030-01-01 to its last'],
    ['NOISE --data usual --from 2023-02-01 --to 2023-01-01', 'The market has no date from 2023-02-01 to 2023-01-01'],
    ['NOISE --data short', 'The train part, 2023-01-02 to 2023-01-06, has 5 dates'],
    [
      'NOISE --data usual --neutralise industri',
      '--neutralise industri is no field or formula, nor one of industry, size, return, volatility, turnover, five-factor. Did you mean industry?',
    ],
    ['NOISE --data usual --neutralise ,,,', '--neutralise ",,," names nothing. Name something, or leave it out.'],
    ['NOISE --data usual --against ,', '--against "," names nothing.'],
    ['NOISE --data usual --neutralise CAPS', 'Unknown field "CAPS" at character 1. Did you mean "CAP"?'],
    ['NOISE --data two --neutralise industry', 'The market has no INDUSTRY, by which industry is neutralised.'],
    ['NOISE --data usual --neutralise turnover', '--neutralise turnover needs what the market lacks: Unknown field'],
    [
      'NOISE --data usual --neutralise industry,size,SECTOR',
      '--neutralise takes one grouping, not industry and SECTOR. Leave one of them out.',
    ],
    [
      'NOISE --data usual --weighted-by CAPP --neutralise size',
      '--weighted-by CAPP: the market has no such daily field. Did you mean CAP?',
    ],
    ['NOISE --data usual --winsorise mad', 'Outliers cannot be winsorised by "mad": write mad:5'],
    ['NOISE --data usual --winsorise quantile:0.5', 'Outliers cannot be winsorised by "quantile:0.5"'],
    ['NOISE --data usual --cost 2', '--cost should be a share from 0 to 0.5, such as 0.002, not 2.'],
    ['NOISE --data usual --cost 0.7', '--cost should be a share from 0 to 0.5, such as 0.002, not 0.7.'],
    ['NOISE --data usual --layers 1', '--layers 1 is no division; give 2 or more, or 0 for none.'],
    [
      'NOISE --data usual --layers 0 --cost 0.001',
      '--cost 0.001 is about layers, and there are none with --layers 0. Leave one of them out.',
    ],
    ['NOISE --data usual --layers 0 --rebalance 5', '--rebalance 5 is about layers, and there are none'],
    ['NOISE --data usual --layers 0 --trade CLOSE', '--trade CLOSE is about layers, and there are none'],
    ['NOISE --data usual --layers 20', "--layers 20 are more than the market's 12 symbols."],
    [
      'NOISE --data usual --weighted-by CAP',
      '--weighted-by CAP weights regressions, and there is none without --neutralise.',
    ],
    ['NOISE --data usual --layers 2.5', '--layers should be a whole number from 0 on, not 2.5.'],
    [
      'NOISE --data usual --universe MEMBRE',
      '--universe MEMBRE: the market has no such daily field. Did you mean MEMBER?',
    ],
    ['NOISE --data usual --horizon 0', '--horizon should be a whole number from 1 on, not 0.'],
    ['NOISE --data usual --horizon 500', 'The train part, 2023-01-02 to 2023-02-06, has 36 dates'],
    [
      'NOISE --data short --split all --horizon 7',
      "No return entered 1 date after a date of 2023-01-02 to 2023-01-09 and held 7 dates is over by the market's last date, 2023-01-09: shorten --horizon or --lag, or judge earlier dates.",
    ],
    [
      'NOISE --data usual --split all --lag 1e18',
      'No return entered 1,000,000,000,000,000,000 dates after a date of 2023-01-02 to 2023-03-02 and held 10 dates is over',
    ],
    ['NOISE --data usual --from 2023-02-26', 'No return entered 1 date after a date of 2023-02-26 to 2023-03-02'],
    ['NOISE --data date --split all', 'No return entered 1 date after 2023-01-02 and held 10 dates is over'],
    ['NOISE --data usual --lag 0', '--lag should be a whole number from 1 on, not 0.'],
    ['NOISE --data usual --every 0', '--every should be a whole number from 1 on, not 0.'],
    ['NOISE --data usual --shuffles -1', '--shuffles should be a whole number from 0 to 100,000, not -1.'],
    ['NOISE --data usual --shuffles 1e9', '--shuffles should be a whole number from 0 to 100,000, not 1000000000.'],
    ['NOISE --data usual --dates-per-year 0', '--dates-per-year should be a number above 0, not 0.'],
    ['NOISE --data usual --price VWAP', 'The market has no VWAP; give --price CLOSE.'],
    ['NOISE --data usual --preset report', 'The market has no VWAP; give --price CLOSE.'],
    ['NOISE --data usual --against pricevolume', '--against pricevolume: known are price-volume, styles and none.'],
    ['NOISE --data usual --workers 0', '--workers should be a whole number above 0, not 0.'],
    ['NOISE --data usual --memory lots', '--memory lots is not a size'],
    [
      'NOISE --data usual --report missing/sheet.html',
      'Cannot write missing/sheet.html: the folder missing does not exist',
    ],
    [
      'NOISE --data usual --report mine.html',
      'mine.html already exists. Add --overwrite to replace it, or name another file.',
    ],
    ['NOISE --data usual --report run', '--report run is a page and must end in .html.'],
    ['NOISE --data usual --report sheet.pdf', '--report sheet.pdf is a page and must end in .html.'],
    ['NOISE --data usual --report ""', '--report "" is a page and must end in .html.'],
    ['NOISE --data usual --report folder.html', 'Cannot write folder.html: it is a folder.'],
    ['NOISE --data usual --pictures mine.html', 'Cannot write pictures into mine.html: it is a file. Name a folder.'],
    ['NOISE --data usual --pictures ""', '--pictures "" has no name. Name a folder.'],
    [
      'NOISE --data usual --report both.html --pictures ./both.html',
      '--report both.html is a file and --pictures ./both.html a folder. Give them different names.',
    ],
    [
      'NOISE --data usual --report both.html --pictures both.html/in',
      '--report both.html is a file and --pictures both.html/in a folder. Give them different names.',
    ],
    // What is read is not written over, whatever it is called.
    [
      'NOISE --data usual --report usual/sheet.html',
      'Cannot write usual/sheet.html: it lies in usual, which this command reads. Name another place.',
    ],
    [
      'NOISE --data usual --pictures usual/pictures',
      'Cannot write usual/pictures: it lies in usual, which this command reads. Name another place.',
    ],
    [
      'noise.csv --data usual --report link.html --overwrite',
      'Cannot write link.html: it is read by this command. Name another place.',
    ],
    [
      'NOISE --config flags.json --report flags.html --overwrite',
      'Cannot write flags.html: it is read by this command. Name another place.',
    ],
    [
      'found --data usual --report found/sheet.html',
      'Cannot write found/sheet.html: it lies in found, which this command reads. Name another place.',
    ],
    ['NOISE --data usual --report fresh.html --pictures taken', 'taken/decay.svg already exists. Add --overwrite'],
    ['NOISE --data usual --report fresh.html --cost 0.7', '--cost should be a share'],
    [
      'stranger.json --data usual',
      'stranger.json, factor 1 "one": Unknown field "NOISES" at character 1. Did you mean "NOISE"? It was found on another market, small.',
    ],
    [
      'elsewhere.json --data usual',
      "The train part, 2020-01-02 to 2021-12-31, lies outside the market's dates, 2023-01-02 to 2023-03-02. The parts are those of small-1, which was found on another market, small: give --parts, or --from and --to.",
    ],
    ['empty.json --data usual', 'empty.json holds no factor.'],
    ['empty-list.json --data usual', 'empty-list.json holds no factor.'],
    ['corrupt.json --data usual', 'corrupt.json is not valid JSON:'],
    ['none.json --data usual', 'There is no file none.json.'],
    ['none.parquet --data usual', 'Cannot read none.parquet: it does not exist.'],
    ['broken.parquet --data usual', 'broken.parquet cannot be read as Parquet:'],
    ['words.csv --data usual', 'words.csv has no column of numbers beside dates and symbols; it has: score.'],
    ['twice.csv --data usual', 'twice.csv has S001 on 2023-01-04 more than once. Keep one row for each pair.'],
    ['notes.parquet --data usual', 'notes.parquet has no column of dates'],
    [
      'strangers.csv --data usual',
      'strangers.csv: none of its 2 symbols is in the market; it has e.g. X, the market S000.',
    ],
    ['ancient.csv --data usual', 'ancient.csv: none of its dates is in the market'],
    ['twice.json --data usual', 'twice.json, factor 2 "a": there is a factor called a already.'],
    ['first.json second.json --data usual', 'There are two factors called a. Each needs its own name.'],
    ['NOISE NOISE --data usual', 'There are two factors called NOISE. Each needs its own name.'],
    ['noise.csv noise.csv --data usual', 'There are two factors called noise.csv: NOISE. Each needs its own name.'],
    ['noise.csv NOISE --data usual', 'There are two factors called NOISE. Each needs its own name.'],
    ['run --data usual', 'run has no library (yet). See how far the run is with: evolve top run'],
  ];
  let heard: readonly Heard[];
  let before: string[];
  const everything = () =>
    readdirSync(cwd, { recursive: true, encoding: 'utf8' })
      .filter((name) => !/^cache/.test(name))
      .sort();

  beforeAll(async () => {
    before = everything();
    heard = await evolveEach(
      mistakes.map(([line]) => [...split(line), ...(line.includes('--workers') ? [] : ['--workers', '1'])]),
      around,
    );
  }, 30_000);

  test.each(mistakes.map(([line, sentence], i) => [line, sentence, i] as const))('%s', (_, sentence, i) => {
    const { code, stdout, stderr } = heard[i] as Heard;
    const [first = '', ...rest] = stderr.trimEnd().split('\n');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(first.slice(0, sentence.length)).toBe(sentence);
    expect(first).toMatch(/[.?]$|: evolve top run$/);
    // A formula is shown with the place, a flag with where flags are explained; no stack.
    if (rest.length > 0) expect(rest.join('\n')).toMatch(/^( {2}.*\n {2} *\^|See: evolve evaluate --help)$/);
  });

  test('no file is new, changed or half there', () => {
    expect(everything()).toEqual(before);
    for (const [name, text] of Object.entries(files)) expect(readFileSync(join(cwd, name), 'utf8')).toBe(text);
  });
});
