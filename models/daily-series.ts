/** Fields or formulas that a sequence model reads date by date: the model's own, or those the user names. */
import { EvolveError } from '../core/failure.ts';
import { marketVocabulary } from '../evaluation/evaluator.ts';
import { kindNames } from '../program/build.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import type { Channel } from './inputs.ts';
import type { PartsRequest } from './model.ts';

export type SeriesRequest = Pick<PartsRequest, 'manifest' | 'fields'>;

/** Those named by --fields, else `own` fields, each of which the market must have. */
export function dailyFields({ manifest, fields }: SeriesRequest, own: readonly string[]): Channel[] {
  if (fields) return dailySeries(manifest, fields);
  refuseWithoutFields(manifest, own);
  return own.map((name) => ({ name, expression: name }));
}

/** Each a daily value, once. */
export function dailySeries(manifest: PartsRequest['manifest'], texts: readonly string[]): Channel[] {
  const words = marketVocabulary(manifest);
  const series = new Map<string, Channel>();
  for (const text of texts) {
    const expression = parse(text, words);
    if (expression.kind !== 'm') {
      const remedy = expression.kind === 'b' ? '; reduce it to one value a day, as in ts_mean(close, 240)' : '';
      throw new EvolveError(
        'bad-argument',
        `A series should be a daily value, and "${text}" is ${kindNames[expression.kind]}${remedy}.`,
      );
    }
    if (series.has(expression.key)) {
      throw new EvolveError('bad-argument', `"${text}" is in --fields twice; a series is named once.`);
    }
    const spelt = print(expression);
    series.set(expression.key, { name: spelt, expression: spelt });
  }
  if (series.size === 0) throw new EvolveError('bad-argument', '--fields names no series; name at least one.');
  return [...series.values()];
}

export function refuseWithoutFields(
  manifest: PartsRequest['manifest'],
  own: readonly string[],
  instead = '--fields',
): void {
  const words = marketVocabulary(manifest);
  const missing = own.filter((name) => words.get(name)?.kind !== 'm');
  if (missing.length === 0) return;
  const there = own.filter((name) => !missing.includes(name));
  const named = there.length > 0 ? `${instead} ${there.join(',')}` : `${instead} and fields it has`;
  const vwap = missing.includes('VWAP') ? ', or import it with --repair vwap' : '';
  throw new EvolveError(
    'missing-field',
    `The market ${manifest.name} has no ${missing.join(', ')}, which this model reads; name what it should read instead with ${named}${vwap}.`,
  );
}
