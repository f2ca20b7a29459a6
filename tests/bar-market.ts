/** Small markets of minute bars on disk, ordinary ones unless holes are asked for, and their cells as plain arrays. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream } from '../core/random.ts';
import { money, price, shares, type Unit } from '../core/units.ts';
import { MarketWriter } from '../data/store/write.ts';
import { calendarOf } from './sample-market.ts';

export interface BarMarket {
  readonly folder: string;
  readonly dates: number;
  readonly symbols: number;
  readonly starts: readonly number[];
  readonly barMinutes: number;
  /** Of a minute field, [dates][bars][symbols]; of a daily one, [dates][symbols]. */
  readonly cells: ReadonlyMap<string, Float32Array>;
}

interface BarMarketOptions {
  readonly dates: number;
  readonly symbols: number;
  readonly seed: number;
  readonly starts: readonly number[];
  readonly barMinutes: number;
  /** Fields beside open, high, low, close and volume. */
  readonly also?: readonly ('vwap' | 'amount')[];
  /** Share of bars that are missing. */
  readonly holes?: number;
  /** From this date on every bar is another one. */
  readonly otherFrom?: number;
}

/** Two parts of so many bars each, from half past nine and from one. */
export const twoParts = (bars: number, barMinutes: number): number[] =>
  [570, 780].flatMap((open) => Array.from({ length: bars }, (_, i) => open + i * barMinutes));

const units: Readonly<Record<string, Unit>> = {
  ...{ open: price, high: price, low: price, close: price, vwap: price },
  ...{ volume: shares, amount: money },
};

/** Days are random walks of bars whose volume is larger at either end; daily fields are made of the bars. */
export async function barMarket(options: BarMarketOptions): Promise<BarMarket> {
  const { dates, symbols, seed, starts, barMinutes, also = [], holes = 0, otherFrom = dates } = options;
  const bars = starts.length;
  const names = ['open', 'high', 'low', 'close', 'volume', ...also];
  const cells = new Map(names.map((name) => [name, new Float32Array(dates * bars * symbols)]));
  const daily = ['OPEN', 'HIGH', 'LOW', 'CLOSE', 'VWAP', 'VOLUME'];
  for (const name of daily) cells.set(name, new Float32Array(dates * symbols).fill(Number.NaN));
  const random = stream(seed, dates, symbols);
  const last = Float64Array.from({ length: symbols }, () => 5 + 50 * random.next());
  for (let t = 0; t < dates; t++) {
    for (let n = 0; n < symbols; n++) {
      const volatility = 0.002 * Math.exp(0.5 * random.normal());
      const money = { sum: 0, volume: 0, high: 0, low: Number.POSITIVE_INFINITY, open: Number.NaN };
      let close = (last[n] as number) * Math.exp(0.01 * random.normal());
      for (let j = 0; j < bars; j++) {
        const at = (t * bars + j) * symbols + n;
        const end = Math.abs(2 * (j / Math.max(1, bars - 1)) - 1);
        const open = close * Math.exp(0.3 * volatility * random.normal());
        close = open * Math.exp(volatility * random.normal());
        const high = Math.max(open, close) * (1 + volatility * random.next());
        const low = Math.min(open, close) * (1 - volatility * random.next());
        const volume = Math.round(1000 * Math.exp(random.normal() + end)) * (t >= otherFrom ? 3 : 1);
        const vwap = low + (high - low) * random.next();
        const missing = random.next() < holes;
        const bar: Record<string, number> = { open, high, low, close, volume, vwap, amount: vwap * volume };
        for (const name of names) {
          const value = bar[name] as number;
          const other = t >= otherFrom && name !== 'volume' ? 2 * value : value;
          (cells.get(name) as Float32Array)[at] = missing ? Number.NaN : other;
        }
        if (j === 0) money.open = open;
        money.sum += vwap * volume;
        money.volume += volume;
        money.high = Math.max(money.high, high);
        money.low = Math.min(money.low, low);
      }
      last[n] = close;
      const { open, high, low, sum, volume } = money;
      const day = [open, high, low, close, sum / volume, volume];
      for (const [i, name] of daily.entries()) (cells.get(name) as Float32Array)[t * symbols + n] = day[i] as number;
    }
  }
  const folder = join(await mkdtemp(join(tmpdir(), 'evolve-bars-')), 'market');
  const writer = await MarketWriter.create(folder, {
    name: 'bars',
    calendar: calendarOf(dates),
    symbols: Array.from({ length: symbols }, (_, n) => `S${n}`),
    minute: { starts, barMinutes },
    datesPerYear: 244,
    provenance: {},
  });
  for (const name of daily) {
    const info = { name, kind: 'm', unit: units[name.toLowerCase()] as Unit, doc: '' } as const;
    await writer.daily(info, cells.get(name) as Float32Array);
  }
  for (const name of names) writer.minuteField({ name, kind: 'b', unit: units[name] as Unit, doc: '' });
  const day = bars * symbols;
  for (let t = 0; t < dates; t++) {
    const slab = (name: string) => (cells.get(name) as Float32Array).slice(t * day, (t + 1) * day);
    await writer.minuteDay(t, new Map(names.map((name) => [name, slab(name)])));
  }
  await writer.finish();
  return { folder, dates, symbols, starts, barMinutes, cells };
}
