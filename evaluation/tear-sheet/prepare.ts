/** A date's factor values made comparable with other dates': outliers drawn in, standardised, neutralised. */
import { type Exposures, Regression } from './regression.ts';
import type { Section } from './section.ts';
import { type Winsorisation, winsorise } from './winsorise.ts';

export interface Preparation {
  readonly winsorise: Winsorisation;
  /** (x - mean) / population standard deviation. */
  readonly standardise: boolean;
}

// All is done before the function returns, so one set of buffers serves every caller of the thread.
const regression = new Regression();

/**
 * In this order: what is not finite or outside the universe (0 or missing there) becomes missing; outliers are drawn
 * in; standardised; what the exposures explain is taken off; standardised again. Members of the universe that lack an
 * exposure have their say in the first three and are missing from then on.
 *
 * A section whose values are all alike, at any step, says nothing of its symbols: standardised, it is missing. So is one
 * that the exposures explain. Writes into out, which may be x.
 */
export function prepareSection(
  x: Section,
  universe: Section | undefined,
  exposures: Exposures | undefined,
  preparation: Preparation,
  out: Section,
): void {
  for (let i = 0; i < x.length; i++) {
    const member = !universe || (universe[i] as number) > 0;
    out[i] = member && Number.isFinite(x[i]) ? (x[i] as number) : Number.NaN;
  }
  winsorise(out, preparation.winsorise);
  if (preparation.standardise) standardise(out);
  if (!exposures) return;
  regression.residuals(out, exposures, out);
  if (preparation.standardise) standardise(out);
}

/** In place. Missing where nothing varies: deviations of equal numbers from their mean would be its rounding. */
export function standardise(section: Section): void {
  let count = 0;
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < section.length; i++) {
    const x = section[i] as number;
    if (Number.isNaN(x)) continue;
    sum += x;
    count++;
    if (x < least) least = x;
    if (x > most) most = x;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < section.length; i++) {
    const x = section[i] as number;
    if (!Number.isNaN(x)) squares += (x - mean) ** 2;
  }
  const deviation = most > least ? Math.sqrt(squares / count) : Number.NaN;
  for (let i = 0; i < section.length; i++) section[i] = ((section[i] as number) - mean) / deviation;
}
