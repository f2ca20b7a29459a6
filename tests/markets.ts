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

interface Size {
  readonly rows: number;
  readonly columns: number;
  readonly bars: number;
  readonly seed: number;
}

const field = (name: string, kind: FieldInfo['kind'], unit: Unit): FieldInfo => ({ name, kind, unit, doc: '' });

/** Random walks with gaps, late listings, ties, dates without bars and a day without one field. */
export async function troubledMarket({ rows, columns, bars, seed }: Size): Promise<TestMarket> {
  const folder = join(await mkdtemp(join(tmpdir(), 'evolve-market-')), 'market');
  const random = stream(seed, rows, columns);
  const calendar = Array.from({ length: rows }, (_, t) =>
    new Date(Date.UTC(2022, 10, 1) + t * 86_400_000).toISOString().slice(0, 10),
  );
  const symbols = Array.from({ length: columns }, (_, i) => `S${i}`);
  const starts = Array.from({ length: bars }, (_, m) => 570 + 15 * m);
  const writer = await MarketWriter.create(folder, {
    name: 'troubled',
    calendar,
    symbols,
    minute: { starts, barMinutes: 15 },
    datesPerYear: 244,
    provenance: {},
  });

  const daily = new Map<string, Float64Array>();
  const add = async (name: string, unit: Unit, cells: Float32Array) => {
    await writer.daily(field(name, 'm', unit), cells);
    daily.set(name, Float64Array.from(cells));
  };
  const absent = Array.from({ length: rows * columns }, (_, at) => {
    const [t, i] = [Math.floor(at / columns), at % columns];
    return t < (i % 5) * 7 || (i % 4 === 1 && t % 31 > 27) || random.next() < 0.01;
  });
  const close = walk(random, rows, columns);
  const cells = (value: (at: number) => number) =>
    Float32Array.from({ length: rows * columns }, (_, at) => (absent[at] ? Number.NaN : value(at)));
  await add('CLOSE', price, cells((at) => close[at] as number));
  await add('OPEN', price, cells((at) => (close[at] as number) * (1 + 0.01 * random.normal())));
  await add('HIGH', price, cells((at) => (close[at] as number) * (1.01 + 0.01 * random.next())));
  await add('LOW', price, cells((at) => (close[at] as number) * (0.99 - 0.01 * random.next())));
  await add('VWAP', price, cells((at) => (close[at] as number) * (1 + 0.002 * random.normal())));
  await add('VOLUME', shares, cells(() => Math.round(1e6 * Math.exp(random.normal()))));
  await add('AMOUNT', money, cells(() => Math.round(1e8 * Math.exp(random.normal()))));
  await add('TURN', ratio, cells(() => random.below(5) / 100));

  const industry = Float32Array.from({ length: rows * columns }, (_, at) =>
    at % columns === 2 ? Number.NaN : (at % columns) % 4,
  );
  await writer.daily({ ...field('INDUSTRY', 'g', ratio), labels: ['a', 'b', 'c', 'd'] }, industry);
  daily.set('INDUSTRY', Float64Array.from(industry));
  for (const name of ['MKT_RETURN', 'MKT_UP_SHARE']) {
    const values = Float32Array.from({ length: rows }, (_, t) => (t === 9 ? Number.NaN : 0.01 * random.normal()));
    await writer.vector(field(name, 'v', ratio), values);
    daily.set(name, Float64Array.from(values));
  }

  const minute = new Map<string, Float64Array>();
  const units: Record<string, Unit> = { open: price, high: price, low: price, close: price, volume: shares };
  for (const [name, unit] of Object.entries(units)) {
    writer.minuteField(field(name, 'b', unit));
    minute.set(name, new Float64Array(rows * bars * columns).fill(Number.NaN));
  }
  for (let t = 0; t < rows; t++) {
    const slabs = new Map<string, Float32Array>();
    for (const name of Object.keys(units)) {
      if (t === 4 || (t === 6 && name === 'volume')) continue;
      const slab = Float32Array.from({ length: bars * columns }, (_, at) => {
        const i = at % columns;
        if (absent[t * columns + i] || random.next() < 0.002) return Number.NaN;
        return name === 'volume'
          ? Math.round(1e4 * Math.exp(random.normal()))
          : (close[t * columns + i] as number) * (1 + 0.01 * random.normal());
      });
      slabs.set(name, slab);
      minute.get(name)?.set(slab, t * bars * columns);
    }
    await writer.minuteDay(t, slabs);
  }
  await writer.finish();
  const label = labels(daily.get('CLOSE') as Float64Array, rows, columns);
  return { folder, plain: { rows, columns, daily, minute, starts, label, labelDelay: 2 } };
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
