import { EvolveError } from '../core/failure.ts';
import type { MarketManifest, MinuteGrid } from '../data/market.ts';

/** The market's bars, if it has some and they have these fields; else the user's mistake, with a remedy. */
export function minuteGrid({ name, fields, minute }: MarketManifest, needed: readonly string[]): MinuteGrid {
  const remedy = 'import bars that have them with evolve data import --minute FILE';
  if (!minute) {
    throw new EvolveError(
      'missing-field',
      `The market ${name} has no minute bars, which this model reads: ${needed.join(', ')}; ${remedy}.`,
    );
  }
  const missing = needed.filter((field) => !fields.some((known) => known.name === field && known.kind === 'b'));
  if (missing.length === 0) return minute;
  throw new EvolveError(
    'missing-field',
    `The minute bars of the market ${name} have no ${missing.join(', ')}, which this model reads; ${remedy}.`,
  );
}
