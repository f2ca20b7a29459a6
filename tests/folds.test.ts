/** Which dates teach, validate and are predicted: nothing is known too early, nothing predicted twice or not at all. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { type FoldRule, foldsOf } from '../models/samples/folds.ts';
import { calendarOf } from './sample-market.ts';

const usual: FoldRule = {
  label: { price: 'CLOSE', lag: 1, horizon: 10 },
  history: 200,
  every: 2,
  validShare: 0.5,
  retrainMonths: 6,
  reach: 39,
};

const rules = fc.record({
  label: fc.record({
    price: fc.constant('CLOSE' as const),
    lag: fc.integer({ min: 1, max: 3 }),
    horizon: fc.integer({ min: 1, max: 20 }),
  }),
  history: fc.integer({ min: 30, max: 400 }),
  every: fc.integer({ min: 1, max: 5 }),
  validShare: fc.double({ min: 0.05, max: 0.8, noNaN: true }),
  retrainMonths: fc.constantFrom(0, 1, 3, 6, 12, 24),
  reach: fc.integer({ min: 0, max: 80 }),
});
const lengths = fc.integer({ min: 20, max: 1200 });

/** Folds, or nothing where there is a reason that the user is told. */
function foldsOrNone(calendar: readonly string[], rule: FoldRule): ReturnType<typeof foldsOf> {
  try {
    return foldsOf(calendar, rule);
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad-argument' });
    return [];
  }
}

describe('every fold', () => {
  test('learns from labels known before the first date it predicts, and none of train reaches valid', () => {
    let folds = 0;
    fc.assert(
      fc.property(lengths, rules, (dates, rule) => {
        const delay = rule.label.lag + rule.label.horizon;
        for (const { train, valid, predict } of foldsOrNone(calendarOf(dates), rule)) {
          folds++;
          expect(Math.max(...train) + delay).toBeLessThan(valid[0] as number);
          expect(Math.max(...valid) + delay).toBeLessThan(predict.from);
          expect(valid.at(-1)).toBe(predict.from - 1 - delay); // and as much as may be known is
        }
      }),
      { numRuns: 100 },
    );
    expect(folds).toBeGreaterThan(200);
  });

  test('looks back on its history, every so manieth date of it, with the whole reach before', () => {
    fc.assert(
      fc.property(lengths, rules, (dates, rule) => {
        const delay = rule.label.lag + rule.label.horizon;
        for (const { train, valid, predict } of foldsOrNone(calendarOf(dates), rule)) {
          const all = [...train, ...valid];
          expect(train.length).toBeGreaterThan(0);
          expect(all[0]).toBeGreaterThanOrEqual(Math.max(rule.reach, predict.from - delay - rule.history));
          expect(all.at(-1)).toBe(predict.from - delay - 1);
          for (const part of [train, valid]) {
            expect(part).toEqual(part.map((_, i) => (part[0] as number) + i * rule.every));
          }
          // No date of the stretches is forgotten at their beginnings.
          expect((train[0] as number) - rule.every).toBeLessThan(predict.from - delay - rule.history);
          const validFrom = predict.from - delay - Math.max(1, Math.round(rule.history * rule.validShare));
          expect((valid[0] as number) - rule.every).toBeLessThan(validFrom);
          expect(train.at(-1)).toBe(validFrom - delay - 1);
        }
      }),
    );
  });

  test('predicts a stretch of its own: together they are all dates from the first to the last', () => {
    fc.assert(
      fc.property(
        lengths,
        rules,
        fc.option(fc.nat({ max: 1199 })),
        fc.option(fc.nat({ max: 1199 })),
        (dates, rule, from, to) => {
          const calendar = calendarOf(dates);
          const asked = {
            ...(from !== null && { from: calendarOf(1200)[from] as string }),
            ...(to !== null && { to: calendarOf(1200)[to] as string }),
          };
          const folds = foldsOrNone(calendar, { ...rule, ...asked });
          if (folds.length === 0) return;
          const predicted = folds.flatMap(({ predict }) =>
            Array.from({ length: predict.to - predict.from }, (_, i) => predict.from + i),
          );
          const first = from ?? (folds[0] as (typeof folds)[number]).predict.from;
          const end = Math.min(dates, (to ?? dates) + 1);
          expect(predicted).toEqual(Array.from({ length: end - first }, (_, i) => first + i));
          expect(folds.map(({ number }) => number)).toEqual([...folds.keys()]);
          for (const { predict } of folds) expect(predict.to).toBeGreaterThan(predict.from);
        },
      ),
    );
  });

  test('depends on no date of the calendar after those it predicts', () => {
    fc.assert(
      fc.property(lengths, rules, (dates, rule) => {
        const whole = foldsOrNone(calendarOf(dates), rule);
        const longer = foldsOrNone(calendarOf(dates + 300), rule);
        for (const { train, valid, predict } of whole.slice(0, -1)) {
          expect(longer).toContainEqual(expect.objectContaining({ train, valid, predict }));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('a fold begins', () => {
  const months = (folds: ReturnType<typeof foldsOf>, calendar: readonly string[]) =>
    folds.map(({ predict }) => calendar[predict.from]);

  test('with the first date of each half year, when the history is full', () => {
    const calendar = calendarOf(1200).filter((date) => ![0, 6].includes(new Date(date).getUTCDay()));
    // 39 + 200 + 11 dates are needed: the first half year after them is that of January 2021.
    expect(months(foldsOf(calendar, usual), calendar)).toEqual([
      '2021-01-01',
      '2021-07-01',
      '2022-01-03',
      '2022-07-01',
      '2023-01-02',
    ]);
    expect(months(foldsOf(calendar, { ...usual, retrainMonths: 12 }), calendar)).toEqual([
      '2021-01-01',
      '2022-01-03',
      '2023-01-02',
    ]);
    expect(months(foldsOf(calendar, { ...usual, retrainMonths: 24 }), calendar)).toEqual(['2022-01-03']);
  });

  test('with --from, wherever that is, and then with the half years', () => {
    const calendar = calendarOf(1000);
    const folds = foldsOf(calendar, { ...usual, from: '2021-03-05', to: '2022-01-31' });
    expect(months(folds, calendar)).toEqual(['2021-03-05', '2021-07-01', '2022-01-01']);
    expect(calendar[(folds.at(-1)?.predict.to as number) - 1]).toBe('2022-01-31');
  });

  test('once, as soon as there is a history, without retraining or a half year to come', () => {
    const [once, ...none] = foldsOf(calendarOf(900), { ...usual, retrainMonths: 0 });
    expect(once?.predict).toEqual({ from: 250, to: 900 });
    expect(none).toEqual([]);
    expect(foldsOf(calendarOf(270), usual).map(({ predict }) => predict)).toEqual([{ from: 250, to: 270 }]);
  });

  test('by hand: ten dates of history, three of them to validate, a label of two dates', () => {
    const rule: FoldRule = {
      label: { price: 'CLOSE', lag: 1, horizon: 1 },
      history: 10,
      every: 2,
      validShare: 0.3,
      retrainMonths: 0,
      reach: 5,
    };
    // Labels known before 17 are those of dates up to 14: 5 to 14 are the history, 12 to 14 validate, 10 and 11 wait.
    expect(foldsOf(calendarOf(20), rule)).toEqual([
      { number: 0, train: [5, 7, 9], valid: [12, 14], predict: { from: 17, to: 20 } },
    ]);
  });
});

describe('too few dates', () => {
  const failure = (calendar: readonly string[], rule: FoldRule): EvolveError => {
    try {
      foldsOf(calendar, rule);
    } catch (error) {
      if (error instanceof EvolveError) return error;
      throw error;
    }
    throw new Error('there were enough');
  };

  test('are counted, and the history that is named works', () => {
    const { message } = failure(calendarOf(200), usual);
    expect(message).toContain('250 dates before the first it predicts');
    expect(message).toContain('there are 199 before');
    expect(message).toContain('--history 149');
    expect(foldsOf(calendarOf(200), { ...usual, history: 149 })).toHaveLength(1);
    expect(() => foldsOf(calendarOf(200), { ...usual, history: 150 })).toThrow(EvolveError);
  });

  test('before --from: a shorter history or a later date, and both work', () => {
    const calendar = calendarOf(600);
    const { message } = failure(calendar, { ...usual, from: '2020-08-01' });
    expect(message).toContain('Use --history 163 or --from 2020-09-07.');
    for (const change of [{ history: 163, from: '2020-08-01' }, { from: '2020-09-07' }]) {
      expect(calendar[foldsOf(calendar, { ...usual, ...change })[0]?.predict.from as number]).toBe(change.from);
    }
  });

  // Counted up from the shortest there is, the last of them would take minutes to find.
  test.each([0.99, 0.9999, 1 - 2e-6])(
    'where a share of %d validates: the least history is found at once',
    (validShare) => {
      const { message } = failure(calendarOf(200), { ...usual, validShare });
      const least = Number(/--history (\d+)/.exec(message)?.[1]);
      const learns = (history: number): number => history - Math.round(history * validShare) - 11;
      expect(learns(least)).toBeGreaterThan(0);
      expect(learns(least - 1)).toBeLessThanOrEqual(0);
    },
  );

  test('of a calendar that no history would do for: the least it needs', () => {
    const { message } = failure(calendarOf(50), usual);
    // 39, 11 until a label is known, and 23 of history: 11 or 12 validate, 11 wait and one is left at least.
    const least = Number(/--history (\d+)/.exec(message)?.[1]);
    expect(foldsOf(calendarOf(600), { ...usual, history: least })[0]?.train.length).toBeGreaterThan(0);
    expect(() => foldsOf(calendarOf(600), { ...usual, history: least - 1 })).toThrow(`Use --history ${least} or more`);
    expect(message).toContain(`${39 + 11 + least} dates are the least`);
  });

  test.each([
    [{ history: 0 }, 'history'],
    [{ history: 10.5 }, 'history'],
    [{ every: 0 }, 'so manieth'],
    [{ validShare: 0 }, 'between 0 and 1'],
    [{ validShare: 1 }, 'between 0 and 1'],
    [{ retrainMonths: -1 }, 'months'],
    [{ from: '2020-13-01' }, 'not a date'],
    [{ from: '2030-01-01' }, 'no date to predict'],
    [{ from: '2021-05-01', to: '2021-04-01' }, 'no date to predict'],
    [{ to: '2020-02-01' }, '2020-02-01'],
  ])('and what makes no sense: %j', (change, words) => {
    expect(() => foldsOf(calendarOf(700), { ...usual, ...change })).toThrow(words);
  });
});
