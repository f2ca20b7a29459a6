/** Minute values become daily ones in exactly two ways: a rolling operator's reduction of the day's last bars, or an interval. */
import type { Call, Expression } from '../program/expression.ts';

export function isMinuteReduction(expression: Expression): boolean {
  return expression.node === 'call' && expression.kind !== 'b' && expression.inputs.some((input) => input.kind === 'b');
}

/** Every distinct one below the expressions, by key. */
export function minuteReductions(expressions: Iterable<Expression>): Map<string, Call> {
  const found = new Map<string, Call>();
  const seen = new Set<string>();
  const visit = (expression: Expression): void => {
    if (expression.node !== 'call' || seen.has(expression.key)) return;
    seen.add(expression.key);
    if (isMinuteReduction(expression)) found.set(expression.key, expression);
    else for (const input of expression.inputs) visit(input);
  };
  for (const expression of expressions) visit(expression);
  return found;
}

/** Names of the fields below the expressions. */
export function fieldsOf(expressions: Iterable<Expression>, kind: 'daily' | 'minute'): Set<string> {
  const names = new Set<string>();
  const visit = (expression: Expression): void => {
    if (expression.node === 'field' && (expression.kind === 'b') === (kind === 'minute')) names.add(expression.name);
    if (expression.node === 'call') for (const input of expression.inputs) visit(input);
  };
  for (const expression of expressions) visit(expression);
  return names;
}

/** The bars a reduction reads, as [start, end) places in the day. */
export function barsRead(reduction: Call, starts: readonly number[]): { start: number; end: number } {
  const { interval } = reduction;
  if (!interval) return { start: starts.length - (reduction.parameters[0] ?? 1), end: starts.length };
  const start = starts.findIndex((minute) => minute >= interval.start);
  const end = starts.findIndex((minute) => minute >= interval.end);
  return { start, end: end < 0 ? starts.length : end };
}
