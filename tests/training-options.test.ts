/** The table of what a training can be told. */
import { expect, test } from 'vitest';
import {
  defaultsOf,
  type GivenOptions,
  type OptionName,
  optionNames,
  rowOf,
  trainingRule,
} from '../cli/models/training-options.ts';
import { EvolveError } from '../core/failure.ts';
import { models } from '../models/models.ts';
import type { TrainingRule } from '../models/training-rule.ts';

/** Another value than the rule has, that the row takes. */
function other(name: OptionName, rule: TrainingRule): number | string | boolean | readonly string[] {
  const { type, choices, in: of } = rowOf(name);
  if (type === 'boolean') return !of(rule);
  if (type === 'list') return ['turnover'];
  if (type === 'string') return (choices ?? ['MEMBER']).find((choice) => choice !== of(rule)) as string;
  return [0.4, 7].find((value) => !refused({ [name]: value })) as number;
}

/** Models an option means something to. */
const takers = (name: OptionName) => {
  const { only, idle } = rowOf(name);
  return models.filter(({ rule }) => (only?.has(rule) ?? true) && idle?.(rule) === undefined);
};

function refused(given: GivenOptions, rule = takers(Object.keys(given)[0] as OptionName)[0]?.rule): boolean {
  try {
    trainingRule(rule as TrainingRule, given);
    return false;
  } catch (error) {
    if (error instanceof EvolveError) return true;
    throw error;
  }
}

const leaves = (value: object, path = ''): string[] =>
  Object.entries(value).flatMap(([key, part]) =>
    typeof part === 'object' ? leaves(part, `${path}${key}.`) : [`${path}${key}=${part}`],
  );

test.each(models)('$name is trained by its own rule when nothing is given', ({ rule }) => {
  expect(trainingRule(rule, {})).toEqual(rule);
});

test.each(optionNames)('%s decides one part of the rule, and no other', (name) => {
  for (const { rule } of takers(name)) {
    const value = other(name, rule);
    const changed = trainingRule(rule, { [name]: value });
    expect(rowOf(name).in(changed)).toEqual(value);
    const before = new Set(leaves(rule));
    expect(leaves(changed).filter((leaf) => !before.has(leaf))).toHaveLength(1);
  }
});

test('every part of a rule has its flag', () => {
  for (const { rule } of models) {
    const its = optionNames.filter((name) => rowOf(name).only?.has(rule) ?? true);
    const all = Object.fromEntries(its.map((name) => [name, other(name, rule)]));
    const changed = leaves(trainingRule(rule, all));
    expect(leaves(rule).filter((leaf) => changed.includes(leaf))).toEqual([]);
  }
});

test.each(optionNames.filter((name) => rowOf(name).type === 'number'))('%s is no NaN and no text', (name) => {
  expect(refused({ [name]: Number.NaN })).toBe(true);
  expect(refused({ [name]: '7' } as GivenOptions)).toBe(true);
});

test('what models have is told with those that have something else', () => {
  expect(defaultsOf('validShare', models)).toBe('0.2; rnn 0.0909; alphanet-v1 0.5');
  expect(defaultsOf('neutral', models)).toBe('no; alphanet-v2.2 yes');
  expect(defaultsOf('history', models)).toBe('1500; gru 1000; rnn 2684');
  expect(defaultsOf('learningRate', models)).toBe('0.0001; gru, rnn 0.001');
  expect(defaultsOf('universe', models)).toBe('');
});

test('what means nothing to a model is refused, and its default names who has it', () => {
  expect(defaultsOf('factorUnits', models)).toBe('rnn-1 1; rnn-64 64');
  expect(defaultsOf('pairFields', models)).toBe('alphanet 0; alphanet-v2.1 8');
  expect(defaultsOf('orthogonality', models)).toBe('rnn-1 0; rnn-64 1');
  for (const { name, rule } of models) {
    expect(refused({ factorUnits: 8 }, rule), name).toBe(!name.startsWith('rnn'));
    expect(refused({ pairFields: 3 }, rule), name).toBe(!name.startsWith('alphanet'));
    expect(refused({ batch: 0 }, rule), name).toBe(false);
  }
});

test('what would change nothing is refused, unless it is as it was', () => {
  const rules = new Map(models.map(({ name, rule }) => [name, rule]));
  const [one, many] = [rules.get('rnn-1') as TrainingRule, rules.get('rnn-64') as TrainingRule];
  expect(() => trainingRule(one, { orthogonality: 2 })).toThrow(
    '--orthogonality is about units that are alike, and this network has one. Add --factor-units 64, or leave it out.',
  );
  expect(refused({ orthogonality: 2, factorUnits: 1 }, many)).toBe(true);
  expect(trainingRule(one, { orthogonality: 2, factorUnits: 3 }).loss.orthogonality).toBe(2);
  expect(trainingRule(one, { orthogonality: 0 })).toMatchObject({ factorUnits: 1 });
});

test('labels are neutral to a list, or to nothing where it says none', () => {
  const rule = { ...(models[0]?.rule as TrainingRule), neutraliseLabels: ['industry', 'size'] };
  expect(trainingRule(rule, { neutraliseLabels: ['none'] }).neutraliseLabels).toEqual([]);
  expect(rowOf('neutraliseLabels').in(trainingRule(rule, { neutraliseLabels: ['none'] }))).toEqual(['none']);
  for (const wrong of [[], ['industry', ' '], 'industry', [3]]) {
    expect(refused({ neutraliseLabels: wrong } as GivenOptions)).toBe(true);
  }
});
