/**
 * A batch of programs as one graph: equal subtrees are one node, each node knows how much history its readers need
 * and who reads it last. Leaves are matrices that exist already: fields, minute reductions, cached factors.
 */
import type { Matrix } from '../core/arena.ts';
import { operatorOf } from '../operators/table.ts';
import type { Call, Expression } from '../program/expression.ts';
import { isMinuteReduction } from './minute-reduction.ts';

export type Operand =
  | { readonly kind: 'matrix'; readonly matrix: Matrix }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'node'; readonly index: number };

export interface PlanNode {
  readonly call: Call;
  readonly inputs: readonly Operand[];
  /** Rows before a reader's first row that the reader looks at. */
  history: number;
  /** Rows before the first wanted date that must be computed too. */
  warmUp: number;
  /** The last node that reads this one, itself when nobody does. */
  lastRead: number;
}

export interface Plan {
  /** In an order where every input comes before its reader. */
  readonly nodes: readonly PlanNode[];
  /** What each program's value is, in the order given. */
  readonly roots: readonly Operand[];
}

/** Rows before today that an operator looks at. A learned vector is kept as a series of its own, so it needs none. */
function lookBack(call: Call): number {
  const row = operatorOf(call.operator);
  return row.shape === 'rolling' ? row.span(call.parameters[0] ?? 1) - 1 : 0;
}

/** Rows before today that an operator's value depends on. */
export function depends(call: Call, labelDelay: number): number {
  if (operatorOf(call.operator).shape === 'learn') return (call.parameters[0] ?? 1) - 1 + labelDelay;
  return lookBack(call);
}

/** Dates before a wanted one that a program's value depends on; minute bars are those of the date itself. */
export function history(program: Expression, labelDelay: number): number {
  if (program.node !== 'call' || isMinuteReduction(program)) return 0;
  return depends(program, labelDelay) + Math.max(...program.inputs.map((input) => history(input, labelDelay)));
}

/** Programs by the node that is their value; those of a field or a constant have none. */
export function programsByNode({ roots }: Plan): ReadonlyMap<number, readonly number[]> {
  const programs = new Map<number, number[]>();
  for (const [program, root] of roots.entries()) {
    if (root.kind === 'node') programs.set(root.index, [...(programs.get(root.index) ?? []), program]);
  }
  return programs;
}

/** `matrixOf` says which values are there already; it must know every field and every minute reduction. */
export function plan(
  programs: readonly Expression[],
  matrixOf: (expression: Expression) => Matrix | undefined,
  labelDelay: number,
): Plan {
  const nodes: PlanNode[] = [];
  const known = new Map<string, Operand>();

  const visit = (expression: Expression): Operand => {
    const seen = known.get(expression.key);
    if (seen) return seen;
    const operand = make(expression);
    known.set(expression.key, operand);
    return operand;
  };

  const make = (expression: Expression): Operand => {
    if (expression.node === 'literal') return { kind: 'constant', value: expression.value };
    const matrix = matrixOf(expression);
    if (matrix) return { kind: 'matrix', matrix };
    if (expression.node === 'field') throw new Error(`${expression.name} is not loaded`);
    // The largest subtree first: what it leaves is one buffer while the smaller ones are computed.
    const order = expression.inputs.map((_, i) => i);
    order.sort((a, b) => (expression.inputs[b]?.size ?? 0) - (expression.inputs[a]?.size ?? 0));
    const inputs: Operand[] = [];
    for (const i of order) inputs[i] = visit(expression.inputs[i] as Expression);
    nodes.push({ call: expression, inputs, history: 0, warmUp: 0, lastRead: nodes.length });
    return { kind: 'node', index: nodes.length - 1 };
  };

  const roots = programs.map(visit);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const reader = nodes[i] as PlanNode;
    for (const input of reader.inputs) {
      if (input.kind !== 'node') continue;
      const node = nodes[input.index] as PlanNode;
      node.history = Math.max(node.history, lookBack(reader.call));
      node.warmUp = Math.max(node.warmUp, reader.warmUp + depends(reader.call, labelDelay));
      node.lastRead = Math.max(node.lastRead, i);
    }
  }
  return { nodes, roots };
}
