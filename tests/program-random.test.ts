import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { isRatio, price, ratio, sameUnit, shares, times } from '../core/units.ts';
import { operatorNames } from '../operators/table.ts';
import { bind } from '../program/bind.ts';
import { asFactor } from '../program/build.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import { randomProgram, randomValue } from '../program/random-program.ts';
import { standardVocabulary, vocabulary } from '../program/vocabulary.ts';
import { fullSize, program, session, smallSize, value } from './arbitraries/program.ts';

const depth = (node: Expression): number => (node.node === 'call' ? 1 + Math.max(...node.inputs.map(depth)) : 0);
const operatorsIn = (node: Expression): string[] =>
  node.node === 'call' ? [node.operator, ...node.inputs.flatMap(operatorsIn)] : [];

describe.each([
  ['12 operators, 240 bars a day', fullSize],
  ['6 operators, 16 bars a day', smallSize],
  ['few bars and deep', { ...fullSize, minuteGrid: session(30), minuteWindows: [8] }],
])('random programs of %s', (_, options) => {
  test('are factors this market can evaluate, within their bounds', () => {
    fc.assert(
      fc.property(program(options), (expression) => {
        expect(asFactor(expression)).toBe(expression);
        expect(bind(expression, standardVocabulary, options.minuteGrid)).toBe(expression);
        expect(expression.size).toBeLessThanOrEqual(options.maxSize);
        expect(depth(expression)).toBeLessThanOrEqual(options.maxDepth);
        expect(operatorsIn(expression)).toHaveLength(expression.size);
      }),
      { numRuns: 700 },
    );
  });

  const count = options === fullSize ? 10_000 : 1000;
  test(`print and read back the same, ${count} of them`, () => {
    for (let slot = 0; slot < count; slot++) {
      const expression = randomProgram(stream(1, 0, slot), options);
      const again = parse(print(expression), standardVocabulary);
      expect(again.key).toBe(expression.key);
      if (slot % 10 === 0) expect(again).toEqual(expression);
    }
  });
});

test('the same stream gives the same program', () => {
  const names = [1, 2, 3, 4].map((slot) => randomProgram(stream(5, 6, slot), fullSize).key);
  expect([1, 2, 3, 4].map((slot) => randomProgram(stream(5, 6, slot), { ...fullSize }).key)).toEqual(names);
  expect(new Set(names).size).toBe(4);
});

test('every operator, every size and every field is met', () => {
  const programs = Array.from({ length: 5000 }, (_, slot) => randomProgram(stream(2, 0, slot), fullSize));
  expect(new Set(programs.flatMap(operatorsIn))).toEqual(new Set(operatorNames));
  expect(new Set(programs.map(({ size }) => size))).toEqual(new Set(Array.from({ length: 12 }, (_, i) => i + 1)));
  const text = programs.map(print).join(' ');
  for (const name of standardVocabulary.keys()) expect(text).toMatch(new RegExp(`\\b${name}\\b`));
});

test('weights decide how often, and 0 never', () => {
  const without = { ...fullSize, operators: { learn_ic: 0, learn_beta: 0, ts_mean: 50 } };
  const counts = new Map<string, number>();
  for (let slot = 0; slot < 2000; slot++) {
    for (const name of operatorsIn(randomProgram(stream(3, 0, slot), without))) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  expect(counts.get('learn_ic')).toBeUndefined();
  expect(counts.get('ts_mean') ?? 0).toBeGreaterThan(10 * (counts.get('ts_max') ?? 0));
});

test.each(['v', 'm', 'b', 's', 'g'] as const)('a value of kind %s can be asked for', (kind) => {
  fc.assert(
    fc.property(value({ kind, unit: ratio, maxSize: 3 }, fullSize), (expression) => {
      expect(expression.kind).toBe(kind);
      expect(isRatio(expression.unit)).toBe(true);
      expect(expression.size).toBeLessThanOrEqual(3);
    }),
    { numRuns: 300 },
  );
});

test('a value can be asked for by unit', () => {
  for (const unit of [price, shares, times(price, price), times(shares, price, -1)]) {
    fc.assert(
      fc.property(value({ kind: 'm', unit }, fullSize), (expression) => {
        expect(sameUnit(expression.unit, unit)).toBe(true);
      }),
      { numRuns: 200 },
    );
  }
  expect(randomValue(stream(1, 1, 1), { kind: 'm', unit: { price: 7, shares: 0 } }, fullSize)).toBeUndefined();
  expect(randomValue(stream(1, 1, 1), { kind: 'v', unit: price, maxSize: 0 }, fullSize)).toBeUndefined();
});

test('a minute value keeps to the bars it may lose', () => {
  fc.assert(
    fc.property(fc.nat(8), fc.nat(), (spareBars, seed) => {
      const made = randomValue(stream(seed, 0, 0), { kind: 'b', unit: price, spareBars }, fullSize);
      const whole = parse(`ts_mean(${print(made as Expression)}, ${240 - spareBars}) / CLOSE`, standardVocabulary);
      expect(bind(whole, standardVocabulary, fullSize.minuteGrid)).toBe(whole);
    }),
    { numRuns: 1000 },
  );
});

test('a market without minute bars or market vectors will do', () => {
  const words = vocabulary([...standardVocabulary.values()].filter(({ kind }) => kind === 'm'));
  const { minuteGrid: _, ...daily } = { ...fullSize, vocabulary: words, minuteWindows: [] };
  for (let slot = 0; slot < 500; slot++) {
    const expression = randomProgram(stream(4, 0, slot), daily);
    expect(bind(expression, words)).toBe(expression);
  }
});

test('nothing to make a factor of is said', () => {
  const empty = { ...fullSize, vocabulary: vocabulary([]) };
  expect(() => randomProgram(stream(1, 1, 1), empty)).toThrow('No factor of at most 12 operators');
});

test('20,000 programs take less than a second', () => {
  randomProgram(stream(0, 0, 0), fullSize);
  const start = performance.now();
  for (let slot = 0; slot < 20_000; slot++) randomProgram(stream(0, 0, slot), fullSize);
  // Five times the promise: this machine may be busy with other tests.
  expect(performance.now() - start).toBeLessThan(5000);
});
