/** What `evolve evaluate` can be told, and what it does without being told. */
import type { LabelRule } from '../../data/market.ts';
import type { SheetProgress } from '../../evaluation/tear-sheet/progress.ts';

export const splitNames = ['train', 'valid', 'test', 'all'] as const;
export const presetNames = ['report'] as const;
export const againstNames = ['price-volume', 'styles'] as const;

export interface EvaluateOptions {
  /** Formulas, .json files of formulas, libraries, runs, and files of scores. */
  readonly sources: readonly string[];
  /** Market folder; the embedded market without. */
  readonly data?: string | undefined;
  /** The part of the calendar that is judged. */
  readonly split?: (typeof splitNames)[number] | undefined;
  /** What the parts are: shares, or ranges of dates. A library's own without. */
  readonly parts?: string | undefined;
  /** Instead of a part: first and last date. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly preset?: (typeof presetNames)[number] | undefined;
  readonly price?: LabelRule['price'] | undefined;
  readonly lag?: number | undefined;
  readonly horizon?: number | undefined;
  readonly every?: number | undefined;
  /** A field: symbols above 0 count. */
  readonly universe?: string | undefined;
  readonly layers?: number | undefined;
  readonly rebalance?: number | undefined;
  readonly trade?: LabelRule['price'] | undefined;
  /** One way, as a share of what is traded. */
  readonly cost?: number | undefined;
  readonly winsorise?: string | undefined;
  readonly standardise?: boolean | undefined;
  readonly neutralise?: readonly string[] | undefined;
  readonly weightedBy?: string | undefined;
  readonly against?: readonly string[] | undefined;
  readonly shuffles?: number | undefined;
  readonly datesPerYear?: number | undefined;
  readonly workers?: number | undefined;
  readonly memory?: number | undefined;
  /** An .html file to write. */
  readonly report?: string | undefined;
  /** A folder for pictures. */
  readonly pictures?: string | undefined;
  readonly overwrite?: boolean | undefined;
  /** The file these were read from, which is not written over. */
  readonly config?: string | undefined;
  readonly onProgress?: SheetProgress | undefined;
}

/** The mean of so many shuffles is known to a third of a hundredth of their deviation: more are time and memory for nothing. */
export const mostShuffles = 100_000;

/** The tests of the reports: 10 dates, 5 layers, dealt at the next date's vwap, costs of the bottom layer credited. */
export const presets = {
  report: {
    price: 'VWAP',
    trade: 'VWAP',
    lag: 1,
    horizon: 10,
    layers: 5,
    cost: 0.002,
    winsorise: 'mad:5',
    shortCost: 'credited',
  },
} as const;

export const defaults = {
  split: 'valid',
  price: 'CLOSE',
  lag: 1,
  horizon: 10,
  layers: 5,
  cost: 0.002,
  winsorise: 'mad:5',
  shortCost: 'charged',
  shuffles: 200,
} as const;
