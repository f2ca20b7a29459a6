/**
 * What a program's values take to compute, in additions for each cell of a daily panel. Equal subtrees are computed once
 * and count once. An estimate, the same on every machine: it decides which programs are bred.
 */
import { operatorOf } from '../operators/table.ts';
import type { Session } from './bind.ts';
import type { Call, Expression } from './expression.ts';

const usual = 2;
/** A reduction adds up a bar in a fraction of what a rolling window takes for a date. */
const ofReduction = 1 / 5;

export function cost(expression: Expression, session?: Session): number {
  const bars = session?.starts.length ?? 0;
  const seen = new Set<string>();
  const visit = (node: Expression): number => {
    if (node.node !== 'call' || seen.has(node.key)) return 0;
    seen.add(node.key);
    let sum = own(node, bars);
    for (const input of node.inputs) sum += visit(input);
    return sum;
  };
  return visit(expression);
}

function own({ operator, kind, inputs, parameters, interval }: Call, bars: number): number {
  const each = operatorOf(operator).cost ?? usual;
  if (kind === 'b') return each * bars;
  if (!inputs.some((input) => input.kind === 'b')) return each;
  const read = interval ? bars : Math.min(parameters[0] ?? bars, bars);
  return read * Math.max(1, each * ofReduction);
}
