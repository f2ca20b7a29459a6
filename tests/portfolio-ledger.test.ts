/** Shares and cash: nothing is made or lost but costs, nothing is borrowed, and orders are filled as far as they can be. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { Ledger, type TradePrices } from '../portfolio/backtest/ledger.ts';
import { none } from './backtests.ts';

const at = (last: readonly number[], buy = last.map(() => 1), sell = last.map(() => 1)): TradePrices => ({
  last: Float64Array.from(last),
  buy: Uint8Array.from(buy),
  sell: Uint8Array.from(sell),
});
const targets = (...weights: number[]) => Float64Array.from(weights);

describe('a ledger', () => {
  test('pays for buys from the same money', () => {
    const ledger = new Ledger(3, 1010, { buy: 0.01, sell: 0.02 });
    // 1010 pays for 1000 of stocks and 10 of costs.
    const trade = ledger.trade(targets(0.5, 0.3, 0.2), at([10, 20, 5]));
    expect([...ledger.shares].map((x) => x.toFixed(9))).toEqual(['50.000000000', '15.000000000', '40.000000000']);
    expect(ledger.cash).toBeCloseTo(0, 9);
    expect(trade.cost * 1010).toBeCloseTo(10, 9);
    expect(trade).toMatchObject({ sold: 0, unbought: 0, unsold: 0 });
  });

  test('pays for sells at their own rate', () => {
    const ledger = new Ledger(2, 1010, { buy: 0.01, sell: 0.02 });
    ledger.trade(targets(1, 0), at([10, 20]));
    // x is left of 1000: half of it is sold and bought, so x = 1000 - 0.02 (1000 - x/2) - 0.01 x/2 = 980 / 0.995.
    const trade = ledger.trade(targets(0.5, 0.5), at([10, 20]));
    const left = 980 / 0.995;
    expect(ledger.value(at([10, 20]).last)).toBeCloseTo(left, 9);
    expect(ledger.shares[0]).toBeCloseTo(left / 20, 9);
    expect(trade.cost).toBeCloseTo(1 - left / 1000, 12);
  });

  test('buys less of each, by one factor, when what cannot be sold holds the money', () => {
    const ledger = new Ledger(3, 1000, { buy: 0, sell: 0 });
    ledger.trade(targets(0.6, 0.4, 0), at([1, 1, 1]));
    const trade = ledger.trade(targets(0.35, 0.15, 0.5), at([1, 1, 1], [1, 1, 1], [0, 1, 1]));
    // The 600 stay, 250 are sold of the second, and 500 are wanted of the third.
    expect([...ledger.shares].map((x) => x.toFixed(9))).toEqual(['600.000000000', '150.000000000', '250.000000000']);
    expect(trade).toMatchObject({ unsold: 1, unbought: 0, cash: 0 });
  });

  test('keeps as cash what cannot be bought with', () => {
    const ledger = new Ledger(2, 1000, { buy: 0, sell: 0 });
    const trade = ledger.trade(targets(0.7, 0.3), at([2, 4], [1, 0]));
    expect([...ledger.shares]).toEqual([350, 0]);
    expect(trade).toEqual({ bought: 0.7, sold: 0, cost: 0, cash: 0.3, unbought: 1, unsold: 0 });
    expect([...ledger.weights(at([4, 4]).last, new Float64Array(2))]).toEqual([1400 / 1700, 0]);
  });

  test('turns what is delisted into cash at its last price', () => {
    const ledger = new Ledger(2, 1000, { buy: 0, sell: 0.5 });
    ledger.trade(targets(0.5, 0.5), at([1, 1]));
    expect(ledger.writeOff(Uint8Array.of(0, 1), Float64Array.of(1, 0.4))).toBe(1);
    expect(ledger.writeOff(Uint8Array.of(0, 1), Float64Array.of(1, 0.4))).toBe(0);
    expect([...ledger.shares, ledger.cash]).toEqual([500, 0, 200]);
  });

  test('does not call it an order when a suspended symbol moved a little away from its target', () => {
    const ledger = new Ledger(2, 1000, { buy: 0.001, sell: 0.001 });
    ledger.trade(targets(0.5, 0.5), at([1, 1]));
    const held = ledger.weights(at([1, 1]).last, new Float64Array(2));
    const trade = ledger.trade(held, at([1, 1.0001], [0, 0], [0, 0]));
    expect(trade).toMatchObject({ bought: 0, sold: 0, cost: 0, unbought: 0, unsold: 0 });
  });
});

describe('any rebalance', () => {
  const anyLedger = fc.record({
    seed: fc.nat(),
    names: fc.integer({ min: 1, max: 8 }),
    rate: fc.constantFrom(0, 1e-3, 0.05),
  });
  const price = (n: number, seed: number) => 1 + 20 * stream(seed, 1, n).next();

  function rebalanced({ seed, names, rate }: { seed: number; names: number; rate: number }) {
    const random = stream(seed, 0, 0);
    const weights = (invested: number) => {
      const drawn = Float64Array.from({ length: names }, () => (random.next() < 0.3 ? 0 : random.next()));
      const sum = drawn.reduce((a, b) => a + b, 0) || 1;
      return drawn.map((x) => (x / sum) * invested);
    };
    const mask = () => Array.from({ length: names }, () => (random.next() < 0.3 ? 0 : 1));
    const costs = { buy: rate, sell: 2 * rate };
    const ledger = new Ledger(names, 1e8, costs);
    ledger.trade(weights(random.next()), at(Array.from({ length: names }, (_, n) => price(n, seed))));
    const prices = at(
      Array.from({ length: names }, (_, n) => price(n, seed + 1)),
      mask(),
      mask(),
    );
    const wanted = weights(random.next() < 0.5 ? 1 : random.next());
    const [before, cash] = [ledger.shares.slice(), ledger.cash];
    const value = ledger.value(prices.last);
    const trade = ledger.trade(wanted, prices);
    return { ledger, prices, wanted, before, cash, value, trade, costs };
  }

  test('loses nothing but its costs, and borrows nothing', () => {
    fc.assert(
      fc.property(anyLedger, (drawn) => {
        const { ledger, prices, before, value, trade, costs } = rebalanced(drawn);
        const after = ledger.value(prices.last);
        expect(Math.abs(value * (1 - trade.cost) - after)).toBeLessThanOrEqual(1e-12 * value);
        expect(ledger.cash).toBeGreaterThanOrEqual(0);
        expect(trade.cash * after).toBeCloseTo(ledger.cash, 4);
        let [bought, sold] = [0, 0];
        for (const [n, shares] of ledger.shares.entries()) {
          const change = (shares - (before[n] as number)) * (prices.last[n] as number);
          if (change > 0) bought += change;
          else sold -= change;
          if (prices.buy[n] === 0) expect(shares).toBeLessThanOrEqual(before[n] as number);
          if (prices.sell[n] === 0) expect(shares).toBeGreaterThanOrEqual(before[n] as number);
        }
        expect(Math.abs(bought - trade.bought * value)).toBeLessThanOrEqual(1e-9 * value);
        expect(Math.abs(sold - trade.sold * value)).toBeLessThanOrEqual(1e-9 * value);
        expect(Math.abs(trade.cost - costs.buy * trade.bought - costs.sell * trade.sold)).toBeLessThanOrEqual(1e-15);
      }),
    );
  });

  test('reaches its targets of the value after costs, or falls short by one factor when cash is out', () => {
    const seen = { short: 0, full: 0 };
    fc.assert(
      fc.property(anyLedger, (drawn) => {
        const { ledger, prices, wanted, before, value, trade } = rebalanced(drawn);
        const after = ledger.value(prices.last);
        const factors: number[] = [];
        for (const [n, shares] of ledger.shares.entries()) {
          const was = (before[n] as number) * (prices.last[n] as number);
          const wish = (wanted[n] as number) * after;
          const is = shares * (prices.last[n] as number);
          if (Math.abs(wish - was) <= 1e-6 * value) continue;
          if (wish > was ? prices.buy[n] === 0 : prices.sell[n] === 0) expect(is).toBeCloseTo(was, 4);
          else if (wish < was) expect(Math.abs(is - wish)).toBeLessThanOrEqual(1e-9 * value);
          else factors.push((is - was) / (wish - was));
        }
        const [least, most] = [Math.min(...factors), Math.max(...factors)];
        if (factors.length === 0) return;
        expect(most - least).toBeLessThanOrEqual(1e-6);
        if (most < 1 - 1e-6) {
          seen.short++;
          expect(trade.cash).toBeLessThanOrEqual(1e-12);
        } else seen.full++;
      }),
      { numRuns: 200 },
    );
    expect(seen.short).toBeGreaterThan(10);
    expect(seen.full).toBeGreaterThan(10);
  });

  test('needs no price of what is not held and cannot be bought', () => {
    const ledger = new Ledger(2, 1000, { buy: 0, sell: 0 });
    ledger.trade(targets(0.5, 0.5), at([1, none], [1, 0], [1, 0]));
    expect(ledger.value(Float64Array.of(1, none))).toBe(1000);
  });
});
