/** The names an expression may use besides operators: what a market offers, or the standard fields when there is none yet. */
import { money, price, ratio, shares, type Unit } from '../core/units.ts';
import type { Kind } from '../operators/define.ts';

export interface Word {
  readonly name: string;
  readonly kind: Kind;
  readonly unit: Unit;
}

export type Vocabulary = ReadonlyMap<string, Word>;

export const vocabulary = (words: Iterable<Word>): Vocabulary => new Map([...words].map((word) => [word.name, word]));

const word = (kind: Kind, unit: Unit, ...names: string[]): Word[] => names.map((name) => ({ name, kind, unit }));

/** What the reports and the synthetic market use. A user's market lists its own fields in market.json. */
export const standardVocabulary: Vocabulary = vocabulary([
  ...word('m', price, 'OPEN', 'HIGH', 'LOW', 'CLOSE', 'VWAP'),
  ...word('m', shares, 'VOLUME'),
  ...word('m', money, 'AMOUNT', 'CAP'),
  ...word('m', ratio, 'TURN', 'FREE_TURN', 'RETURN1'),
  ...word('b', price, 'open', 'high', 'low', 'close', 'vwap'),
  ...word('b', shares, 'volume'),
  ...word('b', money, 'amount'),
  ...word('v', ratio, 'MKT_RETURN', 'MKT_AMPLITUDE', 'MKT_TURNOVER', 'MKT_UP_SHARE'),
  ...word('g', ratio, 'INDUSTRY'),
]);

/** The names for an error message; a market with hundreds of fields shows the first of them. */
export function fieldList(vocabulary: Vocabulary): string {
  const names = [...vocabulary.keys()];
  const shown = names.slice(0, 40).join(', ');
  return names.length > 40 ? `${shown} and ${names.length - 40} more` : shown;
}
