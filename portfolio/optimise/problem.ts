/**
 * What is asked on one date: the weights of some names that add up to 1 and are worth the most by their scores, within
 * bounds, exposures, a turnover and a tracking error. Every array has one number per name.
 */
import type { RiskSection } from '../risk/risk-section.ts';

export interface PortfolioProblem {
  readonly names: number;
  /** Where each name's symbol stands in the market, ascending: a solver's memory from date to date goes by it. */
  readonly symbols: Int32Array;
  /** In deviations over the names; nothing missing. */
  readonly score: Float64Array;
  /** The index's weights: they add up to 1. */
  readonly index: Float64Array;
  /** 1 for members of the index. */
  readonly member: Uint8Array;
  /** Weights before the rebalance. They add up to 1 less the share of cash, and to 0 before the first. */
  readonly held: Float64Array;
  /** Least and most each may weigh afterwards, as far as it is up to the deviation cap. */
  readonly least: Float64Array;
  readonly most: Float64Array;
  /** Least and most each can weigh, as far as orders can be filled: nothing relaxes these. */
  readonly reachable: { readonly least: Float64Array; readonly most: Float64Array };
  /** Least share in members. */
  readonly memberFloor: number;
  readonly industries: IndustryBound | undefined;
  readonly styles: readonly StyleBound[];
  /** Of |weight - held| over all names; undefined before the first rebalance and where there is no cap. */
  readonly turnover: number | undefined;
  /** Undefined where neither the cap nor the penalty asks for it. */
  readonly risk: RiskSection | undefined;
  readonly trackingError: number | undefined;
  readonly riskPenalty: number;
  /** What buying and selling a share of the whole takes from the score. */
  readonly costs: { readonly buy: number; readonly sell: number };
}

/** |sum of (weight - index) over the industry| <= limit, for each. */
export interface IndustryBound {
  /** A code from 0 per name; every name has one. */
  readonly codes: Int32Array;
  readonly labels: readonly string[];
  readonly limit: number;
}

/** |sum of (weight - index) times value| <= limit. */
export interface StyleBound {
  readonly name: string;
  /** Nothing missing. */
  readonly values: Float64Array;
  readonly limit: number;
}

/**
 * What gives way on a date that cannot meet everything, in this order: a later one only when giving up all earlier ones
 * is not enough, and each by as little as possible. Of styles it is the plain sum that is least: a hundredth of the whole
 * in an industry counts as much as a hundredth of a deviation of a style.
 */
export const reliefs = ['turnover', 'style', 'tracking-error', 'members', 'deviation', 'invested'] as const;
export type Relief = (typeof reliefs)[number];

/** How far a constraint was let go. */
export interface Slack {
  readonly relief: Relief;
  /** Of styles: what is told by shares of the whole, and what by deviations over the names. */
  readonly kind?: 'industry' | 'style';
  /** Which of them; none where there is one. */
  readonly name?: string;
  readonly amount: number;
}

export interface PortfolioSolution {
  readonly weights: Float64Array;
  /** Score of the weights, less penalties. */
  readonly objective: number;
  readonly solver: 'highs' | 'interior-point';
  readonly slacks: readonly Slack[];
}
