/** Outliers of a section are drawn in to a bound; nothing is left out for being far away. */
import { EvolveError } from '../../core/failure.ts';
import type { Section } from './section.ts';
import { select } from './select.ts';

/**
 * mad: to median ± k · MAD, the median absolute deviation as it is: not scaled by 1.4826 to resemble a standard
 * deviation. This is what desks write as "median ± 5 MAD" and what cs_winsor does.
 * quantile: to the quantiles `share` and 1 - `share`, interpolated between neighbours.
 */
export type Winsorisation =
  | { readonly kind: 'mad'; readonly k: number }
  | { readonly kind: 'quantile'; readonly share: number }
  | { readonly kind: 'none' };

/** As a setting is written: mad:5, quantile:0.01, none. */
export function winsorisationText(rule: Winsorisation): string {
  if (rule.kind === 'none') return 'none';
  return rule.kind === 'mad' ? `mad:${rule.k}` : `quantile:${rule.share}`;
}

export function parseWinsorisation(text: string): Winsorisation {
  if (text === 'none') return { kind: 'none' };
  const [, kind, digits] = /^(mad|quantile):((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)$/.exec(text) ?? [];
  const value = Number(digits);
  if (kind === 'mad' && value > 0 && value < Number.POSITIVE_INFINITY) return { kind, k: value };
  if (kind === 'quantile' && value < 0.5) return { kind, share: value };
  throw new EvolveError(
    'bad-argument',
    `Outliers cannot be winsorised by "${text}": write mad:5 (median ± 5 MAD, any number above 0), quantile:0.01 (from 0 to below 0.5) or none.`,
  );
}

let scratch = new Float64Array(0);

/**
 * Draws in the outliers of `section`, in place. Where the MAD is 0, because more than half of the symbols have the same
 * value, it bounds nothing and all stay as they are: at the median all would be alike, and the factor gone.
 */
export function winsorise(section: Section, rule: Winsorisation): void {
  if (rule.kind === 'none') return;
  if (scratch.length < section.length) scratch = new Float64Array(section.length);
  let count = 0;
  for (let i = 0; i < section.length; i++) {
    const x = section[i] as number;
    if (!Number.isNaN(x)) scratch[count++] = x;
  }
  if (count === 0) return;
  if (rule.kind === 'quantile') {
    clip(section, quantile(scratch, count, rule.share), quantile(scratch, count, 1 - rule.share));
    return;
  }
  const median = quantile(scratch, count, 0.5);
  for (let i = 0; i < count; i++) scratch[i] = Math.abs((scratch[i] as number) - median);
  const reach = rule.k * quantile(scratch, count, 0.5);
  if (reach > 0) clip(section, median - reach, median + reach);
}

function clip(section: Section, low: number, high: number): void {
  for (let i = 0; i < section.length; i++) {
    const x = section[i] as number;
    if (x < low) section[i] = low;
    else if (x > high) section[i] = high;
  }
}

/** Of the first `count` values, which it reorders. */
function quantile(values: Float64Array, count: number, share: number): number {
  const place = share * (count - 1);
  const below = Math.floor(place);
  const low = select(values, count, below);
  if (place === below) return low;
  let high = Number.POSITIVE_INFINITY;
  for (let i = below + 1; i < count; i++) high = Math.min(high, values[i] as number);
  return low + (high - low) * (place - below);
}
