/**
 * A program as the graph it is: equal subtrees are one node, with one or several readers. A mutation changes a node
 * for all of them, or one edge: what one reader takes at one place.
 *
 * The graph also knows what a place leaves free, so that mutations need not try what cannot fit: how many operators
 * may be added there, how deep, and how many of a day's first bars may be lost.
 */
import type { Unit } from '../../core/units.ts';
import type { Kind } from '../../operators/define.ts';
import { operatorOf } from '../../operators/table.ts';
import { asFactor, call, field, type Refusal } from '../build.ts';
import { canonical, type Interned } from '../canonical.ts';
import type { Call, Expression } from '../expression.ts';
import { constantsOver, spareUnder } from './day.ts';
import type { Demand, Standing, Supply } from './supply.ts';

export interface GraphNode {
  readonly expression: Expression;
  /** Inputs come before their readers, the root last. */
  readonly index: number;
  readonly inputs: readonly GraphNode[];
  readonly readers: readonly GraphNode[];
  /** Operators on the longest way down from here, this one included. */
  readonly depth: number;
  /** How many of a day's first bars a minute value lacks. */
  readonly lost: number;
  /** Operators on the longest way up to the root. */
  readonly above: number;
  /** How often it stands in the program written out. */
  readonly written: number;
  /** How many of a day's first bars a minute value may lack, as its readers need the rest. */
  readonly spare: number;
  readonly standing: Standing;
}

/** The place of an argument; without a reader it is the root's. */
export interface Edge extends Pick<GraphNode, 'above' | 'written' | 'spare' | 'standing'> {
  readonly reader: GraphNode | undefined;
  readonly at: number;
  readonly value: GraphNode;
}

/** What a value must keep to: operators, depth, and bars of the day lost. */
export interface Room {
  readonly room: number;
  readonly depth: number;
  readonly spare: number;
}

export class Graph {
  readonly supply: Supply;
  /** In canonical form. */
  readonly root: Expression;
  readonly nodes: readonly GraphNode[];
  /** The root's place first, then every node's arguments. */
  readonly edges: readonly Edge[];
  /** Limits of a child: the options', or the parent's own where a seed is beyond them already. */
  readonly maxSize: number;
  readonly maxDepth: number;

  /** `root` must be canonical. */
  constructor(root: Expression, supply: Supply) {
    const nodes = nodesOf(root);
    const top = nodes.at(-1) as Unfinished;
    const { maxSize, maxDepth } = supply.options;
    this.supply = supply;
    this.root = root;
    this.nodes = nodes;
    this.edges = edgesOf(nodes, supply);
    this.maxSize = Math.max(maxSize, root.size);
    this.maxDepth = Math.max(maxDepth, top.depth);
  }

  /** How many operators one value at the place may gain. */
  room(place: Edge | GraphNode): number {
    return Math.floor((this.maxSize - this.root.size) / place.written);
  }

  /** How deep a value at the place may be. */
  depthAt(place: Edge | GraphNode): number {
    return this.maxDepth - place.above;
  }

  /** What a value on the edge must keep to. */
  within(edge: Edge): Room {
    return { room: edge.value.expression.size + this.room(edge), depth: this.depthAt(edge), spare: edge.spare };
  }

  /** The whole program with another value in a node's place, for all its readers. */
  replace(node: GraphNode, by: Expression): Expression | Refusal {
    const changed = new Array<Expression | undefined>(this.nodes.length);
    changed[node.index] = by;
    for (let i = node.index + 1; i < this.nodes.length; i++) {
      const { inputs, expression } = this.nodes[i] as GraphNode;
      if (!inputs.some(({ index }) => changed[index])) continue;
      const given = inputs.map((input) => changed[input.index] ?? input.expression);
      const again = this.#remade(expression as Call, given);
      if (again.kind === 'refused') return again;
      changed[i] = again;
    }
    return changed.at(-1) as Expression;
  }

  /** The whole program with another value on an edge, for its reader alone. */
  put({ reader, at }: Edge, by: Expression): Expression | Refusal {
    if (!reader) return by;
    const given = reader.inputs.map(({ expression }, place) => (place === at ? by : expression));
    const again = this.#remade(reader.expression as Call, given);
    return again.kind === 'refused' ? again : this.replace(reader, again);
  }

  /**
   * What stands above a place asks of it. Units multiply out to one linear equation for the unit at the place: either
   * one unit solves it, the present one, or all do; so trying any other tells which.
   */
  demand(place: Edge | GraphNode): Demand {
    const edge = 'reader' in place;
    const { kind } = edge ? place.value.expression : place.expression;
    const other = field({ name: '', kind, unit: strange });
    const whole = edge ? this.put(place, other) : this.replace(place, other);
    return { standing: place.standing, open: whole.kind !== 'refused' && asFactor(whole).kind !== 'refused' };
  }

  /** Values at hand that fit: the operators' of this graph, then fields and constants. */
  values(kind: Kind, { room, depth, spare }: Room): readonly Expression[] {
    const own = this.nodes.filter(
      (node) =>
        node.depth > 0 &&
        node.expression.kind === kind &&
        node.expression.size <= room &&
        node.depth <= depth &&
        node.lost <= spare,
    );
    return [...own.map(({ expression }) => expression), ...this.supply.leaves(kind)];
  }

  /** Its subtrees by key: canonical forms of its children start from them. */
  interned(): Interned {
    return new Map(this.nodes.map(({ expression }) => [expression.key, expression]));
  }

  #remade(before: Call, inputs: readonly Expression[]): Expression | Refusal {
    const { parameters, interval } = constantsOver(inputs, before, this.supply.grammar);
    return call(before.operator, inputs, parameters, interval);
  }
}

/** No program measures anything in it. */
const strange: Unit = { price: 0.373, shares: -0.619 };

type Unfinished = { -readonly [name in Exclude<keyof GraphNode, 'inputs' | 'readers'>]: GraphNode[name] } & {
  readonly inputs: readonly Unfinished[];
  readonly readers: GraphNode[];
};

function nodesOf(root: Expression): Unfinished[] {
  const nodes: Unfinished[] = [];
  const byKey = new Map<string, Unfinished>();
  visit(root);
  return nodes;

  function visit(expression: Expression): Unfinished {
    const known = byKey.get(expression.key);
    if (known) return known;
    const inputs = expression.node === 'call' ? expression.inputs.map(visit) : [];
    const node: Unfinished = {
      expression,
      index: nodes.length,
      inputs,
      readers: [],
      depth: inputs.reduce((deepest, input) => Math.max(deepest, input.depth + 1), 0),
      lost: expression.kind === 'b' ? lostBy(expression, inputs) : 0,
      above: 0,
      written: 0,
      spare: Number.POSITIVE_INFINITY,
      standing: expression.kind === 'b' ? 'minute' : 'daily',
    };
    for (const input of new Set(inputs)) input.readers.push(node);
    nodes.push(node);
    byKey.set(expression.key, node);
    return node;
  }
}

function lostBy(expression: Expression, inputs: readonly GraphNode[]): number {
  const lost = inputs.reduce((most, input) => Math.max(most, input.lost), 0);
  const bar = expression.node === 'call' && operatorOf(expression.operator).shape === 'bar';
  return bar ? lost + (expression.parameters[0] as number) : lost;
}

/** The edges, and what nodes take over from their readers. */
function edgesOf(nodes: readonly Unfinished[], { grammar }: Supply): Edge[] {
  const root = nodes.at(-1) as Unfinished;
  root.written = 1;
  root.standing = 'factor';
  const edges: Edge[] = [{ reader: undefined, at: 0, value: root, above: 0, written: 1, spare: 0, standing: 'factor' }];
  // Readers come before what they read, so what is asked of a node is complete when its turn comes.
  for (let i = nodes.length - 1; i >= 0; i--) {
    const reader = nodes[i] as Unfinished;
    reader.spare = Math.max(0, Math.min(reader.spare, grammar.bars - 1));
    const spare = Math.max(0, spareUnder(reader.expression, reader.spare, grammar));
    for (const [at, value] of reader.inputs.entries()) {
      const { written } = reader;
      const above = reader.above + 1;
      value.above = Math.max(value.above, above);
      value.written += written;
      value.spare = Math.min(value.spare, spare);
      const standing = standingUnder(reader.expression.kind, value.expression.kind);
      edges.push({ reader, at, value, above, written, spare, standing });
    }
  }
  return edges;
}

/** A constant beside minute values is repeated over bars. */
function standingUnder(reader: Kind, value: Kind): Standing {
  if (value === 'g') return 'grouping';
  return value === 'b' || reader === 'b' ? 'minute' : 'daily';
}

/** Programs known to be canonical: a child of one round is a parent of the next. */
const settled = new WeakSet<Expression>();

/** The graph of a program in canonical form. */
export function graphOf(expression: Expression, supply: Supply): Graph {
  return new Graph(settled.has(expression) ? expression : canonical(expression), supply);
}

/** The canonical form of a graph's child. */
export function settle(child: Expression, graph: Graph): Expression {
  const form = canonical(child, graph.interned());
  settled.add(form);
  return form;
}
