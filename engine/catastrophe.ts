/**
 * Every so many rounds the elites are compared, and of those that are alike only the fittest lives on: the descendants
 * of one good individual would otherwise be the whole population before anything else had time to become good.
 */
import type { Stream } from '../core/random.ts';
import { compare, type Individual } from './individual.ts';
import { fitnessOf, type Problem } from './problem.ts';

export interface CatastropheRule {
  /** Rounds from one to the next; 0 for never. */
  readonly every: number;
  /** How many of the fittest are compared. */
  readonly elites: number;
  /** |Correlation| above which two are alike. */
  readonly threshold: number;
}

export interface Toll {
  readonly elites: number;
  /** Pairs of elites above the threshold. */
  readonly alike: number;
  /** Ids of the individuals that die: the less fit of the pairs, and every copy of an elite but one. */
  readonly dead: ReadonlySet<number>;
}

export async function catastrophe<G>(
  population: readonly Individual<G>[],
  rule: CatastropheRule,
  problem: Problem<G>,
  stream: Stream,
): Promise<Toll> {
  const elites = elitesOf(population, rule.elites, problem.stages);
  const likeness =
    elites.length > 1
      ? await problem.likeness(
          elites.map(({ genome }) => genome),
          stream,
        )
      : [];
  const survivors: number[] = [];
  const deadKeys = new Set<string>();
  let alike = 0;
  for (const [i, elite] of elites.entries()) {
    const above = (j: number): boolean => (likeness[i]?.[j] ?? 0) > rule.threshold;
    for (let j = 0; j < i; j++) if (above(j)) alike++;
    if (survivors.some(above)) deadKeys.add(elite.key);
    else survivors.push(i);
  }
  const kept = new Map(survivors.map((i) => [elites[i]?.key, elites[i]?.id]));
  const dead = population.filter(({ key, id }) => deadKeys.has(key) || (kept.has(key) && kept.get(key) !== id));
  return { elites: elites.length, alike, dead: new Set(dead.map(({ id }) => id)) };
}

/** The fittest that were judged on all data, fittest first, one of each key: the youngest, which has longest to live. */
export function elitesOf<G>(population: readonly Individual<G>[], count: number, stages: number): Individual<G>[] {
  const youngest = new Map(population.map((individual) => [individual.key, individual]));
  return [...youngest.values()]
    .filter(({ verdict }) => fitnessOf(verdict, stages) !== undefined)
    .sort((a, b) => compare(a, b) || a.id - b.id)
    .slice(0, count);
}
