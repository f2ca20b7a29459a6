/** One date's cross-section: a number per symbol, NaN where missing. */
export type Section = Float64Array;
