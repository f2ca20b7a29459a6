import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { packageRoot } from '../core/package-root.ts';
import { operatorNames, operatorOf } from '../operators/table.ts';
import { asFactor } from '../program/build.ts';
import { canonical } from '../program/canonical.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import { standardVocabulary } from '../program/vocabulary.ts';

const read = (text: string) => parse(text, standardVocabulary);

function mistake(text: string): EvolveError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof EvolveError) return error;
    throw error;
  }
  throw new Error(`"${text}" was accepted`);
}

describe.each(operatorNames)('%s', (name) => {
  const { example, aliases = [] } = operatorOf(name);

  test('has an example that is a factor, prints and reads back', () => {
    const expression = read(example);
    expect(asFactor(expression)).toBe(expression);
    expect(read(print(expression))).toEqual(expression);
    expect(read(expression.key)).toEqual(expression);
  });

  test.each(aliases)('is also spelled %s', (alias) => {
    expect(read(example.replace(new RegExp(`^${name}\\b`), alias))).toEqual(read(example));
  });
});

test('precedence and association are those of arithmetic', () => {
  expect(read('1 + 2 * 3')).toMatchObject({ value: 7 });
  expect(read('8 - 4 - 2')).toMatchObject({ value: 2 });
  expect(read('8 / 4 / 2')).toMatchObject({ value: 1 });
  expect(read('-2 * 3 - -4')).toMatchObject({ value: -2 });
  expect(read('CLOSE - OPEN - LOW').key).toBe('subtract(subtract(CLOSE,OPEN),LOW)');
  expect(read('-CLOSE * OPEN').key).toBe('multiply(neg(CLOSE),OPEN)');
  expect(read('CLOSE / OPEN * LOW').key).toBe('multiply(protecteddiv(CLOSE,OPEN),LOW)');
});

test.each([
  ['protecteddiv(ts_mean(close, 240), CLOSE)', 'ts_mean(close, 240) / CLOSE'],
  ['add(CLOSE, add(OPEN, LOW))', 'CLOSE + (OPEN + LOW)'],
  ['add(add(CLOSE, OPEN), LOW)', 'CLOSE + OPEN + LOW'],
  ['CLOSE - (OPEN - LOW)', 'CLOSE - (OPEN - LOW)'],
  ['(CLOSE - OPEN) * LOW', '(CLOSE - OPEN) * LOW'],
  ['neg(CLOSE + OPEN)', '-(CLOSE + OPEN)'],
  ['neg(neg(CLOSE))', '--CLOSE'],
  ['TURN - -2', 'TURN - -2'],
  ['-2 * TURN', '-2 * TURN'],
  ['subtract(TURN, neg(TURN))', 'TURN - -TURN'],
  ['1e-3 * TURN + .5', '0.001 * TURN + 0.5'],
  ['1e21 * TURN', '1e+21 * TURN'],
  ['TS_MEAN(CLOSE, 20.0)', 'ts_mean(CLOSE, 20)'],
  ['ts_mean(CLOSE, 2 * 10)', 'ts_mean(CLOSE, 20)'],
  ['Interval( volume ,SUM, 09:30 , 10:00)', 'interval(volume, sum, 9:30, 10:00)'],
  ['power(CLOSE, -0.5)', 'power(CLOSE, -0.5)'],
  ['div(HIGH, LOW)', 'HIGH / LOW'],
])('%s is printed %s', (text, printed) => {
  expect(print(read(text))).toBe(printed);
  expect(read(printed)).toEqual(read(text));
});

// What a user sees: one sentence, the character counted from 1.
test.each([
  // Units.
  ['ts_mean(CLOSE, 5) + VOLUME', 'cannot add price to volume at character 19.'],
  ['CLOSE * (1 + CLOSE)', 'cannot add a plain ratio to price at character 12.'],
  ['CLOSE - AMOUNT', 'cannot subtract price·volume from price at character 7.'],
  ['log(CLOSE)', 'cannot take the log of price at character 1; divide it by something measured alike first.'],
  [
    'where(CLOSE, HIGH, LOW)',
    'where() needs a plain condition and two branches measured alike, not price, price and price at character 1.',
  ],
  ['gt(CLOSE, VOLUME)', 'cannot compare price with volume at character 1.'],
  ['power(CLOSE, 1000)', 'power would give a unit beyond the power of 100 at character 1.'],
  // Kinds.
  [
    'close + CLOSE',
    'cannot mix minute and daily values at character 7; reduce the minute one first, as in ts_mean(close, 240).',
  ],
  [
    'ts_corr(close, CLOSE, 20)',
    'cannot mix minute and daily values at character 1; reduce the minute one first, as in ts_mean(close, 240).',
  ],
  [
    'volume * MKT_RETURN',
    'cannot mix minute and daily values at character 8; reduce the minute one first, as in ts_mean(close, 240).',
  ],
  [
    'cs_rank(close)',
    'cross-section operators work on daily values at character 1; reduce the minute one first, as in ts_mean(close, 240).',
  ],
  ['cs_rank(MKT_RETURN)', 'cross-section operators compare symbols, which a market vector cannot do at character 1.'],
  ['group_rank(CLOSE, OPEN)', 'group_rank needs a grouping such as INDUSTRY as its second argument at character 1.'],
  ['INDUSTRY + 1', 'add needs numbers, not a grouping at character 10.'],
  ['ts_mean(3, 5)', 'ts_mean needs a series, not a constant at character 1.'],
  ['bar_delay(CLOSE, 1)', 'bar_delay works on minute values, not on a daily value at character 1.'],
  ['interval(CLOSE, sum, 9:30, 10:00)', 'interval works on minute values, not on a daily value at character 1.'],
  ['learn_ic(close, 5)', 'learn_ic learns from daily values, not from a minute value at character 1.'],
  // Constants.
  ['ts_mean(CLOSE, 2.5)', 'the window of ts_mean must be a whole number from 1 to 100000, not 2.5 at character 16.'],
  ['ts_std(CLOSE, 1)', 'the window of ts_std must be a whole number from 2 to 100000, not 1 at character 15.'],
  ['ts_mean(CLOSE, -5)', 'the window of ts_mean must be a whole number from 1 to 100000, not -5 at character 16.'],
  [
    'ts_mean(CLOSE, 1000000)',
    'the window of ts_mean must be a whole number from 1 to 100000, not 1000000 at character 16.',
  ],
  ['ts_mean(CLOSE, OPEN)', 'Expected a number at character 16: the window of ts_mean is a constant.'],
  ['ts_quantile(CLOSE, 5, 2)', 'q of ts_quantile must be from 0 to 1, not 2 at character 23.'],
  ['cs_winsor(CLOSE, 0)', 'k of cs_winsor must be above 0, not 0 at character 18.'],
  ['log(1 - 1)', 'log of 0 has no value at character 1.'],
  ['1 / 0 * CLOSE', 'protecteddiv of 1 and 0 has no value at character 3.'],
  ['1e999', '1e999 at character 1 is too large a number.'],
  [
    'interval(close, sum, 10:00, 9:30)',
    'an interval must start before it ends, and 10:00 to 9:30 does not at character 1.',
  ],
  ['interval(close, sum, 9:30, 9:75)', '9:75 at character 28 is not a time of day.'],
  ['interval(close, sum, 930, 1000)', 'Expected a time such as 9:30 at character 22, found "930".'],
  ['interval(close, summ, 9:30, 10:00)', 'Unknown reduction "summ" at character 17. Did you mean "sum"?'],
  [
    'interval(close, 9:30, 10:00)',
    'Expected sum, mean, std, var, skew, kurt, max, min, range, median, first, last, diff or return at character 17, found "9:30".',
  ],
  ['interval(close, sum)', 'interval at character 1 is written interval(x, sum, 9:30, 10:00).'],
  ['interval(close, sum, 9:30', 'The parenthesis opened at character 9 is never closed.'],
  // Names.
  ['ts_maen(CLOSE, 5)', 'Unknown operator "ts_maen" at character 1. Did you mean "ts_mean"?'],
  ['qqqqqqqqqq(CLOSE)', 'Unknown operator "qqqqqqqqqq" at character 1. `evolve ops` lists them.'],
  ['cs_rank(CLOES)', 'Unknown field "CLOES" at character 9. Did you mean "CLOSE"?'],
  ['cs_rank(Close)', 'Unknown field "Close" at character 9. Did you mean "CLOSE" (daily) or "close" (minute)?'],
  ['CLOSE / ts_mean', '"ts_mean" at character 9 is an operator; write ts_mean(x, s).'],
  ['CLOSE(5)', '"CLOSE" at character 1 is a field and takes no arguments.'],
  // Counts.
  ['ts_mean(CLOSE)', 'ts_mean at character 1 takes 2 arguments, ts_mean(x, s), not 1.'],
  ['ts_corr(CLOSE, 20)', 'ts_corr at character 1 takes 3 arguments, ts_corr(x, y, s), not 2.'],
  ['cs_rank()', 'cs_rank at character 1 takes 1 argument, cs_rank(x), not 0.'],
  // Signs.
  ['', 'The expression is empty; nothing stands at character 1.'],
  [' \n ', 'The expression is empty; nothing stands at character 1.'],
  ['(CLOSE + OPEN', 'The parenthesis opened at character 1 is never closed.'],
  ['ts_mean(CLOSE, 20', 'The parenthesis opened at character 8 is never closed.'],
  ['CLOSE)', 'Unexpected ")" at character 6; no parenthesis is open.'],
  ['CLOSE, OPEN', 'Unexpected "," at character 6; commas only separate the arguments of an operator.'],
  ['ts_mean(CLOSE,, 20)', 'There is a comma too many at character 14.'],
  ['ts_mean(CLOSE, 20,)', 'There is a comma too many at character 18.'],
  ['CLOSE OPEN', 'Unexpected "OPEN" at character 7; an operator such as + is missing before it.'],
  ['2CLOSE', 'Unexpected "CLOSE" at character 2; an operator such as + is missing before it.'],
  ['CLOSE +', 'Expected a value at character 8, found the end of the text.'],
  ['CLOSE * / OPEN', 'Expected a value at character 9, found "/".'],
  ['()', 'Expected a value at character 2, found ")".'],
  ['CLOSE > OPEN', '">" at character 7 is not in the language; write gt(x, y).'],
  ['CLOSE < OPEN', '"<" at character 7 is not in the language; write lt(x, y).'],
  ['CLOSE ^ 2', '"^" at character 7 is not in the language; write power(x, k).'],
  ['$close', 'Expected a value at character 1, found "$".'],
  ['CLOSE 💥', 'Unexpected "💥" at character 7.'],
  ['9:30', '9:30 at character 1 is a time, which only interval(x, sum, 9:30, 10:00) takes.'],
])('%s: %s', (text, sentence) => {
  const error = mistake(text);
  expect(error.message).toBe(sentence);
  expect(error.code).toBe('bad-expression');
});

test('nesting has a limit, whatever it is made of', () => {
  const deep = ['('.repeat(100_000), '-'.repeat(100_000), 'abs('.repeat(100_000), 'abs(-('.repeat(50_000)];
  for (const text of deep) expect(mistake(text).message).toMatch(/nests deeper than 200 levels at character \d+\.$/);
  expect(mistake('TURN+'.repeat(100_000)).message).toMatch(/nests deeper than 200 levels at character 1005\.$/);
  const chain = `(${'TURN+'.repeat(150)}TURN)`;
  expect(mistake(chain + '+TURN'.repeat(100)).message).toMatch(/nests deeper/);
  expect(print(read(`${'('.repeat(150)}TURN${')'.repeat(150)}`))).toBe('TURN');
});

test('the caret stands under the mistake', () => {
  expect(mistake('CLOSE + VOLUME').details).toEqual(['  CLOSE + VOLUME', '        ^']);
  expect(mistake('CLOSE\n  + VOLUME').details).toEqual(['    + VOLUME', '    ^']);
  expect(mistake('\n').details).toEqual(['  ', '  ^']);
  const [line = '', mark = ''] = mistake(`${'TURN + '.repeat(30)}CLOSE${' + TURN'.repeat(30)}`).details;
  expect(line.length).toBeLessThan(110);
  expect(line.slice(mark.indexOf('^'))).toMatch(/^\+ CLOSE \+ TURN/);
});

test('docs/language.md shows what happens', () => {
  const page = readFileSync(join(packageRoot, 'docs', 'language.md'), 'utf8');
  const rows = (heading: string): string[][] => {
    const table = page.slice(page.indexOf(`| written | ${heading} |`)).split('\n\n')[0] ?? '';
    return [...table.matchAll(/^\| `(.+)` \| `(.+)` \|$/gm)].map(([, written = '', shown = '']) => [written, shown]);
  };
  expect(rows('printed')).toHaveLength(12);
  for (const [written = '', printed] of rows('printed')) expect(print(read(written))).toBe(printed);
  expect(rows('canonical')).toHaveLength(11);
  for (const [written = '', form] of rows('canonical')) expect(print(canonical(read(written)))).toBe(form);
  const [, sentence = '', text = '', mark] = page.match(/```\n(cannot .+)\n(.+)\n(.+)\n```/) ?? [];
  const error = mistake(text.trim());
  expect([error.message, ...error.details]).toEqual([sentence, text, mark]);
});
