/** Fields and formulas that a model reads date by date, as a user or a report names them. */
import { EvolveError } from '../core/failure.ts';
import { marketVocabulary } from '../evaluation/evaluator.ts';
import { kindNames } from '../program/build.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import type { PartsRequest } from './model.ts';

/** As they are printed: each a daily value, once. `what` they are: a series. */
export function dailyExpressions(
  manifest: PartsRequest['manifest'],
  texts: readonly string[],
  what: `a ${string}`,
): string[] {
  const words = marketVocabulary(manifest);
  const spelt = new Map<string, string>();
  for (const text of texts) {
    const expression = parse(text, words);
    if (expression.kind !== 'm') {
      const remedy = expression.kind === 'b' ? '; reduce it to one value a day, as in ts_mean(close, 240)' : '';
      throw new EvolveError(
        'bad-argument',
        `A${what.slice(1)} should be a daily value, and "${text}" is ${kindNames[expression.kind]}${remedy}.`,
      );
    }
    if (spelt.has(expression.key)) {
      throw new EvolveError('bad-argument', `"${text}" is in --fields twice; ${what} is named once.`);
    }
    spelt.set(expression.key, print(expression));
  }
  return [...spelt.values()];
}

/** Of daily fields, those that the market has, and those it lacks. */
export function fieldsOn(manifest: PartsRequest['manifest'], names: readonly string[]) {
  const words = marketVocabulary(manifest);
  const has = (name: string): boolean => words.get(name)?.kind === 'm';
  return { there: names.filter(has), missing: names.filter((name) => !has(name)) };
}
