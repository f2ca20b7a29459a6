/** What features add to predictions, row by row, and what is read from it. */
import type { FeatureName } from '../graph/network.ts';
import { pearson } from '../pearson.ts';
import type { ExpectedGradients } from './expected-gradients.ts';

export interface Attribution extends ExpectedGradients {
  /** One for each column. */
  readonly names: readonly FeatureName[];
  /** What the features themselves were, [rows][features]. */
  readonly features: Float32Array;
  /** Rows that predictions were held against. */
  readonly background: number;
}

export interface RankedFeature extends FeatureName {
  readonly column: number;
  /** Mean |SHAP| over the rows, in units of the prediction. */
  readonly mean: number;
  /** Of the means of all features together. */
  readonly share: number;
  /**
   * Correlation of the feature's value with what it adds: near 1 more of it raises the prediction, near -1 lowers it.
   * NaN where either is constant.
   */
  readonly slant: number;
}

/** The strongest first; equals in the order of their columns. */
export function rankedFeatures({ names, values, features }: Attribution): RankedFeature[] {
  const rows = values.length / Math.max(1, names.length);
  const means = names.map((_, j) => {
    let sum = 0;
    for (let i = j; i < values.length; i += names.length) sum += Math.abs(values[i] as number);
    return sum / Math.max(1, rows);
  });
  const all = means.reduce((sum, mean) => sum + mean, 0);
  return names
    .map((name, column) => {
      const mean = means[column] as number;
      const slant = correlation(features, values, column, names.length);
      return { ...name, column, mean, share: all > 0 ? mean / all : 0, slant };
    })
    .toSorted((a, b) => b.mean - a.mean || a.column - b.column);
}

/** Between the same column of two tables. */
function correlation(x: Float32Array, y: Float32Array, column: number, columns: number): number {
  const rows = x.length / columns;
  const of = (table: Float32Array) =>
    Float64Array.from({ length: rows }, (_, i) => table[i * columns + column] as number);
  return pearson(of(x), of(y));
}

/** Mean |SHAP| of features that are read at several steps: dates back, or times of day. */
export interface StepTable<Step> {
  /** The strongest first, all their steps together. */
  readonly features: readonly string[];
  readonly steps: readonly Step[];
  /** [features][steps]; undefined where a feature is not read. */
  readonly means: readonly (readonly (number | undefined)[])[];
}

/** By dates back, the oldest first, bars of a date together; nothing where no feature is read at more than one date. */
export function lagTable(attribution: Attribution): StepTable<number> | undefined {
  const lags = new Set(attribution.names.flatMap(({ lag }) => lag ?? []));
  return stepTable(
    attribution,
    [...lags].toSorted((a, b) => b - a),
    ({ lag }) => lag,
  );
}

/** By when in the day bars begin, all dates together; nothing where no feature is of bars. */
export function timeTable(attribution: Attribution): StepTable<string> | undefined {
  const times = new Set(attribution.names.flatMap(({ time }) => time ?? []));
  return stepTable(attribution, [...times], ({ time }) => time);
}

function stepTable<Step>(
  attribution: Attribution,
  steps: readonly Step[],
  stepOf: (name: FeatureName) => Step | undefined,
): StepTable<Step> | undefined {
  const byFeature = new Map<string, Map<Step, number>>();
  for (const ranked of rankedFeatures(attribution)) {
    const step = stepOf(ranked);
    if (step === undefined) continue;
    const byStep = byFeature.get(ranked.feature) ?? new Map<Step, number>();
    byStep.set(step, (byStep.get(step) ?? 0) + ranked.mean);
    byFeature.set(ranked.feature, byStep);
  }
  const total = (byStep: ReadonlyMap<Step, number>) => [...byStep.values()].reduce((sum, mean) => sum + mean, 0);
  const kept = [...byFeature].filter(([, byStep]) => byStep.size > 1).toSorted(([, a], [, b]) => total(b) - total(a));
  if (kept.length === 0) return undefined;
  const read = steps.filter((step) => kept.some(([, byStep]) => byStep.has(step)));
  return {
    features: kept.map(([feature]) => feature),
    steps: read,
    means: kept.map(([, byStep]) => read.map((step) => byStep.get(step))),
  };
}
