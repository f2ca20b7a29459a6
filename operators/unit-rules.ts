/** The unit rules operator rows share. */
import { common, isRatio, ratio, times, toThe, type Unit } from '../core/units.ts';

type Rule = (inputs: readonly Unit[], parameters: readonly number[]) => Unit | undefined;

const first = (inputs: readonly Unit[]): Unit => inputs[0] as Unit;
const second = (inputs: readonly Unit[]): Unit => inputs[1] as Unit;

/** The result is measured as the first input is. */
export const keeps: Rule = first;
/** Any unit in, a plain ratio out. */
export const plain: Rule = () => ratio;
/** All inputs must share one unit, which is kept. */
export const alike: Rule = (inputs) => common(first(inputs), ...inputs.slice(1));
/** All inputs must share one unit; the answer is a flag. */
export const comparable: Rule = (inputs) => alike(inputs, []) && ratio;
/** Only a plain ratio is accepted. */
export const onlyPlain: Rule = (inputs) => (isRatio(first(inputs)) ? ratio : undefined);
export const product: Rule = (inputs) => times(first(inputs), second(inputs));
export const quotient: Rule = (inputs) => times(first(inputs), second(inputs), -1);
export const squared: Rule = (inputs) => toThe(first(inputs), 2);
export const halved: Rule = (inputs) => toThe(first(inputs), 0.5);
/** x^k: the exponent multiplies. */
export const powered: Rule = (inputs, [k = Number.NaN]) => toThe(first(inputs), k);
/** A choice between the second and third input, which must be alike; the condition is a flag. */
export const choice: Rule = ([condition, ...branches]) =>
  condition && isRatio(condition) ? alike(branches, []) : undefined;
