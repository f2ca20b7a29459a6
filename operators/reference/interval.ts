/** The reductions `interval(x, OP, start, end)` offers, over the bars of one day that start in [start, end). */
import { keeps, plain, squared } from '../unit-rules.ts';
import * as rolling from './rolling.ts';

/**
 * Each is a rolling operator on just those bars, so a kernel for one is a kernel for the other; `last` is the one
 * bar's own oldest value.
 */
export const reductions = {
  sum: { operator: 'ts_sum', unit: keeps, reference: rolling.sum },
  mean: { operator: 'ts_mean', unit: keeps, reference: rolling.mean },
  std: { operator: 'ts_std', unit: keeps, reference: rolling.deviation },
  var: { operator: 'ts_var', unit: squared, reference: rolling.variance },
  skew: { operator: 'ts_skew', unit: plain, reference: rolling.skewness },
  kurt: { operator: 'ts_kurt', unit: plain, reference: rolling.kurtosis },
  max: { operator: 'ts_max', unit: keeps, reference: rolling.largest },
  min: { operator: 'ts_min', unit: keeps, reference: rolling.smallest },
  range: { operator: 'ts_range', unit: keeps, reference: rolling.range },
  median: { operator: 'ts_median', unit: keeps, reference: rolling.median },
  first: { operator: 'ts_delay', unit: keeps, reference: rolling.oldest },
  last: { operator: 'ts_delay', unit: keeps, reference: rolling.newest },
  diff: { operator: 'ts_diff', unit: keeps, reference: rolling.difference },
  return: { operator: 'ts_return', unit: plain, reference: rolling.change },
} as const;

export type Reduction = keyof typeof reductions;
export const reductionNames = Object.keys(reductions) as Reduction[];
