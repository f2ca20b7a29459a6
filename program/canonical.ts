/**
 * One form for programs that are the same arithmetic, and one object for equal subtrees of it.
 *
 * Every rewrite leaves each value bit for bit as it was, missing ones and the sign of zero included: swapping the
 * sides of a sum does, adding three numbers in another order does not, and neither does -(x - y) = y - x.
 */
import type { OperatorName } from '../operators/table.ts';
import { operatorOf } from '../operators/table.ts';
import { call, literal } from './build.ts';
import type { Call, Expression, IntervalArguments } from './expression.ts';

/** Canonical subtrees by their key. Whoever evaluates several programs passes one table, and they share subtrees. */
export type Interned = Map<string, Expression>;

/** Its key names caches: programs with the same canonical key have the same values. */
export function canonical(expression: Expression, interned: Interned = new Map()): Expression {
  if (expression.node !== 'call') return intern(expression, interned);
  // Whatever is in the table is canonical: a child of a program known there costs only what changed.
  if (interned.get(expression.key) === expression) return expression;
  const inputs = expression.inputs.map((input) => canonical(input, interned));
  return make(expression.operator, inputs, interned, expression.parameters, expression.interval);
}

function intern(expression: Expression, interned: Interned): Expression {
  const known = interned.get(expression.key);
  if (known) return known;
  interned.set(expression.key, expression);
  return expression;
}

function make(
  operator: OperatorName,
  inputs: readonly Expression[],
  interned: Interned,
  parameters: readonly number[] = [],
  interval?: IntervalArguments,
): Expression {
  const again = (name: OperatorName, ...others: Expression[]) => make(name, others, interned);
  const simpler = rewrites[operator]?.(inputs, again, parameters);
  if (simpler) return intern(simpler, interned);
  const row = operatorOf(operator);
  const sorted = row.shape === 'elementwise' && row.commutes ? inOrder(inputs) : inputs;
  const result = call(operator, sorted, parameters, interval);
  if (result.kind === 'refused') throw new Error(`a rewrite made an impossible ${operator}: ${result.reason}`);
  return intern(result, interned);
}

type Again = (operator: OperatorName, ...inputs: Expression[]) => Expression;
type Rewrite = (inputs: readonly Expression[], again: Again, parameters: readonly number[]) => Expression | undefined;

/** Each answers undefined when there is nothing to do. What `again` makes is canonical already. */
const rewrites: { readonly [name in OperatorName]?: Rewrite } = {
  neg: ([x]) => inside('neg', x),
  abs: ([x], again) => {
    const bare = inside('neg', x) ?? inside('abs', x);
    if (bare) return again('abs', bare);
    if (!isCall('subtract', x)) return undefined;
    const [a, b] = x.inputs as readonly [Expression, Expression];
    return a.key > b.key ? again('abs', again('subtract', b, a)) : undefined;
  },
  sign: ([x]) => (isCall('sign', x) ? x : undefined),
  power: ([x], _again, [k]) => (k === 1 ? x : undefined),
  add: (inputs, again) => {
    const [a, b] = inOrder(inputs) as [Expression, Expression];
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const) {
      const opposite = inside('neg', y);
      if (opposite) return again('subtract', x, opposite);
      if (y.node === 'literal' && y.value < 0) return again('subtract', x, literal(-y.value));
    }
    return undefined;
  },
  subtract: ([x, y], again) => {
    const opposite = inside('neg', y);
    if (opposite) return again('add', x as Expression, opposite);
    if (y?.node !== 'literal') return undefined;
    if (y.value === 0) return x; // x + 0 is not x where x is -0, x - 0 is
    return y.value < 0 ? again('add', x as Expression, literal(-y.value)) : undefined;
  },
  multiply: ([x, y], again) => {
    for (const [one, other] of [
      [x, y],
      [y, x],
    ] as const) {
      if (one?.node !== 'literal') continue;
      if (one.value === 1) return other;
      if (one.value === -1) return again('neg', other as Expression);
    }
    return signOut('multiply', x as Expression, y as Expression, again);
  },
  protecteddiv: ([x, y], again) => signOut('protecteddiv', x as Expression, y as Expression, again),
  min2: ([x, y]) => (x?.key === y?.key ? x : undefined),
  max2: ([x, y]) => (x?.key === y?.key ? x : undefined),
  lt: ([x, y], again) => again('gt', y as Expression, x as Expression),
};

/** The sign of a product or quotient, written before it rather than on one of its sides. */
function signOut(operator: OperatorName, x: Expression, y: Expression, again: Again): Expression | undefined {
  const [left, right] = [inside('neg', x), inside('neg', y)];
  if (!left && !right) return undefined;
  const unsigned = again(operator, left ?? x, right ?? y);
  return left && right ? unsigned : again('neg', unsigned);
}

const isCall = (operator: OperatorName, x: Expression | undefined): x is Call =>
  x?.node === 'call' && x.operator === operator;
const inside = (operator: OperatorName, x: Expression | undefined): Expression | undefined =>
  isCall(operator, x) ? x.inputs[0] : undefined;
const inOrder = (inputs: readonly Expression[]): readonly Expression[] =>
  [...inputs].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
