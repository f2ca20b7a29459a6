import type { Stream } from '../../core/random.ts';
import { sameUnit, type Unit, unitName } from '../../core/units.ts';
import type { Kind } from '../../operators/define.ts';
import { type OperatorName, operatorOf } from '../../operators/table.ts';
import { kindNames, type Refusal, refused } from '../build.ts';
import type { Expression } from '../expression.ts';
import { callWith } from './constants.ts';
import type { Edge, Graph } from './graph.ts';
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
  const form = supply.taking(value, demand).pick(stream.next);
  if (!form) return refused('unit', `no operator takes ${kindNames[value.kind]} in ${unitName(value.unit)} here`);
  const inputs = inputsFor(stream, form, edge, demand.open ? undefined : value.unit, graph);
  if ('reason' in inputs) return inputs;
  const made = callWith(stream, form.operator, inputs, {
    supply,
    spare: edge.spare,
    unit: demand.open ? undefined : value.unit,
  });
  return made.kind === 'refused' ? made : graph.put(edge, made);
}

/** The value of the edge in its place, and others beside it; the last of them is drawn from those whose units fit. */
function inputsFor(
  stream: Stream,
  { operator, at, inputs: kinds }: Form,
  edge: Edge,
  unit: Unit | undefined,
  graph: Graph,
): readonly Expression[] | Refusal {
  const inputs = kinds.map(() => edge.value.expression);
  const others = kinds.map((_, place) => place).filter((place) => place !== at);
  let room = graph.room(edge) - 1;
  for (const place of others) {
    // x - x and x / x are constants in disguise.
    const free = graph
      .values(kinds[place] as Kind, { room, depth: graph.depthAt(edge) - 1, spare: edge.spare })
      .filter((value) => inputs.every((input) => input.key !== value.key));
    const fitting = place === others.at(-1) ? unitsFit(free, place, inputs, operator, unit) : free;
    if (fitting.length === 0) return refused('unit', `nothing at hand is measured as ${operator} needs it here`);
    const value = stream.pick(fitting);
    inputs[place] = value;
    room -= value.size;
  }
  return inputs;
}

/** Those of the values with which the operator has the unit that is wanted, or any where none is. */
function unitsFit(
  values: readonly Expression[],
  place: number,
  inputs: readonly Expression[],
  operator: OperatorName,
  wanted: Unit | undefined,
): readonly Expression[] {
  const row = operatorOf(operator);
  const units = inputs.map((input) => input.unit);
  const parameters = row.parameters.map(() => 2); // None of them decides the unit of an operator of several inputs.
  return values.filter((value) => {
    units[place] = value.unit;
    const unit = row.unit(units, parameters);
    return unit !== undefined && (!wanted || sameUnit(unit, wanted));
  });
}
