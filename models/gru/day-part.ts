/** Daily bars as a recurrent network reads them, and mined factors as series beside them. */
import { dailyFields, type SeriesRequest } from '../daily-series.ts';
import type { Channel, InputPart } from '../inputs.ts';
import { lagsOf } from '../lags.ts';

const bar = ['OPEN', 'HIGH', 'LOW', 'CLOSE', 'VWAP', 'VOLUME'];

/** That a row reads, its own the last. */
const dates = 40;

/** Each series over its last value. Or the fields and formulas asked for. */
export const dayPart = (request: SeriesRequest): InputPart => ({
  name: 'day',
  channels: dailyFields(request, bar),
  lags: lagsOf(dates),
  scaling: 'series-last',
});

/**
 * At each date of the branch they join. Factors are of any scale, and only their order on a date is known to mean
 * something.
 */
export const factorSeriesPart = (factors: readonly Channel[], { lags }: Pick<InputPart, 'lags'>): InputPart => ({
  name: 'factors',
  channels: factors.map(({ name, expression }) => ({ name, expression: `cs_norm(${expression})` })),
  lags,
  scaling: 'training',
});
