import type { FeatureName } from '../graph/network.ts';
import type { InputPart } from '../inputs.ts';

/** Of a step: a part's channels are those of every step of a date. */
export const seriesOf = ({ channels, stepsPerDate = 1 }: InputPart): number => channels.length / stepsPerDate;

/** Of a part's numbers as they lie in a row, such as `close@15:00[t-3]`, which is about `close`. */
export const seriesNames = ({ channels, lags }: InputPart): FeatureName[] =>
  lags.flatMap((lag) =>
    channels.map(({ name }) => ({
      name: `${name}[${lag === 0 ? 't' : `t-${lag}`}]`,
      feature: name.split('@')[0] as string,
      lag,
    })),
  );
