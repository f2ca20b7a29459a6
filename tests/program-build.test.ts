/** What the maker of expressions refuses, what only a market can refuse, and the formula for a paper. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { packageRoot } from '../core/package-root.ts';
import { price } from '../core/units.ts';
import { operatorNames } from '../operators/table.ts';
import { bind } from '../program/bind.ts';
import { asFactor, call, field, literal, must, refused } from '../program/build.ts';
import type { Expression } from '../program/expression.ts';
import { latex } from '../program/latex.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import { standardVocabulary, vocabulary, type Word } from '../program/vocabulary.ts';
import { fullSize, program, session, value } from './arbitraries/program.ts';

const word = (name: string) => field(standardVocabulary.get(name) as Word);
const read = (text: string) => parse(text, standardVocabulary);
const close = word('CLOSE');

describe('call', () => {
  test.each([
    ['a missing input', call('ts_corr', [close], [5]), 'arity', 'ts_corr is written ts_corr(x, y, s)'],
    ['a missing window', call('ts_mean', [close]), 'arity', 'ts_mean is written ts_mean(x, s)'],
    ['a window too many', call('abs', [close], [5]), 'arity', 'abs is written abs(x)'],
    [
      'an interval without times',
      call('interval', [word('close')]),
      'arity',
      'interval is written interval(x, sum, 9:30, 10:00)',
    ],
    [
      'times without an interval',
      call('abs', [close], [], { reduction: 'sum', start: 570, end: 600 }),
      'arity',
      'abs is written abs(x)',
    ],
    [
      'no window',
      call('ts_mean', [close], [Number.NaN]),
      'window',
      'the window of ts_mean must be a whole number from 1 to 100000, not NaN',
    ],
    ['no number', call('power', [close], [Number.NaN]), 'parameter', 'k of power must be a finite number, not NaN'],
    ['units', call('add', [close, word('VOLUME')]), 'unit', 'cannot add price to volume'],
    [
      'kinds',
      call('add', [close, word('close')]),
      'kind',
      'cannot mix minute and daily values; reduce the minute one first, as in ts_mean(close, 240)',
    ],
    [
      'a unit without its own sentence',
      call('where', [close, close, close]),
      'unit',
      'where() needs a plain condition and two branches measured alike, not price, price and price',
    ],
  ])('refuses %s as a value', (_, result, rule, reason) => {
    expect(result).toEqual({ kind: 'refused', rule, reason });
    expect(() => must(result)).toThrow(new EvolveError('bad-expression', reason));
  });

  test('gives the kind its inputs make', () => {
    const kind = (text: string) => read(text).kind;
    expect(kind('2 * 3')).toBe('s');
    expect(kind('MKT_RETURN * 3')).toBe('v');
    expect(kind('MKT_RETURN * TURN')).toBe('m');
    expect(kind('2 * close')).toBe('b');
    expect(kind('ts_mean(MKT_RETURN, 5)')).toBe('v');
    expect(kind('ts_corr(MKT_RETURN, TURN, 5)')).toBe('m');
    expect(kind('ts_mean(close, 5)')).toBe('m');
    expect(kind('bar_delay(close, 5)')).toBe('b');
    expect(kind('learn_ic(CLOSE, 5)')).toBe('v');
  });

  test('folds constants, and counts operators', () => {
    expect(call('add', [literal(1), literal(2)])).toEqual(literal(3));
    expect(call('power', [literal(3)], [2])).toEqual(literal(9));
    expect(call('max2', [literal(3), literal(2)])).toEqual(literal(3));
    expect(call('multiply', [literal(3e38), literal(10)])).toMatchObject({ kind: 'refused' });
    expect(read('ts_mean(close, 240) / CLOSE + 2 * 3').size).toBe(3);
    expect(literal(-0)).toEqual(literal(0));
    expect(() => literal(1e39)).toThrow('1e+39 is too large a number');
  });

  test('never throws, whatever it is given', () => {
    const inputs = fc.oneof(
      ...(['s', 'v', 'm', 'b', 'g'] as const).map((kind) => value({ kind, maxSize: 2 }, fullSize)),
    );
    const number = fc.oneof(fc.integer({ min: -2, max: 30 }), fc.double());
    const interval = fc.option(
      fc.record({ reduction: fc.constant('std' as const), start: fc.integer(), end: fc.integer() }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...operatorNames),
        fc.array(inputs, { maxLength: 3 }),
        fc.array(number, { maxLength: 2 }),
        interval,
        (operator, some, parameters, times) => {
          const result = call(operator, some, parameters, times);
          if (result.kind !== 'refused') expect(read(print(result)).key).toBe(result.key);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

test.each([
  [
    'CLOSE',
    'a factor must be a plain ratio, and this is price; divide it by something measured alike, or rank it with cs_rank',
  ],
  ['MKT_RETURN', 'a factor must be a daily value, and this is a market vector'],
  [
    'close / open',
    'a factor must be a daily value, and this is a minute value; reduce it to one value a day, as in ts_mean(close, 240)',
  ],
  ['3', 'a factor must be a daily value, and this is a constant'],
  ['INDUSTRY', 'a factor must be a daily value, and this is a grouping'],
])('%s is no factor: %s', (text, reason) => {
  expect(asFactor(read(text))).toMatchObject({ kind: 'refused', reason });
});

describe('bind', () => {
  const day = session(1);
  const bound = (text: string) => bind(read(text), standardVocabulary, day);

  test.each([
    ['ts_mean(close, 241)', 'ts_mean over 241 bars is longer than the day, which has 240'],
    [
      'ts_std(bar_return(close, 1), 240)',
      "ts_std over 240 bars can never have a value: bar_* operators lose the first 1 of the day's 240; use at most 239",
    ],
    [
      'ts_corr(volume, bar_delay(bar_delay(volume, 2), 3), 236)',
      "ts_corr over 236 bars can never have a value: bar_* operators lose the first 5 of the day's 240; use at most 235",
    ],
    [
      'ts_mean(bar_delay(close, 240), 1)',
      'bar_delay can never have a value: the first 240 bars of a day are missing, and it has 240',
    ],
    [
      'interval(close, sum, 9:00, 10:00)',
      'the interval 9:00 to 10:00 leaves the session, which runs from 9:30 to 15:00',
    ],
    [
      'interval(close, sum, 14:00, 15:01)',
      'the interval 14:00 to 15:01 leaves the session, which runs from 9:30 to 15:00',
    ],
    ['interval(close, sum, 11:30, 13:00)', 'no bar begins in the interval 11:30 to 13:00'],
    ['interval(close, std, 9:30, 9:31)', 'std needs 2 bars, and 1 begins in the interval 9:30 to 9:31'],
    [
      'interval(bar_diff(close, 5), max, 9:30, 10:00)',
      'the interval 9:30 to 10:00 can never have a value: bar_* operators lose the first 5 bars of the day; start at 9:35 or later',
    ],
  ])('refuses %s: %s', (text, reason) => {
    expect(bound(text)).toMatchObject({ kind: 'refused', rule: 'window', reason });
  });

  test.each([
    'ts_mean(close, 240)',
    'ts_std(bar_return(close, 1), 239)',
    'ts_mean(ts_std(bar_return(close, 1), 239), 240)',
    'interval(bar_diff(close, 5), max, 9:35, 10:00)',
    'interval(bar_diff(close, 5), last, 9:30, 10:00)',
    'interval(close, sum, 11:29, 13:01)',
    'ts_mean(CLOSE, 1000)',
  ])('accepts %s', (text) => {
    const expression = read(text);
    expect(bind(expression, standardVocabulary, day)).toBe(expression);
  });

  test('says which field is missing, and which was meant', () => {
    const other = vocabulary([{ name: 'CLOSED', kind: 'm', unit: price }]);
    expect(bind(close, other)).toEqual(
      refused('field', 'the market has no field CLOSE; did you mean CLOSED? The fields are CLOSED'),
    );
    expect(bind(word('VOLUME'), other)).toMatchObject({
      reason: 'the market has no field VOLUME; the fields are CLOSED',
    });
    expect(bind(word('TURN'), vocabulary([{ name: 'TURN', kind: 'm', unit: price }]))).toMatchObject({
      rule: 'field',
      reason:
        'TURN is a daily value in price in this market, and the expression was built for a daily value in a plain ratio',
    });
    expect(bind(word('TURN'), vocabulary([{ name: 'TURN', kind: 'v', unit: { price: 0, shares: 0 } }]))).toMatchObject({
      reason:
        'TURN is a market vector in a plain ratio in this market, and the expression was built for a daily value in a plain ratio',
    });
  });
});

test('no text makes the parser do anything but answer or explain', () => {
  const pieces = fc.constantFrom(
    ...[
      '(',
      ')',
      ',',
      '+',
      '-',
      '*',
      '/',
      ' ',
      '1',
      '2.5',
      '9:30',
      '20',
      'sum',
      'CLOSE',
      'close',
      'TURN',
      '\n',
      '💥',
      '>',
    ],
    ...operatorNames.map((name) => `${name}(`),
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 20 }).map((some) => some.join('')),
  );
  fc.assert(
    fc.property(text, (text) => {
      let expression: Expression;
      try {
        expression = read(text);
      } catch (error) {
        if (!(error instanceof EvolveError)) throw error;
        expect(error.message).toMatch(/at character \d+/);
        expect(error.message.match(/\n/)).toBeNull();
        expect(error.details).toHaveLength(2);
        return;
      }
      expect(read(print(expression))).toEqual(expression);
    }),
    { numRuns: 5000 },
  );
});

describe('latex', () => {
  test.each([
    [
      'ts_mean(close, 240) / CLOSE',
      '\\frac{\\operatorname{mean}_{240}\\left(\\mathrm{close}\\right)}{\\mathrm{CLOSE}}',
    ],
    ['(OPEN + CLOSE) * TURN', '\\left(\\mathrm{OPEN} + \\mathrm{CLOSE}\\right) \\cdot \\mathrm{TURN}'],
    ['TURN - (TURN - RETURN1)', '\\mathrm{TURN} - \\left(\\mathrm{TURN} - \\mathrm{RETURN1}\\right)'],
    ['-(TURN + 1)', '-\\left(\\mathrm{TURN} + 1\\right)'],
    ['power(power(TURN, 2), 0.5)', '\\left(\\mathrm{TURN}^{2}\\right)^{0.5}'],
    ['power(TURN / FREE_TURN, 2)', '\\left(\\frac{\\mathrm{TURN}}{\\mathrm{FREE\\_TURN}}\\right)^{2}'],
    ['1e-7 * TURN', '1 \\times 10^{-7} \\cdot \\mathrm{TURN}'],
    ['interval(volume, sum, 9:30, 10:00)', '\\operatorname{sum}_{[9:30,10:00)}\\left(\\mathrm{volume}\\right)'],
    ['ts_quantile(CLOSE, 20, 0.8)', '\\operatorname{quantile}_{20}\\left(\\mathrm{CLOSE}, 0.8\\right)'],
    [
      'where(gt(TURN, 0), CLOSE, OPEN)',
      '\\begin{cases}\\mathrm{CLOSE} & \\left[\\mathrm{TURN} > 0\\right]\\\\\\mathrm{OPEN} & \\text{otherwise}\\end{cases}',
    ],
  ])('of %s', (text, formula) => {
    expect(latex(read(text))).toBe(formula);
  });

  test('leaves no placeholder and balances its braces', () => {
    fc.assert(
      fc.property(program(fullSize), (expression) => {
        const formula = latex(expression);
        expect(formula).not.toMatch(/undefined|NaN/);
        const count = (sign: RegExp) => (formula.match(sign) ?? []).length;
        expect(count(/\{/g)).toBe(count(/\}/g));
        expect(count(/\\left/g)).toBe(count(/\\right/g));
      }),
    );
  });
});

test('the factors of seeds.json are ones a Shanghai day can evaluate', () => {
  const seeds = JSON.parse(readFileSync(join(packageRoot, 'seeds.json'), 'utf8')) as { expression: string }[];
  expect(seeds.length).toBeGreaterThan(3);
  for (const { expression } of seeds) {
    const factor = must(asFactor(read(expression)));
    expect(bind(factor, standardVocabulary, session(1))).toBe(factor);
  }
});
