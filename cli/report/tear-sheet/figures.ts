/** Figures of a tear sheet as people read them; a dash where there is none, so that nothing looks forgotten. */
import { count, fixed } from '../../print/number.ts';

const missing = '–';

type Figure = number | null | undefined;
const isKnown = (value: Figure): value is number => typeof value === 'number' && Number.isFinite(value);
/** A real minus sign, as long as a digit is wide. */
const signed = (text: string): string => text.replace(/^-(?=[\d.])/, '−');

export const decimals = (value: Figure, digits: number): string =>
  isKnown(value) ? signed(fixed(value, digits)) : missing;
export const percentOf = (share: Figure, digits = 1): string =>
  isKnown(share) ? `${signed(fixed(100 * share, digits))}%` : missing;
export const whole = (value: Figure): string => (isKnown(value) ? signed(count(value)) : missing);
