/**
 * Everything that decides what is trained, beside the market, the inputs and the kind of model: flags, `--help` and the
 * table of docs/models.md are read from these rows. What is not given is as the model has it.
 */
import { EvolveError } from '../../core/failure.ts';
import type { Model } from '../../models/model.ts';
import { ruleChecks } from '../../models/rule-checks.ts';
import type { TrainingRule } from '../../models/training-rule.ts';

type Value = number | string | boolean | readonly string[];

interface Row<T extends Value> {
  /** One sentence, for --help. */
  readonly doc: string;
  readonly group: Group;
  /** A list is written with commas. */
  readonly type: 'number' | 'string' | 'boolean' | 'list';
  readonly choices?: readonly T[];
  /** What the value should be, when it is not. */
  readonly expects?: (value: T) => string | undefined;
  /** Models it means something to, where not to all: others refuse it. */
  readonly only?: { readonly has: (rule: TrainingRule) => boolean; readonly which: string };
  /** Why it would change nothing with all that is given, and what to do: such a value is refused. */
  readonly idle?: (rule: TrainingRule) => string | undefined;
  readonly in: (rule: TrainingRule) => Value | undefined;
  readonly put: (rule: TrainingRule, value: T) => TrainingRule;
}

/** In the order of --help. */
export const groups = {
  label: 'What is predicted:',
  dates: 'What it learns from:',
  training: 'How it learns:',
  network: 'What a network is:',
} as const;
type Group = keyof typeof groups;

type More<T extends Value> = Partial<Pick<Row<T>, 'choices' | 'expects'>>;
type Place<T extends Value> = Pick<Row<T>, 'in' | 'put'>;

type KeyOf<Rule, T> = { [K in keyof Rule]-?: NonNullable<Rule[K]> extends T ? K : never }[keyof Rule];

const own = <T extends Value>(key: KeyOf<TrainingRule, T>): Place<T> => ({
  in: (rule) => rule[key] as Value | undefined,
  put: (rule, value) => ({ ...rule, [key]: value }),
});
const ofLabel = <T extends Value>(key: keyof TrainingRule['label']): Place<T> => ({
  in: ({ label }) => label[key],
  put: (rule, value) => ({ ...rule, label: { ...rule.label, [key]: value } }),
});
const ofLoss = <T extends Value>(key: keyof TrainingRule['loss']): Place<T> => ({
  in: ({ loss }) => loss[key],
  put: (rule, value) => ({ ...rule, loss: { ...rule.loss, [key]: value } }),
});

const number = (group: Group, place: Place<number>, doc: string, expects: Row<number>['expects']): Row<number> => ({
  ...{ type: 'number', group, doc, ...place },
  ...(expects && { expects }),
});
const text = (group: Group, place: Place<string>, doc: string, more: More<string>): Row<string> => ({
  ...{ type: 'string', group, doc, ...place, ...more },
});
const list = (group: Group, place: Place<readonly string[]>, doc: string): Row<readonly string[]> => ({
  ...{ type: 'list', group, doc, ...place },
});
const flag = (group: Group, place: Place<boolean>, doc: string): Row<boolean> => ({
  ...{ type: 'boolean', group, doc, ...place },
});

/** Instead of a list. */
const nothing = 'none';

/** Models whose rule says how many. */
const ofFactorUnits = {
  has: ({ factorUnits }: TrainingRule): boolean => factorUnits !== undefined,
  which: 'models whose units are factors, such as rnn-64',
};

/** Models whose rule says how many, be it all. */
const ofPictures = {
  has: ({ pairFields }: TrainingRule): boolean => pairFields !== undefined,
  which: 'AlphaNets, which look at pairs of fields',
};

export const trainingOptions = {
  horizon: number(
    'label',
    ofLabel('horizon'),
    'Dates held: the label is the return from entering to leaving',
    ruleChecks.horizon,
  ),
  lag: number('label', ofLabel('lag'), 'Dates from knowing a score to entering', ruleChecks.lag),
  price: text('label', ofLabel('price'), 'What is paid: the label is a return of this price', {
    choices: ['CLOSE', 'OPEN', 'VWAP'],
  }),
  universe: text('label', own('universe'), 'Only symbols above 0 in this field teach, such as MEMBER', {
    expects: (name) => (name.trim() === '' ? 'the name of a field' : undefined),
  }),
  neutraliseLabels: {
    ...list(
      'label',
      {
        in: ({ neutraliseLabels = [] }) => (neutraliseLabels.length > 0 ? neutraliseLabels : [nothing]),
        put: (rule, names) => ({ ...rule, neutraliseLabels: names.includes(nothing) ? [] : names }),
      },
      'Labels have what these explain taken off, as evaluate --neutralise takes them: industry,size; or none',
    ),
    expects: (names: readonly string[]) =>
      names.length > 1 && names.includes(nothing) ? `${nothing} alone, or a list without it` : undefined,
  },
  placebo: number(
    'label',
    own('placebo'),
    'Labels exchanged between symbols, by this seed: what luck would learn',
    ruleChecks.placebo,
  ),

  history: number('dates', own('history'), 'Dates a training looks back on', ruleChecks.history),
  every: number('dates', own('every'), 'Of these every so manieth teaches', ruleChecks.every),
  validShare: number(
    'dates',
    own('validShare'),
    'Share of them, the last, that decides when to stop',
    ruleChecks.validShare,
  ),
  retrain: number(
    'dates',
    own('retrainMonths'),
    'Months of the calendar between trainings; 0 trains once',
    ruleChecks.retrainMonths,
  ),
  networks: number(
    'dates',
    own('networks'),
    'Networks of a training, each with random numbers of its own; scores are their mean',
    ruleChecks.networks,
  ),
  seed: number('dates', own('seed'), 'Of all random numbers: another seed, other weights', ruleChecks.seed),

  loss: text('training', ofLoss('kind'), 'Mean squared error, or minus the mean correlation of the dates', {
    choices: ['mse', 'ic'],
  }),
  neutral: flag('training', ofLoss('neutral'), 'Styles are taken off predictions before they meet the labels'),
  orthogonality: {
    ...number(
      'training',
      { ...ofLoss('orthogonality'), in: ({ loss: { orthogonality = 0 } }) => orthogonality },
      'Of a network whose units are factors: how dear it is that they are alike',
      ruleChecks.orthogonality,
    ),
    only: ofFactorUnits,
    idle: ({ factorUnits = 1 }) =>
      factorUnits === 1 ? 'is about units that are alike, and this network has one. Add --factor-units 64' : undefined,
  },
  topWeight: number(
    'training',
    ofLoss('topWeight'),
    "Weight of the better half of each date's returns",
    ruleChecks.topWeight,
  ),
  batch: number(
    'training',
    own('batch'),
    'Rows of a step; a loss of whole dates takes as many dates as fit; 0 takes one date at a time',
    ruleChecks.batch,
  ),
  epochs: number('training', own('epochs'), 'Times over all rows, at most', ruleChecks.epochs),
  patience: number(
    'training',
    own('patience'),
    'Epochs without a better validation loss before it ends',
    ruleChecks.patience,
  ),
  stopBy: text(
    'training',
    { ...own('stopBy'), in: ({ stopBy = 'loss' }) => stopBy },
    'What is better on validation dates: the loss, or the mean rank correlation',
    { choices: ['loss', 'rank-ic'] },
  ),
  optimiser: text('training', own('optimiser'), 'How gradients become steps', { choices: ['adam', 'rmsprop'] }),
  learningRate: number('training', own('learningRate'), 'Size of the steps', ruleChecks.learningRate),
  clipValue: number(
    'training',
    own('clipValue'),
    'Each number of a gradient is drawn in to this size; 0 leaves them',
    ruleChecks.clipValue,
  ),
  dropout: number('training', own('dropout'), 'Share of hidden units left out of a step at random', ruleChecks.dropout),

  units: number('network', own('units'), 'Units of recurrent or hidden layers', ruleChecks.units),
  factorUnits: {
    ...number(
      'network',
      own('factorUnits'),
      'Factors a network gives, of which its prediction is the mean; a single one is the prediction',
      ruleChecks.factorUnits,
    ),
    only: ofFactorUnits,
  },
  pairFields: {
    ...number(
      'network',
      own('pairFields'),
      'Fields each network draws for its pairs; 0 for all',
      ruleChecks.pairFields,
    ),
    only: ofPictures,
  },
  limit: number('network', own('limit'), 'Inputs are drawn in to so many deviations; 0 leaves them', ruleChecks.limit),
} as const;

export type OptionName = keyof typeof trainingOptions;
export const optionNames = Object.keys(trainingOptions) as OptionName[];

type ValueOf<R> = R extends Row<infer T> ? T : never;
/** As a caller gives them: what is left out is as the model has it. */
export type GivenOptions = { readonly [name in OptionName]?: ValueOf<(typeof trainingOptions)[name]> | undefined };

/** `validShare` is written --valid-share. */
export const flagOf = (name: OptionName): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const rowOf = (name: OptionName): Row<Value> => trainingOptions[name] as unknown as Row<Value>;

/** What most of the models have, and those or the families that have something else: `0.2; alphanet-v1 0.5; rnn 0.0909`. */
export function defaultsOf(name: OptionName, models: readonly Model[]): string {
  const { only, in: of } = rowOf(name);
  const those = only ? models.filter(({ rule }) => only.has(rule)) : models;
  const having = new Map<string, Model[]>();
  for (const model of those) {
    const value = shown(of(model.rule));
    having.set(value, [...(having.get(value) ?? []), model]);
  }
  const [most, ...others] = [...having].sort(([, a], [, b]) => b.length - a.length);
  const named = ([value, who]: readonly [string, readonly Model[]]): string =>
    `${namesOf(who, models).join(', ')} ${value}`;
  const first =
    most === undefined ? '' : those.length < models.length ? named([most[0], whoHas(most[1], those)]) : most[0];
  return [first, ...others.map(named)].filter((part) => part !== '').join('; ');
}

/** An option of some models is told with their names; with those of all of them, exceptions after, where most have the same. */
const whoHas = (most: readonly Model[], those: readonly Model[]): readonly Model[] => (most.length > 1 ? those : most);

/** `alphanet`, of `alphanet-v2.1`. */
export const familyOf = ({ name }: Pick<Model, 'name'>): string => name.split('-')[0] as string;

/** Families that are whole by their name, the models of others each by its own. */
function namesOf(those: readonly Model[], models: readonly Model[]): string[] {
  const whole = (model: Model): boolean =>
    models.every((other) => familyOf(other) !== familyOf(model) || those.includes(other));
  return [...new Set(those.map((model) => (whole(model) ? familyOf(model) : model.name)))];
}

const isOf = (type: Row<Value>['type'], value: Value): boolean =>
  type === 'list'
    ? Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && one.trim() !== '')
    : typeof value === type && !Number.isNaN(value);

function shown(value: Value | undefined): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(3)));
  return value === undefined ? '' : String(value); // of a list, with commas
}

/** The model's own rule, or that of a training that goes on, with what was given. */
export function trainingRule(rule: TrainingRule, given: GivenOptions): TrainingRule {
  let result = rule;
  for (const name of optionNames) {
    const value = given[name];
    if (value === undefined) continue;
    const { type, choices, expects, put, only } = rowOf(name);
    if (only && !only.has(rule)) {
      throw new EvolveError('bad-argument', `--${flagOf(name)} is for ${only.which}. Leave it out.`);
    }
    const wrong = !isOf(type, value)
      ? `a ${type === 'string' ? 'text' : type}`
      : choices && !choices.includes(value)
        ? `one of ${choices.join(', ')}`
        : expects?.(value);
    if (wrong !== undefined) {
      throw new EvolveError(
        'bad-argument',
        `--${flagOf(name)} should be ${wrong}, not ${value === '' ? '""' : String(value)}.`,
      );
    }
    result = put(result, value);
  }
  for (const name of optionNames) {
    const { in: of, idle } = rowOf(name);
    const why = given[name] === undefined || of(result) === of(rule) ? undefined : idle?.(result);
    if (why) throw new EvolveError('bad-argument', `--${flagOf(name)} ${why}, or leave it out.`);
  }
  return result;
}
