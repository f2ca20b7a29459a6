/** What a portfolio may look like beside its index, and how it is traded. */
import type { LabelRule } from '../data/market.ts';

/** Shares are of the portfolio's value; what is undefined is not constrained. */
export interface PortfolioRule {
  /** Most a weight may differ from the index's. */
  readonly deviation: number | undefined;
  /** Least share in members of the index; 0 for no such floor. */
  readonly memberFloor: number;
  /** Most the weight of an industry may differ from the index's; 0 is neutral. */
  readonly industry: number | undefined;
  /** Most the exposure to size may differ from the index's, in deviations over the symbols. */
  readonly size: number | undefined;
  /** The same for each other style. */
  readonly style: number | undefined;
  /** Most that is bought and sold together at a rebalance. */
  readonly turnover: number | undefined;
  /** Most the predicted annual deviation of the returns less the index's may be. */
  readonly trackingError: number | undefined;
  /** How much a share paid as costs takes from the score, in deviations of the score; 0 does not ask. */
  readonly costPenalty: number;
  /** How much the predicted annual variance of the active return takes from the score; 0 does not ask. */
  readonly riskPenalty: number;
}

/** What all portfolios of one backtest share. */
export interface TradingRule {
  /** On the scores of the last date of each week, or of every so many dates. */
  readonly rebalance: 'week' | number;
  /** The price of the date after at which orders are filled. */
  readonly price: LabelRule['price'];
  /** Shares of the amounts bought and sold. */
  readonly costs: { readonly buy: number; readonly sell: number };
  /**
   * What the optimiser knows of who can be traded: the state at the close it decides at, or that of the date it trades
   * on, which is known in part before the trade. Orders that cannot be filled are left until the next rebalance
   * either way.
   */
  readonly tradability: 'signal' | 'trade';
  /** Whether symbols under special treatment at the signal are bought; the held ones are kept or sold either way. */
  readonly withSt: boolean;
  readonly datesPerYear: number;
}

/** One of the portfolios of a backtest. */
export interface Scenario {
  /** What sets it apart from the others, such as `deviation 0.5%`. */
  readonly name: string;
  readonly rule: PortfolioRule;
}
