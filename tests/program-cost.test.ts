import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { cost } from '../program/cost.ts';
import type { GrowOptions } from '../program/grammar.ts';
import { mutate } from '../program/mutate.ts';
import { parse } from '../program/parse.ts';
import { randomProgram } from '../program/random-program.ts';
import { standardVocabulary } from '../program/vocabulary.ts';

const minuteGrid = { starts: Array.from({ length: 240 }, (_, m) => 570 + m), barMinutes: 1 };
const costOf = (text: string): number => cost(parse(text, standardVocabulary), minuteGrid);

test('operators add up, equal subtrees once', () => {
  expect(costOf('CLOSE')).toBe(0);
  expect(costOf('CLOSE / OPEN')).toBe(2);
  expect(costOf('ts_corr(CLOSE, VOLUME, 20)')).toBe(23);
  expect(costOf('cs_rank(VOLUME) * cs_rank(VOLUME)')).toBe(35 + 2);
});

test('what is done for every bar counts for every bar', () => {
  expect(costOf('ts_mean(close, 240) / CLOSE')).toBe(240 + 2);
  expect(costOf('ts_mean(close, 20) / CLOSE')).toBe(20 + 2);
  expect(costOf('ts_mean(bar_return(close, 1), 100)')).toBe(100 + 2 * 240);
});

const grow: GrowOptions = {
  vocabulary: standardVocabulary,
  windows: [2, 5, 20],
  minuteWindows: [20, 240],
  maxSize: 10,
  maxDepth: 5,
  maxCost: 60,
  minuteGrid,
};

test('no random program and no child takes more than it may, but what a dearer parent takes', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = stream(seed, 0, 0);
      let program = randomProgram(random, grow);
      expect(cost(program, minuteGrid)).toBeLessThanOrEqual(60);
      for (let i = 0; i < 5; i++) {
        const child = mutate(random, program, { grow });
        if (child.kind === 'rejected') continue;
        program = child.expression;
        expect(cost(program, minuteGrid)).toBeLessThanOrEqual(60);
      }
    }),
  );
  const dear = parse('ts_corr(high, volume, 240)', standardVocabulary);
  for (let slot = 0; slot < 50; slot++) {
    const child = mutate(stream(1, 0, slot), dear, { grow });
    if (child.kind === 'child') expect(cost(child.expression, minuteGrid)).toBeLessThanOrEqual(cost(dear, minuteGrid));
  }
});
