/** How a search goes about it. All of it changes what is found; what only changes how fast is not here. */
import type { CatastropheRule } from './catastrophe.ts';
import type { HallRule } from './hall.ts';
import type { HurdleRule } from './hurdles.ts';

export interface SearchRule {
  readonly seed: number;
  /** Individuals. */
  readonly population: number;
  /** Of a round: as many of the oldest leave. */
  readonly children: number;
  /** Individuals a parent is the fittest of. */
  readonly tournament: number;
  /** `age`: the oldest leave, as the regularisation has it; `fitness`: the least fit do, for comparison. */
  readonly removal: 'age' | 'fitness';
  /**
   * What lives beside the seeds at first, and is born after a catastrophe: `fresh` individuals, or descendants of the
   * `seeds`, so that the search stays in their neighbourhood.
   */
  readonly origin: 'fresh' | 'seeds';
  /** `evolve`, or for comparison every child a fresh individual. */
  readonly breeding: 'evolve' | 'random';
  readonly catastrophe: CatastropheRule;
  readonly hurdles: HurdleRule;
  /** Share of the stopped candidates that are judged on all data nevertheless, to see what hurdles cost. */
  readonly audit: number;
  readonly hall: HallRule;
  /** Verdicts remembered by key, and by fingerprint. */
  readonly remembered: number;
  /** Whether those that behave the same share their verdict. */
  readonly equivalence: boolean;
}

export const defaultRule: SearchRule = {
  seed: 1,
  population: 500,
  children: 50,
  tournament: 10,
  removal: 'age',
  origin: 'fresh',
  breeding: 'evolve',
  catastrophe: { every: 10, elites: 50, threshold: 0.7 },
  hurdles: { quantile: 0.75, memory: 500 },
  audit: 0.01,
  hall: { size: 200, likeness: 0.9 },
  remembered: 100_000,
  equivalence: true,
};
