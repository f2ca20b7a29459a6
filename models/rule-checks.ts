/** What the numbers of a rule should be, when they are not: flags ask it of what they are given, trainings of the whole. */
import { EvolveError } from '../core/failure.ts';
import { atLeast, seed, share, whole } from '../core/value-checks.ts';
import { type TrainingRule, wholeDates } from './training-rule.ts';

type Check = (value: number) => string | undefined;

const above0: Check = (value) => (value > 0 && value < Number.POSITIVE_INFINITY ? undefined : 'above 0');
const inside: Check = (value) => (value > 0 && value < 1 ? undefined : 'between 0 and 1');
const below1: Check = (value) => (share(value) || value === 1 ? 'from 0 to below 1' : undefined);

/** More than any of the most is a slip of the finger: it would end in memory that no machine has, or never. */
export const ruleChecks = {
  horizon: whole(1, 10_000),
  lag: whole(1, 10_000),
  placebo: seed,
  history: whole(2, 1e6),
  every: whole(1, 1e6),
  validShare: inside,
  retrainMonths: whole(0, 12_000),
  networks: whole(1, 1000),
  seed,
  orthogonality: atLeast(0),
  topWeight: above0,
  batch: whole(0, 1e7),
  epochs: whole(1, 1e5),
  patience: whole(1, 1e6),
  learningRate: above0,
  clipValue: atLeast(0),
  dropout: below1,
  units: whole(1, 1024),
  factorUnits: whole(1, 4096),
  pairFields: (value) => (value === 1 ? '0, or at least 2' : whole(0, 1000)(value)),
  limit: atLeast(0),
} as const satisfies Readonly<Record<string, Check>>;

type Checked = keyof typeof ruleChecks;

/** Those that only some models or trainings have. */
const optional: ReadonlySet<string> = new Set<Checked>(['placebo', 'orthogonality', 'factorUnits', 'pairFields']);

/** Of a rule that a program made, before anything is done by it. */
export function refuseWrongRule(rule: TrainingRule): void {
  const { label, loss, ...own } = rule;
  const values: Readonly<Record<string, unknown>> = { ...own, ...label, ...loss };
  for (const [name, check] of Object.entries(ruleChecks)) {
    const value = values[name];
    if (value === undefined && optional.has(name)) continue;
    const wrong = typeof value === 'number' ? check(value) : 'a number';
    if (wrong === undefined) continue;
    throw new EvolveError('bad-argument', `The rule's ${name} should be ${wrong}, not ${String(value)}.`);
  }
  if (rule.batch === 1 && !wholeDates(rule)) {
    throw new EvolveError(
      'bad-argument',
      'Steps of one row teach nothing: networks standardise over the rows of a step. Use a --batch of more, or 0 for one date at a time.',
    );
  }
}
