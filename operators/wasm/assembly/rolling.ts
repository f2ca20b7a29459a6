/** Every rolling kernel; see rolling-sums.ts for the idea they share. */

export * from './rolling-ends';
export * from './rolling-extremes';
export { ts_kurt, ts_norm, ts_prod, ts_resid, ts_rsquare, ts_skew, ts_slope, ts_std, ts_var, ts_zscore } from './rolling-moments';
export * from './rolling-order';
export * from './rolling-pairs';
export * from './rolling-sums';
