/** Nodes and weights on [0, 1] that integrate polynomials of degree 2n - 1 without error. */
export interface QuadratureRule {
  /** Ascending. */
  readonly nodes: Float64Array;
  /** They sum to 1. */
  readonly weights: Float64Array;
}

export function gaussLegendre(n: number): QuadratureRule {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    // Tricomi's first guess at the roots, from which Newton's method needs two or three steps, never ten.
    let x = -(1 - (n - 1) / (8 * n ** 3)) * Math.cos((Math.PI * (4 * i + 3)) / (4 * n + 2));
    let slope = 1;
    for (let step = 0; step < 10; step++) {
      const [value, derivative] = legendre(n, x);
      slope = derivative;
      const change = value / derivative;
      x -= change;
      if (Math.abs(change) < 1e-15) break;
    }
    nodes[i] = (1 + x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/** The polynomial of degree n at x, and its derivative there. */
function legendre(n: number, x: number): readonly [value: number, derivative: number] {
  let [before, value] = [1, x];
  for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
  return [value, (n * (before - x * value)) / (1 - x * x)];
}
