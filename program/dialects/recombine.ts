/**
 * One operator of ours where another tool spells it out: `Max(x,5)-Min(x,5)` is ts_range(x, 5). What a writer takes
 * apart, the reader puts together again, so that a formula comes back as itself.
 */
import type { OperatorName } from '../../operators/table.ts';
import { call } from '../build.ts';
import type { Call, Expression } from '../expression.ts';

/** The only operators whose foreign form is ours times or plus a constant. */
const scaled: readonly OperatorName[] = ['ts_decaylinear', 'idx_max', 'idx_min', 'ts_rank', 'ts_skew', 'ts_kurt'];

export function recombined(expression: Expression): Expression {
  if (expression.node !== 'call') return expression;
  const [a, b] = expression.inputs as [Expression, Expression];
  const found = shortened(expression.operator, a, b);
  return found ?? expression;
}

function shortened(operator: OperatorName, a: Expression, b: Expression): Expression | undefined {
  switch (operator) {
    case 'subtract':
      if (is(a, 'ts_max') && is(b, 'ts_min') && sameWindow(a, b)) return again('ts_range', a.inputs, a.parameters);
      if (isNumber(b, 1) && is(a, 'protecteddiv')) {
        const [now, before] = a.inputs as [Expression, Expression];
        if (is(before, 'ts_delay') && input(before).key === now.key)
          return again('ts_return', [now], before.parameters);
      }
      if (is(a, 'add') && b.node === 'literal' && input(a, 1).key === b.key) return foreign(input(a));
      if (a.node === 'literal' && is(b, 'subtract') && input(b).key === a.key) return foreign(input(b, 1));
      return undefined;
    case 'multiply':
      if (a.node === 'literal' && is(b, 'multiply') && inverse(a, input(b))) return foreign(input(b, 1));
      return undefined;
    case 'protecteddiv':
      if (
        is(b, 'ts_var') &&
        is(a, 'ts_cov') &&
        input(a, 1).key === input(b).key &&
        a.parameters[0] === b.parameters[0]
      ) {
        return again('ts_beta', a.inputs, a.parameters);
      }
      if (!is(b, 'ts_std')) return undefined;
      if (is(a, 'ts_mean') && sameWindow(a, b)) return again('ts_zscore', b.inputs, b.parameters);
      if (is(a, 'subtract') && input(a).key === input(b).key) {
        const middle = input(a, 1);
        if (is(middle, 'ts_mean') && sameWindow(middle, b)) return again('ts_norm', b.inputs, b.parameters);
      }
      return undefined;
    default:
      return undefined;
  }
}

const is = (expression: Expression, operator: OperatorName): expression is Call =>
  expression.node === 'call' && expression.operator === operator;
const isNumber = (expression: Expression, value: number): boolean =>
  expression.node === 'literal' && expression.value === value;
const input = (expression: Call, place = 0): Expression => expression.inputs[place] as Expression;
const sameWindow = (a: Call, b: Call): boolean => input(a).key === input(b).key && a.parameters[0] === b.parameters[0];
const inverse = (a: Expression, b: Expression): boolean =>
  a.node === 'literal' && b.node === 'literal' && Math.abs(a.value * b.value - 1) < 1e-12;
/** One of those, as it is or times a constant. */
function foreign(expression: Expression): Expression | undefined {
  if (expression.node !== 'call') return undefined;
  const times = expression.operator === 'multiply' && input(expression).node === 'literal';
  const bare = times ? input(expression, 1) : expression;
  return bare.node === 'call' && scaled.includes(bare.operator) ? expression : undefined;
}

function again(
  operator: OperatorName,
  inputs: readonly Expression[],
  parameters: readonly number[],
): Expression | undefined {
  const made = call(operator, inputs, parameters);
  return 'node' in made ? made : undefined;
}
