/**
 * What weights come to beside their index, in plain loops over all symbols: nothing here knows how weights were found, so
 * that whoever found them is checked by somebody else.
 */
import type { PortfolioInputs } from '../inputs.ts';

export interface WeightFigures {
  readonly invested: number;
  /** Share in members of the index. */
  readonly members: number;
  /** Of all |weight - held|. */
  readonly turnover: number;
  /** The most a weight differs from the index's. */
  readonly deviation: number;
  /** Active weights, unknown industries last; none where the market has no industries. */
  readonly industries: readonly { readonly label: string; readonly active: number }[];
  /** Active exposures. */
  readonly styles: readonly { readonly name: string; readonly size: boolean; readonly active: number }[];
  /** Annual, as predicted; undefined where the risk is unknown. */
  readonly trackingError: number | undefined;
}

/** `weights` and `held` have one for every symbol. */
export function weightFigures(
  inputs: PortfolioInputs,
  row: number,
  held: Float64Array,
  weights: Float64Array,
): WeightFigures {
  const date = inputs.signals[row] as number;
  const N = inputs.symbols.length;
  const index = indexRow(inputs, date);
  const active = weights.map((weight, n) => weight - (index[n] as number));
  let [invested, members, turnover, deviation] = [0, 0, 0, 0];
  for (let n = 0; n < N; n++) {
    const weight = weights[n] as number;
    invested += weight;
    if (isMember(inputs, date, n)) members += weight;
    turnover += Math.abs(weight - (held[n] as number));
    deviation = Math.max(deviation, Math.abs(active[n] as number));
  }
  return {
    ...{ invested, members, turnover, deviation },
    industries: inputs.exposures?.industries ? byIndustry(inputs, row, active) : [],
    styles: (inputs.exposures?.styles ?? []).map(({ name, size, values }) => {
      let sum = 0;
      for (let n = 0; n < N; n++) sum += (active[n] as number) * (values[row * N + n] || 0);
      return { name, size, active: sum };
    }),
    trackingError: predicted(inputs, row, active),
  };
}

/** The index's weights, adding up to 1 in double precision. */
export function indexRow({ index, symbols }: PortfolioInputs, date: number): Float64Array {
  const weights = new Float64Array(symbols.length);
  let sum = 0;
  for (let n = 0; n < weights.length; n++) {
    weights[n] = Math.max(0, index.cells[date * index.stride + n] as number);
    sum += weights[n] as number;
  }
  for (let n = 0; n < weights.length; n++) weights[n] = (weights[n] as number) / sum;
  return weights;
}

function isMember({ index, member }: PortfolioInputs, date: number, n: number): boolean {
  if ((index.cells[date * index.stride + n] as number) > 0) return true;
  return member !== undefined && (member.cells[date * member.stride + n] as number) > 0;
}

function byIndustry({ exposures, symbols }: PortfolioInputs, row: number, active: Float64Array) {
  const labels = exposures?.industryLabels ?? [];
  const sums = new Float64Array(labels.length + 1);
  for (let n = 0; n < active.length; n++) {
    const code = exposures?.industries?.[row * symbols.length + n] as number;
    const group = code >= 0 ? code : labels.length;
    sums[group] = (sums[group] as number) + (active[n] as number);
  }
  return Array.from(sums, (sum, code) => ({ label: labels[code] ?? 'unknown', active: sum }));
}

/** sqrt of (X'a)' F (X'a) plus the sum of each own variance times a squared; unknown ones are the mean of the others. */
function predicted({ exposures, risk, symbols }: PortfolioInputs, row: number, active: Float64Array) {
  if (!exposures || !risk) return undefined;
  const K = risk.factors;
  const N = symbols.length;
  const covariance = (i: number, j: number) => risk.covariance[(row * K + i) * K + j] as number;
  if (Number.isNaN(covariance(0, 0))) return undefined;
  let [sum, known] = [0, 0];
  for (let n = 0; n < N; n++) {
    const own = risk.specific[row * N + n] as number;
    if (Number.isNaN(own)) continue;
    sum += own;
    known++;
  }

  const factors = new Float64Array(K);
  const industries = exposures.industryLabels.length + 1;
  let variance = 0;
  for (let n = 0; n < N; n++) {
    const a = active[n] as number;
    const code = exposures.industries?.[row * N + n] ?? Number.NaN;
    const group = code >= 0 ? code : industries - 1;
    factors[group] = (factors[group] as number) + a;
    for (const [s, { values }] of exposures.styles.entries()) {
      factors[industries + s] = (factors[industries + s] as number) + a * (values[row * N + n] || 0);
    }
    const specific = risk.specific[row * N + n] as number;
    variance += a * a * (Number.isNaN(specific) ? sum / known : specific);
  }
  for (let i = 0; i < K; i++) {
    for (let j = 0; j < K; j++) variance += (factors[i] as number) * (factors[j] as number) * covariance(i, j);
  }
  return Math.sqrt(Math.max(0, variance));
}
