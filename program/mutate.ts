/**
 * One small change to a program: what comes back is a factor again, of other arithmetic, within its bounds, that this
 * market can evaluate. What was tried and could not be travels with it, as data. The same stream gives the same child.
 */
import { EvolveError } from '../core/failure.ts';
import type { Stream } from '../core/random.ts';
import type { OperatorName } from '../operators/table.ts';
import { bind } from './bind.ts';
import { asFactor, type Refusal } from './build.ts';
import { cost } from './cost.ts';
import { depth } from './depth.ts';
import type { Expression } from './expression.ts';
import type { GrowOptions } from './grammar.ts';
import { type Graph, type GraphNode, graphOf, settle } from './moves/graph.ts';
import type { Move } from './moves/move.ts';
import { type MoveName, moveNames, moveOf } from './moves/moves.ts';
import { supplyOf } from './moves/supply.ts';
import { Weighted } from './weighted.ts';

export interface MutateOptions {
  /** Kept by identity: make it once, not for every mutation. */
  readonly grow: GrowOptions;
  /** How often a move is drawn, 1 unless told; 0 switches it off. */
  readonly weights?: { readonly [move in MoveName]?: number };
  /** How often one move is tried before another is drawn, 32 unless told. */
  readonly tries?: number;
}

export interface Rejection {
  readonly move: MoveName;
  readonly rule: Refusal['rule'] | 'unchanged' | 'twins' | 'size' | 'depth' | 'cost' | 'operator' | 'inapplicable';
  readonly reason: string;
}

export type Mutation =
  | {
      readonly kind: 'child';
      readonly move: MoveName;
      /** In canonical form. */
      readonly expression: Expression;
      /** What was tried before. */
      readonly rejections: readonly Rejection[];
    }
  | { readonly kind: 'rejected'; readonly rejections: readonly Rejection[] };

export function mutate(stream: Stream, parent: Expression, options: MutateOptions): Mutation {
  const { grow, weights, tries = 32 } = options;
  const weigh = (move: MoveName) => Math.max(0, weights?.[move] ?? 1);
  const on = moveNames.filter((move) => weigh(move) > 0);
  if (on.length === 0) {
    throw new EvolveError('bad-argument', `Every mutation has weight 0; give one of ${moveNames.join(', ')} another.`);
  }
  const graph = graphOf(parent, supplyOf(grow));
  const rejections: Rejection[] = [];
  const left = [...on];
  // A move without a place is drawn again: as likely as if it had not been among them.
  while (left.length > 0) {
    const move = new Weighted(left, weigh).pick(stream.next()) as MoveName;
    left.splice(left.indexOf(move), 1);
    const row = moveOf(move);
    const draw = row.apply(graph);
    for (let tried = 0; draw && tried < tries; tried++) {
      const drawn = draw(stream);
      const child = drawn.kind === 'refused' ? drawn : judged(drawn, row, graph);
      if ('key' in child) return { kind: 'child', move, expression: child, rejections };
      rejections.push({ move, rule: child.rule, reason: child.reason });
    }
  }
  return { kind: 'rejected', rejections: rejections.length > 0 ? rejections : on.map(inapplicable) };
}

const inapplicable = (move: MoveName): Rejection => ({
  move,
  rule: 'inapplicable',
  reason: `the program has no place for ${move}`,
});

type Verdict = Expression | Pick<Rejection, 'rule' | 'reason'>;

/** The child in canonical form if it may live. */
function judged(child: Expression, move: Move, graph: Graph): Verdict {
  const { supply, root: parent, maxSize, maxDepth } = graph;
  const form = settle(child, graph);
  if (form.key === parent.key) return { rule: 'unchanged', reason: 'the child is the same arithmetic as its parent' };
  if (move.lengthens && form.size <= parent.size) {
    return { rule: 'unchanged', reason: 'the canonical form folds the new operator away' };
  }
  if (form.size > maxSize) return { rule: 'size', reason: `the child has more than ${maxSize} operators` };
  if (depth(form) > maxDepth) return { rule: 'depth', reason: `the child is more than ${maxDepth} operators deep` };
  const { maxCost = Number.POSITIVE_INFINITY, minuteGrid } = supply.options;
  const takes = cost(form, minuteGrid);
  if (takes > maxCost && takes > cost(parent, minuteGrid)) {
    return { rule: 'cost', reason: `the child takes more than ${maxCost} additions a cell` };
  }
  if (twinsIn(form) > twinsIn(parent)) return { rule: 'twins', reason: 'an operator would take the same value twice' };
  const brought = supply.leftOut.size > 0 && leftOutIn(form, graph);
  if (brought) return { rule: 'operator', reason: `${brought} has weight 0, and the canonical form brings it in` };
  const factor = asFactor(form);
  return factor.kind === 'refused' ? factor : bind(form, supply.options.vocabulary, supply.options.minuteGrid);
}

/** Operators that take one value twice: x - x and x / x are constants in disguise. */
function twinsIn(expression: Expression): number {
  if (expression.node !== 'call') return 0;
  const [first, second, third] = expression.inputs;
  let twins = second && (first?.key === second.key || third?.key === second.key || first?.key === third?.key) ? 1 : 0;
  for (const input of expression.inputs) twins += twinsIn(input);
  return twins;
}

/** An operator of weight 0 that the parent does not have. */
function leftOutIn(child: Expression, graph: Graph): OperatorName | undefined {
  if (child.node !== 'call') return undefined;
  const { operator, inputs } = child;
  const has = ({ expression }: GraphNode) => expression.node === 'call' && expression.operator === operator;
  if (graph.supply.leftOut.has(operator) && !graph.nodes.some(has)) return operator;
  for (const input of inputs) {
    const found = leftOutIn(input, graph);
    if (found) return found;
  }
  return undefined;
}
