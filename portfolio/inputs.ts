/**
 * All that backtests of one market read, in memory that threads share. Cells are date-major over the whole calendar;
 * what is per signal date has a row for each of them.
 */
import type { TradingRule } from './rule.ts';

/** Float32 rows in shared memory: row t begins at t * stride. */
export interface Panel {
  readonly cells: Float32Array;
  readonly stride: number;
}

export interface PortfolioInputs {
  /** Of the backtest; cells may go on. */
  readonly dates: readonly string[];
  /** How many dates prices are known of: what happens after the last of `dates` tells a suspension from a delisting. */
  readonly priced: number;
  readonly symbols: readonly string[];
  readonly trading: TradingRule;
  readonly close: Panel;
  readonly trade: Panel;
  /** 1 where it can be bought or sold; where it has a price if not given. */
  readonly canBuy: Panel | undefined;
  readonly canSell: Panel | undefined;
  readonly suspended: Panel | undefined;
  /** Above 0 under special treatment: not bought, unless the trading rule says so. */
  readonly st: Panel | undefined;
  /** Above 0 for those that may be bought; all that have a score if not given. */
  readonly universe: Panel | undefined;
  /** Known at each date's close; NaN where there is none. */
  readonly scores: Panel;
  /** Of the index, known at each date's close: rows add up to 1, 0 for those outside, all NaN where it is unknown. */
  readonly index: Panel;
  /** Members of the index are those above 0 in `index`, or in this. */
  readonly member: Panel | undefined;
  /** Positions in the calendar, ascending: decided at their close, traded on the date after. */
  readonly signals: Int32Array;
  /** What portfolios are held to beside weights, and are reported to have whether they are or not. */
  readonly exposures: ExposureRows | undefined;
  readonly risk: RiskRows | undefined;
}

/** A row of symbols for each signal date. */
export interface ExposureRows {
  /** Codes into `industryLabels`, NaN where unknown; undefined where the market has no industries. */
  readonly industries: Float32Array | undefined;
  readonly industryLabels: readonly string[];
  /** The first is size, if there is one. NaN where missing. */
  readonly styles: readonly { readonly name: string; readonly size: boolean; readonly values: Float32Array }[];
}

/** Annual variances for each signal date: of the industries, of the symbols without one, of the styles of the exposures. */
export interface RiskRows {
  /** K x K each. All NaN on dates whose history is too short. */
  readonly covariance: Float64Array;
  /** K: there is always one for symbols without an industry, which is the market where there are none. */
  readonly factors: number;
  /** A row of symbols each, NaN where unknown. */
  readonly specific: Float32Array;
}
