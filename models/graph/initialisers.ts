/** Fresh weights, as Keras draws them. Orders of draws are part of what a seed means. */
import type { Stream } from '../../core/random.ts';

export type Initialiser = 'glorot-uniform' | 'truncated-normal' | 'zeros';

/** Weights of a product, [inputs][outputs]. */
export function initialise(kind: Initialiser, inputs: number, outputs: number, fresh: Stream): Float32Array {
  if (kind === 'zeros') return new Float32Array(inputs * outputs);
  return kind === 'glorot-uniform' ? glorotUniform(inputs, outputs, fresh) : truncatedNormal(inputs * outputs, fresh);
}

/** Uniform within ±sqrt(6 / (inputs + outputs)). */
function glorotUniform(inputs: number, outputs: number, fresh: Stream): Float32Array {
  const limit = Math.sqrt(6 / (inputs + outputs));
  return Float32Array.from({ length: inputs * outputs }, () => (2 * fresh.next() - 1) * limit);
}

const deviation = 0.05;

/** Normal of deviation 0.05; a number beyond two deviations is drawn again. */
function truncatedNormal(count: number, fresh: Stream): Float32Array {
  const draw = (): number => {
    const z = fresh.normal();
    return Math.abs(z) <= 2 ? z * deviation : draw();
  };
  return Float32Array.from({ length: count }, draw);
}

/** [rows][columns] with orthonormal rows, or columns where there are fewer of them: Q of normal numbers. */
export function orthogonal(rows: number, columns: number, fresh: Stream): Float32Array {
  const length = Math.max(rows, columns);
  const vectors: Float64Array[] = [];
  while (vectors.length < Math.min(rows, columns)) {
    const vector = Float64Array.from({ length }, () => fresh.normal());
    // Gram-Schmidt twice: once leaves what rounding leaves. R has a positive diagonal, which makes Q uniform.
    for (const other of [...vectors, ...vectors]) {
      const along = dot(vector, other);
      for (let i = 0; i < length; i++) vector[i] = (vector[i] as number) - along * (other[i] as number);
    }
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((v) => v / norm));
  }
  const out = new Float32Array(rows * columns);
  vectors.forEach((vector, k) => {
    vector.forEach((v, i) => {
      out[rows <= columns ? k * columns + i : i * columns + k] = v;
    });
  });
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
