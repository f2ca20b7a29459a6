/** How much scratch memory kernels need, in bytes. */

/** Windows up to this many rows have quantiles chosen from lists of their values: LONG_QUANTILE of rolling-order.ts. */
const listed = 128;

/** Enough for any window up to this one: five sums of four columns in double precision a row, or lists of eight columns. */
export const rollingScratch = (window: number): number => {
  const rows = Math.min(window, listed);
  return Math.max(128 + 160 * (window + 1), 32 * (rows + 1) * (rows / 2 + 5));
};
