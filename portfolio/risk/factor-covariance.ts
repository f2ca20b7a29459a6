/**
 * How factors' returns vary together, of decayed sums that are carried from date to date. Deviations forget sooner than
 * correlations; both allow for returns that go on over some dates. The mean of a date's return is taken to be 0.
 *
 * A factor of too little history has that of the others: an industry is taken to move like the mean industry with a
 * variance of its own on top, a style on its own with the styles' mean variance.
 */
import { makePositive } from './positive.ts';
import { decayOf, lagWeights, type RiskRule } from './risk-rule.ts';

export class FactorCovariance {
  readonly #rule: RiskRule;
  readonly #industries: number;
  readonly #factors: number;
  /** Dates each factor's return was known on. */
  readonly #known: Int32Array;
  /** Of the last dates, newest first; 0 where unknown. */
  readonly #past: Float64Array[];
  #latest: Uint8Array;
  readonly #deviation: Sums;
  readonly #correlation: Sums;
  #dates = 0;

  constructor(industries: number, styles: number, rule: RiskRule) {
    const factors = industries + styles;
    this.#rule = rule;
    this.#industries = industries;
    this.#factors = factors;
    this.#known = new Int32Array(factors);
    this.#past = Array.from({ length: rule.lags + 1 }, () => new Float64Array(factors));
    this.#latest = new Uint8Array(factors);
    this.#deviation = sumsOf(factors, 1, rule.lags, rule.halfLife.deviation);
    this.#correlation = sumsOf(factors, factors, rule.lags, rule.halfLife.correlation);
  }

  /** NaN where unknown. */
  add(returns: Float64Array): void {
    const today = this.#past.pop() as Float64Array;
    this.#past.unshift(today);
    for (let i = 0; i < today.length; i++) {
      const value = returns[i] as number;
      const known = Number.isNaN(value) ? 0 : 1;
      today[i] = known === 1 ? value : 0;
      this.#latest[i] = known;
      this.#known[i] = (this.#known[i] as number) + known;
    }
    this.#dates++;
    this.#enter(this.#deviation);
    this.#enter(this.#correlation);
  }

  /** Row-major, of one date's returns; all NaN while the history is too short. */
  covariance(into: Float64Array): void {
    const K = this.#factors;
    const deviations = this.#deviations();
    if (this.#dates < this.#rule.leastDates || !deviations.some((one) => !Number.isNaN(one))) {
      into.fill(Number.NaN);
      return;
    }
    this.#correlations(deviations, into);
    makePositive(into, K);
    for (let i = 0; i < K; i++) {
      for (let j = 0; j < K; j++) {
        into[i * K + j] = (into[i * K + j] as number) * ((deviations[i] || 0) * (deviations[j] || 0));
      }
    }
    this.#lend(deviations, into);
  }

  /** Products of today's returns with those of each lag; `width` is 1 for those of each factor with itself alone. */
  #enter({ decay, width, weight, products }: Sums): void {
    const K = this.#factors;
    const [today, latest] = [this.#past[0] as Float64Array, this.#latest];
    for (let i = 0; i < K; i++) {
      const from = width === 1 ? i : 0;
      for (let j = 0; j < width; j++) {
        const at = i * width + j;
        weight[at] = decay * (weight[at] as number) + (latest[i] as number) * (latest[from + j] as number);
      }
    }
    for (const [lag, sums] of products.entries()) {
      const before = this.#past[lag] as Float64Array;
      for (let i = 0; i < K; i++) {
        const from = width === 1 ? i : 0;
        const value = today[i] as number;
        for (let j = 0; j < width; j++) {
          const at = i * width + j;
          sums[at] = decay * (sums[at] as number) + value * (before[from + j] as number);
        }
      }
    }
  }

  /** NaN for a factor of too little history. */
  #deviations(): Float64Array {
    const { products, weight, lags } = this.#deviation;
    return Float64Array.from(weight, (total, i) => {
      if ((this.#known[i] as number) < this.#rule.leastDates) return Number.NaN;
      let sum = 0;
      for (const [lag, sums] of products.entries()) sum += (lags[lag] as number) * (sums[i] as number);
      return Math.sqrt(Math.max(0, sum) / total);
    });
  }

  #correlations(deviations: Float64Array, into: Float64Array): void {
    const { products, weight, lags } = this.#correlation;
    const K = this.#factors;
    const mean = (i: number, j: number): number => {
      let sum = 0;
      for (const [lag, sums] of products.entries()) {
        sum += 0.5 * (lags[lag] as number) * ((sums[i * K + j] as number) + (sums[j * K + i] as number));
      }
      return sum / (weight[i * K + j] as number);
    };
    const scale = Float64Array.from(deviations, (deviation, i) => (deviation > 0 ? Math.sqrt(mean(i, i)) : 0));
    for (let i = 0; i < K; i++) {
      into[i * K + i] = 1;
      for (let j = 0; j < i; j++) {
        const size = (scale[i] as number) * (scale[j] as number);
        const both = size > 0 && (weight[i * K + j] as number) > 0;
        const correlation = both ? Math.max(-1, Math.min(1, mean(i, j) / size)) : 0;
        into[i * K + j] = correlation;
        into[j * K + i] = correlation;
      }
    }
  }

  #lend(deviations: Float64Array, into: Float64Array): void {
    const K = this.#factors;
    const all = [...deviations.keys()];
    const known = all.filter((i) => !Number.isNaN(deviations[i]));
    const of = (industries: boolean): number[] => known.filter((i) => i < this.#industries === industries);
    const [industries, styles] = [of(true), of(false)];
    const variance = (from: number[]): number => meanOf(from, (i) => into[i * K + i] as number);
    const young = all.filter((i) => Number.isNaN(deviations[i]));
    const [ofIndustries, ofStyles] = [variance(industries), variance(styles)];
    const together = meanOf(industries, (i) => meanOf(industries, (j) => into[i * K + j] as number));
    const market = all.map((j) => meanOf(industries, (i) => into[i * K + j] as number));
    for (const i of young) {
      if (i >= this.#industries) {
        into[i * K + i] = ofStyles;
        continue;
      }
      for (const j of known) {
        into[i * K + j] = market[j] as number;
        into[j * K + i] = market[j] as number;
      }
      for (const j of young) if (j < this.#industries) into[i * K + j] = i === j ? ofIndustries : together;
    }
  }
}

interface Sums {
  readonly decay: number;
  readonly lags: readonly number[];
  /** Factors each is paired with: itself, or all. */
  readonly width: number;
  /** Of the dates both are known on. */
  readonly weight: Float64Array;
  /** By lag: today's return of the row's factor times an earlier one of the column's. */
  readonly products: readonly Float64Array[];
}

function sumsOf(factors: number, width: number, lags: number, halfLife: number): Sums {
  const decay = decayOf(halfLife);
  return {
    decay,
    lags: lagWeights(lags, decay),
    width,
    weight: new Float64Array(factors * width),
    products: Array.from({ length: lags + 1 }, () => new Float64Array(factors * width)),
  };
}

/** 0 of none. */
const meanOf = (some: readonly number[], value: (i: number) => number): number =>
  some.length > 0 ? some.reduce((sum, i) => sum + value(i), 0) / some.length : 0;
