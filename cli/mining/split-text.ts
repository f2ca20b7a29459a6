import { EvolveError } from '../../core/failure.ts';
import type { DateRange, SplitRule } from '../../data/splits.ts';

/** `0.6,0.2,0.2`, or three ranges `2013-01-01:2015-12-31`. */
export function splitRule(text: string, flag = 'split'): SplitRule {
  const parts = text.split(',').map((part) => part.trim());
  const [train, valid, test] = parts;
  if (parts.length === 3 && train && valid && test) {
    if (parts.every((part) => part.includes(':'))) {
      return { kind: 'dates', train: range(train), valid: range(valid), test: range(test) };
    }
    const shares = parts.map(Number);
    if (!shares.some(Number.isNaN)) {
      return { kind: 'fractions', train: shares[0] as number, valid: shares[1] as number, test: shares[2] as number };
    }
  }
  throw new EvolveError(
    'bad-argument',
    `--${flag} should be three shares such as 0.6,0.2,0.2, or three ranges such as 2013-01-01:2015-12-31,2016-01-01:2016-12-31,2017-01-01:2017-12-31, not "${text}".`,
  );
}

function range(text: string): DateRange {
  const [from = '', to = ''] = text.split(':');
  return [from.trim(), to.trim()];
}
