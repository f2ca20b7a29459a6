/** What a factor is worth to a search: a number from its daily correlations with the label, the higher the better. */

export interface FitnessRule {
  /** Of a date's cells: Pearson's correlation, or that of the ranks. */
  readonly method: 'pearson' | 'rank';
  /** |mean| over dates, or |mean| over standard deviation. */
  readonly measure: 'ic' | 'icir';
  /** Taken off for every operator node. */
  readonly complexity: number;
  /** Taken off times the turnover: 1 less the mean correlation of a date's values with the last date's. */
  readonly turnover: number;
  /** Taken off times the largest |correlation| with a factor that is had already. */
  readonly novelty: number;
  /** The least share of tradable cells, those with a label, that must have a value. */
  readonly coverage: number;
}

export const defaultFitness: FitnessRule = {
  method: 'pearson',
  measure: 'ic',
  complexity: 0,
  turnover: 0,
  novelty: 0,
  coverage: 0.6,
};

export interface Moments {
  readonly mean: number;
  /** Sample standard deviation. */
  readonly deviation: number;
  /** Numbers there are. */
  readonly count: number;
}

/** Of the numbers that are not missing. */
export function moments(numbers: Iterable<number>): Moments {
  let [sum, count] = [0, 0];
  for (const x of numbers) {
    if (Number.isNaN(x)) continue;
    sum += x;
    count++;
  }
  const mean = sum / count;
  let squares = 0;
  for (const x of numbers) if (!Number.isNaN(x)) squares += (x - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count };
}

/** From the correlations and the size alone; what only a full judgement knows is taken off later. */
export function baseScore(rule: FitnessRule, ic: Iterable<number>, size: number): number {
  const { mean, deviation } = moments(ic);
  const worth = Math.abs(rule.measure === 'ic' ? mean : mean / deviation);
  return worth - rule.complexity * size;
}
