/**
 * A date's bar in six numbers without a trend, each field told by what it is beside another: a network then sees the same
 * kind of numbers in every year. In the order open, high, low, close, vwap, volume.
 */
import type { SeriesRow } from './series-row.ts';

/** Fields they are made of. */
export const dayFields = ['OPEN', 'HIGH', 'LOW', 'CLOSE', 'VWAP', 'VOLUME'];

export const daySeries: readonly SeriesRow[] = [
  {
    name: 'overnight',
    doc: 'From the close before to the open: what became known while nobody traded',
    expression: 'OPEN / ts_delay(CLOSE, 1) - 1',
  },
  {
    name: 'upper shadow',
    doc: 'How far the high was above open and close: where it was sold',
    expression: 'HIGH / max2(OPEN, CLOSE) - 1',
  },
  {
    name: 'lower shadow',
    doc: 'How far the low was below open and close: where it was bought',
    expression: 'LOW / min2(OPEN, CLOSE) - 1',
  },
  {
    name: 'return',
    doc: 'From the close before to the close',
    expression: 'ts_return(CLOSE, 1)',
  },
  {
    name: 'vwap deviation',
    doc: 'The mean price paid over the close: whether it was dearer or cheaper before the end',
    expression: 'VWAP / CLOSE - 1',
  },
  {
    name: 'volume change',
    doc: 'Volume over its mean of 20 dates, in logarithms: twice and half are as far from the usual',
    expression: 'log(VOLUME / ts_mean(VOLUME, 20))',
  },
];
