/** The constants of a new operator, drawn as random programs draw them. */
import type { Stream } from '../../core/random.ts';
import { sameUnit, type Unit } from '../../core/units.ts';
import { reductionNames, reductions } from '../../operators/reference/interval.ts';
import { type OperatorName, operatorOf } from '../../operators/table.ts';
import { barsLost } from '../bind.ts';
import { call, type Refusal, refused, refuseParameter } from '../build.ts';
import type { Call, Expression } from '../expression.ts';
import { drawInterval, parameterValues } from '../random-program.ts';
import type { Supply } from './supply.ts';

export interface Wanted {
  readonly supply: Supply;
  /** How many of a day's first bars the result may lack, where it is a minute value. */
  readonly spare: number;
  /** What the result has to be measured in; anything when absent. */
  readonly unit: Unit | undefined;
  /** The call it replaces: a constant of the same sort is kept. */
  readonly before?: Call;
}

export function callWith(
  stream: Stream,
  operator: OperatorName,
  inputs: readonly Expression[],
  { supply: { grammar }, spare, unit, before }: Wanted,
): Expression | Refusal {
  const row = operatorOf(operator);
  const units = inputs.map((input) => input.unit);
  const fits = (given: Unit | undefined) => given !== undefined && (!unit || sameUnit(given, unit));
  if (row.shape === 'interval') {
    const names = reductionNames.filter((name) => fits(reductions[name].unit(units, [])));
    if (names.length === 0) return refused('unit', `no reduction of ${operator} is measured as it needs to be here`);
    return call(operator, inputs, [], drawInterval(grammar, stream, stream.pick(names), inputs));
  }
  const parameters: number[] = [];
  for (const [index, parameter] of row.parameters.entries()) {
    const kept = before && keptFrom(before, operator, index);
    const all =
      kept === undefined ? parameterValues(grammar, operator, parameter, inputs, spareSteps(inputs, spare)) : [kept];
    const values = parameter.type === 'number' ? all.filter((value) => fits(row.unit(units, [value]))) : all;
    if (values.length === 0) return refused('parameter', `no ${parameter.name} of ${operator} fits here`);
    parameters.push(stream.pick(values));
  }
  return call(operator, inputs, parameters);
}

/** How many more bars the step of a bar_* operator may lose. */
export const spareSteps = (inputs: readonly Expression[], spare: number): number =>
  spare - Math.max(...inputs.map(barsLost));

function keptFrom(before: Call, operator: OperatorName, index: number): number | undefined {
  const old = operatorOf(before.operator);
  const wanted = operatorOf(operator);
  const parameter = wanted.parameters[index];
  const at = old.parameters.findIndex(({ name, type }) => name === parameter?.name && type === parameter.type);
  const value = before.parameters[at];
  // A step of bars is a small number, a window over bars a large one.
  if (value === undefined || (old.shape === 'bar') !== (wanted.shape === 'bar')) return undefined;
  return refuseParameter(operator, index, value) ? undefined : value;
}
