/**
 * Square systems by elimination, each pivot the largest of its column in shares of its row. A row that depends on others,
 * as the rows of all industries and that of their sum do, gets no say: its part of a solution is 0.
 */
const regular = 1e-12;
const dependent = 1e-300;
const rounds = 2;

export class Elimination {
  readonly #size: number;
  readonly #given: Float64Array;
  readonly #factors: Float64Array;
  readonly #order: Int32Array;
  readonly #scale: Float64Array;

  constructor(matrix: Float64Array, size: number) {
    const factors = matrix.slice();
    for (let i = 0; i < size; i++) factors[i * size + i] = (factors[i * size + i] as number) * (1 + regular);
    const order = Int32Array.from({ length: size }, (_, i) => i);
    const scale = Float64Array.from({ length: size }, (_, i) => {
      let most = 0;
      for (let j = 0; j < size; j++) most = Math.max(most, Math.abs(factors[i * size + j] as number));
      return most > 0 ? 1 / most : 1;
    });
    for (let k = 0; k < size; k++) {
      let [best, at] = [-1, k];
      for (let i = k; i < size; i++) {
        const row = order[i] as number;
        const pivot = Math.abs(factors[row * size + k] as number) * (scale[row] as number);
        if (pivot > best) [best, at] = [pivot, i];
      }
      const row = order[at] as number;
      order[at] = order[k] as number;
      order[k] = row;
      if (best <= dependent) factors[row * size + k] = Number.POSITIVE_INFINITY;
      const pivot = factors[row * size + k] as number;
      for (let i = k + 1; i < size; i++) {
        const start = (order[i] as number) * size;
        const x = factors[start + k] as number;
        if (x === 0) continue;
        const part = x / pivot;
        factors[start + k] = part;
        if (part === 0) continue;
        for (let j = k + 1; j < size; j++) {
          factors[start + j] = (factors[start + j] as number) - part * (factors[row * size + j] as number);
        }
      }
    }
    [this.#size, this.#given, this.#factors, this.#order, this.#scale] = [size, matrix, factors, order, scale];
  }

  /** Refined once by what the first solution misses. */
  solve(right: Float64Array): Float64Array {
    const n = this.#size;
    const x = this.#substitute(right);
    for (let round = 0; round < rounds; round++) {
      const missing = right.slice();
      for (let i = 0; i < n; i++) {
        let sum = missing[i] as number;
        for (let j = 0; j < n; j++) sum -= (this.#given[i * n + j] as number) * (x[j] as number);
        missing[i] = sum;
      }
      for (const [k, more] of this.#substitute(missing).entries()) x[k] = (x[k] as number) + more;
    }
    return x;
  }

  #substitute(right: Float64Array): Float64Array {
    const n = this.#size;
    const x = Float64Array.from(this.#order, (row) => right[row] as number);
    for (let i = 0; i < n; i++) {
      const start = (this.#order[i] as number) * n;
      let sum = x[i] as number;
      for (let k = 0; k < i; k++) sum -= (this.#factors[start + k] as number) * (x[k] as number);
      x[i] = sum;
    }
    for (let i = n - 1; i >= 0; i--) {
      const start = (this.#order[i] as number) * n;
      let sum = x[i] as number;
      for (let k = i + 1; k < n; k++) sum -= (this.#factors[start + k] as number) * (x[k] as number);
      x[i] = sum / (this.#factors[start + i] as number);
    }
    return x;
  }
}
