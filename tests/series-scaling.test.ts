/** Series of a row over themselves and then over their date, and numbers drawn in to what is usual: as said the plain way. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import type { Batch } from '../models/batch.ts';
import type { InputPart, Scaling } from '../models/inputs.ts';
import { medians } from '../models/samples/medians.ts';
import type { RecordReader } from '../models/samples/record-reader.ts';
import { Samples } from '../models/samples/samples.ts';
import { fitScaler } from '../models/samples/scaler.ts';
import { readScalers, writeScalers } from '../models/training/fold-scalers.ts';
import { networkSamples } from '../models/training/network-samples.ts';

const none = Number.NaN;
const seeds = fc.integer({ min: 0, max: 1000 });

interface Shape {
  readonly dates: number;
  readonly symbols: number;
  readonly series: number;
  readonly stepsPerDate: number;
  readonly lags: readonly number[];
  readonly scaling: Scaling;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  dates: fc.constant(9),
  symbols: fc.integer({ min: 1, max: 12 }),
  series: fc.integer({ min: 1, max: 4 }),
  stepsPerDate: fc.integer({ min: 1, max: 5 }),
  lags: fc.constantFrom([0], [2, 1, 0], [5, 3, 0]),
  scaling: fc.constantFrom<Scaling>('series-mean', 'series-last'),
});

const partOf = ({ series, stepsPerDate, lags, scaling }: Shape): InputPart => ({
  name: 'series',
  channels: Array.from({ length: series * stepsPerDate }, (_, c) => ({ name: `c${c}`, expression: 'CLOSE' })),
  ...{ lags, stepsPerDate, scaling },
});

/** [dates] of [symbols][channels]: positive numbers of any size, some missing, whole symbols among them. */
function cellsOf({ dates, symbols, series, stepsPerDate }: Shape, seed: number): Float32Array[] {
  const random = stream(seed, dates, symbols);
  const size = Float64Array.from({ length: symbols * series }, () => Math.exp(5 * random.normal()));
  return Array.from({ length: dates }, () => {
    const record = new Float32Array(symbols * series * stepsPerDate);
    for (let n = 0; n < symbols; n++) {
      const gone = random.next() < 0.15;
      for (let k = 0; k < series * stepsPerDate; k++) {
        const x = (size[n * series + (k % series)] as number) * Math.exp(0.1 * random.normal());
        record[n * series * stepsPerDate + k] = gone || random.next() < 0.1 ? none : x;
      }
    }
    return record;
  });
}

/** One buffer for all records: who holds on to one while another is read finds that one in it. */
function readerOf(cells: readonly Float32Array[]): RecordReader {
  const buffer = new Float32Array((cells[0] as Float32Array).length);
  return {
    record: (date) => {
      buffer.set(cells[date] as Float32Array);
      return buffer;
    },
    close: () => {},
  };
}

function samplesOf(
  shape: Shape,
  cells: readonly Float32Array[],
  options: { limit?: number; seed?: number } = {},
): Samples {
  const { dates, symbols, scaling } = shape;
  const random = stream(options.seed ?? 1, 2, 3);
  const labels = Float32Array.from({ length: dates * symbols }, () => (random.next() < 0.4 ? none : random.normal()));
  const part = partOf(shape);
  const scaler = fitScaler(readerOf(cells), { channels: part.channels.length, dates: [0], scaling });
  return new Samples({
    parts: [{ part, reader: readerOf(cells), scaler }],
    labels,
    symbols,
    limit: options.limit ?? 0,
  });
}

/** By symbol the row of [steps][series] it should have on a date; in float64, and nothing clever. */
function expected(shape: Shape, cells: readonly Float32Array[], date: number, limit = Number.POSITIVE_INFINITY) {
  const { symbols, series, stepsPerDate, lags, scaling } = shape;
  const width = series * stepsPerDate;
  const steps = lags.length * stepsPerDate;
  const raw = (n: number, step: number, c: number): number => {
    const t = date - (lags[Math.floor(step / stepsPerDate)] as number);
    return t < 0 ? none : (cells[t]?.[n * width + (step % stepsPerDate) * series + c] as number);
  };
  const known = (n: number) =>
    range(steps).flatMap((s) => range(series).filter((c) => !Number.isNaN(raw(n, s, c)))).length;
  const rows = range(symbols).filter((n) => known(n) > 0 && known(n) >= (steps * series) / 2);
  const own = (n: number, step: number, c: number): number => {
    const all = range(steps).map((s) => raw(n, s, c));
    const there = all.filter((x) => !Number.isNaN(x));
    const by = scaling === 'series-last' ? (all.at(-1) as number) : sum(there) / there.length;
    return raw(n, step, c) / by;
  };
  return new Map(
    rows.map((n) => {
      const row = range(steps).flatMap((s) =>
        range(series).map((c) => {
          const others = rows.map((m) => own(m, s, c)).filter((y) => !Number.isNaN(y));
          const mean = sum(others) / others.length;
          const deviation = Math.sqrt(sum(others.map((y) => (y - mean) ** 2)) / others.length);
          const y = own(n, s, c);
          if (Number.isNaN(y) || !(deviation > 1e-7 * Math.abs(mean))) return 0;
          return Math.min(limit, Math.max(-limit, (y - mean) / deviation));
        }),
      );
      return [n, row] as const;
    }),
  );
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** By symbol, the row it has in a batch's section. */
function rowsOf(batch: Batch, section = 0): Map<number, number[]> {
  const values = batch.inputs.get('series') as Float32Array;
  const width = values.length / Math.max(1, batch.rows);
  const { from, to } = batch.sections[section] ?? { from: 0, to: 0 };
  return new Map(
    range(to - from).map((i) => [
      batch.symbols[from + i] as number,
      [...values.subarray((from + i) * width, (from + i + 1) * width)],
    ]),
  );
}

function expectAlike(found: ReadonlyMap<number, number[]>, wanted: ReadonlyMap<number, number[]>): void {
  expect([...found.keys()]).toEqual([...wanted.keys()]);
  for (const [n, row] of wanted) {
    const worst = Math.max(
      0,
      ...row.map((x, i) => Math.abs((found.get(n)?.[i] as number) - x) / Math.max(1, Math.abs(x))),
    );
    if (!(worst < 1e-6)) expect({ n, row: found.get(n) }).toEqual({ n, row });
  }
}

describe('series over themselves and then over their date', () => {
  test('are those of the plain way', () => {
    fc.assert(
      fc.property(shapes, seeds, fc.constantFrom(undefined, 1.5), (shape, seed, limit) => {
        const cells = cellsOf(shape, seed);
        const samples = samplesOf(shape, cells, limit === undefined ? {} : { limit });
        // Twice: the second time by what was kept of the first.
        for (const date of [0, 4, 8, 4])
          expectAlike(rowsOf(samples.section(date)), expected(shape, cells, date, limit));
      }),
      { numRuns: 150 },
    );
  });

  test('are the same whoever has a label, in pieces of any size', () => {
    fc.assert(
      fc.property(shapes, seeds, fc.integer({ min: 1, max: 20 }), (shape, seed, size) => {
        const cells = cellsOf(shape, seed);
        const samples = samplesOf(shape, cells, { seed });
        const all = new Map(range(shape.dates).map((date) => [date, rowsOf(samples.section(date))]));
        const shuffle = stream(seed, 5, 5);
        for (const batch of samplesOf(shape, cells, { seed }).batches([2, 5, 8], size, { whole: false, shuffle })) {
          for (const [i, { date }] of batch.sections.entries()) {
            for (const [n, row] of rowsOf(batch, i)) expect(row).toEqual(all.get(date)?.get(n));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('do not depend on later dates', () => {
    fc.assert(
      fc.property(shapes, seeds, fc.integer({ min: 0, max: 8 }), (shape, seed, date) => {
        const cells = cellsOf(shape, seed);
        const other = cells.map((record, t) => (t > date ? record.map((x) => (Number.isNaN(x) ? 1 : none)) : record));
        expect(rowsOf(samplesOf(shape, other).section(date))).toEqual(rowsOf(samplesOf(shape, cells).section(date)));
      }),
      { numRuns: 60 },
    );
  });

  test('follow their symbols, in whichever order these stand', () => {
    fc.assert(
      fc.property(shapes, seeds, (shape, seed) => {
        const cells = cellsOf(shape, seed);
        const { symbols } = shape;
        const width = shape.series * shape.stepsPerDate;
        const turned = cells.map((record) =>
          Float32Array.from(record, (_, i) => {
            const n = Math.floor(i / width);
            return record[(symbols - 1 - n) * width + (i % width)] as number;
          }),
        );
        const found = rowsOf(samplesOf(shape, turned).section(8));
        const back = new Map([...found].map(([n, row]) => [symbols - 1 - n, row] as const).reverse());
        expectAlike(back, rowsOf(samplesOf(shape, cells).section(8)));
      }),
      { numRuns: 60 },
    );
  });

  test('are the same in another currency', () => {
    fc.assert(
      fc.property(shapes, seeds, (shape, seed) => {
        const cells = cellsOf(shape, seed);
        const cents = cells.map((record) => record.map((x) => 128 * x));
        expectAlike(rowsOf(samplesOf(shape, cents).section(8)), rowsOf(samplesOf(shape, cells).section(8)));
      }),
      { numRuns: 40 },
    );
  });

  const byHand = (scaling: Scaling, dates: readonly (readonly number[])[], lags: readonly number[]): number[][] => {
    const symbols = (dates[0] as readonly number[]).length;
    const shape = { dates: dates.length, symbols, series: 1, stepsPerDate: 1, lags, scaling };
    return [
      ...rowsOf(
        samplesOf(
          shape,
          dates.map((row) => Float32Array.from(row)),
        ).section(dates.length - 1),
      ).values(),
    ];
  };

  test('over the last value: it is 1 for all, and so 0', () => {
    // 1 2 / 3 1 / 4 4 over the last: 0.5 1, 3 1, 1 1.
    const mean = 4.5 / 3;
    const deviation = Math.sqrt(((0.5 - mean) ** 2 + (3 - mean) ** 2 + (1 - mean) ** 2) / 3);
    const rows = byHand(
      'series-last',
      [
        [1, 3, 4],
        [2, 1, 4],
      ],
      [1, 0],
    );
    expect(rows.map(([first]) => first)).toEqual([0.5, 3, 1].map((y) => Math.fround((y - mean) / deviation)));
    expect(rows.map(([, last]) => last)).toEqual([0, 0, 0]);
  });

  test('over the mean: a series as large as another is the same', () => {
    expect(
      byHand(
        'series-mean',
        [
          [1, 300],
          [3, 100],
        ],
        [1, 0],
      ),
    ).toEqual([
      [-1, 1],
      [1, -1],
    ]);
    expect(
      byHand(
        'series-mean',
        [
          [1, 200],
          [3, 600],
        ],
        [1, 0],
      ),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test('without what they are over, they are missing; one symbol alone is 0', () => {
    expect(
      byHand(
        'series-last',
        [
          [1, 3, 5],
          [2, none, 0],
        ],
        [1, 0],
      ),
    ).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(byHand('series-mean', [[1], [2]], [1, 0])).toEqual([[0, 0]]);
  });

  test('are those of what lies before the calendar missing', () => {
    expect(byHand('series-mean', [[1, 2, 6]], [1, 0])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  test('come as steps of dates one after another', () => {
    const shape: Shape = {
      dates: 9,
      symbols: 3,
      series: 6,
      stepsPerDate: 16,
      lags: [3, 2, 1, 0],
      scaling: 'series-mean',
    };
    const parts = [partOf(shape)];
    const cells = cellsOf(shape, 1);
    const scalers = [fitScaler(readerOf(cells), { channels: 96, dates: [0], scaling: 'series-mean' })];
    const { shapes: found } = networkSamples(
      { parts, readers: [readerOf(cells)], scalers, symbols: 3, limit: 0 },
      new Map(),
    );
    expect(found.get('series')).toEqual({ steps: 64, channels: 6 });
  });
});

describe('medians', () => {
  const numbers = fc.array(fc.oneof(fc.float({ noDefaultInfinity: true }), fc.constantFrom(0, -0, 1, 1.5, -1)), {
    minLength: 1,
    maxLength: 40,
  });

  test('are those of sorted numbers', () => {
    fc.assert(
      fc.property(numbers, numbers, (one, other) => {
        const rows = Math.max(one.length, other.length);
        const table = Float32Array.from(range(rows).flatMap((i) => [one[i] ?? none, other[i] ?? none]));
        const cut = 2 * Math.floor(rows / 2);
        const found = medians(2, () => [table.subarray(0, cut), table.subarray(cut)]);
        expect([...found].map((x) => x + 0)).toEqual([plainMedian(one), plainMedian(other)]);
      }),
      { numRuns: 40 },
    );
  });
});

function plainMedian(values: readonly number[]): number {
  const sorted = values.filter((x) => !Number.isNaN(x)).sort((a, b) => a - b);
  if (sorted.length === 0) return none;
  const at = (i: number) => sorted[Math.floor(i)] as number;
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2 + 0;
}

describe('a robust scaler', () => {
  const shape: Shape = { dates: 9, symbols: 12, series: 3, stepsPerDate: 1, lags: [2, 0], scaling: 'robust' };
  const dates = [1, 2, 4, 5];

  /** With some numbers far out. */
  const wild = (seed: number): Float32Array[] => {
    const random = stream(seed, 9, 9);
    return cellsOf(shape, seed).map((record) =>
      record.map((x) => (random.next() < 0.08 ? x * 1000 * random.normal() : x)),
    );
  };

  const fitted = (cells: readonly Float32Array[], labels?: Float32Array) =>
    fitScaler(readerOf(cells), { channels: 3, dates, scaling: 'robust', ...(labels && { labels }) });

  test('draws numbers in to 7 median deviations of the median, and is of those', () => {
    fc.assert(
      fc.property(seeds, fc.boolean(), (seed, masked) => {
        const cells = wild(seed);
        const random = stream(seed, 1, 2);
        const labels = Float32Array.from({ length: 9 * 12 }, () => (random.next() < 0.3 ? none : 0));
        const { mean, deviation, bounds } = fitted(cells, masked ? labels : undefined);
        for (let c = 0; c < 3; c++) {
          const all = dates.flatMap((t) =>
            [...(cells[t] as Float32Array)].filter((x, i) => {
              const counts = !masked || !Number.isNaN(labels[t * 12 + Math.floor(i / 3)]);
              return i % 3 === c && counts && !Number.isNaN(x);
            }),
          );
          const middle = plainMedian(all);
          const away = plainMedian(all.map((x) => Math.fround(Math.abs(x - middle))));
          const [low, high] = [middle - 7 * away, middle + 7 * away];
          expect([bounds?.low[c], bounds?.high[c]]).toEqual([Math.fround(low), Math.fround(high)]);
          const drawn = all.map((x) => Math.min(Math.max(x, low), high));
          const average = sum(drawn) / drawn.length;
          const spread = Math.sqrt(sum(drawn.map((x) => (x - average) ** 2)) / drawn.length);
          expect((mean[c] as number) / average).toBeCloseTo(1, 5);
          expect((deviation[c] as number) / spread).toBeCloseTo(1, 5);
        }
      }),
      { numRuns: 15 },
    );
  });

  test('has samples drawn in before they are scaled', () => {
    const cells = wild(3);
    const scaler = fitted(cells);
    const part = partOf(shape);
    const options = { labels: new Float32Array(9 * 12), symbols: 12, limit: 0 };
    for (const read of [undefined, [0, 2]]) {
      const samples = new Samples({ parts: [{ part, reader: readerOf(cells), scaler, read }], ...options });
      let drawn = 0;
      for (const [n, row] of rowsOf(samples.section(8))) {
        const chosen = read ?? [0, 1, 2];
        const wanted = shape.lags.flatMap((lag) =>
          chosen.map((c) => {
            const x = cells[8 - lag]?.[n * 3 + c] as number;
            const [low, high] = [scaler.bounds?.low[c] as number, scaler.bounds?.high[c] as number];
            if (x < low || x > high) drawn++;
            const y = (Math.min(Math.max(x, low), high) - (scaler.mean[c] as number)) / (scaler.deviation[c] as number);
            return Number.isNaN(x) ? 0 : Math.fround(y);
          }),
        );
        for (const [i, y] of wanted.entries()) expect(row[i]).toBeCloseTo(y, 5);
      }
      expect(drawn).toBeGreaterThan(0);
    }
  });

  test('is the same when read again, and one without bounds is not of this part', () => {
    const folder = mkdtempSync(join(tmpdir(), 'evolve-scalers-'));
    const [part, { unknown: _, ...scaler }] = [partOf(shape), fitted(wild(3))];
    const origin = { training: 'this one', fold: 0 };
    writeScalers(folder, '2020-01-02', origin, [part], [scaler]);
    expect(readScalers(folder, '2020-01-02', origin, [part])).toEqual([scaler]);
    const { mean, deviation } = scaler;
    writeScalers(folder, '2020-01-02', origin, [part], [{ mean, deviation }]);
    expect(() => readScalers(folder, '2020-01-02', origin, [part])).toThrow(/are not those of this model/);
    expect(readScalers(folder, '2020-01-02', origin, [{ ...part, scaling: 'training' }])).toEqual([
      { mean, deviation },
    ]);
    rmSync(folder, { recursive: true });
  });

  test('leaves a channel that is mostly one number as it is, and one without numbers', () => {
    const cells = range(9).map(() => Float32Array.from(range(12).flatMap((n) => [n < 8 ? 5 : 100 * n, none, n])));
    const { bounds, unknown, mean } = fitted(cells);
    const [low, high] = [bounds?.low as Float32Array, bounds?.high as Float32Array];
    expect([low[0], high[0]]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect([low[1], high[1]]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(mean[0]).toBeCloseTo((8 * 5 + 3800) / 12, 4);
    expect(unknown).toEqual([1]);
    expect([low[2], high[2]]).toEqual([5.5 - 21, 5.5 + 21]);
  });
});
