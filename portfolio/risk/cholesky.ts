/** A pivot of less than this share of what it was is rounding: its row depends on those before it. */
const tiny = 1e-13;

/**
 * The lower triangle L of L L' = matrix, in place, row-major: what is above the diagonal is left as it is. A row that
 * depends on those before it has a pivot of Infinity, which makes its part of a solution 0. How many did not.
 */
export function factorise(matrix: Float64Array, size: number): number {
  let rank = 0;
  for (let i = 0; i < size; i++) {
    const own = matrix[i * size + i] as number;
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (matrix[i * size + k] as number) * (matrix[j * size + k] as number);
      if (j < i) matrix[i * size + j] = sum / (matrix[j * size + j] as number);
      else if (sum > tiny * own) {
        matrix[i * size + i] = Math.sqrt(sum);
        rank++;
      } else matrix[i * size + i] = Number.POSITIVE_INFINITY;
    }
  }
  return rank;
}

/** Solves with a factorised matrix, in place. */
export function substitute(matrix: Float64Array, size: number, x: Float64Array): void {
  for (let i = 0; i < size; i++) {
    let sum = x[i] as number;
    for (let k = 0; k < i; k++) sum -= (matrix[i * size + k] as number) * (x[k] as number);
    x[i] = sum / (matrix[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = x[i] as number;
    for (let k = i + 1; k < size; k++) sum -= (matrix[k * size + i] as number) * (x[k] as number);
    x[i] = sum / (matrix[i * size + i] as number);
  }
}
