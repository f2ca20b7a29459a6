import type { Axes } from './axes.ts';

/** Enough to tell weeks and months from days by: a holiday among fewer dates makes days look like weeks. */
const enough = 10;

/**
 * Trading dates a year, for annualising: counted where the market spans two years or more, or its bars are plainly
 * longer than a day, and set to the usual number of the exchange where it is near one.
 */
export function datesPerYear({ days, symbols }: Axes): number {
  const usual = { china: 244, unitedStates: 252 };
  const chinese =
    symbols.filter((symbol) => /\.(SH|SZ|BJ|XSHG|XSHE)$|^(SH|SZ|BJ)\d|^\d{6}$/i.test(symbol)).length >
    symbols.length / 2;
  const guess = chinese ? usual.china : usual.unitedStates;
  const years = ((days.at(-1) as number) - (days[0] as number)) / 365.25;
  const counted = (days.length - 1) / years;
  if (years < 2 && !(days.length >= enough && counted < guess / 4)) return guess;
  return Math.abs(counted - guess) <= 5 ? guess : Math.max(1, Math.round(counted));
}
