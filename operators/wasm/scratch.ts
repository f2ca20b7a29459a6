/** How much scratch memory kernels need, in bytes. */

/** Constants at the head, then up to five sums of four columns in double precision for every row of a block. */
export const rollingScratch = (window: number): number => 64 + 160 * (window + 1);
