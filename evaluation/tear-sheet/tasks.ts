/** What workers do for a tear sheet. Rows are addresses in the shared memory, so every so many dates are rows too. */
import type { Rows } from '../apply.ts';
import type { LayerReport, LayerRule } from './layers.ts';
import type { Preparation } from './prepare.ts';

/** Correlations of pairs of rows, one a date. */
export interface RelateTask {
  readonly kind: 'relate';
  readonly method: 'pearson' | 'rank';
  readonly pairs: readonly { readonly a: Rows; readonly b: Rows }[];
  readonly rows: number;
}

/** Factor values made comparable, in place. */
export interface PrepareTask {
  readonly kind: 'prepare';
  readonly values: Rows;
  readonly rows: number;
  /** Known where a symbol is listed. */
  readonly listed: Rows;
  /** Of the listed: above 0 where it counts; all do without. */
  readonly universe?: Rows | undefined;
  /** Known where it traded. */
  readonly traded: Rows;
  readonly exposures?: PanelExposures | undefined;
  readonly preparation: Preparation;
}

export interface PanelExposures {
  readonly groups?: Rows | undefined;
  /** `log`: its logarithm is the exposure. */
  readonly columns: readonly { readonly rows: Rows; readonly log: boolean }[];
  /** The regression is weighted by its square root. */
  readonly weights?: Rows | undefined;
}

/** Mean correlations with the labels of other symbols, one a seed. */
export interface PlaceboTask {
  readonly kind: 'placebo';
  readonly values: Rows;
  readonly label: Rows;
  readonly rows: number;
  readonly seeds: readonly number[];
}

export interface LayersTask {
  readonly kind: 'layers';
  readonly dates: readonly string[];
  readonly scores: Rows;
  /** -1 where low values foretell high returns. */
  readonly sign: 1 | -1;
  readonly close: Rows;
  readonly trade: Rows;
  readonly canBuy?: Rows | undefined;
  readonly canSell?: Rows | undefined;
  readonly suspended?: Rows | undefined;
  readonly rule: LayerRule;
}

/** Style exposures of some dates, which depend on all before. */
export interface StylesTask {
  readonly kind: 'styles';
  /** Of the calendar's first so many dates. */
  readonly dates: number;
  readonly fields: readonly { readonly name: string; readonly rows: Rows; readonly vector: boolean }[];
  readonly take: readonly number[];
  /** Room for as many styles as there can be, a row for each date taken. */
  readonly into: readonly Rows[];
}

/** Values replaced by their ranks, in place. */
export interface RankTask {
  readonly kind: 'rank';
  readonly values: Rows;
  readonly rows: number;
}

export type SheetTask = RelateTask | RankTask | PrepareTask | PlaceboTask | LayersTask | StylesTask;

/** Cells of a prepare task's rows, by what became of them. */
export interface CellCounts {
  /** Listed and in the universe: the sum of the others. */
  readonly cells: number;
  readonly known: number;
  readonly notTraded: number;
  readonly noValue: number;
  readonly noExposure: number;
  /** All that it is neutralised by, but no weight above 0 in the regression. */
  readonly noWeight: number;
  /** Cells that had a value, on dates all of whose values are alike, or explained by the exposures. */
  readonly sameForAll: number;
  readonly datesWithout: number;
}

/** What would have come of it had trading been free. */
export interface BeforeCosts {
  /** Annual returns over the universe, layer by layer. */
  readonly excess: readonly number[];
  readonly longShort: { readonly annualReturn: number; readonly sharpe: number };
}

export type SheetAnswer =
  /** Pair by pair, a number for each row. */
  | { readonly kind: 'related'; readonly correlations: Float64Array }
  | { readonly kind: 'prepared'; readonly counts: CellCounts }
  | { readonly kind: 'ranked' }
  | { readonly kind: 'placebo'; readonly means: Float64Array }
  | { readonly kind: 'layered'; readonly report: LayerReport; readonly beforeCosts: BeforeCosts }
  | {
      readonly kind: 'styled';
      readonly found: readonly { readonly name: string; readonly doc: string; readonly without: readonly string[] }[];
      readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
    };
