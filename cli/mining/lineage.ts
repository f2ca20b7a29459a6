/** How the best descendant of a factor came about, step by step. */
import { ancestry, type Individual } from '../../engine/individual.ts';
import { fitnessOf } from '../../engine/problem.ts';
import type { Search } from '../../engine/search.ts';
import type { Evaluator } from '../../evaluation/evaluator.ts';
import { type PartFigures, partFigures } from '../../evaluation/split-metrics.ts';
import type { Expression } from '../../program/expression.ts';
import { print } from '../../program/print.ts';
import { remedyOf } from './barren.ts';
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

export interface Lineage {
  readonly steps: readonly Step[];
  /** When the ancestor has no fitness: why, and what that means. */
  readonly unfit?: string;
}

/** From `ancestor` to the fittest of those that descend from it; the ancestor alone when none is fitter. */
export async function lineage(
  search: MarketSearch,
  evaluator: Evaluator,
  { hall, population }: Search<Expression>,
  ancestor: Expression,
): Promise<Lineage> {
  const { train, split, stages, judged } = search;
  const root = ({ line }: Individual<Expression>) => ancestry(line)[0];
  const descendants = [...hall, ...population].filter((individual) => root(individual)?.genome.key === ancestor.key);
  const fitness = ({ verdict }: Individual<Expression>): number => fitnessOf(verdict, stages.length) ?? Number.NaN;
  let best: Individual<Expression> | undefined;
  for (const one of descendants) if (fitness(one) > (best ? fitness(best) : Number.NEGATIVE_INFINITY)) best = one;
  const line = best ? ancestry(best.line) : [];
  // A descendant can outlive an ancestor that was fitter.
  const fitter = best && !(fitness(best) <= (line[0]?.fitness ?? Number.NEGATIVE_INFINITY));
  const alone = line[0] ?? { genome: ancestor, origin: 'seed', round: 0 };
  const lines = fitter ? line : [alone];
  const programs = lines.map(({ genome }) => judged(genome));
  const onTrain = await partFigures(evaluator, programs, train);
  const onValid = await partFigures(evaluator, programs, { from: split.valid.first, to: split.valid.end });
  const steps = lines.map(
    (one, i): Step => ({
      expression: print(one.genome),
      move: one.origin,
      round: one.round,
      fitness: 'fitness' in one ? (one.fitness ?? null) : null,
      train: both(onTrain[i] as PartFigures),
      valid: both(onValid[i] as PartFigures),
    }),
  );
  const unfit = steps[0]?.fitness === null ? await unfitness(search, evaluator, ancestor, steps.length > 1) : undefined;
  return { steps, ...(unfit !== undefined && { unfit }) };
}

/** Undefined for one that was scored and forgotten. */
async function unfitness(
  { stages, fitness, judged }: MarketSearch,
  evaluator: Evaluator,
  ancestor: Expression,
  surpassed: boolean,
): Promise<string | undefined> {
  const [verdict] = await evaluator.judge([judged(ancestor)], {
    stages,
    rule: fitness,
    hurdles: [],
    known: () => false,
    sizes: [ancestor.size],
  });
  if (verdict?.kind !== 'rejected') return undefined;
  const meaning = surpassed ? 'any descendant that has one counts as fitter' : 'no descendant of it has got one';
  return `${print(ancestor)} is itself rejected (${verdict.reason}): it has no fitness to improve, and ${meaning}${remedyOf(verdict.reason)}.`;
}

const both = ({ ic, rankIc }: PartFigures): MeanIcs => ({ ic: known(ic), rankIc: known(rankIc) });
const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
