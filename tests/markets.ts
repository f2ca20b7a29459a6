/** Small markets full of trouble, on disk for the evaluator and as plain arrays for the reference. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stream, stream } from '../core/random.ts';
import { money, price, ratio, shares, type Unit } from '../core/units.ts';
import type { FieldInfo } from '../data/market.ts';
import { MarketWriter } from '../data/store/write.ts';
import type { PlainMarket } from '../program/reference-program.ts';

export interface TestMarket {
  readonly folder: string;
  readonly plain: PlainMarket;
}

export interface Size {
  readonly rows: number;
  readonly columns: number;
  readonly bars: number;
  readonly seed: number;
}

/** What is done to a finished market before it is written: the rest of it stays to the bit. */
export interface Change {
  /** Every value of later dates becomes another one, some missing. */
  readonly after?: number;
  /** Prices are counted in a unit this many times smaller. */
  readonly currency?: number;
  /** The symbol that stands in each column. */
  readonly order?: readonly number[];
}

/** One field's cells before anything is changed: `depth` rows of `width` cells a date. */
interface Raw {
  readonly name: string;
  readonly kind: FieldInfo['kind'];
  readonly unit: Unit;
  readonly cells: Float32Array;
  readonly depth: number;
  readonly width: number;
}

/** Random walks with gaps, late listings, ties, dates without bars and a day without one field. */
export async function troubledMarket(size: Size, change: Change = {}): Promise<TestMarket> {
  const { rows, columns, bars } = size;
  const folder = join(await mkdtemp(join(tmpdir(), 'evolve-market-')), 'market');
  const starts = Array.from({ length: bars }, (_, m) => 570 + 15 * m);
  const writer = await MarketWriter.create(folder, {
    name: 'troubled',
    calendar: Array.from({ length: rows }, (_, t) =>
      new Date(Date.UTC(2022, 10, 1) + t * 86_400_000).toISOString().slice(0, 10),
    ),
    symbols: Array.from({ length: columns }, (_, i) => `S${i}`),
    minute: { starts, barMinutes: 15 },
    datesPerYear: 244,
    provenance: {},
  });
  const fields = raw(size).map((field) => ({ ...field, cells: changed(field, change) }));
  const daily = new Map<string, Float64Array>();
  const minute = new Map<string, Float64Array>();
  for (const { name, kind, unit, cells } of fields) {
    const info: FieldInfo = { name, kind, unit, doc: '' };
    (kind === 'b' ? minute : daily).set(name, Float64Array.from(cells));
    if (kind === 'v') await writer.vector(info, cells);
    else if (kind === 'b') writer.minuteField(info);
    else await writer.daily(kind === 'g' ? { ...info, labels: ['a', 'b', 'c', 'd'] } : info, cells);
  }
  for (let t = 0; t < rows; t++) {
    const day = fields
      .filter(({ kind }) => kind === 'b')
      .map(({ name, cells }) => {
        return [name, cells.slice(t * bars * columns, (t + 1) * bars * columns)] as const;
      });
    await writer.minuteDay(t, new Map(day));
  }
  await writer.finish();
  const label = labels(daily.get('CLOSE') as Float64Array, rows, columns);
  return { folder, plain: { rows, columns, daily, minute, starts, label, labelDelay: 2 } };
}

function changed({ kind, unit, cells, depth, width }: Raw, { after, currency = 1, order }: Change): Float32Array {
  return cells.map((_, at) => {
    const date = Math.floor(at / (depth * width));
    const column = at % width;
    const value = cells[at - column + (width > 1 ? (order?.[column] ?? column) : 0)] as number;
    if (after === undefined || date <= after || kind === 'g') return value * currency ** unit.price;
    return at % 11 === 0 ? Number.NaN : value * 1.7 + (at % 3);
  });
}

function raw({ rows, columns, bars, seed }: Size): Raw[] {
  const random = stream(seed, rows, columns);
  const absent = Array.from({ length: rows * columns }, (_, at) => {
    const [t, i] = [Math.floor(at / columns), at % columns];
    return t < (i % 5) * 7 || (i % 4 === 1 && t % 31 > 27) || random.next() < 0.01;
  });
  const close = walk(random, rows, columns);
  const daily = (name: string, unit: Unit, value: (at: number) => number): Raw => ({
    name,
    kind: 'm',
    unit,
    cells: Float32Array.from({ length: rows * columns }, (_, at) => (absent[at] ? Number.NaN : value(at))),
    depth: 1,
    width: columns,
  });
  const vector = (name: string): Raw => ({
    name,
    kind: 'v',
    unit: ratio,
    cells: Float32Array.from({ length: rows }, (_, t) => (t === 9 ? Number.NaN : 0.01 * random.normal())),
    depth: 1,
    width: 1,
  });
  const minute = (name: string, unit: Unit, value: (price: number) => number): Raw => ({
    name,
    kind: 'b',
    unit,
    cells: Float32Array.from({ length: rows * bars * columns }, (_, at) => {
      const t = Math.floor(at / (bars * columns));
      const cell = t * columns + (at % columns);
      const noBars = t === 4 || (t === 6 && name === 'volume');
      return noBars || absent[cell] || random.next() < 0.002 ? Number.NaN : value(close[cell] as number);
    }),
    depth: bars,
    width: columns,
  });
  const industry = Float32Array.from({ length: rows * columns }, (_, at) =>
    at % columns === 2 ? Number.NaN : (at % columns) % 4,
  );
  const near = (price: number) => price * (1 + 0.01 * random.normal());
  return [
    daily('CLOSE', price, (at) => close[at] as number),
    daily('OPEN', price, (at) => near(close[at] as number)),
    daily('HIGH', price, (at) => (close[at] as number) * (1.01 + 0.01 * random.next())),
    daily('LOW', price, (at) => (close[at] as number) * (0.99 - 0.01 * random.next())),
    daily('VWAP', price, (at) => near(close[at] as number)),
    daily('VOLUME', shares, () => Math.round(1e6 * Math.exp(random.normal()))),
    daily('AMOUNT', money, () => Math.round(1e8 * Math.exp(random.normal()))),
    daily('TURN', ratio, () => random.below(5) / 100),
    { name: 'INDUSTRY', kind: 'g', unit: ratio, cells: industry, depth: 1, width: columns },
    vector('MKT_RETURN'),
    vector('MKT_UP_SHARE'),
    ...['open', 'high', 'low', 'close'].map((name) => minute(name, price, near)),
    minute('volume', shares, () => Math.round(1e4 * Math.exp(random.normal()))),
  ];
}

function walk(random: Stream, rows: number, columns: number): Float64Array {
  const last = Float64Array.from({ length: columns }, () => 20 * Math.exp(random.normal()));
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const i = at % columns;
    last[i] = (last[i] as number) * Math.exp(0.02 * random.normal());
    return Math.round((last[i] as number) * 100) / 100;
  });
}

/** Close of T+1 to close of T+2, stored as the evaluator stores it. */
function labels(close: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, at) =>
    at + 2 * columns < close.length
      ? Math.fround((close[at + 2 * columns] as number) / (close[at + columns] as number) - 1)
      : Number.NaN,
  );
}
