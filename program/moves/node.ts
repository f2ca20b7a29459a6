import type { Stream } from '../../core/random.ts';
import { reductionNames } from '../../operators/reference/interval.ts';
import { operatorOf } from '../../operators/table.ts';
import { call, type Refusal, refused } from '../build.ts';
import type { Call, Expression, IntervalArguments } from '../expression.ts';
import { parameterValues } from '../random-program.ts';
import { callWith, spareSteps } from './constants.ts';
import type { Graph, GraphNode } from './graph.ts';
import type { Move } from './move.ts';

export const node: Move = {
  doc: 'Another operator on the same inputs, or another constant of it: the window, quantile or exponent, the reduction, start or end of an interval.',
  apply: (graph) => {
    const places = graph.nodes.flatMap((node) => {
      const { expression } = node;
      if (expression.node !== 'call') return [];
      const operators = graph.supply.replaces(expression, node.standing);
      const dials = dialsOf(expression, node, graph);
      return operators || dials.length > 0 ? [{ node, before: expression, operators, dials }] : [];
    });
    return places.length === 0 ? undefined : (stream) => changed(stream, stream.pick(places), graph);
  },
};

interface Place {
  readonly node: GraphNode;
  readonly before: Call;
  /** Whether there are others of its arity for such inputs. */
  readonly operators: boolean;
  readonly dials: readonly Dial[];
}

/** One constant of a call: the settings that differ from it in nothing else. */
type Dial = readonly Setting[];

interface Setting {
  readonly parameters: readonly number[];
  readonly interval?: IntervalArguments;
}

function changed(stream: Stream, { node, before, operators, dials }: Place, graph: Graph): Expression | Refusal {
  const dial = dials[stream.below(dials.length + (operators ? 1 : 0))];
  const made = dial ? turned(before, stream.pick(dial)) : replaced(stream, node, before, graph);
  if (made) return made.kind === 'refused' ? made : graph.replace(node, made);
  if (dials.length > 0) return changed(stream, { node, before, operators: false, dials }, graph);
  return refused('unit', `no other operator gives from these inputs what ${before.operator} does`);
}

/** Undefined where no other operator gives what is needed here. */
function replaced(stream: Stream, node: GraphNode, before: Call, graph: Graph): Expression | Refusal | undefined {
  const { supply } = graph;
  const demand = graph.demand(node);
  const form = supply.insteadOf(before, demand).pick(stream.next);
  const unit = demand.open ? undefined : before.unit;
  return form && callWith(stream, form.operator, before.inputs, { supply, spare: node.spare, unit, before });
}

const turned = ({ operator, inputs }: Call, { parameters, interval }: Setting): Expression | Refusal =>
  call(operator, inputs, parameters, interval);

function dialsOf(before: Call, node: GraphNode, graph: Graph): Dial[] {
  const { operator, inputs, parameters, interval } = before;
  const { grammar } = graph.supply;
  const dials: Dial[] = operatorOf(operator).parameters.map((parameter, index) =>
    parameterValues(grammar, operator, parameter, inputs, spareSteps(inputs, node.spare))
      .filter((value) => value !== parameters[index])
      .map((value) => ({ parameters: parameters.map((old, i) => (i === index ? value : old)) })),
  );
  if (interval) {
    const { reduction, start, end } = interval;
    const known = grammar.edges.filter((edge) => edge >= (graph.supply.options.minuteGrid?.starts[node.lost] ?? 0));
    const settings = (intervals: readonly IntervalArguments[]): Dial =>
      intervals.map((interval) => ({ parameters, interval }));
    dials.push(
      settings(reductionNames.filter((name) => name !== reduction).map((name) => ({ reduction: name, start, end }))),
      settings(known.filter((edge) => edge !== start && edge < end).map((edge) => ({ reduction, start: edge, end }))),
      settings(known.filter((edge) => edge !== end && edge > start).map((edge) => ({ reduction, start, end: edge }))),
    );
  }
  return dials.filter((dial) => dial.length > 0);
}
