/** What a round was: figures anybody can plot. Nothing in it depends on the clock or on the number of workers. */

import type { Individual } from './individual.ts';
import type { JudgingCounts } from './judging.ts';
import { fitnessOf } from './problem.ts';

export interface RoundRecord {
  readonly round: number;
  /** Genomes given a verdict of their own so far. */
  readonly tried: number;
  /** Of the individuals judged on all data: how many, their mean fitness, the highest. */
  readonly complete: number;
  readonly mean: number | null;
  readonly best: number | null;
  /** The fittest's formula, or however the problem writes it. */
  readonly fittest: string | null;
  /** The highest fitness of any individual so far. */
  readonly bestEver: number | null;
  /** Different genomes in the population. */
  readonly different: number;
  /** Mean over the whole population of the latest score, that of stopped ones included. */
  readonly meanLatest: number | null;
  readonly hurdles: readonly (number | null)[];
  readonly judged: JudgingCounts;
  /** Children by the move that made them; `fresh` where none was made. */
  readonly moves: Readonly<Record<string, number>>;
  /** Moves that could not be made, by move and rule. */
  readonly rejections: Readonly<Record<string, number>>;
  readonly catastrophe?: CatastropheRecord;
}

export interface CatastropheRecord {
  readonly elites: number;
  readonly alike: number;
  readonly died: number;
  readonly fresh: number;
  readonly mutants: number;
  /** Mean fitness and mean latest score just before. */
  readonly meanBefore: number | null;
  readonly meanLatestBefore: number | null;
}

export interface PopulationFigures {
  readonly complete: number;
  readonly mean: number | null;
  readonly best: number | null;
  readonly fittest: string | null;
  readonly different: number;
  readonly meanLatest: number | null;
}

export function figures<G>(
  population: readonly Individual<G>[],
  stages: number,
  write: (genome: G) => string,
): PopulationFigures {
  const fitness: number[] = [];
  const latest: number[] = [];
  let fittest: Individual<G> | undefined;
  for (const individual of population) {
    const { verdict } = individual;
    if (verdict.kind === 'scored') latest.push(verdict.scores.at(-1) as number);
    const value = fitnessOf(verdict, stages);
    if (value === undefined) continue;
    if (!fittest || value > (fitnessOf(fittest.verdict, stages) as number)) fittest = individual;
    fitness.push(value);
  }
  return {
    complete: fitness.length,
    mean: mean(fitness),
    best: fittest ? (fitnessOf(fittest.verdict, stages) as number) : null,
    fittest: fittest ? write(fittest.genome) : null,
    different: new Set(population.map(({ key }) => key)).size,
    meanLatest: mean(latest),
  };
}

const mean = (numbers: readonly number[]): number | null =>
  numbers.length > 0 ? numbers.reduce((sum, x) => sum + x, 0) / numbers.length : null;
