import { EvolveError } from '../../core/failure.ts';
import { marketVocabulary } from '../../evaluation/evaluator.ts';
import { kindNames } from '../../program/build.ts';
import { parse } from '../../program/parse.ts';
import { print } from '../../program/print.ts';
import type { PartsRequest } from '../model.ts';
import type { PictureRow } from './channels.ts';

/** The rows of the data picture on this market: the model's own, or those asked for. */
export function pictureRows({ manifest, fields }: PartsRequest, own: readonly string[]): PictureRow[] {
  const words = marketVocabulary(manifest);
  if (!fields) {
    const missing = own.filter((name) => words.get(name)?.kind !== 'm');
    if (missing.length > 0) throw lacking(manifest.name, missing, own);
  }
  const rows = new Map<string, PictureRow>();
  for (const text of fields ?? own) {
    const expression = parse(text, words);
    if (expression.kind !== 'm') {
      const remedy = expression.kind === 'b' ? '; reduce it to one value a day, as in ts_mean(close, 240)' : '';
      throw new EvolveError(
        'bad-argument',
        `A row of the data picture should be a daily value, and "${text}" is ${kindNames[expression.kind]}${remedy}.`,
      );
    }
    if (rows.has(expression.key)) {
      throw new EvolveError('bad-argument', `"${text}" is in --fields twice; a row of the data picture is named once.`);
    }
    const spelt = print(expression);
    rows.set(expression.key, { name: spelt.replaceAll(' ', '').toLowerCase(), expression: spelt });
  }
  if (rows.size < 2) {
    throw new EvolveError(
      'bad-argument',
      `AlphaNet takes correlations of two rows of its data picture, and --fields names ${rows.size === 1 ? `only ${fields?.[0]}` : 'none'}; name at least 2.`,
    );
  }
  return [...rows.values()];
}

function lacking(market: string, missing: readonly string[], own: readonly string[]): EvolveError {
  const there = own.filter((name) => !missing.includes(name));
  const remedy =
    there.length >= 2
      ? `leave ${missing.length === 1 ? 'it' : 'them'} out with --fields ${there.join(',')}`
      : 'name fields it has with --fields';
  return new EvolveError(
    'missing-field',
    `The market ${market} has no ${missing.join(', ')}, which the data picture reads; ${remedy}.`,
  );
}
