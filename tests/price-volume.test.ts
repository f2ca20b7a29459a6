/** The named price-volume factors, against pandas and statsmodels (tools/styles-golden.py) and on markets that lack things. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRatio, money, price, ratio, shares, type Unit } from '../core/units.ts';
import type { FieldInfo, MarketManifest } from '../data/market.ts';
import { marketVocabulary } from '../evaluation/evaluator.ts';
import { priceVolumeFactors } from '../evaluation/tear-sheet/price-volume.ts';
import { bind } from '../program/bind.ts';
import { asFactor, must } from '../program/build.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { evaluateReference, type PlainMarket } from '../program/reference-program.ts';

type Cells = readonly (number | null)[];
interface Golden {
  readonly bars: number;
  readonly symbols: number;
  readonly daily: Record<string, Cells>;
  readonly market: Cells;
  readonly minute: Record<'close' | 'volume', Cells>;
  readonly date: number;
  readonly factors: Record<string, Cells>;
}
const file = join(dirname(fileURLToPath(import.meta.url)), 'golden', 'tear-sheet', 'price-volume.json');
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;

const units: Readonly<Record<string, readonly [FieldInfo['kind'], Unit]>> = {
  OPEN: ['m', price],
  HIGH: ['m', price],
  LOW: ['m', price],
  CLOSE: ['m', price],
  VWAP: ['m', price],
  VOLUME: ['m', shares],
  AMOUNT: ['m', money],
  TURN: ['m', ratio],
  MKT_RETURN: ['v', ratio],
  close: ['b', price],
  vwap: ['b', price],
  volume: ['b', shares],
  amount: ['b', money],
};
const names = Object.keys(units);
const fifteen = Object.keys(golden.factors);

function manifest(fields: readonly string[], bars: number): MarketManifest {
  const starts = Array.from({ length: bars }, (_, m) => 570 + 10 * m);
  return {
    schema: 1,
    name: 'test',
    calendar: [],
    symbols: [],
    fields: fields.map((name) => {
      const [kind, unit] = units[name] as readonly [FieldInfo['kind'], Unit];
      return { name, kind, unit, doc: '' };
    }),
    ...(bars > 0 && { minute: { starts, barMinutes: 10 } }),
    datesPerYear: 244,
    provenance: {},
    hash: '',
  };
}

function understood(text: string, market: MarketManifest): Expression {
  const vocabulary = marketVocabulary(market);
  return must(asFactor(must(bind(parse(text, vocabulary), vocabulary, market.minute))));
}

const series = (cells: Cells): Float64Array => Float64Array.from(cells, (value) => Math.fround(value ?? Number.NaN));
const daily = new Map([
  ...Object.entries(golden.daily).map(([name, cells]) => [name, series(cells)] as const),
  ['MKT_RETURN', series(golden.market)] as const,
]);
const minute = new Map(Object.entries(golden.minute).map(([name, cells]) => [name, series(cells)] as const));

function marketWith(others: ReadonlyMap<string, Float64Array>): { plain: PlainMarket; market: MarketManifest } {
  const all = new Map([...minute, ...others]);
  const market = manifest([...daily.keys(), ...all.keys()], golden.bars);
  const starts = market.minute?.starts ?? [];
  return { market, plain: { rows: golden.date + 1, columns: golden.symbols, daily, minute: all, starts } };
}

function valuesOf(name: string, { plain, market }: ReturnType<typeof marketWith>): Float64Array {
  const row = priceVolumeFactors(market).factors.find((factor) => factor.name === name);
  if (!row) throw new Error(`${name} is left out`);
  const values = evaluateReference(understood(row.expression, market), plain);
  return values.slice(golden.date * golden.symbols);
}

describe('the named price-volume factors', () => {
  const whole = marketWith(new Map());

  test.each(fifteen)('%s is what pandas says', (name) => {
    const expected = golden.factors[name] ?? [];
    const values = valuesOf(name, whole);
    expect(values.length).toBe(expected.length);
    expect(expected.some((value) => value !== null)).toBe(true);
    for (const [n, value] of values.entries()) {
      const right = expected[n];
      // Programs store each step as float32; a logarithm near 0 keeps the absolute error of the ratio near 1.
      if (right === null || right === undefined) expect(value).toBeNaN();
      else expect(Math.abs(value - right)).toBeLessThanOrEqual(1e-5 * Math.abs(right) + 2e-7);
    }
  });

  test('whatever a market has, each is a factor of it or left out with a reason', () => {
    fc.assert(
      fc.property(fc.subarray(names), fc.integer({ min: 0, max: 12 }), (fields, bars) => {
        const market = manifest(
          fields.filter((name) => bars > 0 || units[name]?.[0] !== 'b'),
          bars,
        );
        const { factors, leftOut } = priceVolumeFactors(market);
        expect([...factors, ...leftOut].map(({ name }) => name).sort()).toEqual([...fifteen].sort());
        for (const { expression } of factors) expect(isRatio(understood(expression, market).unit)).toBe(true);
        for (const { reason } of leftOut) expect(reason).toMatch(/^(the market has no|a day has) /);
      }),
    );
  });

  test('a reason names what is missing', () => {
    const { factors, leftOut } = priceVolumeFactors(manifest(['CLOSE', 'VOLUME'], 0));
    expect(factors.map(({ name }) => name)).toEqual(['ret', 'vol', 'lnamihud']);
    const reasons = new Map(leftOut.map(({ name, reason }) => [name, reason]));
    expect(reasons.get('lnto')).toBe('the market has no TURN');
    expect(reasons.get('ivol')).toBe('the market has no MKT_RETURN');
    expect(reasons.get('skew')).toBe('the market has no minute bars');
    const coarse = new Map(
      priceVolumeFactors(manifest(['close', 'volume'], 4)).leftOut.map(({ name, reason }) => [name, reason]),
    );
    expect(coarse.get('kurt')).toBe('a day has 4 bars, and it needs 5');
    expect(coarse.has('skew')).toBe(false);
  });

  test('a snapshot and a mask are no fields of a factor', () => {
    const market = manifest(['CLOSE', 'TURN'], 0);
    const fields = market.fields.map((field) =>
      field.name === 'TURN' ? { ...field, snapshot: true as const } : field,
    );
    expect(priceVolumeFactors({ ...market, fields }).leftOut).toContainEqual({
      name: 'lnto',
      reason: 'the market has no TURN',
    });
  });

  test('a price that bounces by a tick has no extreme returns', () => {
    const close = minute.get('close') as Float64Array;
    const bounce = close.map((_, i) => Math.fround(Math.floor(i / golden.symbols) % 2 === 0 ? 3.01 : 3));
    expect([...valuesOf('jump', marketWith(new Map([['close', bounce]])))]).toEqual(Array(golden.symbols).fill(0));
  });

  test('a bar without trade, which has no average price, does not cost the day', () => {
    const close = minute.get('close') as Float64Array;
    const volume = minute.get('volume') as Float64Array;
    const still = volume.indexOf(0);
    expect(still).toBeGreaterThan(0);
    const vwap = close.map((value, i) => (volume[i] === 0 ? Number.NaN : value));
    const amount = close.map((value, i) => value * (volume[i] as number));
    const plain = valuesOf('apb', whole);
    expect(valuesOf('apb', marketWith(new Map([['vwap', vwap]])))).toEqual(plain);
    const ofAmounts = valuesOf('apb', marketWith(new Map([['amount', amount]])));
    for (const [n, value] of ofAmounts.entries()) {
      if (Number.isNaN(plain[n] as number)) expect(value).toBeNaN();
      else expect(Math.abs(value - (plain[n] as number))).toBeLessThan(1e-6);
    }
  });
});
