/**
 * What each symbol's return varies by beyond the factors: decayed sums of squared residuals, and of their products with
 * those of the dates before. A single symbol's history is short and full of accidents, so its deviation is drawn towards
 * the mean of symbols of like capital, and is that mean where there is next to no history.
 */
import type { Section } from '../../evaluation/tear-sheet/section.ts';
import { decayOf, lagWeights, type RiskRule } from './risk-rule.ts';

const mostGroups = 10;
/** With fewer symbols a group there are fewer groups. */
const leastGroup = 10;
/** Of a variance of one date: what is left where everything is explained. */
const least = 1e-12;

export class SpecificVariance {
  readonly #rule: RiskRule;
  readonly #decay: number;
  readonly #lags: readonly number[];
  readonly #weight: Float64Array;
  /** By lag. */
  readonly #products: readonly Float64Array[];
  /** Residuals of the last dates, newest first; 0 where unknown. */
  readonly #past: Float64Array[];
  readonly #known: Int32Array;
  /** Dates since the last residual. */
  readonly #gap: Int32Array;
  readonly #group: Int32Array;

  constructor(symbols: number, rule: RiskRule) {
    this.#rule = rule;
    this.#decay = decayOf(rule.halfLife.specific);
    this.#lags = lagWeights(rule.lags, this.#decay);
    const rows = () => Array.from({ length: rule.lags + 1 }, () => new Float64Array(symbols));
    [this.#products, this.#past] = [rows(), rows()];
    this.#weight = new Float64Array(symbols);
    this.#known = new Int32Array(symbols);
    this.#gap = new Int32Array(symbols).fill(rule.longestGap);
    this.#group = new Int32Array(symbols);
  }

  /** NaN where unknown. */
  add(residuals: Section): void {
    const today = this.#past.pop() as Float64Array;
    this.#past.unshift(today);
    const [decay, weight, seen, gap] = [this.#decay, this.#weight, this.#known, this.#gap];
    for (let n = 0; n < today.length; n++) {
      const value = residuals[n] as number;
      const known = Number.isNaN(value) ? 0 : 1;
      today[n] = known === 1 ? value : 0;
      weight[n] = decay * (weight[n] as number) + known;
      seen[n] = (seen[n] as number) + known;
      gap[n] = known === 1 ? 0 : (gap[n] as number) + 1;
    }
    for (const [lag, sums] of this.#products.entries()) {
      const before = this.#past[lag] as Float64Array;
      for (let n = 0; n < sums.length; n++) {
        sums[n] = decay * (sums[n] as number) + (today[n] as number) * (before[n] as number);
      }
    }
  }

  /** Of one date's return. NaN for symbols without a price or a recent return. */
  variances(cap: Section, priced: (n: number) => boolean, into: Section): void {
    const { longestGap, leastDates } = this.#rule;
    const group = this.#group;
    for (let n = 0; n < into.length; n++) {
      const alive = (this.#gap[n] as number) < longestGap || priced(n);
      group[n] = alive ? 0 : -1;
      into[n] = alive && (this.#known[n] as number) >= leastDates ? this.#deviation(n) : Number.NaN;
    }
    const [all] = spreads(into, group, 1) as [Spread];
    const groups = groupByCapital(cap, group);
    const like = spreads(into, group, groups).map((own) => (Number.isNaN(own.mean) ? all : own));
    for (let n = 0; n < into.length; n++) {
      const own = like[group[n] as number];
      if (!own) continue;
      const deviation = this.#shrunk(into[n] as number, own);
      into[n] = Math.max(least, deviation * deviation);
    }
  }

  #deviation(n: number): number {
    let sum = 0;
    for (const [lag, sums] of this.#products.entries()) sum += (this.#lags[lag] as number) * (sums[n] as number);
    return Math.sqrt(Math.max(0, sum) / (this.#weight[n] as number));
  }

  /** All NaN where nothing is known of any symbol. */
  #shrunk(deviation: number, { mean, spread }: Spread): number {
    if (Number.isNaN(deviation)) return mean;
    const distance = this.#rule.shrinkage * Math.abs(deviation - mean);
    const share = distance > 0 ? distance / (distance + spread) : 0;
    return Math.max(this.#rule.floor * mean, share * mean + (1 - share) * deviation);
  }
}

interface Spread {
  readonly mean: number;
  readonly spread: number;
}

/** By group, mean and deviation of those that are known. */
function spreads(values: Section, group: Int32Array, groups: number): Spread[] {
  const [count, sum, squares] = [new Float64Array(groups), new Float64Array(groups), new Float64Array(groups)];
  const eachKnown = (take: (g: number, value: number) => void): void => {
    for (let n = 0; n < values.length; n++) {
      const value = values[n] as number;
      if ((group[n] as number) >= 0 && !Number.isNaN(value)) take(group[n] as number, value);
    }
  };
  eachKnown((g, value) => {
    count[g] = (count[g] as number) + 1;
    sum[g] = (sum[g] as number) + value;
  });
  const mean = sum.map((total, g) => total / (count[g] as number));
  eachKnown((g, value) => {
    squares[g] = (squares[g] as number) + (value - (mean[g] as number)) ** 2;
  });
  return Array.from(mean, (one, g) => ({
    mean: one,
    spread: Math.sqrt((squares[g] as number) / (count[g] as number)),
  }));
}

/**
 * Deciles of capital, as far as there are symbols for them, and a last group of unknown capital; -1 stays in none. How
 * many groups there are.
 */
function groupByCapital(cap: Section, group: Int32Array): number {
  const caps = cap.filter((own, n) => own > 0 && (group[n] as number) >= 0).sort();
  const deciles = Math.max(1, Math.min(mostGroups, Math.floor(caps.length / leastGroup)));
  // By how many have less, so that those of one capital are in one group in whatever order symbols stand.
  const starts = Float64Array.from(
    { length: deciles },
    (_, g) => caps[Math.ceil((g * caps.length) / deciles)] ?? Number.NaN,
  );
  for (let n = 0; n < cap.length; n++) {
    if (group[n] === -1) continue;
    const own = cap[n] as number;
    let g = own > 0 ? deciles - 1 : deciles;
    while (own > 0 && g > 0 && own < (starts[g] as number)) g--;
    group[n] = g;
  }
  return deciles + 1;
}
