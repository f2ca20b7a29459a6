/** Presets beside the reports' own words, typed off by hand. */
import { expect, test } from 'vitest';
import { type PresetName, presets } from '../portfolio/presets.ts';

const none = undefined;
const evenly = { buy: 0.002, sell: 0.002 };
const less = { buy: 0.001, sell: 0.002 };
const thrice = { turnover: [0.3, 0.4, 0.5] };
const caps = { deviation: [0.005, 0.01, 0.015, 0.02] };
const floors = { memberFloor: [0, 0.8] };

// every, members, deviation, industry, size, style, turnover, tracking error, costs, what varies
type Row = readonly [
  ...[rebalance: 'week' | number, members: number, deviation: number | undefined, industry: number, size: number],
  ...[style: number | undefined, turnover: number, trackingError: number | undefined, costs: object, vary: object],
];
const reports: Readonly<Record<PresetName, Row>> = {
  // 2‰ one way, at the VWAP of the next date; both sides at most 30%, of which its table realises 58.55%.
  'csi500@000': [10, 0, 0.01, 0, 0, none, 0.6, none, evenly, caps],
  // Weekly, 2‰ one way, both sides at most 30%, industry and size neutral.
  'csi500@001': ['week', 0, 0.01, 0, 0, none, 0.3, none, evenly, caps],
  // Members at least 80%, 0.8% a name, industry and size neutral, both sides at most 30, 40 and 50% a week.
  'csi300@002': ['week', 0.8, 0.008, 0, 0, none, 0.3, none, evenly, thrice],
  'csi500@002': ['week', 0.6, 0.008, 0, 0, none, 0.3, none, evenly, thrice],
  // Industry exposure below 0.02, size below 0.2.
  'csi1000@002': ['week', 0.8, 0.008, 0.02, 0.2, none, 0.3, none, evenly, thrice],
  'cni2000@002': ['week', 0.8, 0.01, 0.02, 0.2, none, 0.3, none, evenly, thrice],
  // Styles at most 0.5, industries 2%, tracking errors of 4 and 5%, 20% one-sided a week; 1‰ to buy, 2‰ to sell.
  'csi300@003': ['week', 0, none, 0.02, 0.5, 0.5, 0.4, 0.04, less, floors],
  'csi500@003': ['week', 0, none, 0.02, 0.5, 0.5, 0.4, 0.05, less, floors],
  'csi1000@003': ['week', 0, none, 0.02, 0.5, 0.5, 0.4, none, less, floors],
};

test.each(Object.entries(reports) as [PresetName, Row][])('%s is what its report says', (name, row) => {
  const [rebalance, memberFloor, deviation, industry, size, style, turnover, trackingError, costs, vary] = row;
  const { rule, trading, vary: varied } = presets[name];
  expect(rule).toEqual({
    ...{ memberFloor, deviation, industry, size, style, turnover, trackingError, costPenalty: 0, riskPenalty: 0 },
  });
  expect(trading).toEqual({ rebalance, price: 'VWAP', costs });
  expect(varied).toEqual(vary);
});
