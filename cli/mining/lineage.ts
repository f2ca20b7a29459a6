/** How the best descendant of a factor came about, step by step. */
import { ancestry, type Individual } from '../../engine/individual.ts';
import { fitnessOf } from '../../engine/problem.ts';
import type { Search } from '../../engine/search.ts';
import type { Evaluator } from '../../evaluation/evaluator.ts';
import { type PartFigures, partFigures } from '../../evaluation/split-metrics.ts';
import type { Expression } from '../../program/expression.ts';
import { print } from '../../program/print.ts';
import type { MarketSearch } from './market-search.ts';

export interface Step {
  readonly expression: string;
  readonly move: string;
  readonly round: number;
  readonly fitness: number | null;
  readonly train: MeanIcs;
  readonly valid: MeanIcs;
}

/** Null where there is none: a report is kept as JSON. */
interface MeanIcs {
  readonly ic: number | null;
  readonly rankIc: number | null;
}

/** From `ancestor` to the fittest of those that descend from it; the ancestor alone when none is fitter. */
export async function lineage(
  { train, split, stages, judged }: MarketSearch,
  evaluator: Evaluator,
  { hall, population }: Search<Expression>,
  ancestor: Expression,
): Promise<Step[]> {
  const root = ({ line }: Individual<Expression>) => ancestry(line)[0];
  const descendants = [...hall, ...population].filter((individual) => root(individual)?.genome.key === ancestor.key);
  const fitness = ({ verdict }: Individual<Expression>): number => fitnessOf(verdict, stages.length) ?? Number.NaN;
  let best: Individual<Expression> | undefined;
  for (const one of descendants) if (fitness(one) > (best ? fitness(best) : Number.NEGATIVE_INFINITY)) best = one;
  const steps = best ? ancestry(best.line) : [];
  // A descendant can outlive an ancestor that was fitter.
  const fitter = best && !(fitness(best) <= (steps[0]?.fitness ?? Number.NEGATIVE_INFINITY));
  const alone = steps[0] ?? { genome: ancestor, origin: 'seed', round: 0 };
  const lines = fitter ? steps : [alone];
  const programs = lines.map(({ genome }) => judged(genome));
  const onTrain = await partFigures(evaluator, programs, train);
  const onValid = await partFigures(evaluator, programs, { from: split.valid.first, to: split.valid.end });
  return lines.map((line, i) => ({
    expression: print(line.genome),
    move: line.origin,
    round: line.round,
    fitness: 'fitness' in line ? (line.fitness ?? null) : null,
    train: both(onTrain[i] as PartFigures),
    valid: both(onValid[i] as PartFigures),
  }));
}

const both = ({ ic, rankIc }: PartFigures): MeanIcs => ({ ic: known(ic), rankIc: known(rankIc) });
const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
