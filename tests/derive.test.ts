import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DailyBars, derive } from '../data/derive/derived.ts';

const cells = (...rows: number[][]) => Float32Array.from(rows.flat());
const none = Number.NaN;

/** Three dates of two symbols; the second is suspended on the middle date. */
const bars: DailyBars = {
  open: cells([10, 20], [11, none], [10, 24]),
  high: cells([11, 21], [12, none], [11, 24]),
  low: cells([9, 19], [10, none], [9, 24]),
  close: cells([10, 20], [11, none], [9.9, 22]),
  volume: cells([100, 200], [300, none], [100, 50]),
  vwap: cells([10, 20], [11, none], [10, 24]),
};
const of = (name: string, options = {}, given: DailyBars = bars) => {
  const cells = derive(given, 3, 2, options).get(name)?.cells;
  return cells && Array.from(cells, (value) => Math.round(value * 1e4) / 1e4);
};

describe('fields derived from daily bars', () => {
  test('RETURN1 is missing on the first date and across a suspension', () => {
    expect(of('RETURN1')).toEqual([none, none, 0.1, none, -0.1, none]);
  });

  test('turnover exists only when a count of shares is known, and one count serves both', () => {
    expect(of('TURN')).toBeUndefined();
    expect(of('OPEN_TURN')).toBeUndefined();
    const freeShares = new Float32Array(6).fill(1000);
    expect(of('FREE_TURN', {}, { ...bars, freeShares })).toEqual([0.1, 0.2, 0.3, none, 0.1, 0.05]);
    expect(of('TURN', {}, { ...bars, freeShares })).toEqual(of('FREE_TURN', {}, { ...bars, freeShares }));
    expect(of('CLOSE_FREE_TURN', {}, { ...bars, freeShares })?.slice(0, 2)).toEqual([100, 100]);
  });

  test('market vectors average the symbols that have a value', () => {
    expect(of('MKT_RETURN')).toEqual([none, 0.1, -0.1]);
    expect(of('MKT_UP_SHARE')).toEqual([none, 1, 0]);
    expect(of('MKT_AMPLITUDE')).toEqual([none, 0.2, 0.1818]);
    const index = { return: cells([none, 0.01, 0.02]), amplitude: cells([none, 0.03, 0.04]) };
    expect(of('MKT_RETURN', { index })).toEqual([none, 0.01, 0.02]);
  });

  test('a suspended date is marked, and a bar that opens at its limit cannot be bought', () => {
    expect(of('SUSPENDED')).toEqual([0, 0, 0, 1, 0, 0]);
    expect(of('LISTED_DAYS')).toEqual([1, 1, 2, 2, 3, 3]);
    expect(of('CAN_BUY')).toEqual([1, 1, 1, 0, 1, 1]);
    // 11 against 10 and 24 against 20 (the last close known) are limits of a tenth and of a fifth.
    expect(of('CAN_BUY', { priceLimit: 0.1 })).toEqual([1, 1, 0, 0, 1, 0]);
    expect(of('CAN_BUY', { priceLimit: cells([none, 0.2]) })).toEqual([1, 1, 1, 0, 1, 0]);
    expect(of('CAN_SELL', { priceLimit: 0.1 })).toEqual([1, 1, 1, 0, 1, 1]);
  });

  test('a date never depends on a later one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 60, maxLength: 60 }), (values) => {
        const series = (scale: number, from: number) =>
          Float32Array.from(values, (value, i) => {
            if (i >= 30 && scale > 1 && value % 7 === 0) return none; // a later suspension or delisting
            return (i >= 30 ? value * scale : value) + from;
          });
        const market = (scale: number): DailyBars => ({
          open: series(scale, 0),
          high: series(scale, 2),
          low: series(scale, 1),
          close: series(scale, 1),
          volume: series(scale, 5),
        });
        const [one, other] = [derive(market(1), 30, 2), derive(market(3), 30, 2)];
        for (const [name, { info, cells }] of one) {
          const half = info.kind === 'v' ? 15 : 30;
          expect(other.get(name)?.cells.slice(0, half)).toEqual(cells.slice(0, half));
        }
      }),
    );
  });
});
