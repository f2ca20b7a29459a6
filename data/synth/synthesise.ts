/**
 * Makes a market that never was: the same options give the same bytes everywhere, and market.json says which signals
 * are hidden in it. Bars are drawn and written date by date, so minute bars are never all in memory.
 */
import { EvolveError } from '../../core/failure.ts';
import { pauses } from '../../core/pause.ts';
import { money, price, ratio, shares } from '../../core/units.ts';
import { eachDerived } from '../derive/derived.ts';
import type { FieldInfo, MarketManifest, MinuteGrid } from '../market.ts';
import { MarketWriter } from '../store/write.ts';
import { type Bars, barFields, drawBars, emptyBars, marketPath, priceLimit, rhythm, type Scratch } from './bars.ts';
import { drawFactors, type MarketState, type Plan, planStock, usualMarketVolatility } from './day.ts';
import { type DailyHistory, dailySignals, minuteSignals } from './planted.ts';
import { sessionDates, sessionGrid } from './session.ts';
import { SignalRecord } from './signal-record.ts';
import { deviation } from './statistics.ts';
import { industries, makeStock, type Stock } from './stock.ts';

export interface SyntheticOptions {
  readonly stocks: number;
  readonly days: number;
  /** Bars a day; 0 for daily bars only. */
  readonly minutes: number;
  readonly seed: number;
}

/** Changes whenever the same options would make another market. */
export const generatorVersion = 2;

/** Bars a day is drawn with when none are kept. */
const unkeptBars = 16;

export async function synthesise(
  folder: string,
  options: SyntheticOptions,
  { overwrite = false, onDay }: { overwrite?: boolean; onDay?: (done: number) => void } = {},
): Promise<MarketManifest> {
  checkOptions(options);
  const { stocks, days, minutes, seed } = options;
  const minute = sessionGrid(minutes);
  const writer = await MarketWriter.create(
    folder,
    {
      name: `synthetic-${stocks}x${days}x${minutes}-${seed}`,
      calendar: sessionDates(days),
      symbols: Array.from({ length: stocks }, (_, n) => `SYN${String(n + 1).padStart(4, '0')}`),
      minute,
      datesPerYear: 244,
      provenance: {
        command: `evolve data synth --stocks ${stocks} --days ${days} --minutes ${minutes} --seed ${seed}`,
        generator: generatorVersion,
        note: 'Made up. Prices are adjusted for splits and volumes the other way, so that their product is the money traded.',
      },
    },
    { overwrite },
  );
  try {
    const maker = new MarketMaker(options, minute);
    for (const info of minute ? maker.minuteFields : []) writer.minuteField(info);
    const pause = pauses();
    for (let t = 0; t < days; t++) {
      const slabs = maker.day(t);
      if (minute) await writer.minuteDay(t, slabs);
      onDay?.(t + 1);
      await pause();
    }
    for (const { info, cells } of maker.daily())
      await (info.kind === 'v' ? writer.vector(info, cells) : writer.daily(info, cells));
    return await writer.finish({ planted: maker.signals.map((signal) => signal.planted()) });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function checkOptions({ stocks, days, minutes, seed }: SyntheticOptions): void {
  const rules: [string, number, number, number][] = [
    ['stocks', stocks, 2, 100_000],
    ['days', days, 3, 100_000],
    ['minutes', minutes, 0, 870],
    ['seed', seed, 0, 2 ** 28],
  ];
  for (const [name, value, least, most] of rules) {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new EvolveError(
        'bad-argument',
        `--${name} should be a whole number from ${least} to ${most}, not ${value}.`,
      );
    }
  }
  if (minutes > 0 && minutes < 4) {
    throw new EvolveError('bad-argument', `--minutes should be 0 for daily bars only, or at least 4, not ${minutes}.`);
  }
}

class MarketMaker {
  readonly minuteFields: readonly FieldInfo[];
  readonly signals: readonly SignalRecord[];
  readonly #options: SyntheticOptions;
  readonly #grid: MinuteGrid | undefined;
  readonly #stocks: readonly Stock[];
  readonly #market: MarketState = { variance: usualMarketVolatility ** 2, excitement: 0 };
  readonly #history: DailyHistory;
  readonly #cap: Float32Array;
  readonly #special: Float32Array;
  readonly #slabs: ReadonlyMap<(typeof barFields)[number], Float32Array>;
  readonly #bars: Bars;
  readonly #scratch: Scratch;
  readonly #rhythm: ReturnType<typeof rhythm>;
  readonly #daily: readonly SignalRecord[];
  readonly #minute: readonly SignalRecord[];

  constructor(options: SyntheticOptions, grid: MinuteGrid | undefined) {
    const { stocks, days, seed } = options;
    this.#options = options;
    this.#grid = grid;
    this.#stocks = Array.from({ length: stocks }, (_, n) => makeStock(seed, n, days));
    const cells = () => new Float32Array(stocks * days).fill(Number.NaN);
    this.#history = {
      symbols: stocks,
      open: cells(),
      high: cells(),
      low: cells(),
      close: cells(),
      vwap: cells(),
      volume: cells(),
      amount: cells(),
    };
    this.#cap = cells();
    this.#special = cells();
    const count = grid?.starts.length ?? unkeptBars;
    this.#slabs = new Map(barFields.map((name) => [name, new Float32Array(grid ? count * stocks : 0)]));
    this.#bars = emptyBars(count);
    this.#scratch = { move: new Float64Array(count), weight: new Float64Array(count) };
    this.#rhythm = rhythm(count);
    this.#daily = dailySignals.map((row) => new SignalRecord(row, days));
    this.#minute = grid
      ? minuteSignals.map((row) => new SignalRecord({ ...row, expression: row.expression(grid) }, days))
      : [];
    this.signals = [...this.#daily, ...this.#minute];
    this.minuteFields = barFields.map((name) => ({
      name,
      kind: 'b',
      unit: name === 'volume' ? shares : price,
      doc: name === 'volume' ? 'Shares traded in the bar' : `${capital(name)} of the bar, adjusted for splits`,
    }));
  }

  /** Draws date t and gives its bars, by field; theirs until the next date. */
  day(t: number): ReadonlyMap<string, Float32Array> {
    const { seed, stocks } = this.#options;
    const volatility = Math.sqrt(this.#market.variance);
    const factors = drawFactors(seed, t, this.#market);
    const plans = this.#stocks.flatMap((stock) => planStock(seed, t, stock, factors, this.#market) ?? []);
    this.#plant(t, plans);
    const path = marketPath(seed, t, this.#rhythm, volatility);
    for (const slab of this.#slabs.values()) slab.fill(Number.NaN);
    const values = this.#minute.map(() => new Float64Array(stocks).fill(Number.NaN));
    for (const plan of plans) {
      const traded = drawBars(seed, t, plan, path, this.#rhythm, this.#scratch, this.#bars);
      this.#keep(t, plan.stock, traded);
      const volume = this.#history.volume[t * stocks + plan.stock.n] as number;
      for (const [k, row] of values.entries()) {
        row[plan.stock.n] = minuteSignals[k]?.value(this.#bars, this.#grid as MinuteGrid, volume) as number;
      }
    }
    this.#follow(t, values);
    return this.#slabs;
  }

  /** Adds the planted signals, scaled by how far returns lie apart today, so that their strength is their IC. */
  #plant(t: number, plans: readonly Plan[]): void {
    const apart = plans.length > 1 ? deviation(plans.map((plan) => plan.change)) : 0;
    for (const signal of this.signals) {
      const effect = signal.effect(t);
      if (effect) for (const plan of plans) plan.change += apart * (effect[plan.stock.n] as number);
    }
  }

  /** The day's bars of one stock: into the slabs, and summed up into daily bars. */
  #keep(t: number, stock: Stock, traded: number): void {
    const { stocks } = this.#options;
    const { open, high, low, close, volume } = this.#bars;
    const count = open.length;
    if (this.#grid) {
      for (const name of barFields) {
        const [slab, bars] = [this.#slabs.get(name) as Float32Array, this.#bars[name]];
        for (let j = 0; j < count; j++) slab[j * stocks + stock.n] = bars[j] as number;
      }
    }
    const cell = t * stocks + stock.n;
    const day = this.#history;
    day.open[cell] = open[0] as number;
    day.high[cell] = high.reduce((a, b) => Math.max(a, b));
    day.low[cell] = low.reduce((a, b) => Math.min(a, b));
    day.close[cell] = close[count - 1] as number;
    day.volume[cell] = volume.reduce((a, b) => a + b, 0);
    day.amount[cell] = traded;
    const vwap = (day.amount[cell] as number) / (day.volume[cell] as number);
    // A day of one price has a VWAP that rounding may put beside it.
    day.vwap[cell] = Math.max(day.low[cell] as number, Math.min(day.high[cell] as number, vwap));
  }

  #follow(t: number, minuteValues: readonly Float64Array[]): void {
    const { stocks } = this.#options;
    const { close } = this.#history;
    const returns = Float64Array.from({ length: stocks }, (_, n) =>
      t === 0 ? Number.NaN : (close[t * stocks + n] as number) / (close[(t - 1) * stocks + n] as number) - 1,
    );
    for (const signal of this.signals) signal.meet(t, returns);
    for (const [k, row] of dailySignals.entries()) this.#daily[k]?.know(t, row.values(this.#history, t));
    for (const [k, values] of minuteValues.entries()) this.#minute[k]?.know(t, values);
    for (const stock of this.#stocks) {
      if (t < stock.listed || t > stock.last) continue;
      const cell = t * stocks + stock.n;
      this.#cap[cell] = (stock.cents / 100) * stock.adjustment * stock.shares;
      this.#special[cell] = t >= stock.special ? 1 : 0;
    }
  }

  /** Every daily field, once all dates are drawn. */
  *daily(): Generator<{ info: FieldInfo; cells: Float32Array }> {
    const { stocks, days } = this.#options;
    const { symbols: _, ...bars } = this.#history;
    const everyDay = (of: (stock: Stock) => number) =>
      Float32Array.from({ length: stocks * days }, (_, cell) => of(this.#stocks[cell % stocks] as Stock));
    for (const [name, cells] of Object.entries(bars)) {
      yield { info: { name: name.toUpperCase(), kind: 'm', ...barWords[name as keyof typeof barWords] }, cells };
    }
    yield { info: { name: 'CAP', kind: 'm', unit: money, doc: 'Close times shares outstanding' }, cells: this.#cap };
    yield {
      info: { name: 'ST', kind: 'm', unit: ratio, doc: '1 under special treatment, the dates before a delisting' },
      cells: this.#special,
    };
    yield {
      info: { name: 'INDUSTRY', kind: 'g', unit: ratio, doc: 'Industry, one for all dates', labels: industries },
      cells: everyDay((stock) => stock.industry),
    };
    yield* eachDerived(
      {
        ...bars,
        shares: everyDay((stock) => stock.shares),
        freeShares: everyDay((stock) => stock.shares * stock.freeFloat),
      },
      days,
      stocks,
      { priceLimit },
    );
  }
}

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

const barWords = {
  open: { unit: price, doc: 'Open of the first bar, adjusted for splits' },
  high: { unit: price, doc: 'Highest of the bars, adjusted for splits' },
  low: { unit: price, doc: 'Lowest of the bars, adjusted for splits' },
  close: { unit: price, doc: 'Close of the last bar, adjusted for splits' },
  vwap: { unit: price, doc: 'AMOUNT / VOLUME' },
  volume: { unit: shares, doc: 'Sum of the bars, adjusted for splits the other way' },
  amount: { unit: money, doc: 'Money traded' },
} as const;
