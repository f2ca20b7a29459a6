import type { Expression } from './expression.ts';

/** How many operators deep a program is: 0 for a field, 1 for an operator of fields. */
export function depth(expression: Expression): number {
  if (expression.node !== 'call') return 0;
  let deepest = 0;
  for (const input of expression.inputs) deepest = Math.max(deepest, depth(input));
  return deepest + 1;
}
