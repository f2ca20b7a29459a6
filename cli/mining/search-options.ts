/**
 * Everything that decides what a search finds: flags, `--help`, the config in run.json and docs/mining.md are read from
 * these rows. Values are plain JSON, as run.json keeps them.
 */
import { EvolveError } from '../../core/failure.ts';
import { atLeast, seed, share, upTo, whole } from '../../core/value-checks.ts';
import type { StopReason, StopRule } from '../../engine/stopping.ts';

interface Row<T> {
  readonly default: T;
  /** One sentence, for --help. */
  readonly doc: string;
  readonly group: Group;
  readonly type: 'number' | 'string' | 'boolean';
  readonly choices?: readonly T[];
  /** What the value should be, when it is not. */
  readonly expects?: (value: T) => string | undefined;
}

/** In the order of --help. */
export const groups = {
  stop: 'When the search is over, whichever comes first:',
  programs: 'What programs are made of:',
  fitness: 'What makes a program fit:',
  library: 'What comes into the library:',
  search: 'How the search goes about it:',
} as const;
type Group = keyof typeof groups;

type More<T> = Partial<Pick<Row<T>, 'choices' | 'expects'>>;
const number = (group: Group, initial: number, doc: string, more: More<number> = {}): Row<number> => ({
  type: 'number',
  group,
  default: initial,
  doc,
  ...more,
});
/** A number that need not be given. */
const limit = (group: Group, initial: number | null, doc: string, more: More<number | null> = {}) => ({
  ...number(group, 0, doc, more as More<number>),
  default: initial,
});
const text = (group: Group, initial: string, doc: string, choices?: readonly string[]): Row<string> => ({
  type: 'string',
  group,
  default: initial,
  doc,
  ...(choices && { choices }),
});
const flag = (group: Group, initial: boolean, doc: string): Row<boolean> => ({
  type: 'boolean',
  group,
  default: initial,
  doc,
});

export const searchOptions = {
  population: number('search', 500, 'Programs that live at a time', {
    expects: (value) => (value <= 1e6 ? whole(2)(value) : 'at most a million'),
  }),
  children: number('search', 50, 'New programs a round; as many of the oldest leave', { expects: whole(1) }),
  tournament: number('search', 10, 'A parent is the fittest of so many drawn at random', { expects: whole(1) }),
  seed: number('search', 1, 'Of all random numbers: another seed, another search', {
    expects: seed,
  }),
  moves: text('search', '', 'How often a mutation is drawn, such as insert=2,degenerate=0.5; others 1'),
  initialSize: number('search', 4, 'Most operators of a program drawn at random', { expects: whole(1) }),
  catastropheEvery: number(
    'search',
    10,
    'Rounds between catastrophes, which leave the fittest of those alike; 0 for none',
    { expects: whole(0) },
  ),
  elites: number('search', 50, 'How many of the fittest a catastrophe compares', { expects: whole(2) }),
  alike: number('search', 0.7, 'Correlation above which two are alike to a catastrophe', {
    expects: share,
  }),
  sampleDates: number('search', 20, 'Training dates, drawn at random, on which a catastrophe compares', {
    expects: whole(1),
  }),
  hurdle: number('search', 0.75, 'Share stopped after a few dates, and again after some; 0 judges all on all dates', {
    expects: (value) => (value >= 0 && value < 1 ? undefined : 'from 0 to below 1'),
  }),
  probeDates: number(
    'search',
    120,
    'Least training dates before the first hurdle; with fewer than four times as many there is none',
    { expects: whole(10) },
  ),
  audit: number('search', 0.01, 'Share of the stopped judged on all dates nevertheless, to see what hurdles cost', {
    expects: share,
  }),
  equivalence: flag('search', true, 'Programs that behave the same share their score; --no-equivalence judges each'),
  removal: text('search', 'age', 'Who leaves each round: the oldest, or for comparison the least fit', [
    'age',
    'fitness',
  ]),
  origin: text(
    'search',
    'fresh',
    'Beside seeds live fresh simple programs, or nobody but descendants of the seeds; improving a factor, seeds without',
    ['fresh', 'seeds'],
  ),
  breeding: text('search', 'evolve', 'How new programs come about; for comparison, without parents', [
    'evolve',
    'random',
  ]),

  rounds: limit('stop', 100, 'Rounds after the first population', { expects: whole(0) }),
  minutes: limit('stop', null, 'Minutes of computing; how far that gets depends on the machine', {
    expects: atLeast(0),
  }),
  evaluations: limit('stop', null, 'Distinct programs judged', { expects: whole(1) }),
  target: limit('stop', null, 'Fitness of the best so far'),
  stagnation: limit('stop', null, 'Rounds without a better best', { expects: whole(1) }),

  size: number('programs', 12, 'Most operators of a program', { expects: upTo(1000) }),
  depth: number('programs', 6, 'Most operators inside each other', { expects: upTo(100) }),
  cost: number(
    'programs',
    10_000,
    'Most work, in additions for each cell of the daily panel; minute bars take the most',
    {
      expects: whole(1),
    },
  ),
  windows: text('programs', '2,5,10,20', 'Windows over dates to choose from'),
  minuteWindows: text('programs', '2,5,10,20', "Windows over a day's bars to choose from, besides the whole day"),
  operators: text('programs', '', 'How often an operator is drawn, such as ts_kurt=0,cs_rank=3; others 1'),
  fields: text('programs', '', 'Only these fields, such as CLOSE,VOLUME,close; without, all of the market'),

  fitness: text(
    'fitness',
    'ic',
    'Of the daily correlations with the label, plain or of ranks: |mean| (ic), or |mean| over deviation (icir)',
    ['ic', 'rank-ic', 'icir', 'rank-icir'],
  ),
  complexity: number('fitness', 0, 'Fitness taken off for every operator, such as 0.0002', { expects: atLeast(0) }),
  turnover: number('fitness', 0, 'Fitness taken off, times 1 less the correlation with the date before', {
    expects: atLeast(0),
  }),
  novelty: number('fitness', 0, 'Fitness taken off, times the largest correlation with a factor of --beside', {
    expects: atLeast(0),
  }),
  neutralise: text('fitness', '', 'Judge what is left of a factor without industry, size, or industry,size'),
  coverage: number('fitness', 0.6, 'Least share of the cells with a label that have a value', {
    expects: share,
  }),
  price: text('fitness', 'CLOSE', 'The label, which factors are to predict, is a return of this price', [
    'CLOSE',
    'OPEN',
    'VWAP',
  ]),
  lag: number('fitness', 1, 'Dates from knowing a factor to entering', { expects: whole(1) }),
  horizon: number('fitness', 1, 'Dates from entering to leaving', { expects: whole(1) }),
  split: text(
    'fitness',
    '0.6,0.2,0.2',
    'Training, validation and test: shares, or dates as 2013-01-01:2015-12-31,2016-01-01:2016-12-31,...',
  ),

  threshold: number('library', 0, 'Least fitness on training dates'),
  trainT: limit(
    'library',
    null,
    'Least t statistic on training dates (Newey-West); what the luckiest of as many worthless programs would have, without',
    { expects: atLeast(0) },
  ),
  validShare: number('library', 0.5, 'Least share of the training IC on validation dates', {
    expects: share,
  }),
  validT: number('library', 2, 'Least t statistic on validation dates (Newey-West)'),
  correlation: number('library', 0.7, 'Any two of a library correlate less than this on validation dates', {
    expects: share,
  }),
  most: number('library', 50, 'Most factors', { expects: whole(1) }),
  batch: limit('library', null, 'Choose up to so many that are best together, by the IC of their sum', {
    expects: whole(1),
  }),
  placebo: flag(
    'library',
    false,
    'Search shuffled labels too; what enters the library is fitter than the best of that',
  ),
} as const;

export type OptionName = keyof typeof searchOptions;
export const optionNames = Object.keys(searchOptions) as OptionName[];

/** Every option with its value. */
export type SearchConfig = { readonly [name in OptionName]: (typeof searchOptions)[name]['default'] };
/** As a caller gives them: what is left out has its default. */
export type GivenOptions = { readonly [name in OptionName]?: SearchConfig[name] | undefined };

/** `catastropheEvery` is written --catastrophe-every. */
export const flagOf = (name: OptionName): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const rowOf = (name: OptionName): Row<unknown> => searchOptions[name] as unknown as Row<unknown>;

/** As people read it; empty where leaving the flag out says it all. */
export function defaultOf(name: OptionName): string {
  const { default: initial } = rowOf(name);
  if (typeof initial === 'boolean') return initial ? 'yes' : '';
  return initial === null ? '' : String(initial);
}

/** What may change when a run goes on: how far it goes. */
export const stopNames: readonly StopReason[] = optionNames.filter(
  (name): name is StopReason => searchOptions[name].group === 'stop',
);

export function stopRule(config: SearchConfig): StopRule {
  return Object.fromEntries(stopNames.map((name) => [name, config[name] ?? undefined]));
}

export function searchConfig(given: GivenOptions): SearchConfig {
  const config: Record<string, unknown> = {};
  for (const name of optionNames) {
    const { default: initial, type, choices, expects } = rowOf(name);
    const value = given[name] === undefined ? initial : given[name];
    const known = value === null ? initial === null : typeof value === type && !Number.isNaN(value);
    const wrong = !known
      ? `a ${type === 'string' ? 'text' : type}`
      : choices && !choices.includes(value)
        ? `one of ${choices.join(', ')}`
        : expects?.(value);
    if (wrong !== undefined)
      throw new EvolveError('bad-argument', `--${flagOf(name)} should be ${wrong}, not ${String(value)}.`);
    config[name] = value;
  }
  const result = config as SearchConfig;
  if (result.children >= result.population) {
    throw new EvolveError(
      'bad-argument',
      `--children ${result.children} should be below --population ${result.population}: a round leaves some of the old.`,
    );
  }
  if (result.tournament > result.population) {
    throw new EvolveError(
      'bad-argument',
      `--tournament ${result.tournament} should be at most --population ${result.population}.`,
    );
  }
  return result;
}
