import { isRatio, ratio } from '../../core/units.ts';
import { operatorOf } from '../../operators/table.ts';
import type { Expression } from '../expression.ts';
import type { Graph, GraphNode } from './graph.ts';
import type { Move } from './move.ts';

/** One of so many collapses into a plain ratio leaves a constant; a field says more. */
const constantsEvery = 4;

export const degenerate: Move = {
  doc: 'A node and everything under it collapses into one field or constant of its kind and unit.',
  apply: (graph) => {
    const places = graph.nodes.flatMap((node) => {
      if (node.depth === 0 || node.readers.length === 0) return [];
      const place = { node, fields: fieldsFor(node, graph), constants: constantsFor(node, graph) };
      return place.fields.length + place.constants.length > 0 ? [place] : [];
    });
    if (places.length === 0) return undefined;
    return (stream) => {
      const { node, fields, constants } = stream.pick(places);
      const constant = fields.length === 0 || (constants.length > 0 && stream.below(constantsEvery) === 0);
      return graph.replace(node, stream.pick(constant ? constants : fields));
    };
  },
};

/** Not one that stands beside it already: x - x and x / x are constants in disguise. */
function fieldsFor({ expression, readers }: GraphNode, { supply }: Graph): readonly Expression[] {
  const beside = readers.flatMap((reader) => reader.inputs.map((input) => input.expression.key));
  return supply.leavesMeasured(expression.kind, expression.unit).filter(({ key }) => !beside.includes(key));
}

/** A constant stands for a plain ratio where every reader repeats it to fit, and has another value to look at. */
function constantsFor(node: GraphNode, { supply }: Graph): readonly Expression[] {
  const fits = node.readers.every(({ expression, inputs }) => {
    const choice = inputs.length === 3 && inputs[0] === node;
    const others = inputs.some((input) => input !== node && input.expression.kind !== 's');
    return expression.node === 'call' && operatorOf(expression.operator).shape === 'elementwise' && others && !choice;
  });
  return fits && isRatio(node.expression.unit) ? supply.leavesMeasured('s', ratio) : [];
}
