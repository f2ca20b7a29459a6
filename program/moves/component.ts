import type { Stream } from '../../core/random.ts';
import { sameUnit } from '../../core/units.ts';
import { type Refusal, refused } from '../build.ts';
import type { Expression } from '../expression.ts';
import { randomValue } from '../random-program.ts';
import type { Edge, Graph } from './graph.ts';
import type { Move } from './move.ts';

/** Operators of a value grown for the place. */
const mostFresh = 3;

export const component: Move = {
  doc: 'Another value of the same kind and unit as one argument of an operator: from the program, a field, a constant, or grown for the place.',
  apply: (graph) => {
    const edges = graph.edges.filter((edge) => edge.reader && (canGrow(edge, graph) || atHand(edge, graph).length > 0));
    return edges.length === 0 ? undefined : (stream) => exchanged(stream, stream.pick(edges), graph);
  },
};

function exchanged(stream: Stream, edge: Edge, graph: Graph): Expression | Refusal {
  const values = atHand(edge, graph);
  const grown = canGrow(edge, graph) && (values.length === 0 || stream.below(2) === 0);
  const value = (grown && fresh(stream, edge, graph)) || (values.length > 0 && stream.pick(values));
  return value ? graph.put(edge, value) : refused('unit', 'nothing else at hand has the kind and unit of the argument');
}

/** Constants and groupings are not grown; nor is a unit that no field, product or quotient of two has. */
function canGrow(edge: Edge, graph: Graph): boolean {
  const { kind, unit } = edge.value.expression;
  if (kind === 's' || kind === 'g') return false;
  const { grammar } = graph.supply;
  const { room, depth } = graph.within(edge);
  const state = grammar.state(kind, unit);
  return room > 0 && state !== undefined && grammar.smallest(state, depth) <= Math.min(mostFresh, room);
}

function fresh(stream: Stream, edge: Edge, graph: Graph): Expression | undefined {
  const { kind, unit } = edge.value.expression;
  const { room, depth, spare } = graph.within(edge);
  const want = { kind, unit, maxSize: Math.min(mostFresh, room), maxDepth: depth };
  for (let tries = 0; tries < 3; tries++) {
    const value = randomValue(stream, kind === 'b' ? { ...want, spareBars: spare } : want, graph.supply.options);
    if (value && !standsBeside(value, edge)) return value;
  }
  return undefined;
}

function atHand(edge: Edge, graph: Graph): Expression[] {
  const { kind, unit } = edge.value.expression;
  return graph
    .values(kind, graph.within(edge))
    .filter((value) => sameUnit(value.unit, unit) && !standsBeside(value, edge));
}

/** The argument itself, or one beside it: x - x and x / x are constants in disguise. */
const standsBeside = (value: Expression, { reader }: Edge): boolean =>
  reader?.inputs.some(({ expression }) => expression.key === value.key) ?? false;
