/** Makes correlations, each of other dates, those of something: positive semidefinite, the diagonal 1. */
import { factorise } from './cholesky.ts';

/** Of an eigenvalue: below is rounding. */
const tiny = 1e-12;

/** In place, row-major. Negative eigenvalues become 0; where there are none nothing changes. */
export function makePositive(correlations: Float64Array, size: number): void {
  // Much sooner known than eigenvalues.
  if (factorise(correlations.slice(), size) === size) return;
  const { values, vectors } = symmetricEigen(correlations, size);
  if (values.every((value) => value >= -tiny * size)) return;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) {
        const value = values[k] as number;
        if (value > 0) sum += value * (vectors[k * size + i] as number) * (vectors[k * size + j] as number);
      }
      correlations[i * size + j] = sum;
    }
  }
  const root = Float64Array.from({ length: size }, (_, i) => Math.sqrt(correlations[i * size + i] as number));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const value = (correlations[i * size + j] as number) / ((root[i] as number) * (root[j] as number));
      correlations[i * size + j] = value;
      correlations[j * size + i] = value;
    }
    correlations[i * size + i] = 1;
  }
}

/** Jacobi's method: rotations take off-diagonal elements to 0 in turn. Vectors are rows. */
export function symmetricEigen(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice();
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  const total = a.reduce((sum, value) => sum + value * value, 0);
  for (let sweep = 0; sweep < 100; sweep++) {
    let off = 0;
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) off += (a[i * size + j] as number) ** 2;
    if (off <= 1e-30 * total) break;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, vectors, size, p, q);
  }
  return { values: Float64Array.from({ length: size }, (_, i) => a[i * size + i] as number), vectors };
}

function rotate(a: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const across = a[p * size + q] as number;
  if (across === 0) return;
  const theta = ((a[q * size + q] as number) - (a[p * size + p] as number)) / (2 * across);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  for (let k = 0; k < size; k++) {
    const [x, y] = [a[k * size + p] as number, a[k * size + q] as number];
    a[k * size + p] = cosine * x - sine * y;
    a[k * size + q] = sine * x + cosine * y;
  }
  for (const rows of [a, vectors]) {
    for (let k = 0; k < size; k++) {
      const [x, y] = [rows[p * size + k] as number, rows[q * size + k] as number];
      rows[p * size + k] = cosine * x - sine * y;
      rows[q * size + k] = sine * x + cosine * y;
    }
  }
  a[p * size + q] = 0;
  a[q * size + p] = 0;
}
