/**
 * A loss of correlations does not see in which scale a network predicts, so networks that learn by it each have one of
 * their own, and in a plain mean the largest would speak for all.
 */
import type { TrainingRule } from '../training-rule.ts';

export const hasOwnScale = ({ loss }: Pick<TrainingRule, 'loss'>): boolean => loss.kind === 'ic';

/** Population deviation; exactly 0 of numbers that are the same. */
export const deviationOf = (values: Float32Array): number => momentsOf(values).deviation;

/** To mean 0 and population deviation 1; 0 where all are the same. */
export function standardised(values: Float32Array): Float64Array {
  const { first, mean, deviation } = momentsOf(values);
  return Float64Array.from(values, (value) => (deviation > 0 ? (value - first - mean) / deviation : 0));
}

/** The mean from the first number on: of numbers that are the same it is 0 without rounding. */
function momentsOf(values: Float32Array): { first: number; mean: number; deviation: number } {
  const first = values[0] ?? 0;
  let [sum, squares] = [0, 0];
  for (const value of values) sum += value - first;
  const mean = sum / values.length;
  for (const value of values) squares += (value - first - mean) ** 2;
  return { first, mean, deviation: values.length > 0 ? Math.sqrt(squares / values.length) : 0 };
}
