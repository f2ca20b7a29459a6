/** Who has a label and who has none, and how that is said. */

/** Why a symbol has no label on a date, the first of these that applies; in words, after a number of cells. */
const reasonWords = {
  outsideUniverse: 'outside the universe',
  noReturn: 'without a return',
  suspended: 'suspended',
  st: 'under special treatment',
  notBuyable: 'not to be bought',
  noExposure: 'without what labels are neutralised by',
  sameForAll: 'with the return all others have',
} as const;
export type LabelReason = keyof typeof reasonWords;
export const labelReasons = Object.keys(reasonWords) as LabelReason[];

/** Cells of some dates, dates times symbols. */
export interface LabelCounts extends Readonly<Record<LabelReason, number>> {
  readonly labelled: number;
}

/** How many cells have no label, and why: `723 without a return`. */
export const unlabelledWords = (counts: LabelCounts, count: (cells: number) => string = String): string[] =>
  labelReasons.flatMap((reason) => (counts[reason] > 0 ? [`${count(counts[reason])} ${reasonWords[reason]}`] : []));
