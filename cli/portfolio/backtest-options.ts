/** What `evolve backtest` can be told. What is left out is as the preset has it. */
import { type PresetName, presets } from '../../portfolio/presets.ts';
import type { TradingRule } from '../../portfolio/rule.ts';

/** 'none' takes a constraint of the preset away. */
export type Limit = number | 'none';

/** What options with a few values can be. */
export const choices = {
  preset: Object.keys(presets) as PresetName[],
  trade: ['CLOSE', 'OPEN', 'VWAP'],
  tradability: ['signal', 'trade'],
} as const satisfies { readonly [K in keyof BacktestOptions]?: readonly BacktestOptions[K][] };

export interface BacktestOptions {
  /** A file of scores, a formula, a library, a run or a .json file of formulas: several formulas in equal weights. */
  readonly scores: string;
  /** Of a file with several columns of scores. */
  readonly column?: string | undefined;
  /** Market folder; the embedded market without. */
  readonly data?: string | undefined;
  readonly preset?: PresetName | undefined;
  /** `market`, `top:300`, `top:301-800`, or a file of weights. */
  readonly index?: string | undefined;
  /** First and last date of the backtest. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** A field: symbols above 0 may be bought. */
  readonly universe?: string | undefined;
  /** A portfolio for each value of each of these three. */
  readonly deviation?: readonly Limit[] | undefined;
  readonly turnover?: readonly Limit[] | undefined;
  readonly memberFloor?: readonly number[] | undefined;
  readonly industry?: Limit | undefined;
  readonly size?: Limit | undefined;
  readonly style?: Limit | undefined;
  readonly trackingError?: Limit | undefined;
  readonly costPenalty?: number | undefined;
  readonly riskPenalty?: number | undefined;
  readonly rebalance?: TradingRule['rebalance'] | undefined;
  readonly trade?: TradingRule['price'] | undefined;
  readonly costBuy?: number | undefined;
  readonly costSell?: number | undefined;
  /** Symbols under special treatment are bought as others are. */
  readonly withSt?: boolean | undefined;
  readonly tradability?: TradingRule['tradability'] | undefined;
  readonly datesPerYear?: number | undefined;
  /** A .csv, .parquet or .arrow file for the weights of every rebalance. */
  readonly weights?: string | undefined;
  /** An .html file to write. */
  readonly report?: string | undefined;
  /** A folder for pictures. */
  readonly pictures?: string | undefined;
  readonly overwrite?: boolean | undefined;
  /** The file these were read from, which is not written over. */
  readonly config?: string | undefined;
  readonly workers?: number | undefined;
  readonly memory?: number | undefined;
  readonly onProgress?: ((stage: string, done: number, total: number) => void) | undefined;
}
