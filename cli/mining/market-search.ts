/** A config and a market as the problem the engine searches: programs for genomes, judged by an evaluator. */

import { setImmediate } from 'node:timers/promises';
import { allDone } from '../../core/all-done.ts';
import type { Matrix } from '../../core/arena.ts';
import { EvolveError } from '../../core/failure.ts';
import type { Stream } from '../../core/random.ts';
import type { LabelRule, MarketManifest } from '../../data/market.ts';
import { embargoOf, type Split, splitCalendar } from '../../data/splits.ts';
import type { Problem, Terms } from '../../engine/problem.ts';
import { defaultRule, type SearchRule } from '../../engine/rule.ts';
import { type Evaluator, marketVocabulary } from '../../evaluation/evaluator.ts';
import type { FitnessRule } from '../../evaluation/fitness.ts';
import type { Judged } from '../../evaluation/judge.ts';
import { neutralisations, neutraliser } from '../../evaluation/neutralise.ts';
import { stagesOf } from '../../evaluation/stages.ts';
import type { Dates } from '../../evaluation/task.ts';
import { operatorNames } from '../../operators/table.ts';
import { canonical } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import type { GrowOptions } from '../../program/grammar.ts';
import { moveNames } from '../../program/moves/moves.ts';
import { type MutateOptions, mutate } from '../../program/mutate.ts';
import { parse } from '../../program/parse.ts';
import { print } from '../../program/print.ts';
import { randomProgram } from '../../program/random-program.ts';
import type { Vocabulary } from '../../program/vocabulary.ts';
import { nameList, weightList, windowList } from './lists.ts';
import type { SearchConfig } from './search-options.ts';
import { splitRule } from './split-text.ts';

/** What a config means on a market, worked out and checked before anything is computed. */
export interface MarketSearch {
  readonly config: SearchConfig;
  readonly rule: SearchRule;
  readonly label: LabelRule;
  readonly split: Split;
  readonly train: Dates;
  readonly stages: readonly (readonly Dates[])[];
  readonly fitness: FitnessRule;
  readonly fresh: GrowOptions;
  readonly mutation: MutateOptions;
  /** What is judged in a factor's place. */
  readonly judged: (factor: Expression) => Expression;
}

export function marketSearch(config: SearchConfig, manifest: MarketManifest): MarketSearch {
  const label: LabelRule = { price: config.price as LabelRule['price'], lag: config.lag, horizon: config.horizon };
  const split = splitCalendar(manifest.calendar, splitRule(config.split), embargoOf(label));
  const train = { from: split.train.first, to: split.train.end };
  const windows = windowsWithin(config.windows, train);
  const words = marketVocabulary(manifest);
  const grow = growOptions(config, manifest, chosenFields(config.fields, words), windows);
  const neutral = neutraliser(nameList('neutralise', config.neutralise, neutralisations), words);
  if (typeof neutral !== 'function') throw new EvolveError('missing-field', `--neutralise: ${neutral.reason}.`);
  return {
    config,
    rule: searchRule(config),
    label,
    split,
    train,
    stages: config.hurdle > 0 ? stagesOf(train, config.probeDates) : [[train]],
    fitness: {
      method: config.fitness.startsWith('rank-') ? 'rank' : 'pearson',
      measure: config.fitness.endsWith('icir') ? 'icir' : 'ic',
      complexity: config.complexity,
      turnover: config.turnover,
      novelty: config.novelty,
      coverage: config.coverage,
    },
    fresh: {
      ...grow,
      maxSize: Math.min(config.initialSize, config.size),
      maxDepth: Math.min(config.depth, freshDepth),
    },
    mutation: { grow, weights: weightList('moves', config.moves, moveNames) },
    judged: neutral,
  };
}

/** Of simple individuals. */
const freshDepth = 3;

const searchRule = (config: SearchConfig): SearchRule => ({
  ...defaultRule,
  seed: config.seed,
  population: config.population,
  children: config.children,
  tournament: config.tournament,
  removal: config.removal as SearchRule['removal'],
  origin: config.origin as SearchRule['origin'],
  breeding: config.breeding as SearchRule['breeding'],
  catastrophe: { every: config.catastropheEvery, elites: config.elites, threshold: config.alike },
  hurdles: { ...defaultRule.hurdles, quantile: config.hurdle },
  audit: config.audit,
  // Equal rank correlations do not make equal turnover, nor equal likeness to other factors.
  equivalence:
    config.equivalence && !(config.fitness.startsWith('rank-') && (config.turnover > 0 || config.novelty > 0)),
});

function chosenFields(text: string, words: Vocabulary): Vocabulary {
  const names = nameList('fields', text, [...words.keys()]);
  return names.length === 0 ? words : new Map([...words].filter(([name]) => names.includes(name)));
}

/** A longer one has no value on any training date. */
function windowsWithin(text: string, { from, to }: Dates): readonly number[] {
  const windows = windowList('windows', text);
  const longest = windows.at(-1) as number;
  if (longest <= to - from) return windows;
  throw new EvolveError(
    'bad-argument',
    `--windows ${text}: a window of ${longest} is longer than the ${to - from} training dates; leave it out, or train on more dates with --split.`,
  );
}

function growOptions(
  config: SearchConfig,
  { minute }: MarketManifest,
  vocabulary: Vocabulary,
  windows: readonly number[],
): GrowOptions {
  const bars = minute?.starts.length ?? 0;
  const minuteWindows = windowList('minute-windows', config.minuteWindows).filter((window) => window < bars);
  return {
    vocabulary,
    windows,
    minuteWindows: bars > 0 ? [...minuteWindows, bars] : [],
    maxSize: config.size,
    maxDepth: config.depth,
    maxCost: config.cost,
    operators: weightList('operators', config.operators, operatorNames),
    ...(minute && { minuteGrid: minute }),
  };
}

/** `against`: values of factors that are had already, for the novelty penalty. */
export function marketProblem(
  search: MarketSearch,
  evaluator: Evaluator,
  against: readonly Matrix[] = [],
): Problem<Expression> {
  const { stages, train, judged } = search;
  const { minute } = evaluator.market.manifest;
  const judge = (programs: readonly Expression[], { hurdles, known }: Terms): Promise<Judged[]> =>
    evaluator.judge(programs.map(judged), {
      stages,
      rule: search.fitness,
      hurdles,
      known,
      sizes: programs.map(({ size }) => size),
      against,
    });
  return {
    stages: stages.length,
    key: ({ key }) => key,
    size: ({ size }) => size,
    write: print,
    read: (text) => canonical(parse(text, evaluator.vocabulary)),
    fresh: (stream) => canonical(randomProgram(stream, search.fresh)),
    vary: (parent, stream) => {
      const mutation = mutate(stream, parent, search.mutation);
      const { rejections } = mutation;
      return mutation.kind === 'child'
        ? { kind: 'child', genome: mutation.expression, move: mutation.move, rejections }
        : { kind: 'rejected', rejections };
    },
    judge: async (programs, terms) => {
      // Minute bars are read once for all programs of a batch.
      if (minute) return judge([...programs], terms);
      const coming = programs[Symbol.iterator]();
      const begun = judge(taken(coming, evaluator.workers * ahead), terms);
      // Workers have their first tasks before the others are made.
      const rest = setImmediate().then(() => judge(taken(coming), terms));
      return (await allDone([begun, rest])).flat();
    },
    likeness: async (programs, stream) => {
      const dates = sampled(stream, train, search.config.sampleDates);
      const below = await evaluator.correlations(programs.map(judged), dates);
      return below.map((row, i) =>
        below.map((other, j) => {
          const correlation = j < i ? row[j] : i < j ? other[i] : 1;
          // No date on which both have values: nothing says they are alike. JSON has no NaN.
          return Number.isNaN(correlation) ? 0 : Math.abs(correlation as number);
        }),
      );
    },
  };
}

/** Programs a worker has its hands full with while the rest of a batch are made. */
const ahead = 6;

function taken<T>(coming: Iterator<T>, most = Number.POSITIVE_INFINITY): T[] {
  const some: T[] = [];
  while (some.length < most) {
    const { done, value } = coming.next();
    if (done) break;
    some.push(value);
  }
  return some;
}

/** Different dates in the order of the calendar. */
function sampled(stream: Stream, { from, to }: Dates, count: number): number[] {
  const dates = Array.from({ length: to - from }, (_, i) => from + i);
  const chosen = Math.min(count, dates.length);
  for (let i = 0; i < chosen; i++) {
    const other = i + stream.below(dates.length - i);
    [dates[i], dates[other]] = [dates[other] as number, dates[i] as number];
  }
  return dates.slice(0, chosen).sort((a, b) => a - b);
}
