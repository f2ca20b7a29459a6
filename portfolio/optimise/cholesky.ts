/**
 * In place, lower triangle of a row-major matrix. A row that depends on those before it, as the rows of all industries and
 * that of their sum do, gets no say: its pivot is set to Infinity, which makes its part of a solution 0.
 */
export function factorise(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const own = matrix[i * size + i] as number;
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (matrix[i * size + k] as number) * (matrix[j * size + k] as number);
      if (j < i) matrix[i * size + j] = sum / (matrix[j * size + j] as number);
      else matrix[i * size + i] = sum > 1e-13 * own ? Math.sqrt(sum) : Number.POSITIVE_INFINITY;
    }
  }
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
