/** The predicted variance of active weights: that of their exposures to factors, and each name's own. */
import { factorise } from '../risk/cholesky.ts';
import type { ActiveRisk } from './conic.ts';

export class ActiveVariance {
  readonly factors: number;
  readonly names: number;
  readonly specific: Float64Array;
  /** Lower triangle L of L L' = covariance, row-major: exposures times L have unit variances. */
  readonly root: Float64Array;
  readonly #risk: ActiveRisk;

  constructor(risk: ActiveRisk) {
    this.#risk = risk;
    this.factors = risk.section.industryCount + risk.section.styles.length;
    this.names = risk.offset.length;
    this.specific = risk.section.specific;
    this.root = rootOf(risk.section.covariance, this.factors);
  }

  /** Of one name to the factors it is exposed to: calls back with each factor and the exposure. */
  exposures(name: number, each: (factor: number, exposure: number) => void): void {
    const { industries, industryCount, styles } = this.#risk.section;
    each(industries[name] as number, 1);
    for (const [s, values] of styles.entries()) {
      const exposure = values[name] as number;
      if (exposure !== 0) each(industryCount + s, exposure);
    }
  }

  /** The exposures of active weights, times L. */
  rotated(active: Float64Array): Float64Array {
    const raw = new Float64Array(this.factors);
    const { industries, industryCount, styles } = this.#risk.section;
    for (let i = 0; i < this.names; i++) {
      const code = industries[i] as number;
      raw[code] = (raw[code] as number) + (active[i] as number);
    }
    for (const [s, values] of styles.entries()) {
      let sum = 0;
      for (let i = 0; i < this.names; i++) sum += (values[i] as number) * (active[i] as number);
      raw[industryCount + s] = sum;
    }
    return this.rotate(raw);
  }

  /** L' x. */
  rotate(x: Float64Array): Float64Array {
    const K = this.factors;
    const out = new Float64Array(K);
    for (let j = 0; j < K; j++) {
      let sum = 0;
      for (let i = j; i < K; i++) sum += (this.root[i * K + j] as number) * (x[i] as number);
      out[j] = sum;
    }
    return out;
  }

  /** L x. */
  unrotate(x: Float64Array): Float64Array {
    const K = this.factors;
    const out = new Float64Array(K);
    for (let i = 0; i < K; i++) {
      let sum = 0;
      for (let j = 0; j <= i; j++) sum += (this.root[i * K + j] as number) * (x[j] as number);
      out[i] = sum;
    }
    return out;
  }

  /** Halved slopes of the variance along each name's active weight. */
  slopes(active: Float64Array): Float64Array {
    const moved = this.unrotate(this.rotated(active));
    return active.map((x, name) => {
      let slope = (this.specific[name] as number) * x;
      this.exposures(name, (factor, exposure) => {
        slope += (moved[factor] as number) * exposure;
      });
      return slope;
    });
  }

  of(active: Float64Array): number {
    let sum = 0;
    for (const x of this.rotated(active)) sum += x * x;
    for (let i = 0; i < this.names; i++) sum += (this.specific[i] as number) * (active[i] as number) ** 2;
    return sum;
  }
}

/** Of a positive semidefinite matrix: a column is 0 where the ones before explain all. */
function rootOf(matrix: Float64Array, size: number): Float64Array {
  const root = matrix.slice();
  factorise(root, size);
  for (let i = 0; i < size; i++) {
    if (root[i * size + i] === Number.POSITIVE_INFINITY) root[i * size + i] = 0;
    root.fill(0, i * size + i + 1, (i + 1) * size);
  }
  return root;
}
