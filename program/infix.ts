/** The operators written between their operands. Both sides of a round trip, parse and print, read this table. */
import type { OperatorName } from '../operators/table.ts';

interface Infix {
  readonly symbol: string;
  /** Higher binds tighter; equals associate to the left. */
  readonly binds: number;
}

export const infix: ReadonlyMap<OperatorName, Infix> = new Map<OperatorName, Infix>([
  ['add', { symbol: '+', binds: 1 }],
  ['subtract', { symbol: '-', binds: 1 }],
  ['multiply', { symbol: '*', binds: 2 }],
  ['protecteddiv', { symbol: '/', binds: 2 }],
]);

/** A minus before its operand binds tighter than any of them: `-x * y` is `(-x) * y`. */
export const prefixBinds = 3;

export const bySymbol: ReadonlyMap<string, { readonly operator: OperatorName; readonly binds: number }> = new Map(
  [...infix].map(([operator, { symbol, binds }]) => [symbol, { operator, binds }]),
);
