import { operatorOf } from '../../operators/table.ts';
import type { Call } from '../../program/expression.ts';

/** What stands after the series, by the names that stages know it by. */
export const parametersOf = ({ operator, parameters }: Call): Record<string, number> =>
  Object.fromEntries(operatorOf(operator).parameters.map(({ name }, i) => [name, parameters[i] as number]));
