/** Backtests of weights: markets that can be followed with a pencil, and properties of any market. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import type { Rebalance } from '../portfolio/backtest/backtest-report.ts';
import { dateProblem } from '../portfolio/backtest/date-problem.ts';
import { indexReport, returnFigures, riskCheck } from '../portfolio/backtest/figures.ts';
import {
  type Optimise,
  runScenario,
  type ScenarioResult,
  type TargetWeights,
} from '../portfolio/backtest/run-scenario.ts';
import { signalDates } from '../portfolio/backtest/signal-dates.ts';
import { indexReturns } from '../portfolio/index/index-returns.ts';
import { type IndexRule, indexWeights } from '../portfolio/index/index-weights.ts';
import type { Panel, PortfolioInputs } from '../portfolio/inputs.ts';
import type { PortfolioRule } from '../portfolio/rule.ts';
import { byHand, linearOptimiser, none, panel, trading, troubled, unbound, weekdays } from './backtests.ts';

/** Whoever wants these weights, one row a signal date; what they leave is cash. */
function wanting(...rows: number[][]): Optimise {
  let next = 0;
  return ({ symbols }) => {
    const row = rows[next++] as number[];
    const weights = Float64Array.from(symbols, (n) => row[n] as number);
    const cash = 1 - weights.reduce((a, b) => a + b, 0);
    const slacks = cash > 1e-12 ? [{ relief: 'invested', amount: cash } as const] : [];
    return { weights, objective: 0, solver: 'highs', slacks };
  };
}
const run = (inputs: PortfolioInputs, optimise: Optimise, rule: PortfolioRule = unbound): ScenarioResult =>
  runScenario(inputs, { name: 'one', rule }, optimise, indexReturns(inputs, inputs.signals[0] as number));
const money = ({ report }: ScenarioResult, capital: number) => report.nav.map((value) => (value * capital).toFixed(2));

describe('with a pencil', () => {
  test('cash stays, holdings drift, and each side has its costs', () => {
    const inputs = byHand(
      {
        close: [
          [10, 20, 5],
          [11, 20, 5],
          [12, 20, 5],
          [12, 22, 5],
          [12, 22, 6],
        ],
        trade: [
          [1, 1, 1],
          [10, 20, 5],
          [1, 1, 1],
          [12, 20, 5],
          [1, 1, 1],
        ],
      },
      [0, 2],
      { costs: { buy: 0.01, sell: 0.02 } },
    );
    const result = run(inputs, wanting([0.5, 0.3, 0], [0, 0.5, 0.5]));
    // 1008 pay for 800 of stocks, 8 of costs, and 200 stay. At the second trade 600 are sold for 588, and of the x that
    // are left x - 300 are bought: x = 1100 - 12 - 0.01 (x - 300).
    const x = 1091 / 1.01;
    const expected = [1008, 50 * 11 + 15 * 20 + 200, 50 * 12 + 15 * 20 + 200, 1.05 * x, 1.15 * x];
    expect(money(result, 1008)).toEqual(expected.map((value) => value.toFixed(2)));
    const [first, second] = result.report.rebalances as [Rebalance, Rebalance];
    expect(first).toMatchObject({ signal: '2024-01-01', traded: '2024-01-02', names: 2, sold: 0 });
    expect(first.cash).toBeCloseTo(0.2, 12);
    expect(first.cost).toBeCloseTo(8 / 1008, 12);
    expect(second.sold).toBeCloseTo(600 / 1100, 12);
    expect(second.bought).toBeCloseTo((x - 300) / 1100, 12);
    expect(result.report.turnover).toBeCloseTo((x + 300) / 1100, 12);
    expect(result.report.costs).toBeCloseTo(8 / 1008 + (1100 - x) / 1100, 12);
  });

  test('what opens at its upper limit is not bought, and leaves cash', () => {
    const close = [
      [10, 10],
      [10, 11],
      [20, 11],
      [20, 22],
      [20, 22],
    ];
    const canBuy = close.map((_, t) => [1, t === 1 ? 0 : 1]);
    const result = run(byHand({ close, canBuy }, [0]), wanting([0.6, 0.4]));
    expect(money(result, 1000)).toEqual(['1000.00', '1000.00', '1600.00', '1600.00', '1600.00']);
    expect(result.report.rebalances[0]).toMatchObject({ names: 1, unbought: 1, unsold: 0, cash: 0.4 });
  });

  test('what is at its lower limit is not sold, and leaves less for the others', () => {
    const close = [
      [10, 10, 10],
      [10, 10, 10],
      [8, 10, 10],
      [4, 10, 20],
      [4, 10, 20],
    ];
    const canSell = close.map((_, t) => [t === 2 ? 0 : 1, 1, 1]);
    const result = run(byHand({ close, canSell }, [0, 1]), wanting([0.6, 0.4, 0], [0, 0.4, 0.6]));
    // 480 of 880 stay where they are; 48 of the second's 400 become the third.
    expect(money(result, 1000)).toEqual(['1000.00', '1000.00', '880.00', '688.00', '688.00']);
    expect(result.report.rebalances[1]).toMatchObject({ names: 3, unbought: 0, unsold: 1 });
  });

  test('a suspended holding keeps its last price until it trades again', () => {
    const close = [
      [10, 10],
      [10, 10],
      [12, none],
      [12, none],
      [12, 5],
    ];
    const suspended = close.map((_, t) => [0, t === 2 || t === 3 ? 1 : 0]);
    const inputs = byHand({ close, suspended }, [0, 2]);
    const [bound] = [dateProblem(inputs, unbound, 1, Float64Array.of(0.6, 0.4))];
    expect([bound.least[1], bound.most[1]]).toEqual([0.4, 0.4]);
    const kept = 500 / 1100;
    const result = run(inputs, wanting([0.5, 0.5], [1 - kept, kept]));
    expect(money(result, 1000)).toEqual(['1000.00', '1000.00', '1100.00', '1100.00', '850.00']);
    const nothing = expect.closeTo(0, 12);
    expect(result.report.rebalances[1]).toMatchObject({ unbought: 0, unsold: 0, bought: nothing, sold: nothing });
    expect(result.report.delisted).toBe(0);
  });

  test('who is suspended at the signal and at the trade keeps its shares, whatever the others do in between', () => {
    const close = [
      [10, 10, 10],
      [10, 10, 10],
      [10, 10, 10],
      [20, 20, 10],
      [20, 20, 10],
    ];
    const suspended = close.map((_, t) => [0, 0, t === 2 || t === 3 ? 1 : 0]);
    const inputs = byHand({ close, suspended }, [0, 2], { costs: { buy: 0.01, sell: 0.01 } });
    const result = run(inputs, wanting([0.3, 0.3, 0.4], [0.3, 0.3, 0.4]));
    // A third of what the others are worth is not taken for the one that cannot be bought.
    expect(result.report.rebalances[1]).toMatchObject({ unbought: 0, unsold: 0, cost: 0 });
    expect(result.report.rebalances[1]?.cash).toBeCloseTo(0, 12);
    expect(money(result, 1010)).toEqual(['1010.00', '1000.00', '1000.00', '1600.00', '1600.00']);
    // And on the way down they are not scaled for the one that cannot be sold.
    const down = close.map((row, t) => (t > 2 ? [5, 5, 10] : row));
    const fallen = run(
      { ...inputs, ...byHand({ close: down, suspended }, [0, 2]) },
      wanting(...[0, 2].map(() => [0.3, 0.3, 0.4])),
    );
    expect(fallen.report.rebalances[1]).toMatchObject({ unbought: 0, unsold: 0, cash: expect.closeTo(0, 12) });
    expect(money(fallen, 1000)).toEqual(['1000.00', '1000.00', '1000.00', '700.00', '700.00']);
  });

  test.each(['st', 'canBuy'] as const)(
    'who may not be bought by its %s is kept, and not bought back after a fall',
    (mask) => {
      const close = [
        [10, 10],
        [10, 10],
        [10, 10],
        [10, 5],
        [10, 5],
      ];
      const at = (t: number, n: number) => (mask === 'st') === (t === 2 && n === 1);
      const barred = close.map((row, t) => row.map((_, n) => (at(t, n) ? 1 : 0)));
      const inputs = byHand({ close, [mask]: barred }, [0, 2]);
      const kept = run(inputs, wanting([0.5, 0.5], [0.5, 0.5])).report.rebalances[1];
      expect(kept).toMatchObject({ bought: 0, sold: 0, unbought: 0, unsold: 0 });
      // At half its price it is 1/3 of the value, and 0.45 would be more.
      const less = run(inputs, wanting([0.5, 0.5], [0.55, 0.45])).report.rebalances[1];
      expect(less).toMatchObject({ bought: 0, unbought: 0, unsold: 0 });
    },
  );

  test('a delisted holding is cash at its last price, and buys others', () => {
    const close = [
      [10, 10],
      [10, 10],
      [10, 8],
      [10, none],
      [20, none],
    ];
    const result = run(byHand({ close }, [0, 2]), wanting([0.5, 0.5], [0.6, 0.4]));
    // 400 of 900 become cash on the fourth date, of which 40 buy the other one.
    expect(money(result, 1000)).toEqual(['1000.00', '1000.00', '900.00', '900.00', '1440.00']);
    expect(result.report).toMatchObject({ delisted: 1 });
    expect(result.report.rebalances[1]).toMatchObject({ names: 1, unbought: 0 });
  });

  test('who has no price at the end is suspended, unless it has none for 20 dates of the data', () => {
    const close = [
      [10, 10],
      [10, 10],
      [10, 8],
      [10, none],
      [20, none],
    ];
    const inputs = byHand({ close }, [0, 2]);
    const trades = () => run(inputs, wanting([0.5, 0.5], [0.6, 0.4]));
    const priced = (dates: number, price: number) => {
      const cells = inputs.close.cells.slice();
      cells[(close.length + dates - 1) * 2 + 1] = price;
      const changed = { ...inputs, close: { cells, stride: 2 } };
      return run(changed, wanting([0.5, 0.5], [5 / 9, 4 / 9]));
    };
    expect(trades().report.delisted).toBe(1);
    // It trades again long after the backtest's last date, or the data end too soon to tell.
    expect(priced(20, 9).report.delisted).toBe(0);
    expect(money(priced(20, 9), 1000)).toEqual(['1000.00', '1000.00', '900.00', '900.00', '1400.00']);
    const soon = { ...inputs, priced: 22 };
    expect(run(soon, wanting([0.5, 0.5], [5 / 9, 4 / 9])).report.delisted).toBe(0);
    expect(run({ ...inputs, priced: 23 }, wanting([0.5, 0.5], [0.6, 0.4])).report.delisted).toBe(1);
  });

  test('the index counts from the trade prices of the first date, then from closes', () => {
    const inputs = byHand(
      {
        close: [
          [10, 10],
          [12, 10],
          [12, none],
          [12, 11],
          [15, 11],
        ],
        trade: [
          [1, 1],
          [11, 8],
          [1, 1],
          [1, 1],
          [1, 1],
        ],
        index: [
          [0.5, 0.5],
          [0.25, 0.75],
          [none, none],
          [1, 0],
          [1, 0],
        ],
      },
      [0],
    );
    const expected = [0.5 / 11 + 0.5 / 4, 0, 0.75 * 0.1, 0.25];
    for (const [t, r] of indexReturns(inputs, 0).entries()) expect(r).toBeCloseTo(expected[t] as number, 6);
  });
});

describe('weights that break a rule', () => {
  const inputs = byHand({ close: [0, 1, 2].map(() => [10, 10]) }, [0]);

  test('are not traded on', () => {
    expect(() => run(inputs, wanting([0.9, 0.1]), { ...unbound, deviation: 0.1 })).toThrow(
      'one, 2024-01-01: weights break deviation S0',
    );
    expect(() => run(inputs, wanting([none, 0.1]))).toThrow('weights break');
  });

  test('a rule the market cannot answer names the portfolio and the date', () => {
    expect(() => run(inputs, wanting([1, 0]), { ...unbound, industry: 0 })).toThrow(
      'one, 2024-01-01: Portfolios are to stay within the industries of their index, and the market has none.',
    );
  });
});

describe('the problem of a date', () => {
  const row = (...cells: number[]) => [cells, cells, cells];
  const base = byHand(
    { close: row(10, 10, 10, 10, none), scores: row(3, 1, none, 5, 7), index: row(0.5, 0.3, 0.2, 0, 0) },
    [1],
  );

  test('is about those with a score and a price, the members and what is held', () => {
    const problem = dateProblem(base, { ...unbound, turnover: 0.3 }, 0, new Float64Array(5));
    expect([...problem.symbols]).toEqual([0, 1, 2, 3]);
    expect([...problem.member]).toEqual([1, 1, 1, 0]);
    const spread = Math.sqrt(8 / 3);
    expect([...problem.score].map((x) => x * spread)).toEqual([0, -2, 0, 2].map((x) => expect.closeTo(x, 12)));
    expect(problem.turnover).toBeUndefined();
    const outside = { ...base, universe: panel(row(1, 1, 1, 0, 1)) };
    expect([...dateProblem(outside, unbound, 0, new Float64Array(5)).symbols]).toEqual([0, 1, 2]);
    const held = dateProblem(outside, { ...unbound, turnover: 0.3 }, 0, Float64Array.of(0, 0, 0, 0.1, 0));
    expect([...held.symbols]).toEqual([0, 1, 2, 3]);
    expect(held.turnover).toBe(0.3);
  });

  test('bounds weights by the index, what can be traded, and what has a score', () => {
    const masks = { canBuy: panel(row(0, 1, 1, 1, 1)), canSell: panel(row(1, 0, 1, 1, 1)) };
    const held = Float64Array.of(0.1, 0.4, 0.05, 0.1, 0);
    const problem = dateProblem({ ...base, ...masks }, { ...unbound, deviation: 0.05 }, 0, held);
    const close = (xs: readonly number[]) => xs.map((x) => expect.closeTo(x, 6));
    // The first cannot be bought up to its 0.45, the second not sold to its 0.35, the third not bought beyond the index.
    expect([...problem.least]).toEqual(close([0.1, 0.4, 0.15, 0]));
    expect([...problem.most]).toEqual(close([0.1, 0.4, 0.2, 0.05]));
    expect([...problem.reachable.least]).toEqual(close([0, 0.4, 0, 0]));
    expect([...problem.reachable.most]).toEqual(close([0.1, 1, 0.2, 1]));
  });

  test('buys nobody under special treatment at the signal, unless asked', () => {
    const st = panel([row(0, 0, 0, 0, 0)[0] as number[], [1, 0, 0, 1, 0], [0, 1, 1, 0, 0]]);
    const held = Float64Array.of(0.1, 0, 0, 0, 0);
    const reach = (withSt: boolean) =>
      dateProblem({ ...base, st, trading: { ...trading, withSt } }, unbound, 0, held).reachable;
    expect([...reach(false).most].map((x) => x.toFixed(1))).toEqual(['0.1', '1.0', '0.2', '0.0']);
    expect([...reach(false).least]).toEqual([0, 0, 0, 0]);
    expect([...reach(true).most].map((x) => x.toFixed(1))).toEqual(['1.0', '1.0', '0.2', '1.0']);
  });

  test('takes who can be traded from the date after when asked', () => {
    const canBuy = panel([row(1, 1, 1, 1, 1)[0] as number[], [1, 1, 1, 1, 1], [0, 1, 1, 1, 1]]);
    const most = (tradability: 'signal' | 'trade') =>
      dateProblem({ ...base, canBuy, trading: { ...trading, tradability } }, unbound, 0, new Float64Array(5)).most[0];
    expect([most('signal'), most('trade')]).toEqual([1, 0]);
  });
});

describe('signal dates', () => {
  const dates = weekdays(12).filter((date) => date !== '2024-01-05');
  const of = (...found: ReturnType<typeof signalDates>[]) =>
    found.map(({ signals, skipped }) =>
      [...signals].map((t) => dates[t]).concat([...skipped].map((t) => `not ${dates[t]}`)),
    );

  test('are the last of each week, or every so many from the first usable one', () => {
    const late = (t: number) => t > 1;
    expect(of(signalDates(dates, 'week', () => true))).toEqual([['2024-01-04', '2024-01-12']]);
    expect(of(signalDates(dates, 4, late))).toEqual([['2024-01-03', '2024-01-10']]);
    // None on the last date: there is no date after it to trade on.
    expect(of(signalDates(dates, 1, (t) => t > 8))).toEqual([['2024-01-15']]);
  });

  test('say which were due and unusable, and stay within a range', () => {
    const usable = (t: number) => dates[t] !== '2024-01-08';
    const range = { from: '2024-01-02', to: '2024-01-12' };
    expect(of(signalDates(dates, 3, usable, range))).toEqual([['2024-01-02', '2024-01-11', 'not 2024-01-08']]);
    expect(of(signalDates(dates, 3, usable, { ...range, to: '2024-01-11' }))).toEqual([
      ['2024-01-02', 'not 2024-01-08'],
    ]);
  });

  test('say what else could be decided on', () => {
    const wednesdays = (t: number) => ['2024-01-03', '2024-01-10'].includes(dates[t] as string);
    const { signals, usable, due } = signalDates(dates, 'week', wednesdays);
    expect([[...signals], Array.from(usable, (t) => dates[t]), due]).toEqual([[], ['2024-01-03', '2024-01-10'], 2]);
    // Without a date after it the last one is as if it were not there.
    expect([...signalDates(dates, 'week', wednesdays, { to: '2024-01-10' }).usable]).toEqual([2]);
    expect(signalDates(dates, 'week', () => true, { from: '2024-01-08', to: '2024-01-12' }).due).toBe(0);
  });
});

describe('the weights of an index', () => {
  const fields = (all: Readonly<Record<string, readonly number[][]>>, dates = 3) => ({
    dates,
    symbols: 3,
    field: (name: string) => all[name] && panel(all[name]),
  });
  const rows = ({ cells, stride }: Panel) =>
    Array.from({ length: cells.length / stride }, (_, t) => [...cells.subarray(t * stride, (t + 1) * stride)]);
  const close = (xs: readonly number[]) => xs.map((x) => (Number.isNaN(x) ? x : expect.closeTo(x, 6)));
  const own: IndexRule = { kind: 'market' };
  const CAP = [
    [1, 2, none],
    [none, 2, 6],
    [3, none, 6],
  ];

  test('are those of the market, made to add up to 1', () => {
    const WEIGHT = [
      [2, 3, none],
      [none, none, none],
      [50, -1, 50],
    ];
    const { weights } = indexWeights(fields({ WEIGHT }), own);
    expect(rows(weights)).toEqual([close([0.4, 0.6, 0]), [none, none, none], close([0.5, 0, 0.5])]);
  });

  test('are its members by their last known CAP', () => {
    const MEMBER = [
      [1, 1, 1],
      [1, 1, 0],
      [0, 1, 1],
    ];
    const { weights, member } = indexWeights(fields({ MEMBER, CAP }), own);
    expect(rows(weights)).toEqual([close([1 / 3, 2 / 3, 0]), close([1 / 3, 2 / 3, 0]), close([0, 0.25, 0.75])]);
    expect(member).toEqual(panel(MEMBER));
  });

  test('of the largest are reviewed twice a year, and weigh each date', () => {
    const T = 380;
    // The third overtakes both after a day; the first is delisted after 200.
    const caps = Array.from({ length: T }, (_, t) => [t < 200 ? 3 : none, 2, t === 0 ? 1 : 5 + t]);
    const { weights, doc } = indexWeights(fields({ CAP: caps }, T), { kind: 'top', from: 1, to: 2 });
    expect(doc).toBe('the 2 of the highest CAP');
    const all = rows(weights);
    expect(all[125]).toEqual(close([0.6, 0.4, 0]));
    expect(all[126]).toEqual(close([3 / 134, 0, 131 / 134]));
    expect(all[251]).toEqual(close([3 / 259, 0, 256 / 259]));
    // At the third review its last CAP is 52 dates ago.
    expect(all[252]).toEqual(close([0, 2 / 259, 257 / 259]));
    // Up to 20 dates are a suspension, and it stays until the next review.
    const until = (last: number) => {
      const some = caps.map(([, second, third], t) => [t <= last ? 3 : none, second as number, third as number]);
      return rows(indexWeights(fields({ CAP: some }, T), { kind: 'top', from: 1, to: 2 }).weights);
    };
    expect(until(126 - 19)[126]).toEqual(close([3 / 134, 0, 131 / 134]));
    expect(until(126 - 20)[126]).toEqual(close([0, 2 / 133, 131 / 133]));
    expect(until(126 - 19)[251]).toEqual(close([3 / 259, 0, 256 / 259]));
    const next = indexWeights(fields({ CAP: caps }, T), { kind: 'top', from: 2, to: 3 });
    expect(next.doc).toBe('those from 2 to 3 by CAP');
    expect(rows(next.weights)[0]).toEqual(close([0, 2 / 3, 1 / 3]));
  });

  test('of a file go with known prices until its next date', () => {
    const CLOSE = [
      [10, 10, 10],
      [10, none, 10],
      [20, 20, 10],
      [20, none, 10],
      [10, 40, 10],
    ];
    const none3 = [none, none, none];
    const values = Float32Array.from([none3, [1, 3, none], none3, [none, 1, 1], none3].flat());
    const { weights } = indexWeights(fields({ CLOSE }, 5), { kind: 'weights', values, name: 'mine.csv' });
    expect(rows(weights)).toEqual([
      [none, none, none],
      close([0.25, 0.75, 0]),
      close([2 / 8, 6 / 8, 0]),
      close([0, 0.5, 0.5]),
      close([0, 2 / 3, 1 / 3]),
    ]);
  });

  test('of a file are those of shares bought once', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 3, max: 30 }), (seed, T) => {
        const random = stream(seed, 0, 0);
        const CLOSE = Array.from({ length: T }, () => [1, 2, 3].map(() => 1 + random.next()));
        const first = [1, 2, 3].map(() => random.next());
        const values = new Float32Array(T * 3).fill(none);
        values.set(first);
        const trade = CLOSE.map((_, t) => CLOSE[Math.max(0, t - 1)] as number[]);
        const { weights } = indexWeights(fields({ CLOSE }, T), { kind: 'weights', values, name: 'mine.csv' });
        const returns = indexReturns({ ...byHand({ close: CLOSE, trade }, [0]), index: weights }, 0);
        const grown = [...returns].reduce((value, r) => value * (1 + r), 1);
        const [from, to] = [CLOSE[0], CLOSE.at(-1)] as [number[], number[]];
        const total = first.reduce((sum, w) => sum + w, 0);
        const kept = first.reduce((sum, w, n) => sum + (w * (to[n] as number)) / (from[n] as number), 0) / total;
        expect(grown).toBeCloseTo(kept, 5);
      }),
    );
  });

  test.each<[string, ReturnType<typeof fields>, IndexRule]>([
    ['The market has no index: neither WEIGHT nor MEMBER.', fields({}), own],
    ['The index is MEMBER x CAP, and the market has no CAP.', fields({ MEMBER: CAP }), own],
    ['The index is top:2 by CAP, and the market has no CAP.', fields({}), { kind: 'top', from: 1, to: 2 }],
    ['needs 4 symbols and the market has 3', fields({ CAP }), { kind: 'top', from: 1, to: 4 }],
    ['No symbols are top:2-1 by CAP.', fields({ CAP }), { kind: 'top', from: 2, to: 1 }],
    [
      'An index of top:2-3 has no symbol on any date',
      fields({
        CAP: [
          [1, none, none],
          [1, none, none],
          [1, none, none],
        ],
      }),
      { kind: 'top', from: 2, to: 3 },
    ],
  ])('%s', (sentence, market, rule) => {
    expect(() => indexWeights(market, rule)).toThrow(sentence);
  });

  test('know nothing of the future', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 139 }), (seed, today) => {
        const random = stream(seed, 0, 0);
        const caps = Array.from({ length: 300 }, () =>
          [1, 2, 3].map(() => (random.next() < 0.3 ? none : random.next())),
        );
        const other = caps.map((row, t) =>
          t > today ? row.map(() => (random.next() < 0.3 ? none : random.next())) : row,
        );
        const until = (CAP: number[][]) =>
          rows(indexWeights(fields({ CAP }, 140), { kind: 'top', from: 1, to: 2 }).weights).slice(0, today + 1);
        expect(until(other)).toEqual(until(caps));
      }),
    );
  });
});

describe('figures', () => {
  const dates = ['2023-12-28', '2023-12-29', '2024-01-02', '2024-01-05', '2024-01-08'];
  const returns = Float64Array.of(0.1, -0.2, 0.05, 0.1, 0);
  const index = Float64Array.of(0.05, -0.1, 0.1, 0.04, 0.01);
  const calendar = { dates, perYear: 244 };

  test('are told by year and by week', () => {
    const { years, performance, excess, nav, excessNav } = returnFigures(returns, index, calendar);
    expect(years.map(({ year, dates }) => [year, dates])).toEqual([
      [2023, 2],
      [2024, 3],
    ]);
    const [first, second] = years;
    expect(first?.return).toBeCloseTo(1.1 * 0.8 - 1, 12);
    expect(first?.maxDrawdown).toBeCloseTo(0.2, 12);
    expect(first?.excess).toBeCloseTo(1.05 * 0.9 - 1, 12);
    expect(second?.excess).toBeCloseTo(0.95 * 1.06 * 0.99 - 1, 12);
    expect(second?.excessMaxDrawdown).toBeCloseTo(0.05, 12);
    // Weeks of 1.05 x 0.9, 0.95 x 1.06 and 0.99: the second is won.
    expect([excess.weeks, excess.weeklyWinRate]).toEqual([3, expect.closeTo(1 / 3, 12)]);
    // Of its own 1.1 x 0.8, 1.05 x 1.1 and 1.
    expect([performance.weeks, performance.weeklyWinRate]).toEqual([3, expect.closeTo(1 / 3, 12)]);
    expect([nav.length, nav[0], excessNav[0]]).toEqual([6, 1, 1]);
    const beside = indexReport('even', index, calendar);
    expect(beside.years.map((year) => year.return)).toEqual([
      expect.closeTo(1.05 * 0.9 - 1, 12),
      expect.closeTo(1.1 * 1.04 * 1.01 - 1, 12),
    ]);
  });

  test('set the predicted risk beside what came', () => {
    const rebalance = (traded: string, trackingError: number | undefined) =>
      ({ traded, planned: { trackingError } }) as Rebalance;
    const check = riskCheck(
      [rebalance('2023-12-28', 0.3), rebalance('2024-01-02', 0.4), rebalance('2024-01-08', undefined)],
      ...([returns, index, calendar] as const),
    );
    // Active: 0.05 and -0.1, then -0.05 and 0.06, then what nothing was predicted for.
    expect(check?.predicted).toBeCloseTo(Math.sqrt((0.09 + 0.16) / 2), 12);
    const z = [-0.05 / (0.3 * Math.sqrt(2 / 244)), 0.01 / (0.4 * Math.sqrt(2 / 244))] as const;
    expect(check?.bias).toBeCloseTo(Math.abs(z[0] - z[1]) / Math.SQRT2, 12);
    const squares = [0.06, -0.09, -0.04, 0.07].reduce((sum, x) => sum + x * x, 0);
    expect(check?.realised).toBeCloseTo(Math.sqrt((squares / 3) * 244), 12);
    expect(riskCheck([rebalance('2023-12-28', undefined)], returns, index, calendar)).toBeUndefined();
  });
});

describe('any market', async () => {
  const anyMarket = fc.record({
    seed: fc.nat(),
    T: fc.integer({ min: 6, max: 20 }),
    N: fc.integer({ min: 4, max: 10 }),
  });
  const rule: PortfolioRule = {
    ...unbound,
    ...{ deviation: 0.2, memberFloor: 0.6, industry: 0.1, size: 0.3, style: 0.5, turnover: 0.5, costPenalty: 1 },
  };
  const runs = async (inputs: PortfolioInputs): Promise<ScenarioResult> => {
    const optimiser = await linearOptimiser();
    try {
      return run(inputs, optimiser.optimise.bind(optimiser), rule);
    } finally {
      optimiser.close();
    }
  };
  // Dozens of dates of programs that mostly have to let something go.
  const few = { numRuns: 10 };

  test('has the net values that its target weights give, followed name by name', () => {
    const seen = { unbought: 0, unsold: 0, delisted: 0, rebalances: 0 };
    fc.assert(
      fc.property(anyMarket, ({ seed, T, N }) => {
        const inputs = troubled(seed, T, N);
        fc.pre(inputs.signals.length > 0);
        const { report, targets } = run(inputs, greedy);
        const expected = followed(inputs, targets);
        for (const [t, value] of report.nav.entries()) expect(value).toBeCloseTo(expected[t] as number, 9);
        expect(report.nav.length).toBe(T - (inputs.signals[0] as number));
        seen.delisted += report.delisted;
        seen.rebalances += report.rebalances.length;
        for (const { unbought, unsold } of report.rebalances) {
          seen.unbought += unbought;
          seen.unsold += unsold;
        }
      }),
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(10);
  });

  test('is judged by nothing after a date until that date', async () => {
    await fc.assert(
      fc.asyncProperty(anyMarket, fc.nat(), async ({ seed, T, N }, n) => {
        const inputs = troubled(seed, T, N);
        fc.pre(inputs.signals.length > 0);
        const today = n % T;
        const other = changedAfter(inputs, today, seed);
        const [now, then] = [await runs(inputs), await runs(other)];
        const until = ({ report, targets }: ScenarioResult) => ({
          nav: report.nav.slice(0, Math.max(0, today - (inputs.signals[0] as number)) + 1),
          excessNav: report.excessNav.slice(0, Math.max(0, today - (inputs.signals[0] as number)) + 1),
          targets: targets.filter((_, row) => (inputs.signals[row] as number) <= today),
          planned: report.rebalances
            .filter(({ signal }) => signal <= (inputs.dates[today] as string))
            .map((r) => r.planned),
        });
        expect(until(then)).toEqual(until(now));
      }),
      few,
    );
  });

  test('gives its symbols the same in any order', async () => {
    await fc.assert(
      fc.asyncProperty(anyMarket, async ({ seed, T, N }) => {
        const random = stream(seed, 7, 0);
        // Names without a score are all worth the same, and which of them is held is told by their order.
        const scores = { cells: Float32Array.from({ length: T * N }, () => random.normal()), stride: N };
        const inputs = { ...troubled(seed, T, N), scores, universe: undefined };
        fc.pre(inputs.signals.length > 0);
        const order = Int32Array.from({ length: N }, (_, n) => n);
        for (let n = N - 1; n > 0; n--) {
          const other = random.below(n + 1);
          [order[n], order[other]] = [order[other] as number, order[n] as number];
        }
        const [one, two] = [await runs(inputs), await runs(shuffled(inputs, order))];
        for (const [t, value] of two.report.nav.entries()) expect(value).toBeCloseTo(one.report.nav[t] as number, 6);
      }),
      few,
    );
  });

  test('returns the index to whoever buys it once and pays nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 3, max: 20 }),
        fc.integer({ min: 2, max: 8 }),
        async (seed, T, N) => {
          const random = stream(seed, 0, 0);
          const close = Array.from({ length: T }, () => Array.from({ length: N }, () => 1 + random.next()));
          const amounts = close[0]?.map(() => 1 + random.next()) as number[];
          const cap = close.map((row) => row.map((price, n) => price * (amounts[n] as number)));
          // All open at one multiple of the last close: weights are still those of the evening before.
          const trade = close.map((_, t) => (close[Math.max(0, t - 1)] as number[]).map((price) => 1.01 * price));
          const field = (name: string) => (name === 'CAP' ? panel(cap) : undefined);
          const { weights } = indexWeights(
            { dates: T, symbols: N, field },
            { kind: 'top', from: 1, to: Math.ceil(N / 2) },
          );
          const inputs = { ...byHand({ close, trade }, [0]), index: weights };
          const { report } = run(inputs, greedy, { ...unbound, deviation: 0 });
          for (const value of report.excessNav) expect(value).toBeCloseTo(1, 5);
          expect(report.worstViolation).toBeLessThan(1e-8);
        },
      ),
    );
  });
});

/** The best by score, each as much as it may, and cash if that is not enough. */
const greedy: Optimise = ({ score, least, most }) => {
  const weights = least.slice();
  let left = 1 - weights.reduce((a, b) => a + b, 0);
  for (const i of [...score.keys()].sort((a, b) => (score[b] as number) - (score[a] as number))) {
    const more = Math.min(left, (most[i] as number) - (weights[i] as number), 0.4);
    weights[i] = (weights[i] as number) + more;
    left -= more;
  }
  return { weights, objective: 0, solver: 'highs', slacks: left > 0 ? [{ relief: 'invested', amount: left }] : [] };
};

/** Net values by amounts of money per name; what is left after costs is found by halving. */
function followed(inputs: PortfolioInputs, targets: readonly TargetWeights[]): number[] {
  const { close, trade, canBuy, canSell, suspended, st, dates, symbols, signals, trading: rule } = inputs;
  const N = symbols.length;
  const price = (field: Panel, t: number, n: number) => {
    const x = field.cells[t * field.stride + n] as number;
    return x > 0 ? x : none;
  };
  const last = Array.from({ length: N }, () => none);
  const amounts = Array.from({ length: N }, () => 0);
  let cash = 1;
  const move = (n: number, to: number) => {
    if (Number.isNaN(to)) return;
    if ((amounts[n] as number) > 0) amounts[n] = ((amounts[n] as number) * to) / (last[n] as number);
    last[n] = to;
  };
  const start = signals[0] as number;
  for (let t = 0; t <= start; t++) for (let n = 0; n < N; n++) move(n, price(close, t, n));
  const nav = [1];
  for (let t = start + 1; t < dates.length; t++) {
    const target = targets[[...signals].indexOf(t - 1)];
    const wanted = symbols.map((_, n) => target?.weights[target.symbols.indexOf(n)] ?? 0);
    const worth = cash + amounts.reduce((a, b) => a + b, 0);
    // Of the signal: who was held and could not be bought or sold then, and who of these is to stay as it is.
    const barred = symbols.map((_, n) => {
      const held = (amounts[n] as number) / worth;
      const at = (field: Panel | undefined) => field?.cells[(t - 1) * field.stride + n] as number;
      const open = price(close, t - 1, n) > 0 && at(suspended) !== 1;
      const scored = Number.isFinite(at(inputs.scores)) && at(inputs.universe) > 0;
      const buy = held > 0 && !(open && at(canBuy) === 1 && !(at(st) > 0) && (scored || at(inputs.index) > held));
      const sell = held > 0 && !(open && at(canSell) === 1);
      return { buy, sell, stays: (buy || sell) && Math.abs(held - (wanted[n] as number)) < 1e-6 };
    });
    for (let n = 0; n < N; n++) {
      const ahead = Array.from({ length: dates.length - t }, (_, k) => t + k);
      if (ahead.some((k) => price(close, k, n) > 0 || price(trade, k, n) > 0)) continue;
      cash += amounts[n] as number;
      amounts[n] = 0;
      wanted[n] = 0;
    }
    if (target) {
      const is = (field: Panel | undefined, n: number) => field?.cells[t * field.stride + n] === 1;
      const stays = (n: number) => barred[n]?.stays || (barred[n]?.buy && barred[n]?.sell);
      const open = symbols.map((_, n) => price(trade, t, n) > 0 && !is(suspended, n));
      for (let n = 0; n < N; n++) if (open[n]) move(n, price(trade, t, n));
      const kept = (of: readonly number[]) => of.reduce((sum, x, n) => sum + (stays(n) ? x : 0), 0);
      const value = cash + amounts.reduce((a, b) => a + b, 0);
      const orders = (left: number) => {
        const ofOthers = (left - kept(amounts)) / (1 - kept(wanted));
        const changes = wanted.map((weight, n) => (stays(n) ? 0 : weight * ofOthers - (amounts[n] as number)));
        const buys = changes.map((x, n) => (open[n] && is(canBuy, n) && !barred[n]?.buy ? Math.max(0, x) : 0));
        const sells = changes.map((x, n) => (open[n] && is(canSell, n) && !barred[n]?.sell ? Math.max(0, -x) : 0));
        const [bought, sold] = [buys, sells].map((xs) => xs.reduce((a, b) => a + b, 0)) as [number, number];
        const paid = cash + sold * (1 - rule.costs.sell);
        const share = bought > 0 ? Math.min(1, paid / (bought * (1 + rule.costs.buy))) : 1;
        const cost = share * bought * rule.costs.buy + sold * rule.costs.sell;
        return { buys: buys.map((x) => x * share), sells, cost, cash: paid - share * bought * (1 + rule.costs.buy) };
      };
      let [low, high] = [0, value];
      for (let k = 0; k < 200; k++) {
        const middle = (low + high) / 2;
        if (value - orders(middle).cost > middle) low = middle;
        else high = middle;
      }
      const filled = orders((low + high) / 2);
      for (let n = 0; n < N; n++)
        amounts[n] = (amounts[n] as number) + (filled.buys[n] as number) - (filled.sells[n] as number);
      cash = filled.cash;
    }
    for (let n = 0; n < N; n++) move(n, price(close, t, n));
    nav.push(cash + amounts.reduce((a, b) => a + b, 0));
  }
  return nav;
}

/**
 * Other prices, masks, scores and weights after a date; what is missing stays missing, because when a symbol is delisted
 * is announced.
 */
function changedAfter(inputs: PortfolioInputs, today: number, seed: number): PortfolioInputs {
  const random = stream(seed, 99, 0);
  const N = inputs.symbols.length;
  const changed = <P extends Panel | undefined>(of: P, value: (x: number) => number): P =>
    of && { ...of, cells: of.cells.map((x, i) => (i >= (today + 1) * N ? value(x) : x)) };
  const price = (x: number) => x * (0.5 + random.next());
  const mask = () => (random.next() < 0.5 ? 1 : 0);
  const rows = inputs.signals.filter((t) => t <= today).length;
  const later = (cells: Float32Array | undefined) => cells?.map((x, i) => (i >= rows * N ? x + random.next() : x));
  return {
    ...inputs,
    close: changed(inputs.close, price),
    trade: changed(inputs.trade, price),
    canBuy: changed(inputs.canBuy, mask),
    canSell: changed(inputs.canSell, mask),
    suspended: changed(inputs.suspended, mask),
    universe: changed(inputs.universe, mask),
    scores: changed(inputs.scores, () => random.normal()),
    index: changed(inputs.index, price),
    exposures: inputs.exposures && {
      ...inputs.exposures,
      styles: inputs.exposures.styles.map((style) => ({ ...style, values: later(style.values) as Float32Array })),
    },
  };
}

function shuffled(inputs: PortfolioInputs, order: Int32Array): PortfolioInputs {
  const N = order.length;
  const cells = (of: Float32Array) => of.map((_, i) => of[i - (i % N) + (order[i % N] as number)] as number);
  const moved = <P extends Panel | undefined>(of: P): P => of && { ...of, cells: cells(of.cells) };
  const { exposures, risk } = inputs;
  return {
    ...inputs,
    symbols: Array.from(order, (n) => inputs.symbols[n] as string),
    ...{ close: moved(inputs.close), trade: moved(inputs.trade), canBuy: moved(inputs.canBuy) },
    ...{ canSell: moved(inputs.canSell), suspended: moved(inputs.suspended), universe: moved(inputs.universe) },
    st: moved(inputs.st),
    ...{ scores: moved(inputs.scores), index: moved(inputs.index) },
    exposures: exposures && {
      ...exposures,
      industries: exposures.industries && cells(exposures.industries),
      styles: exposures.styles.map((style) => ({ ...style, values: cells(style.values) })),
    },
    risk: risk && { ...risk, specific: cells(risk.specific) },
  };
}
