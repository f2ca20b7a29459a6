/** Fields or formulas that a sequence model reads date by date: the model's own, or those the user names. */
import { EvolveError } from '../core/failure.ts';
import { dailyExpressions, fieldsOn } from './daily-expressions.ts';
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
  const series = dailyExpressions(manifest, texts, 'a series');
  if (series.length === 0) throw new EvolveError('bad-argument', '--fields names no series; name at least one.');
  return series.map((spelt) => ({ name: spelt, expression: spelt }));
}

export function refuseWithoutFields(
  manifest: PartsRequest['manifest'],
  own: readonly string[],
  instead = '--fields',
): void {
  const { there, missing } = fieldsOn(manifest, own);
  if (missing.length === 0) return;
  const named = there.length > 0 ? `${instead} ${there.join(',')}` : `${instead} and fields it has`;
  const vwap = missing.includes('VWAP') ? ', or import it with --repair vwap' : '';
  throw new EvolveError(
    'missing-field',
    `The market ${manifest.name} has no ${missing.join(', ')}, which this model reads; name what it should read instead with ${named}${vwap}.`,
  );
}
