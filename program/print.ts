/** The one spelling of an expression people read: parse(print(e)) is e again, node for node. */
import { clock } from '../core/clock.ts';
import type { Expression } from './expression.ts';
import { infix, prefixBinds } from './infix.ts';

export const print = (expression: Expression): string => write(expression, 0);

/** Parentheses only where what stands around binds at least `around` tight and would otherwise take the text apart. */
function write(expression: Expression, around: number): string {
  if (expression.node === 'field') return expression.name;
  // A negative number reads as a minus before a number, and the parser folds it back into one.
  if (expression.node === 'literal') return enclosed(String(expression.value), prefixBinds, around);
  const { operator, inputs, parameters, interval } = expression;
  const between = infix.get(operator);
  if (between) {
    const left = write(inputs[0] as Expression, between.binds);
    const right = write(inputs[1] as Expression, between.binds + 1);
    return enclosed(`${left} ${between.symbol} ${right}`, between.binds, around);
  }
  if (operator === 'neg') return `-${write(inputs[0] as Expression, prefixBinds)}`;
  const words = [...inputs.map(print), ...parameters.map(String)];
  if (interval) words.push(interval.reduction, clock(interval.start), clock(interval.end));
  return `${operator}(${words.join(', ')})`;
}

const enclosed = (text: string, binds: number, around: number): string => (binds < around ? `(${text})` : text);
