/**
 * A factor less what an industry or a company's size explains of it, as a program: the residual of the date's
 * regression. On both, regressing the demeaned on the demeaned is regressing on size and industry dummies together.
 */
import { call, field, must, type Refusal, refused } from '../program/build.ts';
import type { Expression } from '../program/expression.ts';
import type { Vocabulary } from '../program/vocabulary.ts';

export const neutralisations = ['industry', 'size'] as const;
export type Neutralisation = (typeof neutralisations)[number];

const fields: Readonly<Record<Neutralisation, string>> = { industry: 'INDUSTRY', size: 'CAP' };

/** Makes a factor neutral, or says which field the market lacks. */
export function neutraliser(
  kinds: readonly Neutralisation[],
  words: Vocabulary,
): ((factor: Expression) => Expression) | Refusal {
  const missing = kinds.find((kind) => !words.has(fields[kind]));
  if (missing) {
    return refused('field', `the market has no ${fields[missing]}, by which ${missing} is neutralised`);
  }
  const word = (kind: Neutralisation) => field(words.get(fields[kind]) as Parameters<typeof field>[0]);
  const demeaned = (x: Expression): Expression =>
    kinds.includes('industry') ? must(call('group_demean', [x, word('industry')])) : x;
  if (!kinds.includes('size')) return demeaned;
  // The share of all capital: its logarithm is that of the capital but for a number alike for all.
  const size = must(call('log', [must(call('cs_scale', [word('size')]))]));
  const regressor = demeaned(size);
  return (x) => must(call('cs_resid', [demeaned(x), regressor]));
}
