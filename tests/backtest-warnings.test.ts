/** What a backtest says before any figure, and which dates have something to trade on. */
import { describe, expect, test } from 'vitest';
import { backtestRule } from '../cli/portfolio/backtest-rule.ts';
import { type BacktestFacts, backtestWarnings, refuseUnknownSize } from '../cli/portfolio/backtest-warnings.ts';
import type { FieldInfo, MarketManifest } from '../data/market.ts';
import { scoreCount } from '../portfolio/backtest/score-count.ts';
import type { PortfolioRule } from '../portfolio/rule.ts';
import { none, panel, unbound, weekdays } from './backtests.ts';

const field = (name: string, snapshot?: true): FieldInfo => ({
  ...{ name, kind: name === 'INDUSTRY' ? 'g' : 'm', unit: { price: 0, shares: 0 }, doc: '' },
  ...(snapshot && { snapshot }),
});
const facts: BacktestFacts = {
  fields: ['CLOSE', 'CAP', 'MEMBER', 'WEIGHT', 'INDUSTRY'].map((name) => field(name)),
  scenarios: [{ name: 'one', rule: unbound }],
  index: { kind: 'market' },
  universe: undefined,
  leftOut: [{ name: 'Growth', reason: 'the market has no EARNINGS_GROWTH, nor CAP' }],
  signals: Int32Array.of(10, 20, 30, 40),
  scored: [100, 100, 100, 100],
  ...{ rebalance: 'week', usable: Int32Array.from({ length: 50 }, (_, t) => t), unused: 46 },
  ...{ skipped: new Int32Array(), early: 0, dates: 60 },
};
const warned = (changed: Partial<BacktestFacts> & { readonly rule?: Partial<PortfolioRule> }) =>
  backtestWarnings({ ...facts, scenarios: [{ name: 'one', rule: { ...unbound, ...changed.rule } }], ...changed });

describe('a backtest', () => {
  test('that is as it should be warns of nothing', () => {
    expect(warned({})).toEqual([]);
    expect(warned({ rule: { size: 0.2, industry: 0, deviation: 0.01 } })).toEqual([]);
  });

  test('of few dates has no annual figures to go by', () => {
    expect(warned({ dates: 59 })).toEqual([expect.stringMatching(/^The backtest has 59 dates: too few for annual/)]);
  });

  test('says how many dates were passed over after its first, and were short of scores', () => {
    expect(warned({ skipped: Int32Array.of(5, 25, 35) })).toEqual([expect.stringMatching(/^On 2 dates due/)]);
    expect(warned({ scored: [100, 49, 50, 120] })).toEqual([
      'On 1 rebalance date fewer than half of the usual 100 symbols had a score: the others were not bought.',
    ]);
    expect(warned({ early: 3 })).toEqual([expect.stringMatching(/too short a history on the first 3 dates/)]);
  });

  test('says which scores it leaves aside when there are few of them, and nothing of daily ones', () => {
    const monthly = { usable: Int32Array.of(0, 20, 41, 61), unused: 3 };
    expect(warned(monthly)).toEqual([
      'Scores and an index are there on 4 of 62 dates, and 3 of these are not the last of a week: not used, and holdings are kept until the next that is. --rebalance 1 decides on every date that has them.',
    ]);
    expect(warned({ ...monthly, rebalance: 20, unused: 1 })).toEqual([
      expect.stringMatching(/ 1 of these is not one of every 20 dates: /),
    ]);
    expect(warned({ ...monthly, unused: 0 })).toEqual([]);
  });

  test.each<[string, Partial<PortfolioRule>]>([
    ['the styles that are limited', { style: 0.5 }],
    ['the risk model', { trackingError: 0.05 }],
    ['the risk model', { riskPenalty: 1 }],
    ['the styles that are limited and the risk model', { style: 0.5, trackingError: 0.05 }],
  ])('names each style that is left out of %s', (what, rule) => {
    expect(warned({ rule })).toEqual([`Growth is left out of ${what}: the market has no EARNINGS_GROWTH, nor CAP.`]);
    const fields = [field('CLOSE'), field('CAP', true)];
    expect(warned({ rule, fields, index: { kind: 'weights', values: new Float32Array(), name: '' } })[0]).toMatch(
      / but that of one day\.$/,
    );
  });

  test.each<[string, Partial<BacktestFacts> & { rule?: Partial<PortfolioRule> }, string[]]>([
    ['an index of weights', {}, ['The index is made of WEIGHT', 'The index is made of MEMBER']],
    ['an index of members', { fields: [field('MEMBER', true), field('CAP', true)] }, ['MEMBER', 'CAP']],
    ['an index of the largest', { index: { kind: 'top', from: 1, to: 2 } }, ['The index is made of CAP']],
    ['an index of a file', { index: { kind: 'weights', values: new Float32Array(), name: '' } }, []],
    [
      'industries',
      { index: { kind: 'weights', values: new Float32Array(), name: '' }, rule: { industry: 0 } },
      ['Industries are made of INDUSTRY'],
    ],
    [
      'a universe',
      { index: { kind: 'weights', values: new Float32Array(), name: '' }, universe: 'MEMBER' },
      ['The universe is made of MEMBER'],
    ],
  ])('warns of one day taken for all by %s', (_, changed, expected) => {
    const fields = facts.fields.map(({ name }) => field(name, true));
    const warnings = warned({ fields, ...changed });
    expect(warnings).toEqual(expected.map((what) => expect.stringContaining(what)));
    for (const warning of warnings) expect(warning).toContain('known of one day only');
  });

  test('does not limit a size that nobody knows', () => {
    const reason = 'the market has no CAP';
    const sized = { scenarios: [{ name: 'one', rule: { ...unbound, size: 0 } }], leftOut: [{ name: 'Size', reason }] };
    expect(() => refuseUnknownSize({ ...facts, ...sized })).toThrow(/^Size is limited, and the market has no CAP\./);
    expect(() => refuseUnknownSize({ ...facts, leftOut: sized.leftOut })).not.toThrow();
  });
});

describe('a rule', () => {
  const market: MarketManifest = {
    ...{ schema: 1, name: 'bare', calendar: weekdays(10), symbols: ['A', 'B'], datesPerYear: 244 },
    ...{ fields: [field('CLOSE'), field('INDUSTRY')], provenance: {}, hash: '' },
  };
  const options = { scores: 'CLOSE', size: 'none', industry: 'none' } as const;

  test('that takes CLOSE for a VWAP the market does not have says so', () => {
    const { trading, notes } = backtestRule(options, market);
    expect(trading.price).toBe('CLOSE');
    expect(notes).toEqual([expect.stringMatching(/^The market has no VWAP: trades are at CLOSE/)]);
    expect(backtestRule({ ...options, trade: 'CLOSE' }, market).notes).toEqual([]);
    const whole = { ...market, fields: [...market.fields, field('VWAP')] };
    expect(backtestRule(options, whole)).toMatchObject({ trading: { price: 'VWAP' }, notes: [] });
  });

  test('does not limit size by a CAP of one day', () => {
    const capital = { ...market, fields: [...market.fields, field('CAP', true)] };
    expect(() => backtestRule({ ...options, size: 0.2 }, capital)).toThrow(/CAP is known of one day only/);
  });
});

test('scores of a date count inside the universe, and none where they are all alike', () => {
  const scores = panel([
    [1, 2, none, 3],
    [5, 5, 5, 5],
    [none, none, 7, none],
    [none, 1, 1, 2],
  ]);
  const universe = panel([
    [1, 1, 1, 0],
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, 1, 1, 0],
  ]);
  const counts = (inside?: typeof universe) => [0, 1, 2, 3].map((t) => scoreCount(scores, inside, 4, t));
  expect(counts()).toEqual([3, 0, 0, 3]);
  expect(counts(universe)).toEqual([2, 0, 0, 0]);
});
