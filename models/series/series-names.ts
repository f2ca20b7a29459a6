import type { FeatureName } from '../graph/network.ts';
import type { InputPart } from '../inputs.ts';

/** Of a step: a part's channels are those of every step of a date. */
export const seriesOf = ({ channels, stepsPerDate = 1 }: InputPart): number => channels.length / stepsPerDate;

/** Of a part's numbers as they lie in a row, such as `close@9:30[t-3]`, which is about `close`. */
export const seriesNames = ({ channels, lags, stepsPerDate = 1 }: InputPart): FeatureName[] =>
  lags.flatMap((lag) =>
    channels.map(({ name }) => ({
      ...{ name: `${name}[${lag === 0 ? 't' : `t-${lag}`}]`, feature: name, lag },
      ...(stepsPerDate > 1 && stepOf(name)),
    })),
  );

/** A bar's numbers are named by when it begins. */
function stepOf(name: string): Pick<FeatureName, 'feature' | 'time'> {
  const at = name.lastIndexOf('@');
  return { feature: name.slice(0, at), time: name.slice(at + 1) };
}
