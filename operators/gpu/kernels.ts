/** Every operator on a device: its stages, and how far they may be from the reference, with the reason. */
import type { OperatorName } from '../table.ts';
import * as cross from './cross-section.ts';
import * as cell from './elementwise.ts';
import * as groups from './groups.ts';
import * as learned from './learned.ts';
import * as rolling from './rolling.ts';
import type { Stage } from './stage.ts';

export interface GpuRow {
  /** The last gives the answer. */
  readonly stages: readonly Stage[];
  /** Of a rolling operator: the same of a date's bars. */
  readonly bars?: readonly Stage[];
  /** Largest error, as a part of `of`. Below 1.2e-38, where devices may flush to zero, nothing is promised. */
  readonly tolerance: number;
  /** What it is a part of: the answer itself, or the largest answer of the symbol or of the date. */
  readonly of: 'cell' | 'symbol' | 'date';
  readonly why: string;
  /** What it is a part of is at least this: a skewness of 1e-4 is a sum of cubes near 1 that cancel. */
  readonly least?: number;
}

const exact = (stages: readonly Stage[]): GpuRow => ({
  stages,
  tolerance: 0,
  of: 'cell',
  why: 'nothing is rounded',
});
const rounded = (stages: readonly Stage[]): GpuRow => ({
  stages,
  tolerance: 3e-7,
  of: 'cell',
  why: 'one rounding; WGSL divides and takes roots to 2.5 units in the last place',
});
const approximate = (stages: readonly Stage[], tolerance: number, why: string): GpuRow => ({
  stages,
  tolerance,
  of: 'cell',
  why,
});

const inWindow = { tolerance: 1e-5, of: 'symbol' } as const;
const window = ({ daily, bars }: rolling.RollingStages, why: string): GpuRow => ({
  stages: daily,
  bars,
  ...inWindow,
  why,
});
const choice = (stages: rolling.RollingStages): GpuRow => ({
  ...window(stages, 'one of the values, or a place, or a count over the window'),
  tolerance: 3e-7,
  of: 'cell',
});
const sums = 'float32 sums of differences from the first value';
const moments = 'float32 sums of powers of scaled differences, about 1e-8 a term';
const date = (stages: readonly Stage[], why: string): GpuRow => ({ stages, tolerance: 1e-5, of: 'date', why });
const counts: Pick<GpuRow, 'tolerance' | 'of' | 'why'> = {
  tolerance: 3e-7,
  of: 'cell',
  why: 'whole counts and one division',
};

/** `interval` has none of its own: it is the `bars` of the rolling operator that operators/reference/interval.ts names. */
export const gpuKernels: Readonly<Record<Exclude<OperatorName, 'interval'>, GpuRow>> = {
  add: rounded(cell.add),
  subtract: rounded(cell.subtract),
  multiply: rounded(cell.multiply),
  protecteddiv: rounded(cell.divide),
  neg: exact(cell.negate),
  abs: exact(cell.absolute),
  sign: exact(cell.sign),
  sqrt: rounded(cell.root),
  log: approximate(
    cell.logarithm,
    1e-6,
    'a series near 1, the device elsewhere: WGSL allows 3 units in the last place',
  ),
  sigmoid: approximate(cell.sigmoid, 3e-5, 'WGSL allows exp(x) an error of 3 + 2|x| units in the last place'),
  tanh: approximate(cell.tanh, 1e-6, 'a series near 0, elsewhere 1 less something smaller made of exp'),
  power: approximate(cell.power, 3e-5, 'WGSL makes x^k of exp2 and log2, whose errors grow with the exponent'),
  min2: exact(cell.smaller),
  max2: exact(cell.larger),
  where: exact(cell.choose),
  gt: exact(cell.greater),
  lt: exact(cell.less),

  ts_mean: window(rolling.mean, sums),
  ts_sum: window(rolling.sum, sums),
  ts_std: window(rolling.deviation, moments),
  ts_var: window(rolling.variance, moments),
  ts_skew: { ...window(rolling.skewness, moments), least: 1 },
  ts_kurt: { ...window(rolling.kurtosis, moments), least: 1 },
  ts_max: choice(rolling.largest),
  ts_min: choice(rolling.smallest),
  ts_range: choice(rolling.range),
  ts_median: window(rolling.median, 'halfway between two values is rounded beside them'),
  ts_quantile: window(rolling.quantile, 'the place q (s - 1) is rounded to float32'),
  ts_rank: choice(rolling.rank),
  ts_zscore: window(rolling.zscore, moments),
  ts_norm: window(rolling.normalised, moments),
  ts_diff: choice(rolling.difference),
  ts_delay: choice(rolling.oldest),
  ts_return: window(rolling.change, 'a difference and a quotient'),
  ts_decaylinear: window(rolling.decayLinear, sums),
  ts_ema: window(rolling.exponential, sums),
  idx_max: choice(rolling.placeOfLargest),
  idx_min: choice(rolling.placeOfSmallest),
  ts_slope: window(rolling.slope, moments),
  ts_rsquare: window(rolling.rsquare, moments),
  ts_resid: {
    ...window(rolling.residual, 'what a line leaves is measured against what it takes away, in float32'),
    tolerance: 1e-4,
  },
  ts_prod: window(rolling.product, 'a rounding for each row of the window'),

  ts_corr: window(rolling.correlation, moments),
  ts_cov: window(rolling.covariance, moments),
  ts_beta: window(rolling.beta, moments),

  cs_norm: date(cross.norm, moments),
  cs_rank: { stages: cross.rank, ...counts },
  cs_demean: date(cross.demean, sums),
  cs_winsor: date(cross.winsor, 'medians are values or halfway between two; one rounding each for distance and bounds'),
  cs_scale: date(cross.scale, 'a float32 sum of sizes'),
  cs_resid: {
    ...date(cross.residual, 'what a line leaves is measured against what it takes away, in float32'),
    tolerance: 1e-4,
  },
  group_norm: date(groups.groupNorm, moments),
  group_rank: { stages: groups.groupRank, ...counts },
  group_demean: date(groups.groupDemean, sums),

  bar_delay: exact(rolling.barOldest),
  bar_diff: rounded(rolling.barDifference),
  bar_return: { ...date(rolling.barChange, 'a difference and a quotient'), of: 'symbol' },

  learn_ic: { ...date(learned.learnIc, moments), of: 'symbol' },
  learn_beta: { ...date(learned.learnBeta, moments), of: 'symbol' },
};
