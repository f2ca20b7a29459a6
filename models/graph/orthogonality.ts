/**
 * How alike units are: |Z'Z / rows| / K² of the K units of [rows][1 + K], whose first column is none of them, and its
 * gradient 2 Z (Z'Z / rows) / (rows K² |Z'Z / rows|).
 *
 * In float64 and loops that go through rows as they lie, four at a time: 5,000 rows of 64 units are 30 million products.
 */

type Numbers = Float32Array | Float64Array;

export interface Likeness {
  readonly value: number;
  readonly units: number;
  /** Z'Z / rows: [units][units]. */
  readonly products: Float64Array;
  /** The root of the sum of their squares. */
  readonly norm: number;
}

export function likeness(predictions: Numbers, columns: number): Likeness {
  const units = columns - 1;
  const rows = predictions.length / columns;
  const products = new Float64Array(units * units);
  for (let row = 0; row < rows; row += 4) {
    const places = [0, 1, 2, 3].map((i) => (row + i) * columns + 1) as Four;
    const block = places.map((place, i) =>
      row + i < rows ? Float64Array.from(predictions.subarray(place, place + units)) : new Float64Array(units),
    ) as [Float64Array, Float64Array, Float64Array, Float64Array];
    addProducts(products, block, units);
  }
  let squares = 0;
  for (let i = 0; i < units; i++) {
    for (let j = 0; j < i; j++) {
      const product = (products[i * units + j] as number) / rows;
      products[i * units + j] = product;
      products[j * units + i] = product;
      squares += 2 * product * product;
    }
    const own = (products[i * units + i] as number) / rows;
    products[i * units + i] = own;
    squares += own * own;
  }
  const norm = Math.sqrt(squares);
  return { value: norm / units ** 2, units, products, norm };
}

type Four = [number, number, number, number];

/** Of the units up to the own one: the rest is the same. */
function addProducts(
  products: Float64Array,
  [a, b, c, d]: [Float64Array, Float64Array, Float64Array, Float64Array],
  units: number,
): void {
  for (let i = 0; i < units; i++) {
    const [p, q, r, s] = [a[i] as number, b[i] as number, c[i] as number, d[i] as number];
    const from = i * units;
    for (let j = 0; j <= i; j++) {
      products[from + j] =
        (products[from + j] as number) +
        p * (a[j] as number) +
        q * (b[j] as number) +
        r * (c[j] as number) +
        s * (d[j] as number);
    }
  }
}

/** Times `weight`; 0 in the first column. Units that are all 0 are pulled nowhere. */
export function likenessGradient(
  predictions: Numbers,
  { units, products, norm }: Likeness,
  weight: number,
): Float64Array {
  const columns = units + 1;
  const gradient = new Float64Array(predictions.length);
  if (norm === 0) return gradient;
  const rows = predictions.length / columns;
  const factor = (2 * weight) / (rows * units ** 2 * norm);
  const scaled = products.map((product) => product * factor);
  for (let row = 0; row < rows; row++) {
    const from = row * columns + 1;
    let i = 0;
    for (; i + 4 <= units; i += 4) {
      const [p, q, r, s] = [0, 1, 2, 3].map((k) => predictions[from + i + k]) as Four;
      const [a, b, c, d] = [i * units, (i + 1) * units, (i + 2) * units, (i + 3) * units] as Four;
      for (let j = 0; j < units; j++) {
        gradient[from + j] =
          (gradient[from + j] as number) +
          p * (scaled[a + j] as number) +
          q * (scaled[b + j] as number) +
          r * (scaled[c + j] as number) +
          s * (scaled[d + j] as number);
      }
    }
    for (; i < units; i++) {
      const p = predictions[from + i] as number;
      for (let j = 0; j < units; j++) {
        gradient[from + j] = (gradient[from + j] as number) + p * (scaled[i * units + j] as number);
      }
    }
  }
  return gradient;
}
