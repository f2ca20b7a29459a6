/** How factors are judged; all of it stands on the sheet. */
import type { LabelRule } from '../../data/market.ts';
import type { Dates } from '../task.ts';
import type { Costs } from './portfolio.ts';
import type { Preparation } from './prepare.ts';

export interface SheetRule {
  /** What the part judged is called. */
  readonly split: string;
  readonly part: Dates;
  /** Where signs and combinations come from; undefined when the file has no say about them. */
  readonly train: Dates | undefined;
  readonly label: LabelRule;
  readonly universe?: string | undefined;
  /** Correlations are taken every so many dates. */
  readonly every: number;
  readonly layers: number;
  readonly rebalance: number;
  readonly trade: LabelRule['price'];
  readonly cost: Costs;
  readonly shortCost: 'charged' | 'credited';
  readonly preset?: string | undefined;
  readonly preparation: Preparation;
  /** Words, fields and formulas. */
  readonly neutralise: readonly string[];
  /** Regressions are weighted by the root of this field. */
  readonly weightedBy?: string | undefined;
  /** Whether factors are compared with the common price-volume factors and with styles. */
  readonly against: { readonly priceVolume: boolean; readonly styles: boolean };
  /** Of labels, for the placebo. */
  readonly shuffles: number;
  readonly datesPerYear: number;
  /** Programs a library was chosen from. */
  readonly tried?: number | undefined;
}

/** Dates between a factor and the label it is held against, beyond the label's own lag. */
export const decayLags = [0, 5, 10, 15, 20] as const;
/** Dates between ranks that are compared. */
export const autocorrelationLags = [1, 5, 10, 20] as const;
