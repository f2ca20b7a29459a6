/** A small market in memory with all that keeps a symbol from teaching, and trailing channels of its prices. */
import { Arena } from '../core/arena.ts';
import { stream } from '../core/random.ts';
import { price, ratio } from '../core/units.ts';
import type { FieldInfo, Market, MarketManifest } from '../data/market.ts';
import type { InputPart } from '../models/inputs.ts';
import type { RecordReader } from '../models/samples/record-reader.ts';

export const calendarOf = (dates: number, first = Date.UTC(2020, 0, 1)): string[] =>
  Array.from({ length: dates }, (_, t) => new Date(first + t * 86_400_000).toISOString().slice(0, 10));

export interface SampleMarket {
  readonly market: Market;
  readonly arena: Arena;
  readonly dates: number;
  readonly symbols: number;
  readonly field: (name: string) => Float32Array;
}

interface SampleMarketOptions {
  readonly dates: number;
  readonly symbols: number;
  readonly seed: number;
  /** From this date on every cell of every field is another one. */
  readonly otherFrom?: number | undefined;
  /** Masks the market has; all of them unless told. */
  readonly masks?: readonly string[];
}

const allMasks = ['CAN_BUY', 'ST', 'SUSPENDED', 'MEMBER'];

export function sampleMarket({
  dates,
  symbols,
  seed,
  otherFrom = dates,
  masks = allMasks,
}: SampleMarketOptions): SampleMarket {
  const random = stream(seed, dates, symbols);
  const last = Float64Array.from({ length: symbols }, () => 5 + 20 * random.next());
  const cells = new Map(['CLOSE', ...allMasks].map((name) => [name, new Float32Array(dates * symbols)]));
  for (let t = 0; t < dates; t++) {
    for (let n = 0; n < symbols; n++) {
      const at = t * symbols + n;
      last[n] = (last[n] as number) * Math.exp(0.03 * random.normal());
      const draws = Array.from({ length: 5 }, () => random.next());
      const [missing, closed, special, halted, outside] = draws as [number, number, number, number, number];
      const other = t >= otherFrom;
      const set = (name: string, value: number) => (cells.get(name) as Float32Array).fill(value, at, at + 1);
      set('CLOSE', missing < 0.05 !== other ? Number.NaN : (last[n] as number) * (other ? 3 + missing : 1));
      set('CAN_BUY', closed < 0.1 !== other ? 0 : 1);
      set('ST', special < 0.05 !== other ? 1 : 0);
      set('SUSPENDED', halted < 0.05 !== other ? 1 : 0);
      set('MEMBER', outside < 0.1 !== other ? 0 : 1);
    }
  }
  return marketOf(dates, symbols, new Map([...cells].filter(([name]) => name === 'CLOSE' || masks.includes(name))));
}

/** Of cells [dates][symbols] by field. */
export function marketOf(dates: number, symbols: number, cells: ReadonlyMap<string, Float32Array>): SampleMarket {
  const arena = new Arena(256 * 1024 ** 2);
  const daily = new Map(
    [...cells].map(([name, values]) => {
      const matrix = arena.matrix(dates, symbols);
      for (let t = 0; t < dates; t++) arena.row(matrix, t).set(values.subarray(t * symbols, (t + 1) * symbols));
      return [name, matrix];
    }),
  );
  const fields = [...cells.keys()].map(
    (name): FieldInfo => ({ name, kind: 'm', unit: name === 'CLOSE' ? price : ratio, doc: '' }),
  );
  const manifest: MarketManifest = {
    schema: 1,
    name: 'samples',
    calendar: calendarOf(dates),
    symbols: Array.from({ length: symbols }, (_, n) => `S${n}`),
    fields,
    datesPerYear: 244,
    provenance: {},
    hash: '',
  };
  return {
    market: { folder: undefined, manifest, daily },
    arena,
    dates,
    symbols,
    field: (name) => cells.get(name) as Float32Array,
  };
}

export const partOf = (name: string, channels: number, lags: readonly number[]): InputPart => ({
  name,
  channels: Array.from({ length: channels }, (_, c) => ({ name: `c${c}`, expression: `ts_return(CLOSE, ${c + 1})` })),
  lags,
});

/**
 * Channel c is the return over c + 1 dates. There is one buffer for all records: who holds on to one while another is
 * read finds that one in it.
 */
export function returnsReader(market: SampleMarket, channels: number): RecordReader & { readonly read: number[] } {
  const { symbols } = market;
  const close = market.field('CLOSE');
  const buffer = new Float32Array(symbols * channels);
  const read: number[] = [];
  return {
    read,
    record: (date) => {
      if (!(date >= 0 && date < market.dates)) throw new RangeError(`there is no date ${date}`);
      read.push(date);
      for (let n = 0; n < symbols; n++) {
        for (let c = 0; c < channels; c++) {
          const before = date - c - 1;
          const value = before < 0 ? Number.NaN : (close[before * symbols + n] as number);
          buffer[n * channels + c] = (close[date * symbols + n] as number) / value - 1;
        }
      }
      return buffer;
    },
    close: () => buffer.fill(Number.NaN),
  };
}
