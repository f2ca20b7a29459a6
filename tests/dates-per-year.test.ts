import { expect, test } from 'vitest';
import { axesOf } from '../data/import/axes.ts';
import { datesPerYear } from '../data/import/dates-per-year.ts';

const every = (days: number, count: number, from = 18_993) => Array.from({ length: count }, (_, i) => from + i * days);
const weekdays = (count: number) => every(1, 2 * count).filter((day) => (day + 4) % 7 > 0 && (day + 4) % 7 < 6);

test.each([
  ['days of a month', 252, ['AAPL'], weekdays(22)],
  ['days of a few months in China', 244, ['600000.SH'], weekdays(60)],
  ['days with a fortnight of holidays', 244, ['600000.SH'], [...weekdays(9).slice(0, 9), 19_025, 19_026]],
  ['a single day', 252, ['AAPL'], [18_993]],
  ['weeks of a year and a half', 52, ['AAPL'], every(7, 80)],
  ['months of a year and a half', 12, ['AAPL'], every(30.4375, 18)],
  ['weeks of five years', 52, ['600000.SH'], every(7, 260)],
])('%s: %i dates a year', (_, dates, symbols, days) => {
  expect(datesPerYear(axesOf(symbols, days))).toBe(dates);
});
