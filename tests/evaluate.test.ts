/**
 * Tear sheets of whole markets, held against what was planted in them, against plain loops in doubles, and against
 * themselves made another way.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { evaluate } from '../cli/evaluate/evaluate.ts';
import type { EvaluateOptions } from '../cli/evaluate/evaluate-options.ts';
import { stream } from '../core/random.ts';
import type { MarketManifest } from '../data/market.ts';
import { dailySignals } from '../data/synth/planted.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import { evalFactors } from '../evaluation/eval-factors.ts';
import { Evaluator, marketVocabulary } from '../evaluation/evaluator.ts';
import { factorValues, type JudgedFactor } from '../evaluation/tear-sheet/factor-values.ts';
import { neutralisers } from '../evaluation/tear-sheet/neutralisers.ts';
import { everySo, Panel } from '../evaluation/tear-sheet/panel.ts';
import type { SheetRule } from '../evaluation/tear-sheet/rule.ts';
import type { CombinationSheet, FactorSheet, TearSheet } from '../evaluation/tear-sheet/sheet.ts';
import { styles } from '../evaluation/tear-sheet/styles.ts';
import { tearSheet } from '../evaluation/tear-sheet/tear-sheet.ts';
import { warningsOf } from '../evaluation/tear-sheet/warnings.ts';
import { withCombinations } from '../evaluation/tear-sheet/with-combinations.ts';
import { parse } from '../program/parse.ts';
import { libraryText } from '../runs/library.ts';
import { handMade, otherFuture, type PlainDaily, plainDaily, reordered } from './market-copies.ts';
import { meanKnown, meanRanks, pearson, residuals, spearman, standardised } from './plain-statistics.ts';
import { tearSheet as madeUp } from './sheets.ts';
import { factorLibrary, libraryFactor } from './small-library.ts';

const place = mkdtempSync(join(tmpdir(), 'evolve-sheets-'));
const at = (name: string): string => join(place, name);
const planted = { stocks: 200, days: 400, minutes: 0, seed: 11 };
let manifest: MarketManifest;
let small: PlainDaily;

beforeAll(async () => {
  vi.stubEnv('EVOLVE_CACHE', at('cache'));
  manifest = await synthesise(at('planted'), planted);
  await synthesise(at('small'), { stocks: 40, days: 320, minutes: 0, seed: 4 });
  small = await plainDaily(at('small'));
}, 30_000);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true });
});

/** All dates, the next date's return, and values as they are: what little is left to be asked is asked by the test. */
const plainly: Partial<EvaluateOptions> = {
  split: 'all',
  horizon: 1,
  every: 1,
  winsorise: 'none',
  standardise: false,
  layers: 0,
  shuffles: 0,
  against: ['none'],
  workers: 1,
};

const judged = (sources: readonly string[], options: Partial<EvaluateOptions>): Promise<TearSheet> =>
  evaluate({ sources, data: at('small'), ...plainly, ...options });

async function one(source: string, options: Partial<EvaluateOptions>): Promise<FactorSheet> {
  const { factors } = await judged([source], options);
  return factors[0] as FactorSheet;
}

describe(`signals planted with seed ${planted.seed}`, () => {
  test.each(dailySignals)(
    '$name has the IC that is on record, and about the strength it was planted with',
    async (row) => {
      const { ic, placebo } = await one(row.expression, { data: at('planted'), shuffles: 60 });
      const record = manifest.planted?.find(({ name }) => name === row.name);
      const error = ic.std / Math.sqrt(ic.dates);
      expect(Math.abs(ic.mean - (record?.ic ?? Number.NaN))).toBeLessThan(error / 10);
      const strength = meanKnown(ic.series.map((_, t) => row.strength(t / planted.days)));
      expect(Math.abs(ic.mean - strength)).toBeLessThan(3 * error);
      // Chance is nowhere near, and its own middle is 0.
      expect(placebo.p).toBe(1 / 61);
      expect(Math.abs(placebo.mean)).toBeLessThan((4 * placebo.std) / Math.sqrt(60));
    },
  );
});

/** What a date is said to be like, by date: any number that may be looked at on it. */
type Readings = ReadonlyMap<string, readonly ArrayLike<number>[]>;

/** The first date on which two markets, alike up to some date, are judged differently; undefined if none is. */
function firstChange(before: Readings, after: Readings): number | undefined {
  const dates = [...before].flatMap(([name, rows]) => {
    const others = after.get(name) ?? [];
    const date = rows.findIndex((row, t) => {
      const other = others[t] ?? [];
      return row.length !== other.length || Array.from(row).some((x, n) => !Object.is(x, other[n]));
    });
    return date < 0 ? [] : [date];
  });
  return dates.length > 0 ? Math.min(...dates) : undefined;
}

describe('the future', () => {
  const today = 280;
  const rule: SheetRule = {
    split: 'all',
    part: { from: 0, to: 320 },
    train: undefined,
    label: { price: 'CLOSE', lag: 1, horizon: 1 },
    every: 1,
    layers: 3,
    rebalance: 2,
    trade: 'VWAP',
    cost: { buy: 0.001, sell: 0.002 },
    shortCost: 'charged',
    preparation: { winsorise: { kind: 'mad', k: 5 }, standardise: true },
    neutralise: ['industry', 'size', 'ts_std(CLOSE, 5)'],
    weightedBy: 'CAP',
    against: { priceVolume: false, styles: false },
    shuffles: 0,
    datesPerYear: 244,
  };

  /** Prepared values, net values of layers, correlations where their labels are known, and styles, date by date. */
  async function readings(
    folder: string,
    factors: (market: PlainDaily) => readonly JudgedFactor[],
    asked = rule,
  ): Promise<Map<string, readonly ArrayLike<number>[]>> {
    const market = await plainDaily(folder);
    const evaluator = await Evaluator.open(folder, { workers: 1, label: asked.label });
    try {
      const found = new Map<string, ArrayLike<number>[]>();
      const panel = await Panel.lay(evaluator, asked, neutralisers(asked.neutralise, market.manifest, 1));
      const sample = everySo(asked.part, 1);
      for (const factor of factors(market)) {
        const [values] = await factorValues(evaluator, [factor], sample);
        if (!values) throw new Error('no values');
        await panel.prepare({ address: values.address, stride: values.stride }, sample);
        found.set(
          `values of ${factor.name}`,
          Array.from({ length: market.rows }, (_, t) => evaluator.arena.row(values, t).slice()),
        );
        evaluator.arena.release(values.address);
      }
      panel.close();
      const sheet = await tearSheet(evaluator, factors(market), asked);
      for (const { name, layers, ic } of withCombinations(sheet)) {
        const start = market.manifest.calendar.indexOf(layers?.navDates[0] ?? '');
        for (const [k, { nav, excessNav }] of (layers?.layers ?? []).entries()) {
          found.set(
            `layer ${k} of ${name}`,
            market.manifest.calendar.map((_, t) => [nav[t - start] ?? 0, excessNav[t - start] ?? 0]),
          );
        }
        // A correlation of date t is known two dates later.
        found.set(
          `correlations of ${name}`,
          market.manifest.calendar.map((_, t) => [ic.series[t - 2] ?? 0]),
        );
      }
      return found;
    } finally {
      await evaluator.close();
    }
  }

  async function styleReadings(folder: string): Promise<Readings> {
    const { cells, rows, columns } = await plainDaily(folder);
    const { styles: found } = styles({ dates: rows, symbols: columns, field: (name) => cells.get(name) });
    return new Map(
      found.map(({ name, values }) => [
        `style ${name}`,
        Array.from({ length: rows }, (_, t) => values.subarray(t * columns, (t + 1) * columns)),
      ]),
    );
  }

  const until = (readings: Readings, date: number): Readings =>
    new Map([...readings].map(([name, rows]) => [name, rows.slice(0, date + 1)]));

  const formulas = (market: PlainDaily): JudgedFactor[] =>
    ['neg(ts_return(CLOSE, 5))', 'cs_norm(ts_mean(TURN, 5))'].map((text) => ({
      name: text,
      sign: 1,
      source: { kind: 'program', program: parse(text, marketVocabulary(market.manifest)) },
    }));

  /** Scores with some of tomorrow's return in them. */
  const cheating =
    (share: number) =>
    (market: PlainDaily): JudgedFactor[] => {
      const close = market.field('CLOSE');
      const random = stream(9, 9, 9);
      const cells = close.map((today, i) => {
        const noise = random.normal();
        return share * ((close[i + market.columns] as number) / today - 1) + 0.02 * noise;
      });
      return [{ name: 'oracle', sign: 1, source: { kind: 'scores', cells } }];
    };

  beforeAll(() => otherFuture(small, at('other-future'), today));

  test('changes nothing on any date before it: values, layers, correlations, styles', async () => {
    const read = async (folder: string) =>
      new Map([...(await readings(folder, formulas)), ...(await styleReadings(folder))]);
    const [before, after] = [await read(at('small')), await read(at('other-future'))];
    expect([...before.keys()].filter((name) => name.startsWith('style')).length).toBeGreaterThan(4);
    expect(firstChange(until(before, today), until(after, today))).toBeUndefined();
    // The other future is another one, for every one of them.
    for (const [name, rows] of before) {
      const said = rows.some((row) => Array.from(row).some((x) => !Number.isNaN(x)));
      if (said) expect(firstChange(new Map([[name, rows]]), after), name).toBeGreaterThan(today);
    }
  });

  test.each([1, 0.02])('is found in scores with a share of %s of it, however little they foretell', async (share) => {
    const scores = cheating(share);
    const [before, after] = [await readings(at('small'), scores), await readings(at('other-future'), scores)];
    expect(firstChange(before, after)).toBeLessThanOrEqual(today);
    const { ic } = (await evaluateScores(scores(small))).factors[0] as FactorSheet;
    if (share < 0.1) expect(Math.abs(ic.mean)).toBeLessThan(0.03);
  });

  test('begins for the layers with the date of the scores: these are traded on the date after', async () => {
    const scores = (change: (t: number) => number) => (market: PlainDaily) => {
      const cells = market.field('TURN').map((x, i) => x * change(Math.floor(i / market.columns)));
      return [{ name: 'turn', source: { kind: 'scores', cells } }] as const;
    };
    const layersOnly = async (change: (t: number) => number) => {
      const found = await readings(at('small'), scores(change), { ...rule, neutralise: [], rebalance: 1 });
      return new Map([...found].filter(([name]) => name.startsWith('layer')));
    };
    const [before, after] = [await layersOnly(() => 1), await layersOnly((t) => (t < today ? 1 : -1))];
    expect(firstChange(before, after)).toBe(today + 1);
  });

  test('is what the label itself is told to have, though its correlation never varies', async () => {
    const { field, columns } = small;
    const close = field('CLOSE');
    const cells = close.map((_, i) => (close[i + 2 * columns] as number) / (close[i + columns] as number) - 1);
    const { warnings, factors } = await evaluateScores([{ name: 'label', source: { kind: 'scores', cells } }]);
    expect(factors[0]?.ic.mean).toBeGreaterThan(0.9);
    expect(warnings).toContainEqual(expect.stringMatching(/^label has a mean IC of .* too good to be true/));
  });

  test('is told to be in scores that know the close of the date they are dealt on, and nothing of the label', async () => {
    const { field, columns } = small;
    const close = field('CLOSE');
    const cells = close.map((today, i) => (close[i + columns] as number) / today - 1);
    const dealt = { ...rule, layers: 5, rebalance: 1, neutralise: [] };
    const { warnings, factors } = await evaluateScores([{ name: 'leak', source: { kind: 'scores', cells } }], dealt);
    expect(Math.abs(factors[0]?.ic.mean as number)).toBeLessThan(0.05);
    expect(warnings.filter((one) => one.includes('too good to be true'))).toEqual([
      expect.stringMatching(
        /^The top layer of leak less its bottom makes \d+% a year before costs, with a Sharpe of \d+: /,
      ),
    ]);
    const honest = await evaluateScores(formulas(small), dealt);
    expect(honest.warnings.filter((one) => one.includes('too good to be true'))).toEqual([]);
  });

  /** [annual return, Sharpe, dates, whether it is too good] */
  test.each([
    [12.39, 59, 480, true],
    [12.39, 59, 20, false],
    // A lucky month, a desk's best factor before costs, a loss.
    [18, 30, 20, false],
    [1.2, 10, 2400, false],
    [3, 15, 2400, false],
    [-0.9, -18, 2400, false],
  ])(
    'long-shorts of %d a year with a Sharpe of %d over %d dates: too good is %s',
    (annualReturn, sharpe, dates, told) => {
      const sheet = madeUp(4, { dates: 60, layers: 3 });
      const [factor] = sheet.factors as [FactorSheet];
      const layers = factor.layers as NonNullable<FactorSheet['layers']>;
      const found = {
        ...factor,
        layers: { ...layers, longShort: { ...layers.longShort, dates } },
        beforeCosts: { excess: [], longShort: { annualReturn, sharpe } },
      };
      const warnings = warningsOf({ ...sheet, factors: [found] }, rule, manifest, false);
      expect(warnings.some((one) => /^The top layer of .* too good to be true/.test(one))).toBe(told);
    },
  );

  async function evaluateScores(
    factors: readonly JudgedFactor[],
    asked: SheetRule = { ...rule, layers: 0, neutralise: [] },
  ): Promise<TearSheet> {
    const evaluator = await Evaluator.open(at('small'), { workers: 1, label: rule.label });
    try {
      return await tearSheet(evaluator, factors, asked);
    } finally {
      await evaluator.close();
    }
  }
});

describe('the same sheet', () => {
  const four = ['ts_return(CLOSE, 5)', 'ts_std(CLOSE, 10) / CLOSE', 'TURN', 'OPEN / CLOSE'];
  const formula = 'ts_norm(CLOSE, 10)';
  let computed: FactorSheet;
  const usual: Partial<EvaluateOptions> = {
    split: 'valid',
    horizon: 2,
    winsorise: 'mad:5',
    standardise: true,
    neutralise: ['industry', 'size'],
    layers: 3,
    shuffles: 7,
    against: ['price-volume', 'styles'],
  };

  test('whoever computes it, and in however little memory', async () => {
    const alone = await judged(four, { ...usual, workers: 1 });
    expect(alone.combinations).toHaveLength(3);
    expect(alone.factors.every(({ likeness }) => likeness.length > 10)).toBe(true);
    for (const other of [{ workers: 2 }, { workers: 3 }, { workers: 2, memory: 24 * 1024 ** 2 }]) {
      expect(await judged(four, { ...usual, ...other })).toEqual(alone);
    }
  });

  test('in whatever order the symbols stand, as far as correlations go', async () => {
    const order = Array.from({ length: small.columns }, (_, n) => (n * 11 + 5) % small.columns);
    await reordered(small, at('reordered'), order);
    const options = { neutralise: [] };
    const [before, after] = await Promise.all([
      judged(four, options),
      judged(four, { ...options, data: at('reordered') }),
    ]);
    for (const [i, { ic, rankIc, decay, autocorrelation }] of before.factors.entries()) {
      const other = after.factors[i] as FactorSheet;
      // Summed in single precision where that says enough, so in another order there is another rounding.
      expect(distance(ic.series, other.ic.series)).toBeLessThan(1e-6);
      expect(distance(rankIc.series, other.rankIc.series)).toBeLessThan(1e-12);
      expect(
        distance(
          decay.map((row) => row.rankIc),
          other.decay.map((row) => row.rankIc),
        ),
      ).toBeLessThan(1e-12);
      expect(
        distance(
          autocorrelation.map((row) => row.mean),
          other.autocorrelation.map((row) => row.mean),
        ),
      ).toBeLessThan(1e-12);
    }
    expect(before.correlation?.names).toEqual(four);
    expect(distance(before.correlation?.spearman.flat() ?? [], after.correlation?.spearman.flat() ?? [])).toBeLessThan(
      1e-12,
    );
  });

  test.each([
    ['parquet', 'long'],
    ['arrow', 'long'],
    ['csv', 'wide'],
  ] as const)('of a formula and of the scores it wrote: %s, %s', async (ending, shape) => {
    const out = at(`scores-${shape}.${ending}`);
    await evalFactors({ factors: [formula], data: at('small'), out, shape, workers: 1 });
    computed ??= await one(formula, usual);
    const read = await one(out, usual);
    for (const part of ['ic', 'rankIc', 'decay', 'autocorrelation', 'coverage', 'placebo', 'likeness'] as const) {
      expect(read[part], part).toEqual(computed[part]);
    }
    expect(computed.ic.dates).toBeGreaterThan(20);
    // For scores no sign is decided: high ones are good.
    expect([computed.sign, read.sign]).toEqual([-1, 1]);
  });
});

describe('chance', () => {
  test('knows nothing of symbols outside the universe, nor of those without a value', async () => {
    const [members, others] = [at('members'), at('other-strangers')];
    // Every third symbol is a member, and only the others' prices differ.
    const made = (folder: string, wildness: number) => {
      const random = stream(8, 8, 8);
      const last = new Float64Array(30).fill(10);
      return handMade(
        folder,
        { rows: 80, columns: 30 },
        {
          CLOSE: (_, n) => {
            last[n] = (last[n] as number) * Math.exp((n % 3 === 0 ? 0.02 : wildness) * random.normal());
            return last[n] as number;
          },
          MEMBER: (_, n) => (n % 3 === 0 ? 1 : 0),
          NOISE: () => random.normal(),
          HALF: (_, n) => (n % 3 === 0 ? random.normal() : Number.NaN),
        },
      );
    };
    await made(members, 0.02);
    await made(others, 0.3);
    const means = async (data: string, source: string, universe?: string) =>
      (await one(source, { data, shuffles: 40, ...(universe && { universe }) })).placebo.means;
    expect(await means(others, 'NOISE', 'MEMBER')).toEqual(await means(members, 'NOISE', 'MEMBER'));
    expect(await means(others, 'HALF')).toEqual(await means(members, 'HALF'));
    expect(await means(others, 'NOISE')).not.toEqual(await means(members, 'NOISE'));
  });
});

describe('several libraries', () => {
  const calendar = (t: number): string => small.manifest.calendar[t] as string;
  const between = (from: number, to: number) => [calendar(from), calendar(to)] as const;
  beforeAll(() => {
    for (const [name, end] of [
      ['early', 99],
      ['late', 229],
    ] as const) {
      const library = {
        ...factorLibrary(libraryFactor(`${name}-factor`, 'ts_norm(CLOSE, 10)')),
        name,
        split: { train: between(0, end), valid: between(end + 5, end + 40), test: between(end + 45, 319) },
      };
      writeFileSync(at(`${name}.json`), libraryText(library));
    }
  });
  const warningsOf = async (names: readonly string[], options: Partial<EvaluateOptions>) =>
    (await judged(names.map(at), { split: undefined, ...options })).warnings;

  test('are judged on the usual parts, which one of them has seen: both are said', async () => {
    const warnings = await warningsOf(['early.json', 'late.json'], {});
    expect(warnings).toContainEqual(expect.stringMatching(/^Of 2 libraries neither parts nor label are taken/));
    // The usual validation part begins on date 192.
    const seen = warnings.filter((one) => one.includes('has seen'));
    expect(seen).toEqual([
      `late was made on ${calendar(0)} to ${calendar(229)}: it has seen 38 of the 62 dates judged.`,
    ]);
  });

  test('and dates of your own are held against those of its training', async () => {
    const seen = async (options: Partial<EvaluateOptions>) =>
      (await warningsOf(['early.json'], options)).filter((one) => one.includes('has seen'));
    expect(await seen({ from: calendar(90), to: calendar(189) })).toEqual([
      `early was made on ${calendar(0)} to ${calendar(99)}: it has seen 10 of the 100 dates judged.`,
    ]);
    expect(await seen({ from: calendar(100) })).toEqual([]);
    expect(await seen({ split: 'test' })).toEqual([]);
  });
});

/** The largest difference; infinite where one is missing and the other is not, or nothing is known. */
function distance(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || !a.some((x) => !Number.isNaN(x))) return Number.POSITIVE_INFINITY;
  const apart = a.map((x, i) => {
    const y = b[i] as number;
    if (Number.isNaN(x) && Number.isNaN(y)) return 0;
    return Number.isNaN(x - y) ? Number.POSITIVE_INFINITY : Math.abs(x - y);
  });
  return Math.max(...apart);
}

describe('figures computed again in plain loops', () => {
  const { rows, columns } = { rows: 60, columns: 24 };
  let market: PlainDaily;
  /** Rows of a field, with doubles. */
  const rowsOf = (name: string): number[][] => {
    const cells = market.field(name);
    return Array.from({ length: rows }, (_, t) => [...cells.subarray(t * columns, (t + 1) * columns)]);
  };
  const each = <T>(count: number, of: (t: number) => T): T[] => Array.from({ length: count }, (_, t) => of(t));
  /** Close of T+1 to close of T+1+horizon. */
  function label(horizon: number): number[][] {
    const close = rowsOf('CLOSE');
    return each(rows, (t) =>
      each(columns, (n) => {
        const [entry, exit] = [close[t + 1]?.[n] ?? Number.NaN, close[t + 1 + horizon]?.[n] ?? Number.NaN];
        return Math.fround(exit / entry - 1);
      }),
    );
  }
  const options = { data: at('by-hand') };

  beforeAll(async () => {
    const random = stream(5, 5, 5);
    const last = Float64Array.from({ length: columns }, () => 10 * Math.exp(random.normal()));
    const missing = () => random.next() < 0.04;
    await handMade(
      at('by-hand'),
      { rows, columns },
      {
        CLOSE: (_, n) => {
          last[n] = (last[n] as number) * Math.exp(0.02 * random.normal());
          return missing() ? Number.NaN : (last[n] as number);
        },
        // Without it, who did not trade on a date is not listed.
        LISTED_DAYS: (t) => t + 1,
        // Ties on every date.
        GRADE: () => (missing() ? Number.NaN : random.below(5)),
        NOISE: () => (missing() ? Number.NaN : random.normal()),
        OTHER: () => random.normal(),
        CAP: () => Math.exp(random.normal()),
        INDUSTRY: (_, n) => (n === 7 ? Number.NaN : n % 5),
      },
    );
    market = await plainDaily(at('by-hand'));
  });

  test('IC, and RankIC of many ties', async () => {
    const returns = label(1);
    for (const name of ['NOISE', 'GRADE']) {
      const values = rowsOf(name);
      const { ic, rankIc } = await one(name, options);
      expect(
        distance(
          ic.series,
          each(rows, (t) => pearson(values[t] as number[], returns[t] as number[])),
        ),
      ).toBeLessThan(1e-5);
      expect(
        distance(
          rankIc.series,
          each(rows, (t) => spearman(values[t] as number[], returns[t] as number[])),
        ),
      ).toBeLessThan(1e-5);
      expect([ic.dates, rankIc.dates]).toEqual([rows - 2, rows - 2]);
      expect(ic.mean).toBeCloseTo(meanKnown([...ic.series]), 12);
    }
  });

  test('IC of what industries, size and a formula do not explain, together', async () => {
    const returns = label(3);
    const [values, cap, other, industry] = ['NOISE', 'CAP', 'OTHER', 'INDUSTRY'].map(rowsOf) as [
      number[][],
      number[][],
      number[][],
      number[][],
    ];
    const close = rowsOf('CLOSE');
    const returned = each(rows, (t) =>
      each(columns, (n) => (close[t]?.[n] as number) / (close[t - 2]?.[n] ?? Number.NaN) - 1),
    );
    const left = each(rows, (t) => {
      const codes = industry[t] as number[];
      const dummies = each(5, (code) => codes.map((one) => (Number.isNaN(one) ? Number.NaN : Number(one === code))));
      return residuals(standardised(values[t] as number[]), [
        ...dummies,
        (cap[t] as number[]).map(Math.log),
        other[t] as number[],
        returned[t] as number[],
      ]);
    });
    const { ic } = await one('NOISE', {
      ...options,
      horizon: 3,
      standardise: true,
      neutralise: ['industry', 'size', 'OTHER', 'ts_return(CLOSE, 2)'],
    });
    expect(
      distance(
        ic.series,
        each(rows, (t) => pearson(left[t] as number[], returns[t] as number[])),
      ),
    ).toBeLessThan(1e-5);
  });

  test('IC of what a regression weighted by the root of size leaves', async () => {
    const returns = label(1);
    const [values, cap, other] = ['NOISE', 'CAP', 'OTHER'].map(rowsOf) as [number[][], number[][], number[][]];
    const left = each(rows, (t) => {
      // Weights w are what multiplying everything by the root of w does to an unweighted regression.
      const roots = (cap[t] as number[]).map((one) => one ** 0.25);
      const weighted = (x: number[]) => x.map((one, n) => one * (roots[n] as number));
      const rest = residuals(weighted(standardised(values[t] as number[])), [roots, weighted(other[t] as number[])]);
      return rest.map((one, n) => one / (roots[n] as number));
    });
    const { ic } = await one('NOISE', {
      ...options,
      standardise: true,
      neutralise: ['OTHER'],
      weightedBy: 'CAP',
    });
    expect(
      distance(
        ic.series,
        each(rows, (t) => pearson(left[t] as number[], returns[t] as number[])),
      ),
    ).toBeLessThan(1e-5);
  });

  test('decay five dates on, and ranks alike a date after', async () => {
    const [returns, values] = [label(1), rowsOf('NOISE')];
    for (const every of [1, 3]) {
      const { decay, autocorrelation } = await one('NOISE', { ...options, every });
      const later = each(Math.ceil((rows - 5) / every), (i) =>
        spearman(values[i * every] as number[], returns[i * every + 5] as number[]),
      );
      expect(decay[1]?.lag).toBe(5);
      // The error of the first is that of the t beside it.
      const { decay: same, rankIc } = await one('NOISE', { ...options, every, horizon: 10 });
      expect(same[0]?.se).toBeCloseTo(Math.abs(rankIc.mean / rankIc.tNeweyWest), 12);
      expect(decay[1]?.rankIc).toBeCloseTo(meanKnown(later), 5);
      const alike = each(Math.ceil((rows - 1) / every), (i) =>
        spearman(values[i * every] as number[], values[i * every + 1] as number[]),
      );
      expect(autocorrelation[0]?.lag).toBe(1);
      expect(autocorrelation[0]?.mean).toBeCloseTo(meanKnown(alike), 5);
    }
  });

  test('a library: how alike its factors are, and what they are worth together', async () => {
    const names = ['NOISE', 'GRADE', 'OTHER', 'OTHER + NOISE'];
    writeFileSync(at('four.json'), JSON.stringify(names));
    const sheet = await judged([at('four.json')], { ...options, split: 'valid', standardise: true });
    const { correlation, combinations = [], settings, factors } = sheet;
    // What comes together is called after its file.
    expect(factors.map(({ group }) => group)).toEqual(Array(4).fill('four'));
    const first = market.manifest.calendar.indexOf(settings.from);
    const count = market.manifest.calendar.indexOf(settings.to) - first + 1;
    const [noise, grade, other] = ['NOISE', 'GRADE', 'OTHER'].map(rowsOf) as [number[][], number[][], number[][]];
    const sum = noise.map((row, t) => row.map((x, n) => x + (other[t]?.[n] as number)));
    const members = [noise, grade, other, sum].map((one) => one.slice(first, first + count).map(standardised));

    for (const [method, of] of [
      ['pearson', (x: number[]) => x],
      ['spearman', meanRanks],
    ] as const) {
      const matrix = correlation?.[method] ?? [];
      expect(matrix).toHaveLength(5);
      for (const [i, a] of members.entries()) {
        for (const [j, b] of members.entries()) {
          const found = matrix[i]?.[j];
          expect(found).toBe(matrix[j]?.[i]);
          if (i === j) expect(found).toBe(1);
          else
            expect(found).toBeCloseTo(
              meanKnown(each(count, (t) => pearson(of(a[t] as number[]), of(b[t] as number[])))),
              5,
            );
        }
      }
    }
    expect(correlation?.dates).toBe(count);

    // Whatever scale the factors are left on, their sum is of standardised ones.
    const scaled = { ...options, split: 'valid', standardise: false } as const;
    const raw = await judged(['NOISE', 'GRADE', 'OTHER', 'OTHER + NOISE', '1000 * NOISE'], scaled);
    const own = await judged(['NOISE', 'GRADE', 'OTHER', 'OTHER + NOISE', '1000 * NOISE'], {
      ...scaled,
      standardise: true,
    });
    for (const [k, { ic, weights }] of (raw.combinations ?? []).entries()) {
      expect(distance(weights, own.combinations?.[k]?.weights ?? [])).toBeLessThan(1e-5);
      expect(distance(ic.series, own.combinations?.[k]?.ic.series ?? [])).toBeLessThan(1e-5);
    }

    expect(combinations.map(({ name }) => name)).toEqual(['equal', 'ic', 'ridge']);
    // Dates without members have no say in weights, and are not said to have: here the first one.
    const late = await judged(['ts_mean(OTHER, 2)', 'ts_std(OTHER, 2)'], { ...options, split: 'valid' });
    expect(late.combinations?.[0]?.fitted?.dates).toBe((combinations[0]?.fitted?.dates as number) - 1);
    for (const { weights } of combinations) {
      expect(weights.reduce((total, weight) => total + Math.abs(weight), 0)).toBeCloseTo(1, 12);
    }
    const [equal] = combinations;
    expect(equal?.weights).toEqual(factors.map(({ sign }) => sign / 4));
    const returns = label(1);
    const together = each(count, (t) => {
      const scores = each(columns, (n) => {
        const known = members.map((member) => member[t]?.[n] as number);
        const there = known.filter((x) => !Number.isNaN(x)).length;
        if (there < 2) return Number.NaN;
        return known.reduce(
          (total, x, i) => total + (Number.isNaN(x) ? 0 : x * ((factors[i] as FactorSheet).sign / 4)),
          0,
        );
      });
      return [scores, returns[first + t] as number[]] as const;
    });
    expect(
      distance(
        equal?.ic.series ?? [],
        together.map(([a, b]) => pearson(a, b)),
      ),
    ).toBeLessThan(1e-5);
    expect(equal?.ic.dates).toBeGreaterThan(5);
    expect(correlation?.names).toEqual([...names, 'combined equally']);
    for (const [i, member] of members.entries()) {
      const [ahead, ranked] = [(x: number[]) => x, meanRanks].map((of) =>
        meanKnown(each(count, (t) => pearson(of(member[t] as number[]), of(together[t]?.[0] as number[])))),
      );
      expect(correlation?.pearson[4]?.[i]).toBeCloseTo(ahead as number, 5);
      expect(correlation?.spearman[4]?.[i]).toBeCloseTo(ranked as number, 3);
    }
  });

  test('a combination has every analysis a factor has: those of its scores, added up in doubles and judged as a file', async () => {
    const names = ['NOISE', 'GRADE', 'OTHER'];
    const usual = {
      ...options,
      split: 'valid',
      standardise: true,
      layers: 3,
      shuffles: 5,
      rebalance: 2,
      against: ['price-volume', 'styles'],
    } as const;
    const { combinations = [], factors, settings } = await judged(names, usual);
    const { calendar, symbols } = market.manifest;
    const from = calendar.indexOf(settings.from);
    const members = names.map((name) => rowsOf(name).map(standardised));
    for (const { name, weights, fitted, sign, coverage, ...figures } of combinations) {
      const lines = calendar.slice(from).map((date, t) => {
        const cells = symbols.map((_, n) => {
          const known = members.map((member) => member[from + t]?.[n] as number);
          if (2 * known.filter((x) => !Number.isNaN(x)).length < names.length) return '';
          return known.reduce((sum, x, m) => sum + (Number.isNaN(x) ? 0 : x * (weights[m] as number)), 0);
        });
        return [date, ...cells].join(',');
      });
      const file = at(`combined-${name}.csv`);
      writeFileSync(file, `${['date', ...symbols].join(',')}\n${lines.join('\n')}\n`);
      const {
        coverage: own,
        sign: high,
        ...plain
      } = await one(file, { ...usual, winsorise: 'none', standardise: false });
      const { name: _, ...expected } = plain;
      expectNear(figures, expected);
      expect([sign, fitted?.from, coverage.known, coverage.datesWithout, coverage.sampled]).toEqual([
        high,
        calendar[0],
        own.known,
        own.datesWithout,
        own.sampled,
      ]);
      expect(figures.layers?.rebalances).toBeGreaterThan(3);
      expect(figures.layers?.layers.every(({ size }) => size > 4)).toBe(true);
      expect(figures.decay[1]?.dates).toBeGreaterThan(3);
    }
    expect(combinations).toHaveLength(3);
    expect(combinations.map(({ coverage }) => coverage.cells)).toEqual(Array(3).fill(factors[0]?.coverage.cells));
  });

  test('of a factor and itself on other scales, the combination is the factor', async () => {
    const { factors, combinations } = await judged(['NOISE', '3 * NOISE', 'NOISE / 7'], {
      ...options,
      split: 'valid',
      standardise: true,
      layers: 3,
      shuffles: 5,
    });
    const [factor, equal] = [factors[0] as FactorSheet, combinations?.[0] as CombinationSheet];
    // Which way it points is in the weights.
    expect(equal.weights.map((weight) => Math.sign(weight))).toEqual(Array(3).fill(factor.sign));
    expectNear(
      equal.rankIc.series,
      factor.rankIc.series.map((x) => factor.sign * x),
    );
    expectNear(
      equal.decay.map(({ rankIc }) => rankIc),
      factor.decay.map(({ rankIc }) => factor.sign * rankIc),
    );
    expectNear(equal.layers, factor.layers);
    expectNear(equal.autocorrelation, factor.autocorrelation);
  });
});

/** Every number near the other one, and everything else the same. */
function expectNear(found: unknown, expected: unknown): void {
  if (typeof expected === 'number' && Number.isFinite(expected)) {
    expect(Math.abs((found as number) - expected)).toBeLessThan(2e-5 * Math.max(1, Math.abs(expected)));
  } else if (expected !== null && typeof expected === 'object') {
    expect(Object.keys(found as object)).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) expectNear((found as Record<string, unknown>)[key], value);
  } else expect(found).toBe(expected);
}
