/**
 * What a day's minute bars say of it in 22 numbers, none of which grows with the price or the size of a company. A day
 * in which a bar is missing, such as a half day, has few of them. No two of the 22 tell symbols apart alike: of minute
 * bars of A-shares and of American companies, and of a synthetic market, the largest mean rank correlation of two on a
 * date is 0.92, of the close's position and its distance from the mean price on the synthetic one; 0.87 on a real one.
 */
import { clock } from '../../core/clock.ts';
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest, MinuteGrid } from '../../data/market.ts';
import { refuseWithoutFields } from '../daily-series.ts';
import { minuteGrid } from '../minute-fields.ts';
import { instead, type SeriesRow } from './series-row.ts';

const halfHour = 30;
const fields = ['open', 'high', 'low', 'close', 'volume'];

/** The day as its formulas say it. */
interface Day {
  /** Bars. */
  readonly bars: number;
  /** Such as `9:30, 15:00`: for interval. */
  readonly whole: string;
  readonly opening: string;
  readonly closing: string;
}

type Row = Omit<SeriesRow, 'expression'> & { readonly expression: (day: Day) => string };

/** From bar to bar of a day. */
const r = 'bar_return(close, 1)';
const before = `bar_delay(${r}, 1)`;
/** Bars that have a return, and bars whose predecessor has one too. */
const moves = ({ bars }: Day): number => bars - 1;
const pairs = ({ bars }: Day): number => bars - 2;
const squares = (day: Day): string => `ts_sum(power(${r}, 2), ${moves(day)})`;
const path = (day: Day): string => `ts_sum(abs(bar_diff(close, 1)), ${moves(day)})`;
const traded = ({ bars }: Day): string => `ts_sum(volume, ${bars})`;
const lastClose = ({ whole }: Day): string => `interval(close, last, ${whole})`;
const firstOpen = ({ whole }: Day): string => `interval(open, first, ${whole})`;
const highest = ({ bars }: Day): string => `ts_max(high, ${bars})`;
const lowest = ({ bars }: Day): string => `ts_min(low, ${bars})`;

const rows: readonly Row[] = [
  {
    name: 'volatility',
    doc: 'How far the price went: root of the sum of squared returns',
    expression: (day) => `sqrt(${squares(day)})`,
  },
  {
    name: 'skewness',
    doc: 'Whether its large moves were up or down',
    expression: (day) => `ts_skew(${r}, ${moves(day)})`,
  },
  {
    name: 'kurtosis',
    doc: 'Whether it went by a few large moves or by many alike',
    expression: (day) => `ts_kurt(${r}, ${moves(day)})`,
  },
  {
    name: 'downside share',
    doc: 'Of the squared returns, those below zero',
    expression: (day) => `ts_sum(power(min2(${r}, 0), 2), ${moves(day)}) / ${squares(day)}`,
  },
  {
    name: 'autocorrelation',
    doc: 'Whether a move is followed by one of its direction',
    expression: (day) => `ts_corr(${r}, ${before}, ${pairs(day)})`,
  },
  {
    name: 'efficiency',
    doc: 'From first close to last over the way there: 1 is a straight line',
    expression: (day) => `abs(ts_diff(close, ${day.bars})) / ${path(day)}`,
  },
  {
    name: 'close position',
    doc: 'Where between low and high it closed',
    expression: (day) => `(${lastClose(day)} - ${lowest(day)}) / (${highest(day)} - ${lowest(day)})`,
  },
  {
    name: 'high time',
    doc: 'When the high was, from 0 to 1',
    expression: (day) => `idx_max(high, ${day.bars}) / ${moves(day)}`,
  },
  {
    name: 'low time',
    doc: 'When the low was, from 0 to 1',
    expression: (day) => `idx_min(low, ${day.bars}) / ${moves(day)}`,
  },
  {
    name: 'overnight',
    doc: 'From the close of the date before to the open',
    expression: (day) => `${firstOpen(day)} / ts_delay(${lastClose(day)}, 1) - 1`,
  },
  {
    name: 'intraday',
    doc: 'From open to close',
    expression: (day) => `${lastClose(day)} / ${firstOpen(day)} - 1`,
  },
  {
    name: 'opening return',
    doc: 'Over the first half hour',
    expression: ({ opening }) => `interval(close, last, ${opening}) / interval(open, first, ${opening}) - 1`,
  },
  {
    name: 'closing return',
    doc: 'Over the last half hour',
    expression: ({ closing }) => `interval(close, last, ${closing}) / interval(open, first, ${closing}) - 1`,
  },
  {
    name: 'vwap deviation',
    doc: 'The close over the mean price, each bar weighing its volume',
    expression: (day) => `${lastClose(day)} * ${traded(day)} / ts_sum(close * volume, ${day.bars}) - 1`,
  },
  {
    name: 'opening volume',
    doc: 'Share of the volume in the first half hour',
    expression: (day) => `interval(volume, sum, ${day.opening}) / ${traded(day)}`,
  },
  {
    name: 'closing volume',
    doc: 'Share of the volume in the last half hour',
    expression: (day) => `interval(volume, sum, ${day.closing}) / ${traded(day)}`,
  },
  {
    name: 'volume concentration',
    doc: 'How uneven the volume is: its squared shares (Herfindahl), times the bars',
    expression: (day) => `${day.bars} * ts_sum(power(volume, 2), ${day.bars}) / power(${traded(day)}, 2)`,
  },
  {
    name: 'volume time',
    doc: 'When it traded: mean time weighted by volume, 1 being an even day',
    expression: ({ bars }) => `ts_decaylinear(volume, ${bars}) / ts_mean(volume, ${bars})`,
  },
  {
    name: 'price and volume',
    doc: 'Whether it trades more where the price is high',
    expression: ({ bars }) => `ts_corr(close, volume, ${bars})`,
  },
  {
    name: 'return and volume',
    doc: 'Whether it trades more as it rises',
    expression: (day) => `ts_corr(${r}, volume, ${moves(day)})`,
  },
  {
    name: 'move and volume',
    doc: 'Whether it trades more as it moves',
    expression: (day) => `ts_corr(abs(${r}), volume, ${moves(day)})`,
  },
  {
    name: 'impact',
    doc: 'The way it went over the volume of the day beside the usual, so that companies compare (after Amihud)',
    // Daily volumes: those of the bars are missing for a month after every half day.
    expression: (day) => `ts_sum(abs(${r}), ${moves(day)}) / (VOLUME / ts_mean(VOLUME, 20))`,
  },
];

/** On a market of whose bars half hours are made. */
export function minuteSeries(manifest: MarketManifest): SeriesRow[] {
  const grid = minuteGrid(manifest, fields);
  if (halfHour % grid.barMinutes !== 0) {
    throw new EvolveError(
      'bad-market',
      `The market ${manifest.name} has bars of ${grid.barMinutes} minutes, which make no half hours, and the ms series are of such; import bars of a length that divides ${halfHour} with evolve data import --minute FILE.`,
    );
  }
  refuseWithoutFields(manifest, ['VOLUME'], instead);
  return minuteSeriesOf(grid);
}

export function minuteSeriesOf({ starts, barMinutes }: MinuteGrid): SeriesRow[] {
  const open = starts[0] as number;
  const close = (starts.at(-1) as number) + barMinutes;
  const text = (from: number, to: number): string => `${clock(from)}, ${clock(to)}`;
  const day = {
    bars: starts.length,
    whole: text(open, close),
    opening: text(open, open + halfHour),
    closing: text(close - halfHour, close),
  };
  return rows.map((row) => ({ ...row, expression: row.expression(day) }));
}
