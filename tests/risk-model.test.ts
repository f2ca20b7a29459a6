/** The risk model against statsmodels and sums taken anew (tools/risk-golden.py), and what holds on any market. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena } from '../core/arena.ts';
import { stream } from '../core/random.ts';
import { openMarket } from '../data/store/open.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import type { Panel } from '../portfolio/inputs.ts';
import { FactorCovariance } from '../portfolio/risk/factor-covariance.ts';
import { FactorRegression } from '../portfolio/risk/factor-regression.ts';
import { makePositive, symmetricEigen } from '../portfolio/risk/positive.ts';
import { type RiskMarket, riskMarket } from '../portfolio/risk/risk-market.ts';
import { defaultRiskRule } from '../portfolio/risk/risk-rule.ts';
import { riskSection } from '../portfolio/risk/risk-section.ts';
import { type SignalRows, signalRows } from '../portfolio/risk/signal-rows.ts';
import { SpecificVariance } from '../portfolio/risk/specific-variance.ts';

const at = (values: ArrayLike<number>, i: number): number => values[i] as number;

function expectClose(values: ArrayLike<number>, expected: ArrayLike<number | null>, tolerance: number): void {
  expect(values.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const right = expected[i] ?? Number.NaN;
    if (Number.isNaN(right)) expect(values[i]).toBeNaN();
    else expect(Math.abs(at(values, i) - right)).toBeLessThanOrEqual(tolerance * Math.max(1e-3, Math.abs(right)));
  }
}

const eigenvalues = (matrix: ArrayLike<number>): Float64Array =>
  symmetricEigen(Float64Array.from(matrix), Math.sqrt(matrix.length)).values;
const rowOf = (values: Float64Array | Float32Array, row: number, length: number) =>
  values.subarray(row * length, (row + 1) * length);
const riskOf = ({ risk }: SignalRows) => {
  if (!risk) throw new Error('no risk was asked for');
  return risk;
};

interface Fields {
  readonly dates: number;
  readonly symbols: number;
  readonly cells: Readonly<Record<string, Float32Array>>;
  readonly industry?: Float32Array;
  readonly labels?: number;
}

const marketOf = ({ dates, symbols, cells, industry, labels = 0 }: Fields): RiskMarket => {
  const panel = (values: Float32Array): Panel => ({ cells: values, stride: values.length === dates ? 1 : symbols });
  return {
    dates,
    symbols,
    datesPerYear: 244,
    field: (name) => cells[name] && panel(cells[name]),
    industries: industry && { codes: panel(industry), labels: Array.from({ length: labels }, (_, g) => `g${g}`) },
  };
};

test('agrees with least squares by statsmodels and explicit sums', () => {
  const file = join(dirname(fileURLToPath(import.meta.url)), 'golden', 'risk-model.json');
  const golden = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly symbols: number;
    readonly labels: number;
    readonly close: readonly (number | null)[];
    readonly shares: readonly (number | null)[];
    readonly suspended: { readonly symbol: number; readonly from: number; readonly to: number };
    readonly industry: readonly (number | null)[];
    readonly later: { readonly from: number; readonly industry: readonly (number | null)[] };
    readonly rows: readonly {
      readonly date: number;
      readonly covariance: readonly (number | null)[];
      readonly specific: readonly (number | null)[];
    }[];
  };
  const { symbols, labels, suspended, later } = golden;
  const close = Float32Array.from(golden.close, (value) => value ?? Number.NaN);
  const cap = close.map((value, i) => value * (golden.shares[i % symbols] ?? Number.NaN));
  const halted = close.map((_, i) => {
    const t = Math.floor(i / symbols);
    return i % symbols === suspended.symbol && t >= suspended.from && t < suspended.to ? 1 : 0;
  });
  const industry = close.map((_, i) => {
    const codes = i < later.from * symbols ? golden.industry : later.industry;
    return codes[i % symbols] ?? Number.NaN;
  });
  const dates = close.length / symbols;
  const market = marketOf({
    dates,
    symbols,
    cells: { CLOSE: close, CAP: cap, SUSPENDED: halted },
    industry,
    labels,
  });
  const made = signalRows(
    market,
    Int32Array.from(golden.rows, ({ date }) => date),
    { risk: true },
  );
  expect(made.exposures.styles.map(({ name, size }) => [name, size])).toEqual([
    ['Size', true],
    ['Momentum', false],
    ['NLSize', false],
  ]);
  const { covariance, specific, factors } = riskOf(made);
  for (const [row, expected] of golden.rows.entries()) {
    expectClose(rowOf(covariance, row, factors ** 2), expected.covariance, 1e-9);
    // Stored as float32.
    expectClose(rowOf(specific, row, symbols), expected.specific, 1e-7);
  }
  expect(golden.rows.map((row) => row.covariance[0] === null)).toEqual([true, false, false]);
});

/** Symbols in industries with holes in everything; one is delisted, one alone in its industry. */
function randomMarket(
  seed: number,
  { dates = 90, symbols = 14, scale = 1 } = {},
): Fields & { readonly labels: number } {
  const random = stream(seed, dates, symbols);
  const cell = (value: (t: number, n: number) => number): Float32Array =>
    Float32Array.from({ length: dates * symbols }, (_, i) => value(Math.floor(i / symbols), i % symbols));
  const walk = new Float64Array(symbols).fill(10);
  const common = Float64Array.from({ length: dates }, () => 0.01 * random.normal());
  const close = cell((t, n) => {
    walk[n] = at(walk, n) * (1 + scale * (at(common, t) + 0.02 * random.normal()));
    return at(walk, n);
  });
  // Kept apart from prices: exposures must stay while returns are scaled.
  const cap = cell((_, n) => (1 + n) * Math.exp(0.3 * random.normal()));
  const holes = cell((t, n) => (n === 1 && t > 60 ? 1 : random.next() < 0.02 ? 1 : 0));
  const own = (cells: Float32Array, at: (i: number) => boolean) => cells.map((v, i) => (at(i) ? Number.NaN : v));
  return {
    dates,
    symbols,
    cells: {
      CLOSE: own(close, (i) => holes[i] === 1),
      CAP: own(cap, (i) => holes[i] === 1 || i % 97 === 0),
      BOOK: own(
        cell((_, n) => 1 + n + random.next()),
        (i) => i % 31 === 0,
      ),
    },
    industry: cell((_, n) => (n === 0 ? 2 : n === 2 ? Number.NaN : n % 2)),
    labels: 4,
  };
}

const signals = Int32Array.of(20, 64, 75, 89);

describe('on any market', () => {
  test('the future changes nothing', () => {
    fc.assert(
      fc.property(fc.nat(999), fc.integer({ min: 1, max: 88 }), (seed, today) => {
        const fields = randomMarket(seed);
        const later = (cells: Float32Array) =>
          cells.map((value, i) =>
            i >= (today + 1) * fields.symbols ? (i % 7 === 0 ? Number.NaN : value * 1.3 + (i % 3)) : value,
          );
        const other = {
          ...fields,
          cells: Object.fromEntries(Object.entries(fields.cells).map(([name, cells]) => [name, later(cells)])),
          industry: fields.industry?.map((code, i) => (i >= (today + 1) * fields.symbols ? i % 4 : code)),
        } as Fields;
        const [one, two] = [fields, other].map((some) => signalRows(marketOf(some), signals, { risk: true }));
        const count = signals.filter((s) => s <= today).length;
        const K = riskOf(one as SignalRows).factors;
        for (const [of, length] of [
          [(rows: SignalRows) => riskOf(rows).covariance, K * K],
          [(rows: SignalRows) => riskOf(rows).specific, fields.symbols],
          [(rows: SignalRows) => rows.exposures.industries as Float32Array, fields.symbols],
          [(rows: SignalRows) => rows.exposures.styles[0]?.values as Float32Array, fields.symbols],
        ] as const) {
          expect(of(two as SignalRows).slice(0, count * length)).toEqual(
            of(one as SignalRows).slice(0, count * length),
          );
        }
      }),
      { numRuns: 15 },
    );
  });

  test('covariances are symmetric and positive semidefinite, own variances above 0; too little history is missing', () => {
    fc.assert(
      fc.property(fc.nat(9999), fc.integer({ min: 2, max: 20 }), (seed, symbols) => {
        const fields = randomMarket(seed, { symbols });
        const { covariance, specific, factors: K } = riskOf(signalRows(marketOf(fields), signals, { risk: true }));
        expect(rowOf(covariance, 0, K * K).every(Number.isNaN)).toBe(true);
        expect(rowOf(specific, 0, symbols).every(Number.isNaN)).toBe(true);
        for (let row = 1; row < signals.length; row++) {
          const some = rowOf(covariance, row, K * K);
          if (Number.isNaN(some[0])) continue;
          for (let i = 0; i < K; i++) for (let j = 0; j < i; j++) expect(some[i * K + j]).toBe(some[j * K + i]);
          const values = eigenvalues(some);
          expect(Math.min(...values)).toBeGreaterThanOrEqual(-1e-12 * Math.max(...values));
          for (const value of rowOf(specific, row, symbols)) expect(value > 0 || Number.isNaN(value)).toBe(true);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('returns c times as large have covariances c² times as large', () => {
    const fields = randomMarket(4);
    const scaled = randomMarket(4, { scale: 0.5 });
    const [one, half] = [fields, scaled].map((some) => riskOf(signalRows(marketOf(some), signals, { risk: true })));
    const times = (values: ArrayLike<number>) => Float64Array.from(values, (value) => 0.25 * value);
    // Prices are float32: returns are known to 1e-7 of 1 and not of themselves.
    expectClose(half?.covariance as Float64Array, times(one?.covariance as Float64Array), 1e-4);
    expectClose(half?.specific as Float32Array, times(one?.specific as Float32Array), 1e-4);
  });

  test('variances are of the dates per year that are asked for, and styles stay', () => {
    const market = marketOf(randomMarket(4));
    const made = (datesPerYear?: number) => signalRows(market, signals, { risk: true, datesPerYear });
    const [usual, tenth] = [made(), made(market.datesPerYear / 10)];
    expectClose(
      riskOf(tenth).covariance.map((x) => 10 * x),
      riskOf(usual).covariance,
      1e-12,
    );
    expectClose(
      riskOf(tenth).specific.map((x) => 10 * x),
      riskOf(usual).specific,
      1e-6,
    );
    expect(tenth.exposures).toEqual(usual.exposures);
  });

  test('symbols may stand in any order', () => {
    const fields = randomMarket(9);
    const { symbols } = fields;
    const turn = (cells: Float32Array) => cells.map((_, i) => at(cells, i - 2 * (i % symbols) + symbols - 1));
    const turned = {
      ...fields,
      cells: Object.fromEntries(Object.entries(fields.cells).map(([name, cells]) => [name, turn(cells)])),
      industry: turn(fields.industry as Float32Array),
    };
    const [one, two] = [fields, turned].map((some) => riskOf(signalRows(marketOf(some), signals, { risk: true })));
    expectClose(two?.covariance as Float64Array, one?.covariance as Float64Array, 1e-9);
    expectClose(turn(two?.specific as Float32Array), one?.specific as Float32Array, 1e-6);
  });

  test('exposures are the same without risk', () => {
    const market = marketOf(randomMarket(2));
    const [both, alone] = [true, false].map((risk) => signalRows(market, signals, { risk }));
    expect(alone?.exposures).toEqual(both?.exposures);
    expect(alone?.risk).toBeUndefined();
  });

  test('a market without industries and capital is one group', () => {
    const { dates, symbols, cells } = randomMarket(6);
    const made = signalRows(marketOf({ dates, symbols, cells: { CLOSE: cells.CLOSE as Float32Array } }), signals, {
      risk: true,
    });
    const risk = riskOf(made);
    expect(made.exposures.industries).toBeUndefined();
    expect(made.exposures.styles.map(({ name }) => name)).toEqual(['Momentum']);
    expect(risk.factors).toBe(2);
    // Momentum is not known on so few dates, and there is no other style to lend it a variance.
    const [market = Number.NaN, across, , momentum] = rowOf(risk.covariance, 3, 4);
    expect([across, momentum]).toEqual([0, 0]);
    expect(Math.sqrt(market)).toBeGreaterThan(0.05);
    expect(Math.sqrt(market)).toBeLessThan(0.5);
  });

  test('the names of a section have all they need', () => {
    const fields = randomMarket(3);
    const symbols = Array.from({ length: fields.symbols }, (_, n) => `S${n}`);
    const made = signalRows(marketOf(fields), signals, { risk: true });
    expect(riskSection({ symbols, ...made }, 0, [1, 2])).toBeUndefined();
    const section = riskSection({ symbols, ...made }, 2, [2, 0, 5, 1]);
    expect(section?.industryCount).toBe(fields.labels + 1);
    expect(Array.from(section?.industries ?? [])).toEqual([4, 2, 1, 1]);
    expect(section?.covariance).toEqual(rowOf(riskOf(made).covariance, 2, riskOf(made).factors ** 2));
    for (const [k, values] of (section?.styles ?? []).entries()) {
      const stored = made.exposures.styles[k]?.values[2 * fields.symbols + 5] as number;
      expect(values[2]).toBe(Number.isNaN(stored) ? 0 : stored);
      expect(values.every(Number.isFinite)).toBe(true);
    }
    expect(section?.specific.every((value) => value > 0)).toBe(true);
  });
});

describe('one date', () => {
  const date = (seed: number, symbols: number, styles: number) => {
    const random = stream(seed, symbols, styles);
    const section = () => Float64Array.from({ length: symbols }, () => random.normal());
    return {
      returns: section().map((value) => (random.next() < 0.1 ? Number.NaN : 0.02 * value)),
      industries: Int32Array.from({ length: symbols }, () => random.below(3)),
      styles: Array.from({ length: styles }, section),
      weights: section().map((value) => Math.exp(value)),
    };
  };

  test('residuals are orthogonal to industries and styles, and the factors give back the returns', () => {
    fc.assert(
      fc.property(
        fc.nat(9999),
        fc.integer({ min: 8, max: 40 }),
        fc.integer({ min: 0, max: 4 }),
        (seed, symbols, styles) => {
          const one = date(seed, symbols, styles);
          const regression = new FactorRegression(symbols, 3, styles);
          if (!regression.fit(one)) return;
          const { factors, residuals } = regression;
          const rest = one.returns.map((value, n) => {
            const loads = one.styles.reduce((sum, x, k) => sum + at(x, n) * at(factors, 3 + k), 0);
            return value - at(factors, at(one.industries, n)) - loads;
          });
          const sum = (x: (n: number) => number) =>
            rest.reduce((total, value, n) => total + (Number.isNaN(value) ? 0 : at(one.weights, n) * value * x(n)), 0);
          for (let g = 0; g < 3; g++)
            expect(Math.abs(sum((n) => (one.industries[n] === g ? 1 : 0)))).toBeLessThan(1e-12);
          for (const x of one.styles) expect(Math.abs(sum((n) => at(x, n)))).toBeLessThan(1e-12);
          const members = (n: number) =>
            rest.filter((value, m) => !Number.isNaN(value) && one.industries[m] === one.industries[n]).length;
          for (const [n, value] of rest.entries()) {
            if (Number.isNaN(value) || members(n) === 1) expect(residuals[n]).toBeNaN();
            else expect(Math.abs(value - at(residuals, n))).toBeLessThan(1e-14);
          }
        },
      ),
    );
  });

  test('a style twice, or one that industries say already, has no return and changes nothing', () => {
    const one = date(1, 30, 2);
    const [first, second] = one.styles as [Float64Array, Float64Array];
    const dummy = Float64Array.from(one.industries, (g) => 2 - g);
    const [alone, more] = [new FactorRegression(30, 3, 2), new FactorRegression(30, 3, 4)];
    expect(alone.fit(one)).toBe(true);
    expect(more.fit({ ...one, styles: [first, second, first.slice(), dummy] })).toBe(true);
    expectClose(more.factors, [...alone.factors, 0, 0], 1e-9);
    expectClose(more.residuals, alone.residuals, 1e-9);
  });

  test('a style that nobody has, and an industry without symbols, have unknown returns', () => {
    const one = date(2, 30, 1);
    const regression = new FactorRegression(30, 4, 2);
    expect(regression.fit({ ...one, styles: [...one.styles, new Float64Array(30).fill(Number.NaN)] })).toBe(true);
    expect(Array.from(regression.factors, Number.isNaN)).toEqual([false, false, false, true, false, true]);
  });

  test('no more symbols than factors say nothing', () => {
    const one = date(3, 5, 2);
    const industries = Int32Array.of(0, 1, 2, 0, 1);
    const regression = new FactorRegression(5, 3, 2);
    expect(regression.fit({ ...one, industries, returns: new Float64Array(5).fill(0.01) })).toBe(false);
  });
});

describe('sums over dates', () => {
  test('independent returns have the covariance they were drawn with', () => {
    const random = stream(7, 7, 7);
    const covariance = new FactorCovariance(2, 1, {
      ...defaultRiskRule,
      halfLife: { deviation: 1000, correlation: 1000, specific: 1000 },
    });
    for (let t = 0; t < 6000; t++) {
      const [a, b, c] = [random.normal(), random.normal(), random.normal()];
      covariance.add(Float64Array.of(0.01 * a, 0.02 * (0.6 * a + 0.8 * b), 0.005 * c));
    }
    const out = new Float64Array(9);
    covariance.covariance(out);
    for (const [at, expected, tolerance] of [
      [0, 1e-4, 0.15],
      [4, 4e-4, 0.15],
      [8, 2.5e-5, 0.15],
      [1, 1.2e-4, 0.2],
    ] as const) {
      expect(Math.abs((out[at] as number) / expected - 1)).toBeLessThan(tolerance);
    }
    expect(Math.abs(out[2] as number) / 5e-5).toBeLessThan(0.1);
  });

  test('a factor without returns of its own covaries with nothing, a young one is like the others', () => {
    const random = stream(9, 9, 9);
    const covariance = new FactorCovariance(3, 2, defaultRiskRule);
    for (let t = 0; t < 200; t++) {
      const market = 0.01 * random.normal();
      const [a, b] = [market + 0.005 * random.normal(), market + 0.005 * random.normal()];
      covariance.add(Float64Array.of(a, b, t < 150 ? Number.NaN : market, 0.002 * random.normal(), 0));
    }
    const out = new Float64Array(25);
    covariance.covariance(out);
    const of = (i: number, j: number) => at(out, 5 * i + j);
    for (let i = 0; i < 5; i++) expect(of(4, i)).toBe(0);
    expect(of(2, 2)).toBeCloseTo((of(0, 0) + of(1, 1)) / 2, 15);
    expect(of(2, 0)).toBeCloseTo((of(0, 0) + of(0, 1)) / 2, 15);
    expect(of(3, 2)).toBeCloseTo((of(3, 0) + of(3, 1)) / 2, 15);
    expect(Math.min(...eigenvalues(out))).toBeGreaterThan(-1e-18);
  });

  test('returns that go on for a date have the variance of the sums they make', () => {
    const random = stream(8, 8, 8);
    const variance = (lags: number) => {
      const specific = new SpecificVariance(1, {
        ...defaultRiskRule,
        lags,
        halfLife: { deviation: 1000, correlation: 1000, specific: 1000 },
      });
      let last = 0;
      for (let t = 0; t < 6000; t++) {
        const fresh = random.normal();
        specific.add(Float64Array.of(fresh + 0.5 * last));
        last = fresh;
      }
      const out = new Float64Array(1);
      specific.variances(Float64Array.of(1), () => true, out);
      return out[0] as number;
    };
    // Squares alone see 1 + 0.25; two lags of Bartlett add 2 * (2/3) * 0.5 of the 2 * 0.5 there is.
    expect(Math.abs(variance(0) - 1.25)).toBeLessThan(0.15);
    expect(Math.abs(variance(2) - 1.25 - 2 / 3)).toBeLessThan(0.25);
  });

  test('correlations that cannot be are made some that can, by their eigenvalues', () => {
    fc.assert(
      fc.property(fc.nat(9999), fc.integer({ min: 2, max: 12 }), (seed, size) => {
        const random = stream(seed, size, 0);
        const matrix = new Float64Array(size * size);
        for (let i = 0; i < size; i++) {
          matrix[i * size + i] = 1;
          for (let j = 0; j < i; j++) matrix[i * size + j] = matrix[j * size + i] = 2 * random.next() - 1;
        }
        const { values, vectors } = symmetricEigen(matrix, size);
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            let [whole, product] = [0, 0];
            for (let k = 0; k < size; k++) {
              whole += at(values, k) * at(vectors, k * size + i) * at(vectors, k * size + j);
              product += at(vectors, i * size + k) * at(vectors, j * size + k);
            }
            expect(Math.abs(whole - at(matrix, i * size + j))).toBeLessThan(1e-12);
            expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-12);
          }
        }
        const made = matrix.slice();
        makePositive(made, size);
        if (Math.min(...values) > 1e-9) expect(made).toEqual(matrix);
        expect(Math.min(...eigenvalues(made))).toBeGreaterThan(-1e-12);
        for (let i = 0; i < size; i++) expect(made[i * size + i]).toBe(1);
      }),
    );
  });
});

test('what portfolios of a synthetic market did is what was predicted', async () => {
  const place = await mkdtemp(join(tmpdir(), 'evolve-risk-'));
  try {
    const folder = join(place, 'market');
    await synthesise(folder, { stocks: 80, days: 380, minutes: 0, seed: 11 });
    const arena = new Arena(2 ** 28);
    const market = riskMarket(await openMarket(folder, arena), arena, 'INDUSTRY');
    const ahead = 10;
    const dates = Int32Array.from({ length: 21 }, (_, i) => 160 + ahead * i);
    const made = signalRows(market, dates, { risk: true });
    const symbols = Array.from({ length: market.symbols }, (_, n) => `S${n}`);
    const random = stream(12, 0, 0);
    const { cells, stride } = market.field('CLOSE') as Panel;
    const close = (t: number, n: number) => at(cells, t * stride + n);
    const scores: number[] = [];
    for (const [row, s] of dates.entries()) {
      const names = [...symbols.keys()].filter((n) => close(s, n) > 0);
      const section = riskSection({ symbols, ...made }, row, names);
      if (!section) throw new Error('the history is long enough');
      const { industries, industryCount, styles, covariance, specific } = section;
      const K = industryCount + styles.length;
      for (let k = 0; k < 20; k++) {
        // A few of the names against all of them.
        const chosen = names.map(() => (random.next() < 0.25 ? 1 : 0));
        const total = chosen.reduce<number>((sum, one) => sum + one, 0);
        const active = chosen.map((one) => one / total - 1 / names.length);
        const exposure = new Float64Array(K);
        let variance = 0;
        for (const [i, w] of active.entries()) {
          const g = at(industries, i);
          exposure[g] = at(exposure, g) + w;
          for (const [j, x] of styles.entries())
            exposure[industryCount + j] = at(exposure, industryCount + j) + w * at(x, i);
          variance += w * w * at(specific, i);
        }
        for (let i = 0; i < K; i++)
          for (let j = 0; j < K; j++) variance += at(exposure, i) * at(exposure, j) * at(covariance, i * K + j);
        let realised = 0;
        for (let t = s + 1; t <= s + ahead; t++) {
          for (const [i, n] of names.entries()) {
            const earned = close(t, n) / close(t - 1, n) - 1;
            if (!Number.isNaN(earned)) realised += (active[i] as number) * earned;
          }
        }
        scores.push(realised / Math.sqrt((variance * ahead) / market.datesPerYear));
      }
    }
    const bias = Math.sqrt(scores.reduce((sum, score) => sum + score * score, 0) / scores.length);
    // 420 scores that hang together by date: 1 is right, and 1 / sqrt(2 * 21) would be a deviation at the worst.
    expect(bias).toBeGreaterThan(0.75);
    expect(bias).toBeLessThan(1.25);
  } finally {
    await rm(place, { recursive: true });
  }
});
