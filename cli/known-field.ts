import { EvolveError } from '../core/failure.ts';
import { nearest } from '../core/nearest.ts';
import type { MarketManifest } from '../data/market.ts';

/** A daily field that is one number per date and symbol: neither one of the whole market nor a group. */
export function knownField(flag: string, name: string | undefined, { fields }: MarketManifest): string | undefined {
  if (name === undefined) return undefined;
  const daily = fields.filter(({ kind }) => kind === 'm').map((field) => field.name);
  if (daily.includes(name)) return name;
  const meant = nearest(name, daily);
  throw new EvolveError(
    'missing-field',
    `--${flag} ${name}: the market has no such daily field.${meant ? ` Did you mean ${meant}?` : ''}`,
  );
}
