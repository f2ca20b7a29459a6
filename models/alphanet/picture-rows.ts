import { EvolveError } from '../../core/failure.ts';
import { dailyExpressions, fieldsOn } from '../daily-expressions.ts';
import type { PartsRequest } from '../model.ts';
import type { PictureRow } from './channels.ts';

/** The rows of the data picture on this market: the model's own, or those asked for. */
export function pictureRows({ manifest, fields }: PartsRequest, own: readonly string[]): PictureRow[] {
  if (!fields) {
    const { there, missing } = fieldsOn(manifest, own);
    if (missing.length > 0) throw lacking(manifest.name, missing, there);
  }
  const rows = dailyExpressions(manifest, fields ?? own, 'a row of the data picture');
  if (rows.length < 2) {
    throw new EvolveError(
      'bad-argument',
      `AlphaNet takes correlations of two rows of its data picture, and --fields names ${rows.length === 1 ? `only ${fields?.[0]}` : 'none'}; name at least 2.`,
    );
  }
  return rows.map((spelt) => ({ name: spelt.replaceAll(' ', '').toLowerCase(), expression: spelt }));
}

function lacking(market: string, missing: readonly string[], there: readonly string[]): EvolveError {
  const remedy =
    there.length >= 2
      ? `leave ${missing.length === 1 ? 'it' : 'them'} out with --fields ${there.join(',')}`
      : 'name fields it has with --fields';
  return new EvolveError(
    'missing-field',
    `The market ${market} has no ${missing.join(', ')}, which the data picture reads; ${remedy}.`,
  );
}
