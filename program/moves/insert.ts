import type { Stream } from '../../core/random.ts';
import { sameUnit, type Unit, unitName } from '../../core/units.ts';
import type { Kind } from '../../operators/define.ts';
import { operatorOf } from '../../operators/table.ts';
import { kindNames, type Refusal, refused } from '../build.ts';
import type { Expression } from '../expression.ts';
import { callWith } from './constants.ts';
import type { Edge, Graph, Room } from './graph.ts';
import type { Move } from './move.ts';
import type { Form } from './supply.ts';

export const insert: Move = {
  doc: 'A new operator on an edge: it takes the value there and, where it takes more, others of the program, fields or constants.',
  lengthens: true,
  apply: (graph) => {
    const edges = graph.edges.filter(
      (edge) =>
        graph.room(edge) >= 1 &&
        graph.depthAt(edge) > edge.value.depth &&
        graph.supply.takes(edge.value.expression.kind, edge.standing),
    );
    return edges.length === 0 ? undefined : (stream) => inserted(stream, stream.pick(edges), graph);
  },
};

function inserted(stream: Stream, edge: Edge, graph: Graph): Expression | Refusal {
  const { supply } = graph;
  const { expression: value } = edge.value;
  const demand = graph.demand(edge);
  const form = supply.taking(value, demand, hasAlike(value, edge, graph)).pick(stream.next);
  if (!form) return refused('unit', `no operator takes ${kindNames[value.kind]} in ${unitName(value.unit)} here`);
  const unit = demand.open ? undefined : value.unit;
  const inputs = inputsFor(stream, form, edge, unit, graph);
  if ('reason' in inputs) return inputs;
  const made = callWith(stream, form.operator, inputs, { supply, spare: edge.spare, unit });
  return made.kind === 'refused' ? made : graph.put(edge, made);
}

/** What an input beside the value may be. */
const besides = (edge: Edge, graph: Graph): Room => ({
  room: graph.room(edge) - 1,
  depth: graph.depthAt(edge) - 1,
  spare: edge.spare,
});

const hasAlike = ({ kind, unit, key }: Expression, edge: Edge, graph: Graph): boolean =>
  graph.values(kind, besides(edge, graph)).some((other) => other.key !== key && sameUnit(other.unit, unit));

/** The value of the edge in its place, and beside it others with which the operator has the unit wanted, if any is. */
function inputsFor(
  stream: Stream,
  { operator, at, inputs: kinds }: Form,
  edge: Edge,
  wanted: Unit | undefined,
  graph: Graph,
): readonly Expression[] | Refusal {
  const row = operatorOf(operator);
  const parameters = row.parameters.map(() => 2); // None of them decides the unit of an operator of several inputs.
  const inputs = kinds.map(() => edge.value.expression);
  const units = inputs.map((input) => input.unit);
  const others = kinds.map((_, place) => place).filter((place) => place !== at);
  const limits = besides(edge, graph);
  let { room } = limits;
  for (const place of others) {
    const fitting = atHand(place).filter((value) => completes(value, place));
    if (fitting.length === 0) return refused('unit', `nothing at hand is measured as ${operator} needs it here`);
    const value = stream.pick(fitting);
    inputs[place] = value;
    units[place] = value.unit;
    room -= value.size;
  }
  return inputs;

  /** x - x and x / x are constants in disguise. */
  function atHand(place: number): readonly Expression[] {
    const values = graph.values(kinds[place] as Kind, { ...limits, room });
    return values.filter(({ key }) => inputs.every((input) => input.key !== key));
  }

  /** Whether the units fit with it, and with something at hand in the places that are still to be filled. */
  function completes(value: Expression, place: number): boolean {
    units[place] = value.unit;
    const next = others[others.indexOf(place) + 1];
    if (next !== undefined) return atHand(next).some((other) => completes(other, next));
    const unit = row.unit(units, parameters);
    return unit !== undefined && (!wanted || sameUnit(unit, wanted));
  }
}
