/**
 * Which of the fittest individuals become the library: better on training dates than luck, still good on validation
 * dates, and unlike each other. The test dates have no say.
 */

import { forward } from '../../engine/forward.ts';
import type { Individual } from '../../engine/individual.ts';
import { fitnessOf } from '../../engine/problem.ts';
import { uncorrelated } from '../../engine/uncorrelated.ts';
import { combinedIc } from '../../evaluation/combined.ts';
import type { Evaluator } from '../../evaluation/evaluator.ts';
import { luckyT } from '../../evaluation/luck.ts';
import { type PartFigures, partFigures } from '../../evaluation/split-metrics.ts';
import type { Dates } from '../../evaluation/task.ts';
import type { Expression } from '../../program/expression.ts';
import type { MarketSearch } from './market-search.ts';

export interface Chosen {
  readonly individual: Individual<Expression>;
  /** What is judged: the individual's program, neutralised where asked. */
  readonly program: Expression;
  readonly fitness: number;
  readonly sign: 1 | -1;
  readonly train: PartFigures;
  readonly valid: PartFigures;
  /** The place among the chosen of the one most like it, and how like. */
  readonly nearest?: { readonly place: number; readonly correlation: number };
}

export interface Choice {
  readonly chosen: readonly Chosen[];
  /** Candidates, and how many failed at which rule. */
  readonly candidates: number;
  readonly failed: Readonly<Record<Rule, number>>;
  readonly thresholds: Thresholds;
  /** Mean correlation of two of the chosen, by their places. */
  readonly correlation: (a: number, b: number) => number;
}

export interface Thresholds {
  /** Least fitness. */
  readonly fitness: number;
  /** Least t on training dates. */
  readonly t: number;
  /** What the luckiest of so many worthless programs is expected to have there; asked for when nothing else is. */
  readonly luckyT: number;
  readonly placeboBest?: number;
}

export type Rule = 'luck' | 'sign' | 'decay' | 'valid-t' | 'correlation' | 'spare';

interface Candidate extends Chosen {
  readonly failure?: Rule | undefined;
}

export async function choose(
  search: MarketSearch,
  evaluator: Evaluator,
  hall: readonly Individual<Expression>[],
  { tried, placeboBest, had }: { tried: number; placeboBest?: number | undefined; had: readonly Expression[] },
): Promise<Choice> {
  const { config, train, split, judged } = search;
  const valid: Dates = { from: split.valid.first, to: split.valid.end };
  const programs = hall.map(({ genome }) => judged(genome));
  const onTrain = await partFigures(evaluator, programs, train);
  const onValid = await partFigures(evaluator, programs, valid);
  const thresholds: Thresholds = {
    fitness: Math.max(config.threshold, placeboBest ?? 0),
    t: config.trainT ?? luckyT(tried),
    luckyT: luckyT(tried),
    ...(placeboBest !== undefined && { placeboBest }),
  };
  const candidates = hall.map((individual, i): Candidate => {
    const [a, b] = [onTrain[i] as PartFigures, onValid[i] as PartFigures];
    const fitness = fitnessOf(individual.verdict, search.stages.length) as number;
    const sign = icOf(search, a) < 0 ? -1 : 1;
    const failure = rulesBroken(search, thresholds, fitness, sign, a, b);
    return { individual, program: programs[i] as Expression, fitness, sign, train: a, valid: b, failure };
  });
  const failed: Record<Rule, number> = { luck: 0, sign: 0, decay: 0, 'valid-t': 0, correlation: 0, spare: 0 };
  for (const { failure } of candidates) if (failure) failed[failure]++;
  const passed = candidates.filter(({ failure }) => failure === undefined);
  const correlation = await correlationsOn(
    evaluator,
    [...passed.map(({ program }) => program), ...had.map(judged)],
    valid,
    passed.length,
  );
  const likeness = (a: number, b: number): number => Math.abs(correlation(a, b));
  const places = passed.map((_, i) => i);
  const before = had.map((_, i) => passed.length + i);
  const { batch, correlation: limit, most } = config;
  const accepted =
    batch === null
      ? uncorrelated(places, likeness, { limit, most, had: before })
      : forward(
          places,
          batch,
          (members) => together(search, passed, members, correlation),
          (chosen, next) => [...chosen, ...before].every((other) => likeness(other, next) < limit),
        );
  const left = places.filter((place) => !accepted.includes(place));
  const likeAnother = (place: number): boolean =>
    [...accepted, ...before].some((other) => likeness(place, other) >= limit);
  failed.correlation = left.filter(likeAnother).length;
  failed.spare = left.length - failed.correlation;
  const chosen = accepted.map((i): Chosen => {
    const { failure: _, ...candidate } = passed[i] as Candidate;
    const others = accepted.map((j, place) => ({ place, correlation: j === i ? -1 : likeness(i, j) }));
    const nearest = others.reduce((a, b) => (b.correlation > a.correlation ? b : a));
    return { ...candidate, ...(nearest.correlation >= 0 && { nearest }) };
  });
  return {
    chosen,
    candidates: candidates.length,
    failed,
    thresholds,
    correlation: (a, b) => correlation(accepted[a] as number, accepted[b] as number),
  };
}

/** The correlation the fitness is about. */
const icOf = ({ fitness }: MarketSearch, figures: PartFigures): number =>
  fitness.method === 'rank' ? figures.rankIc : figures.ic;
const tOf = ({ fitness }: MarketSearch, figures: PartFigures): number =>
  fitness.method === 'rank' ? figures.rankT : figures.t;

function rulesBroken(
  search: MarketSearch,
  thresholds: Thresholds,
  fitness: number,
  sign: number,
  train: PartFigures,
  valid: PartFigures,
): Rule | undefined {
  const { placeboBest, t } = thresholds;
  const lucky = placeboBest !== undefined && fitness <= placeboBest;
  if (fitness < thresholds.fitness || lucky || !(sign * tOf(search, train) >= t)) return 'luck';
  const [before, after] = [sign * icOf(search, train), sign * icOf(search, valid)];
  if (!(after > 0)) return 'sign';
  if (!(after >= search.config.validShare * before)) return 'decay';
  return sign * tOf(search, valid) >= search.config.validT ? undefined : 'valid-t';
}

/** The combined IC on training dates. */
const together = (
  search: MarketSearch,
  candidates: readonly Candidate[],
  members: readonly number[],
  correlation: (a: number, b: number) => number,
): number =>
  combinedIc(
    members,
    (i) => icOf(search, (candidates[i] as Candidate).train),
    (i) => (candidates[i] as Candidate).sign,
    correlation,
  );

/** Mean correlation over the dates, of any two one of which is among the `first`. */
async function correlationsOn(
  evaluator: Evaluator,
  programs: readonly Expression[],
  { from, to }: Dates,
  first: number,
): Promise<(a: number, b: number) => number> {
  const dates = Array.from({ length: to - from }, (_, i) => from + i);
  const rows = programs.length > 1 ? await evaluator.correlations(programs, dates, first) : [];
  return (a, b) => {
    const correlation = a === b ? 1 : (rows[Math.max(a, b)]?.[Math.min(a, b)] as number);
    // Two that never have a value together have nothing in common.
    return Number.isNaN(correlation) ? 0 : correlation;
  };
}
