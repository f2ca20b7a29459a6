/** What the thread of a backtest is told and says. */
import type { FailureCode } from '../../core/failure.ts';
import type { PortfolioInputs } from '../inputs.ts';
import type { ScenarioResult } from './run-scenario.ts';

export interface BacktestSetting {
  readonly inputs: PortfolioInputs;
  /** The index's returns. */
  readonly index: Float64Array;
}

export type BacktestMessage =
  | { readonly kind: 'date'; readonly done: number }
  | { readonly kind: 'done'; readonly result: ScenarioResult }
  | {
      readonly kind: 'failed';
      readonly code: FailureCode;
      readonly sentence: string;
      readonly details: readonly string[];
    };
