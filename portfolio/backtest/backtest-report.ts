/** What comes of backtests: the JSON of `evolve backtest`, and all that its tables and pictures are drawn from. */
import type { ExcessPerformance, Performance } from '../../evaluation/tear-sheet/performance.ts';
import type { Slack } from '../optimise/problem.ts';
import type { PortfolioRule, TradingRule } from '../rule.ts';
import type { Trade } from './ledger.ts';

export interface BacktestReport {
  readonly schema: 1;
  readonly market: { readonly name: string; readonly hash: string };
  /** What the scores are, such as a file's column or a formula. */
  readonly scores: string;
  readonly preset: string | undefined;
  readonly trading: TradingRule;
  /** From the first signal date, at whose close every net value is 1. */
  readonly dates: readonly string[];
  readonly index: IndexReport;
  readonly scenarios: readonly ScenarioReport[];
  readonly warnings: readonly string[];
}

export interface IndexReport {
  /** What it is, such as `the 200 of the highest CAP`. */
  readonly doc: string;
  readonly performance: Performance & Weekly;
  readonly nav: readonly number[];
  readonly years: readonly YearFigures[];
}

export interface YearFigures {
  readonly year: number;
  readonly dates: number;
  readonly return: number;
  readonly maxDrawdown: number;
}

export interface ExcessYear extends YearFigures {
  /** Compounded daily differences from the index. */
  readonly excess: number;
  readonly trackingError: number;
  readonly informationRatio: number;
  readonly excessMaxDrawdown: number;
}

/** Of ISO weeks, the share in which the net value rose. */
export interface Weekly {
  readonly weeklyWinRate: number;
  readonly weeks: number;
}

export interface ScenarioReport {
  readonly name: string;
  readonly rule: PortfolioRule;
  /** Net of costs. */
  readonly performance: Performance & Weekly;
  readonly excess: ExcessPerformance & Weekly;
  readonly years: readonly ExcessYear[];
  readonly nav: readonly number[];
  readonly excessNav: readonly number[];
  /** Bought and sold together, as a share of the value; the mean of the rebalances after the first. */
  readonly turnover: number;
  /** Paid over the whole time, as a share of the value at each trade. */
  readonly costs: number;
  readonly rebalances: readonly Rebalance[];
  /** The most any constraint that was not let go is violated by, over all dates, as independent code finds it. */
  readonly worstViolation: number;
  /** Means over the rebalances whose risk is known. */
  readonly risk: RiskCheck | undefined;
  /** Holdings without a price for 20 dates or more to the end of the data: cash at their last one, without costs. */
  readonly delisted: number;
}

export interface RiskCheck {
  /** Annual, by the model, root of the mean square. */
  readonly predicted: number;
  /** Annual, of what followed. */
  readonly realised: number;
  /** Deviation of the realised active returns between rebalances over the predicted: 1 is right. */
  readonly bias: number;
}

export interface Rebalance extends Trade {
  /** Decided at the close of. */
  readonly signal: string;
  readonly traded: string;
  /** Names held after it. */
  readonly names: number;
  /** Of the optimiser's weights. */
  readonly planned: {
    readonly turnover: number;
    readonly memberShare: number;
    readonly deviation: number;
    readonly industry: number | undefined;
    /** Active exposures by style. */
    readonly styles: Readonly<Record<string, number>>;
    readonly trackingError: number | undefined;
    readonly score: number;
    readonly solver: 'highs' | 'interior-point';
    readonly slacks: readonly Slack[];
    readonly violation: number;
  };
}
