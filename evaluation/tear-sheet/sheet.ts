/** What a tear sheet says, as the JSON that programs read. Missing numbers are NaN here and null there. */
import type { IcReport } from './daily-ic.ts';
import type { LayerReport } from './layers.ts';
import type { BeforeCosts } from './tasks.ts';

export interface TearSheet {
  readonly schema: 1;
  /** Of evolve. */
  readonly version: string;
  readonly market: SheetMarket;
  readonly settings: SheetSettings;
  /** Those whose correlation was taken. */
  readonly dates: readonly string[];
  readonly factors: readonly FactorSheet[];
  /** Known factors the market has no fields for, with a clause: why. */
  readonly notCompared: readonly { readonly name: string; readonly reason: string }[];
  /** Between the factors, when there is more than one, and their combination in equal weights, which comes last. */
  readonly correlation?: CorrelationMatrix;
  /** Of more factors than a table shows at a glance. */
  readonly distribution?: Distribution;
  readonly combinations?: readonly CombinationSheet[];
  /** Programs a library was chosen from, and the t the best of so many has by luck. */
  readonly tried?: number;
  readonly luckyT?: number;
  /** A sentence each: what could not be done and why, and what looks too good. */
  readonly warnings: readonly string[];
}

export interface SheetMarket {
  readonly name: string;
  readonly hash: string;
  readonly symbols: number;
  readonly dates: number;
  /** What annual figures are made with. */
  readonly datesPerYear: number;
}

export interface SheetSettings {
  readonly split: string;
  readonly from: string;
  readonly to: string;
  /** The field whose members count; all symbols without. */
  readonly universe?: string;
  /** The label: held from `lag` dates after the factor is known for `horizon` dates, at this price. */
  readonly price: string;
  readonly lag: number;
  readonly horizon: number;
  /** Correlations are taken every so many dates. */
  readonly every: number;
  readonly layers: number;
  /** Layers are made anew every so many dates. */
  readonly rebalance: number;
  readonly trade: string;
  readonly cost: { readonly buy: number; readonly sell: number };
  /** Whether the bottom layer's costs are the long-short's loss, or its gain as in the reports. */
  readonly shortCost: 'charged' | 'credited';
  readonly preset?: string;
  readonly winsorise: string;
  readonly standardise: boolean;
  readonly neutralise: readonly string[];
  /** Regressions are weighted by the root of this field. */
  readonly weightedBy?: string;
  /** Dates at the end of the part without a label that stays inside it. */
  readonly embargo: number;
}

export interface FactorSheet {
  readonly name: string;
  /** The file or library it comes from, if that has several. */
  readonly group?: string;
  readonly expression?: string;
  /** -1 when low values foretell high returns: the layers are made of its negative. */
  readonly sign: 1 | -1;
  readonly coverage: Coverage;
  readonly ic: IcReport;
  readonly rankIc: IcReport;
  readonly decay: readonly {
    readonly lag: number;
    readonly rankIc: number;
    /** By Newey-West: labels that overlap are no independent ones. */
    readonly se: number;
    readonly dates: number;
  }[];
  /** Of ranks, so many dates apart. */
  readonly autocorrelation: readonly { readonly lag: number; readonly mean: number; readonly dates: number }[];
  readonly layers?: LayerReport;
  readonly beforeCosts?: BeforeCosts;
  readonly placebo: Placebo;
  readonly likeness: readonly Likeness[];
}

/** What was left out, and why. */
export interface Coverage {
  /** Of the universe on the part's dates. */
  readonly cells: number;
  readonly known: number;
  readonly byReason: readonly { readonly reason: string; readonly cells: number }[];
  /** Cells without a weight above 0 in the regression, which --weighted-by asks for; they are among the reasons. */
  readonly unweighted: number;
  readonly datesWithout: number;
  /** Of the dates correlations are of: values, and those without a label, whose return was not to be had or known. */
  readonly sampled: { readonly known: number; readonly withoutLabel: number };
}

/** The mean correlation with labels exchanged between the symbols of each date: what is found where nothing is. */
export interface Placebo {
  readonly shuffles: number;
  readonly mean: number;
  readonly std: number;
  /** Share of shuffles at least as far from 0, the factor itself counted as one of them; missing without any. */
  readonly p: number;
  readonly means: readonly number[];
}

export interface Likeness {
  readonly name: string;
  readonly kind: 'price-volume' | 'style';
  /** What it is, and where its definition leaves room, how it was read. */
  readonly doc: string;
  readonly pearson: number;
  readonly spearman: number;
}

export interface CorrelationMatrix {
  readonly names: readonly string[];
  readonly pearson: readonly (readonly number[])[];
  readonly spearman: readonly (readonly number[])[];
  /** Evenly spread ones it is a mean of, as far as both of a pair have values. */
  readonly dates: number;
  /** Of the pair with the fewest in common. */
  readonly fewest: number;
}

/** Of mean RankIC and its ICIR, each factor the way it points: a negative sign turns them round. */
export interface Distribution extends Spread {
  /** Of files and libraries beside each other, when there are several. */
  readonly groups?: readonly (Spread & { readonly name: string })[];
}

export interface Spread {
  /** With a RankIC. */
  readonly factors: number;
  readonly rankIc: {
    readonly mean: number;
    readonly median: number;
    readonly good: number;
    readonly atLeastGood: number;
  };
  readonly icir: { readonly mean: number; readonly median: number };
  /** Mean size of the correlation of two factors. */
  readonly likeness: { readonly pearson: number; readonly spearman: number };
}

/** Factors together, judged as a factor is: the weighted sum of their prepared values, high ones of which are good. */
export interface CombinationSheet extends Omit<FactorSheet, 'group' | 'expression'> {
  readonly name: 'equal' | 'ic' | 'ridge';
  /** Factor by factor. */
  readonly weights: readonly number[];
  /** Where signs and weights come from; nothing where no date has a say in them. */
  readonly fitted?: { readonly from: string; readonly to: string; readonly dates: number };
}
