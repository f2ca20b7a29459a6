/**
 * The portfolios of the research reports. A preset is a family: reports vary the cap on deviations, on turnover, or the
 * floor of members, and print a row for each. The index is not part of it: a market has its own, or one is made.
 *
 * Where a report contradicts itself the reading is said beside the row.
 */
import type { PortfolioRule, TradingRule } from './rule.ts';

export interface PortfolioPreset {
  /** One sentence for --help. */
  readonly doc: string;
  readonly rule: PortfolioRule;
  /** What the reports vary: a scenario for each value of each. */
  readonly vary: { readonly [K in 'deviation' | 'turnover' | 'memberFloor']?: readonly number[] };
  readonly trading: Pick<TradingRule, 'rebalance' | 'price' | 'costs'>;
}

const unconstrained: PortfolioRule = {
  deviation: undefined,
  memberFloor: 0,
  industry: undefined,
  size: undefined,
  style: undefined,
  turnover: undefined,
  trackingError: undefined,
  costPenalty: 0,
  riskPenalty: 0,
};
const neutral = { industry: 0, size: 0 } as const;
const nearlyNeutral = { industry: 0.02, size: 0.2 } as const;
const evenCosts = { buy: 0.002, sell: 0.002 } as const;
const weekly = { rebalance: 'week', price: 'VWAP', costs: evenCosts } as const;

const alphaNet = (rebalance: TradingRule['rebalance'], turnover: number, doc: string): PortfolioPreset => ({
  doc,
  rule: { ...unconstrained, ...neutral, deviation: 0.01, turnover },
  vary: { deviation: [0.005, 0.01, 0.015, 0.02] },
  trading: { ...weekly, rebalance },
});

const frequencies = (
  index: string,
  memberFloor: number,
  deviation: number,
  exposure: Pick<PortfolioRule, 'industry' | 'size'>,
): PortfolioPreset => ({
  doc: `Multi-frequency report, ${index}: weekly, members at least ${100 * memberFloor}%, deviation ${100 * deviation}%, turnover 30, 40 and 50%`,
  rule: { ...unconstrained, ...exposure, memberFloor, deviation, turnover: 0.3 },
  vary: { turnover: [0.3, 0.4, 0.5] },
  trading: weekly,
});

// One-sided turnover of 20%: what is bought and what is sold come to 40% together.
const factorUnits = (index: string, trackingError: number | undefined): PortfolioPreset => ({
  doc: `Factor-unit report, ${index}: weekly, styles within 0.5, industries within 2%${trackingError === undefined ? '' : `, tracking error ${100 * trackingError}%`}, turnover 20% a side`,
  rule: { ...unconstrained, industry: 0.02, size: 0.5, style: 0.5, turnover: 0.4, trackingError },
  vary: { memberFloor: [0, 0.8] },
  trading: { ...weekly, costs: { buy: 0.001, sell: 0.002 } },
});

/** What is traded when no report is named. */
export const usual: PortfolioPreset = {
  doc: 'Weekly, members at least 80%, deviation 1%, industries within 2%, size within 0.2, turnover 30%',
  rule: { ...unconstrained, ...nearlyNeutral, memberFloor: 0.8, deviation: 0.01, turnover: 0.3 },
  vary: {},
  trading: weekly,
};

export const presets = {
  // The text of the report caps turnover at 30% for both sides together; its own table realises 58%. We take 30% a side.
  'csi500@000': alphaNet(10, 0.6, 'AlphaNet report: every 10 dates, neutral to industry and size, turnover 30% a side'),
  // The report states no cap on deviations: the rows are those of the first report.
  'csi500@001': alphaNet('week', 0.3, 'Second AlphaNet report: weekly, neutral to industry and size, turnover 30%'),
  'csi300@002': frequencies('CSI 300', 0.8, 0.008, neutral),
  'csi500@002': frequencies('CSI 500', 0.6, 0.008, neutral),
  'csi1000@002': frequencies('CSI 1000', 0.8, 0.008, nearlyNeutral),
  'cni2000@002': frequencies('CNI 2000', 0.8, 0.01, nearlyNeutral),
  'csi300@003': factorUnits('CSI 300', 0.04),
  'csi500@003': factorUnits('CSI 500', 0.05),
  'csi1000@003': factorUnits('CSI 1000', undefined),
} satisfies Readonly<Record<string, PortfolioPreset>>;

export type PresetName = keyof typeof presets;
