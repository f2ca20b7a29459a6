/** What programs mean: the plain interpreter, and what must not change it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operatorNames, operatorOf } from '../operators/table.ts';
import { canonical } from '../program/canonical.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import { evaluateReference, type PlainMarket } from '../program/reference-program.ts';
import { standardVocabulary } from '../program/vocabulary.ts';
import { plainMarket, program, smallSize, value } from './arbitraries/program.ts';

const read = (text: string) => parse(text, standardVocabulary);
const nan = Number.NaN;

/** Two symbols, six dates, four bars. */
const tiny: PlainMarket = {
  rows: 6,
  columns: 2,
  daily: new Map(
    Object.entries({
      CLOSE: [1, 10, 2, 20, 4, 40, 8, nan, 16, 160, 32, 320],
      OPEN: [1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 0],
      MKT_RETURN: [1, 2, 3, 4, 5, 6],
    }).map(([name, cells]) => [name, Float64Array.from(cells)]),
  ),
  // Symbol 0 counts 1, 2, 3, 4 every day; symbol 1 the same times ten, with a hole on the second date's first bar.
  minute: new Map([
    [
      'close',
      Float64Array.from({ length: 6 * 4 * 2 }, (_, i) => {
        const bar = 1 + (Math.floor(i / 2) % 4);
        return i === 9 ? nan : bar * (i % 2 === 0 ? 1 : 10);
      }),
    ],
  ]),
  starts: [570, 630, 780, 840],
};
const evaluate = (text: string) => [...evaluateReference(read(text), tiny)];

test.each([
  ['CLOSE / OPEN', [1, 10, 2, 20, 2, 20, 4, nan, 4, 40, 8, nan]],
  ['ts_sum(CLOSE, 2)', [nan, nan, 3, 30, 6, 60, 12, nan, 24, nan, 48, 480]],
  ['ts_diff(CLOSE, 2)', [nan, nan, nan, nan, 3, 30, 6, nan, 12, 120, 24, nan]],
  ['ts_delay(CLOSE, 1)', [nan, nan, 1, 10, 2, 20, 4, 40, 8, nan, 16, 160]],
  ['cs_rank(CLOSE)', [0.5, 1, 0.5, 1, 0.5, 1, 1, nan, 0.5, 1, 0.5, 1]],
  ['ts_mean(MKT_RETURN, 3)', [nan, nan, 2, 3, 4, 5]],
  ['OPEN * MKT_RETURN', [1, 1, 2, 2, 6, 6, 8, 8, 20, 20, 24, 0]],
  ['CLOSE * 3e38', [nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan].with(0, Math.fround(3e38))],
  ['ts_sum(close, 4)', [10, 100, 10, nan, 10, 100, 10, 100, 10, 100, 10, 100]],
  ['ts_sum(close, 3)', [9, 90, 9, 90, 9, 90, 9, 90, 9, 90, 9, 90]],
  ['ts_diff(close, 3)', [2, 20, 2, 20, 2, 20, 2, 20, 2, 20, 2, 20]],
  ['ts_sum(bar_diff(close, 2), 2)', [4, 40, 4, nan, 4, 40, 4, 40, 4, 40, 4, 40]],
  ['ts_sum(close, 5)', Array.from({ length: 12 }, () => nan)],
  ['interval(close, sum, 9:30, 13:00)', [3, 30, 3, nan, 3, 30, 3, 30, 3, 30, 3, 30]],
  ['interval(close, last, 9:30, 13:00)', [2, 20, 2, 20, 2, 20, 2, 20, 2, 20, 2, 20]],
  ['interval(close, std, 9:30, 10:00)', Array.from({ length: 12 }, () => nan)],
])('%s by hand', (text, cells) => {
  expect(evaluate(text)).toEqual(cells);
});

test('a learned vector reads only labels that are known', () => {
  const columns = 4;
  const factor = [1, 2, 3, 4];
  const market = (sign: (t: number) => number): PlainMarket => ({
    rows: 6,
    columns,
    daily: new Map([['TURN', Float64Array.from({ length: 24 }, (_, i) => factor[i % 4] as number)]]),
    minute: new Map(),
    starts: [],
    label: Float64Array.from({ length: 24 }, (_, i) => (factor[i % 4] as number) * sign(Math.floor(i / 4))),
    labelDelay: 2,
  });
  const learned = read('learn_ic(TURN, 2)');
  const flips = [
    ...evaluateReference(
      learned,
      market((t) => (t < 2 ? 1 : -1)),
    ),
  ];
  expect(flips.map((ic) => Math.round(ic))).toEqual([nan, nan, nan, 1, 0, -1]);
  const others = [
    ...evaluateReference(
      learned,
      market((t) => (t < 4 ? 1 : 7 * t)),
    ),
  ];
  expect(others.map((ic) => Math.round(ic))).toEqual([nan, nan, nan, 1, 1, 1]);
  expect(
    [
      ...evaluateReference(
        read('learn_beta(TURN, 1)'),
        market(() => 3),
      ),
    ].at(-1),
  ).toBeCloseTo(3, 6);
});

const everyKind = fc.oneof(
  program(smallSize),
  value({ kind: 'm', maxSize: 4 }, smallSize),
  value({ kind: 'v', maxSize: 4 }, smallSize),
  value({ kind: 'b', maxSize: 3 }, smallSize),
);

// 256 and not 100: a power of four goes through sums, square roots and float32 exactly, so that ranks and
// comparisons of nearly equal values cannot tip over.
test.each([
  ['prices in another currency', { price: 256, shares: 1 }],
  ['volumes counted in other lots', { price: 1, shares: 256 }],
])('%s change values as their unit says', (_what, measures) => {
  fc.assert(
    fc.property(everyKind, fc.nat(1000), (expression, seed) => {
      const before = evaluateReference(expression, plainMarket(seed));
      const after = evaluateReference(expression, plainMarket(seed, 14, 5, measures));
      const factor = measures.price ** expression.unit.price * measures.shares ** expression.unit.shares;
      for (const [i, x] of before.entries()) {
        const y = (after[i] as number) / factor;
        // Beyond these, float32 and the largest quotient cut one currency off before the other.
        if (inRange(x) && inRange(x * factor) && !(Math.abs(x - y) <= 1e-6 * Math.abs(x))) {
          expect.fail(`${print(expression)} is ${x}, and ${y} measured so, at ${i}`);
        }
      }
    }),
    { numRuns: 300 },
  );
});
const inRange = (x: number) => x === 0 || (Math.abs(x) > 1e-30 && Math.abs(x) < 1e15);

test('nothing reads the future', () => {
  fc.assert(
    fc.property(everyKind, fc.nat(1000), fc.nat(12), (expression, seed, today) => {
      const market = plainMarket(seed);
      const before = evaluateReference(expression, market);
      const after = evaluateReference(expression, otherFuture(market, today));
      const known = (before.length / market.rows) * (today + 1);
      expect(after.slice(0, known)).toEqual(before.slice(0, known));
    }),
    { numRuns: 200 },
  );
});

/** Other bars after today, and other labels wherever they are not known yet today. */
function otherFuture(market: PlainMarket, today: number): PlainMarket {
  const change = (values: Float64Array, last: number) => {
    const width = values.length / market.rows;
    return values.map((value, i) => (i >= (last + 1) * width ? value * 3 + 1 : value));
  };
  const all = (fields: ReadonlyMap<string, Float64Array>) =>
    new Map([...fields].map(([name, values]) => [name, change(values, today)]));
  const { daily, minute, label = new Float64Array(), labelDelay = 0 } = market;
  return { ...market, daily: all(daily), minute: all(minute), label: change(label, today - labelDelay) };
}

describe('the canonical form', () => {
  const kept = (expression: Expression, market: PlainMarket) =>
    expect(evaluateReference(canonical(expression), market)).toEqual(evaluateReference(expression, market));

  test('keeps every value bit for bit', () => {
    fc.assert(
      fc.property(everyKind, fc.nat(1000), (expression, seed) => {
        kept(expression, plainMarket(seed));
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    ['OPEN + CLOSE', 'CLOSE + OPEN'],
    ['--CLOSE', 'CLOSE'],
    ['CLOSE - -OPEN', 'CLOSE + OPEN'],
    ['-CLOSE + OPEN', 'OPEN - CLOSE'],
    ['-TURN * -OPEN', 'OPEN * TURN'],
    ['-TURN / OPEN', '-(TURN / OPEN)'],
    ['TURN * -1', '-TURN'],
    ['1 * TURN', 'TURN'],
    ['TURN - 0', 'TURN'],
    ['TURN + 0', '0 + TURN'],
    ['TURN + -2', 'TURN - 2'],
    ['TURN - -2', '2 + TURN'],
    ['abs(-abs(TURN))', 'abs(TURN)'],
    ['abs(OPEN - CLOSE)', 'abs(CLOSE - OPEN)'],
    ['sign(sign(TURN))', 'sign(TURN)'],
    ['power(TURN, 1)', 'TURN'],
    ['max2(TURN, TURN)', 'TURN'],
    ['lt(OPEN, CLOSE)', 'gt(CLOSE, OPEN)'],
    ['-(OPEN - CLOSE)', '-(OPEN - CLOSE)'],
    ['(TURN + OPEN / CLOSE) + RETURN1', 'RETURN1 + (TURN + OPEN / CLOSE)'],
    ['TURN / 1', 'TURN / 1'],
  ])('of %s is %s', (text, form) => {
    expect(print(canonical(read(text)))).toBe(form);
    // Zeros of both signs and what float32 cannot hold are where a careless rewrite would show.
    const awkward = Float64Array.of(0, -0, 1, -1, 1e30, -3e38, 1e-45, nan, 2, 0.1);
    const fields = ['OPEN', 'CLOSE', 'TURN', 'RETURN1'];
    const shifted = (by: number) => awkward.map((_, i) => awkward[(i * (by + 1) + by) % awkward.length] as number);
    const daily = new Map(fields.map((name, by) => [name, shifted(by)]));
    kept(read(text), { rows: 1, columns: awkward.length, daily, minute: new Map(), starts: [] });
  });

  test('is its own canonical form, and equal subtrees of it are one object', () => {
    fc.assert(
      fc.property(program(smallSize), (expression) => {
        const interned = new Map<string, Expression>();
        const form = canonical(expression, interned);
        expect(canonical(form, interned)).toBe(form);
        expect(canonical(form)).toEqual(form);
        const check = (node: Expression): void => {
          expect(interned.get(node.key)).toBe(node);
          if (node.node === 'call') node.inputs.forEach(check);
        };
        check(form);
      }),
      { numRuns: 500 },
    );
  });
});

test.each(operatorNames)('the example of %s has values', (name) => {
  const short = operatorOf(name).example.replaceAll(/\b(20|10|240|235)\b(?!:)/g, '5');
  const values = evaluateReference(read(short), plainMarket(3, 24, 8));
  expect([...values].some(Number.isFinite)).toBe(true);
});
