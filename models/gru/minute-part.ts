/**
 * The days of a market as bars of a quarter of an hour: what a recurrent network reads of its last dates, bar by bar.
 * Each number of a bar is a formula of the market's own bars, so the evaluator makes all of them in one pass, and they
 * are kept like any others. Open and close are those of the first and the last of the market's own bars, and missing where
 * that one is; the other numbers are missing where any of them is. `evolve data resample` passes over holes.
 */
import { clock } from '../../core/clock.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { Channel, InputPart } from '../inputs.ts';
import { lagsOf } from '../lags.ts';
import { minuteGrid } from '../minute-fields.ts';
import { type LongBar, longBars } from './long-bars.ts';

/** That a row reads, its own the last. */
const dates = 20;

/** Of a bar, in the order of its channels. */
export const barSeries = ['open', 'high', 'low', 'close', 'vwap', 'volume'] as const;

export function minutePart(
  manifest: MarketManifest,
  { barMinutes = 15 }: { readonly barMinutes?: number } = {},
): InputPart {
  const needed = barSeries.filter((name) => name !== 'vwap');
  const bars = longBars(manifest, minuteGrid(manifest, needed), barMinutes);
  const formulas = barFormulas(manifest);
  return {
    name: 'minute',
    channels: bars.flatMap((bar) =>
      barSeries.map((name): Channel => ({ name: `${name}@${clock(bar.start)}`, expression: formulas[name](bar) })),
    ),
    lags: lagsOf(dates),
    stepsPerDate: bars.length,
    scaling: 'series-mean',
  };
}

type BarFormula = (bar: LongBar) => string;

const over =
  (value: string, reduction: string): BarFormula =>
  ({ start, end }) =>
    `interval(${value}, ${reduction}, ${clock(start)}, ${clock(end)})`;

function barFormulas(manifest: MarketManifest): Record<(typeof barSeries)[number], BarFormula> {
  return {
    open: over('open', 'first'),
    high: over('high', 'max'),
    low: over('low', 'min'),
    close: over('close', 'last'),
    vwap: vwapFormula(manifest),
    volume: over('volume', 'sum'),
  };
}

/**
 * Money over volume. Where bars say neither money nor their own vwap, each weighs (high + low + close) / 3 by its volume.
 * Missing where nothing was traded.
 */
function vwapFormula({ fields }: MarketManifest): BarFormula {
  const has = (name: string): boolean => fields.some((field) => field.name === name && field.kind === 'b');
  const volume = over('volume', 'sum');
  if (has('amount')) return (bar) => `${over('amount', 'sum')(bar)} / ${volume(bar)}`;
  const money = has('vwap') ? 'vwap * volume' : '(high + low + close) / 3 * volume';
  return (bar) => `${over(money, 'sum')(bar)} / ${volume(bar)}`;
}
