/** The bars of one stock on one date, drawn so that they end where the day's plan says. */
import type { Plan } from './day.ts';
import { bell, chance } from './noise.ts';

/** Largest move from the last close; exchanges round it to the cent. */
export const priceLimit = 0.1;

/** Adjusted prices and volumes as they are stored, one bar after the other. */
export interface Bars {
  readonly open: Float32Array;
  readonly high: Float32Array;
  readonly low: Float32Array;
  readonly close: Float32Array;
  readonly volume: Float32Array;
}
export const barFields = ['open', 'high', 'low', 'close', 'volume'] as const;

export const emptyBars = (count: number): Bars => {
  const [open, high, low, close, volume] = Array.from({ length: 5 }, () => new Float32Array(count)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return { open, high, low, close, volume };
};

/** Part of a day's variance and volume that falls into each bar: busy at the open, and again towards the close. */
export interface Rhythm {
  readonly deviation: Float64Array;
  readonly volume: Float64Array;
}

export function rhythm(bars: number): Rhythm {
  const place = Float64Array.from({ length: bars }, (_, j) => (j + 0.5) / bars);
  const variance = place.map((p) => 0.6 + 2.2 * (1 - p) ** 6 + 0.5 * p ** 8);
  const all = variance.reduce((sum, v) => sum + v, 0);
  return {
    deviation: variance.map((v) => Math.sqrt(v / all)),
    volume: place.map((p) => 0.5 + 2 * (1 - p) ** 8 + 0.9 * p ** 6),
  };
}

/** How the market moves within the date: all stocks share it. */
export function marketPath(seed: number, t: number, { deviation }: Rhythm, volatility: number): Float64Array {
  const random = chance(seed, 'market', t, 1);
  return deviation.map((share) => 0.8 * volatility * share * bell(random));
}

/** Scratch of one bar each, so that a million days make no garbage. */
export interface Scratch {
  readonly move: Float64Array;
  readonly weight: Float64Array;
}

/** Fills `out`, moves the stock's price on, and gives the money traded. */
export function drawBars(
  seed: number,
  t: number,
  plan: Plan,
  path: Float64Array,
  day: Rhythm,
  { move, weight }: Scratch,
  out: Bars,
): number {
  const { stock, volatility } = plan;
  const random = chance(seed, 'bars', t, stock.n);
  const count = path.length;
  const rush = 0.6 + 0.8 * random.next(); // some mornings are busier than others
  let [sum, weights] = [0, 0];
  for (let j = 0; j < count; j++) {
    const z = bell(random);
    const u = random.next();
    move[j] = stock.beta * (path[j] as number) + 0.9 * volatility * (day.deviation[j] as number) * z;
    weight[j] =
      (day.volume[j] as number) * (j * 8 < count ? rush : 1) * (0.4 + 3 * u * u * u) * (0.7 + 0.4 * Math.abs(z));
    sum += move[j] as number;
    weights += weight[j] as number;
  }

  const before = stock.cents;
  const ceiling = Math.round(before * (1 + priceLimit));
  const floor = Math.max(1, Math.round(before * (1 - priceLimit)));
  const cents = (change: number) => Math.max(floor, Math.min(ceiling, Math.round(before * (1 + change))));
  const stored = stock.adjustment / 100;
  const drift = (plan.change - plan.gap - sum) / count;
  let change = plan.gap;
  let last = cents(change);
  let money = 0;
  for (let j = 0; j < count; j++) {
    const step = (move[j] as number) + drift;
    const lots = Math.round((plan.volume * (weight[j] as number)) / weights / 100);
    // The first bar opens at the gap; later ones a little on from where the bar before closed.
    const open = j === 0 || lots === 0 ? last : cents(change + 0.15 * step);
    change += step;
    // Every day trades: a stock so quiet that no bar has a whole lot trades one at the close.
    const traded = lots > 0 || (money === 0 && j === count - 1);
    const close = traded ? cents(change) : last;
    const reach = random.next() * 65536;
    const up = Math.floor(reach);
    const wide = traded ? before * volatility * (day.deviation[j] as number) * 0.8 : 0;
    const high = Math.min(ceiling, Math.max(open, close) + Math.round((wide * up) / 65536));
    const low = Math.max(floor, Math.min(open, close) - Math.round(wide * (reach - up)));
    const quantity = traded ? Math.max(1, lots) * 100 : 0;
    out.open[j] = open * stored;
    out.high[j] = high * stored;
    out.low[j] = low * stored;
    out.close[j] = close * stored;
    out.volume[j] = quantity / stock.adjustment;
    money += (quantity * (open + high + low + close)) / 400;
    last = close;
  }
  stock.cents = last;
  return money;
}
