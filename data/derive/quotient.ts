/** Cell by cell a / b; missing where either is, and where b is zero. */
export function quotient(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) {
    const divisor = b[i] as number;
    out[i] = divisor === 0 ? Number.NaN : (a[i] as number) / divisor;
  }
  return out;
}
