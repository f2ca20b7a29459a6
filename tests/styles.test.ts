/** The styles against numpy and statsmodels, each window summed anew (tools/styles-golden.py), and what holds on any panel. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { ReturnHistory, TurnoverHistory } from '../evaluation/tear-sheet/style-history.ts';
import { type StylePanel, styleFields, styles } from '../evaluation/tear-sheet/styles.ts';

type Cells = readonly (number | null)[];
interface Golden {
  readonly symbols: number;
  readonly fields: Record<'MKT_RETURN' | 'CLOSE' | 'TURN' | 'CAP' | 'BOOK', Cells>;
  /** Fundamentals, as multiples of BOOK. */
  readonly sharesOfBook: Record<string, Cells>;
  readonly dates: readonly number[];
  readonly descriptors: readonly Record<string, Cells>[];
  readonly values: readonly Record<string, Cells>[];
}
const file = join(dirname(fileURLToPath(import.meta.url)), 'golden', 'tear-sheet', 'styles.json');
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;

const fieldsOf = (fields: Readonly<Record<string, Cells>>): Map<string, Float32Array> =>
  new Map(
    Object.entries(fields).map(([name, cells]) => [name, Float32Array.from(cells, (value) => value ?? Number.NaN)]),
  );
const panelOf = (fields: ReadonlyMap<string, Float32Array>, symbols: number): StylePanel => ({
  dates: (fields.get('CLOSE') as Float32Array).length / symbols,
  symbols,
  field: (name) => fields.get(name),
});

function close(values: ArrayLike<number>, expected: Cells, tolerance: number): void {
  expect(values.length).toBe(expected.length);
  for (const [n, right] of expected.entries()) {
    const value = values[n] as number;
    if (right === null) expect(value).toBeNaN();
    else expect(Math.abs(value - right)).toBeLessThanOrEqual(tolerance * Math.max(1e-3, Math.abs(right)));
  }
}

describe('against windows summed anew', () => {
  const fields = fieldsOf(golden.fields);
  const { symbols } = golden;

  test('every descriptor, in float64', () => {
    const market = Float64Array.from(fields.get('MKT_RETURN') as Float32Array);
    const returns = new ReturnHistory(fields.get('CLOSE') as Float32Array, market, symbols);
    const turnover = new TurnoverHistory(fields.get('TURN') as Float32Array, symbols);
    let compared = 0;
    for (let t = 0; t < market.length; t++) {
      returns.step(t);
      returns.describe(t);
      turnover.step(t);
      const expected = golden.descriptors[golden.dates.indexOf(t)];
      if (!expected) continue;
      for (const [name, cells] of Object.entries(expected)) {
        const values = { ...returns, ...turnover }[name as 'beta' | 'stom'];
        close(values, cells, 1e-9);
      }
      compared++;
    }
    expect(compared).toBe(golden.dates.length);
  });

  test('every style, standardised and orthogonalised', () => {
    const book = fields.get('BOOK') as Float32Array;
    const all = new Map(fields);
    for (const [name, cells] of fieldsOf(golden.sharesOfBook)) {
      all.set(
        name,
        book.map((value, i) => value * (cells[i % symbols] as number)),
      );
    }
    const earnings = all.get('EARNINGS') as Float32Array;
    const growth = earnings.map((value, i) => value / (all.get('TOTAL_ASSETS')?.[i] as number));
    all.set('SALES_GROWTH', growth);
    all.set(
      'EARNINGS_GROWTH',
      growth.map((value) => value * value),
    );
    const made = styles(panelOf(all, symbols));
    for (const [i, t] of golden.dates.entries()) {
      for (const [name, cells] of Object.entries(golden.values[i] as Record<string, Cells>)) {
        const style = made.styles.find((one) => one.name === name);
        const section = (style?.values ?? []).slice(t * symbols, (t + 1) * symbols);
        close(section, cells, 1e-6);
      }
    }
    expect(made.styles.map(({ name }) => name)).toEqual([
      'Size',
      'Beta',
      'Momentum',
      'ResVol',
      'NLSize',
      'Liquidity',
      'BTOP',
      'EarningsYield',
      'Growth',
      'Leverage',
    ]);
  });
});

/** Random walks with holes, and with a little of every fundamental. */
function randomPanel(seed: number, dates: number, symbols: number): Map<string, Float32Array> {
  const random = stream(seed, dates, symbols);
  const cells = (value: (t: number, n: number) => number) =>
    Float32Array.from({ length: dates * symbols }, (_, i) => value(Math.floor(i / symbols), i % symbols));
  const walk = Float64Array.from({ length: symbols }, () => 10 + 20 * random.next());
  const price = cells((_, n) => {
    walk[n] = (walk[n] as number) * Math.exp(0.02 * random.normal());
    return random.next() < 0.02 ? Number.NaN : (walk[n] as number);
  });
  const positive = () => cells(() => (random.next() < 0.05 ? Number.NaN : Math.exp(random.normal())));
  return new Map([
    ['CLOSE', price],
    ['MKT_RETURN', Float32Array.from({ length: dates }, () => 0.01 * random.normal())],
    ['CAP', cells((t, n) => (price[t * symbols + n] as number) * (n + 1))],
    ['TURN', cells(() => (random.next() < 0.05 ? 0 : 0.02 * random.next()))],
    ...['BOOK', 'EARNINGS', 'CASH_EARNINGS', 'LONG_DEBT', 'TOTAL_DEBT', 'TOTAL_ASSETS', 'SALES_GROWTH'].map(
      (name) => [name, positive()] as const,
    ),
  ]);
}

describe('on any panel', () => {
  const [dates, symbols] = [290, 7];

  test('the future changes nothing', () => {
    fc.assert(
      fc.property(fc.nat(999), fc.integer({ min: 1, max: dates - 1 }), (seed, today) => {
        const fields = randomPanel(seed, dates, symbols);
        const other = new Map(
          [...fields].map(([name, cells]) => {
            const width = cells.length / dates;
            return [name, cells.map((value, i) => (i >= today * width ? value * 1.5 + (i % 3) : value))] as const;
          }),
        );
        const after = styles(panelOf(other, symbols)).styles;
        for (const [i, { values }] of styles(panelOf(fields, symbols)).styles.entries()) {
          expect(after[i]?.values.slice(0, today * symbols)).toEqual(values.slice(0, today * symbols));
        }
      }),
      { numRuns: 8 },
    );
  });

  test('mean 0 weighted by capital, deviation 1, and orthogonal where the model says so', () => {
    const fields = randomPanel(3, dates, 40);
    const cap = fields.get('CAP') as Float32Array;
    const { styles: made } = styles(panelOf(fields, 40));
    const of = (name: string, t: number) => {
      const values = made.find((style) => style.name === name)?.values as Float32Array;
      return Float64Array.from({ length: 40 }, (_, n) => values[t * 40 + n] as number);
    };
    const t = dates - 1;
    const weighted = (x: Float64Array, y: Float64Array, weight: (n: number) => number) => {
      let [sum, total] = [0, 0];
      for (let n = 0; n < 40; n++) {
        const product = (x[n] as number) * (y[n] as number);
        if (Number.isNaN(product)) continue;
        sum += weight(n) * product;
        total += weight(n);
      }
      return sum / total;
    };
    const ones = new Float64Array(40).fill(1);
    for (const { name } of made.filter((style) => style.name !== 'Momentum')) {
      const x = of(name, t);
      const known = x.map((value) => (Number.isNaN(value) ? Number.NaN : 1));
      const mean = weighted(x, known, () => 1);
      expect(Math.abs(weighted(x, ones, (n) => cap[t * 40 + n] as number)) || 0).toBeLessThan(1e-5);
      expect(weighted(x, x, () => 1) - mean ** 2).toBeCloseTo(1, 5);
    }
    const root = (n: number) => Math.sqrt(cap[t * 40 + n] as number);
    for (const [one, other] of [
      ['ResVol', 'Beta'],
      ['ResVol', 'Size'],
    ] as const) {
      const [x, y] = [of(one, t), of(other, t)];
      const both = x.map((value, n) => (Number.isNaN(value * (y[n] as number)) ? Number.NaN : 1));
      const covariance = weighted(x, y, root) - weighted(x, both, root) * weighted(y, both, root);
      expect(Math.abs(covariance)).toBeLessThan(1e-5);
    }
  });

  test('symbols may stand in any order', () => {
    const fields = randomPanel(5, dates, symbols);
    const turned = new Map(
      [...fields].map(([name, cells]) => [
        name,
        name === 'MKT_RETURN' ? cells : cells.map((_, i) => cells[i - 2 * (i % symbols) + symbols - 1] as number),
      ]),
    );
    const { styles: straight } = styles(panelOf(fields, symbols));
    const { styles: back } = styles(panelOf(turned, symbols));
    for (const [i, { values }] of straight.entries()) {
      const other = back[i]?.values as Float32Array;
      const expected = values.map((_, c) => values[c - 2 * (c % symbols) + symbols - 1] as number);
      close(
        other,
        Array.from(expected, (value) => (Number.isNaN(value) ? null : value)),
        1e-4,
      );
    }
  });
});

describe('what a market lacks', () => {
  const all = randomPanel(1, 40, 5);
  const only = (...names: string[]) => {
    const fields = new Map([...all].filter(([name]) => names.includes(name)));
    return styles({ dates: 40, symbols: 5, field: (name) => fields.get(name) });
  };

  test('without CAP there is no Size, nor what is made of it', () => {
    const { styles: made, leftOut } = only('CLOSE', 'MKT_RETURN', 'TURN');
    expect(made.map(({ name }) => name)).toEqual(['Beta', 'Momentum', 'Liquidity']);
    const reasons = Object.fromEntries(leftOut.map(({ name, reason }) => [name, reason]));
    expect(reasons.Size).toBe('the market has no CAP');
    expect(reasons.ResVol).toBe('it needs Size, which is left out');
    expect(reasons.NLSize).toBe('it needs Size, which is left out');
    expect(reasons.BTOP).toBe('the market has no BOOK and CAP');
    expect(reasons.Growth).toContain('SALES_GROWTH');
  });

  test('a style is made of the descriptors there are, and says which are not', () => {
    const { styles: made } = only('CAP', 'EARNINGS', 'SALES_GROWTH', 'TOTAL_DEBT', 'TOTAL_ASSETS');
    const without = Object.fromEntries(made.map((style) => [style.name, style.without]));
    expect(without).toEqual({
      Size: [],
      NLSize: [],
      EarningsYield: ['EPFWD', 'CETOP'],
      Growth: ['EGRO', 'EGRLF', 'EGRSF'],
      Leverage: ['MLEV', 'BLEV'],
    });
  });

  test('without anything nothing is made', () => {
    expect(only().styles).toEqual([]);
    expect(only().leftOut).toHaveLength(10);
  });

  test('no field is read that is not among those named', () => {
    const asked = new Set<string>();
    const field = (name: string) => {
      asked.add(name);
      return all.get(name);
    };
    styles({ dates: 40, symbols: 5, field });
    expect(asked.size).toBeGreaterThan(10);
    expect(styleFields).toEqual(expect.arrayContaining([...asked]));
  });
});
