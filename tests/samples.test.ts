/** Batches: every row once, the numbers they should have, and nothing that was not known. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import type { Batch } from '../models/batch.ts';
import { type FoldRule, foldsOf } from '../models/samples/folds.ts';
import { labelCounts, trainingLabels } from '../models/samples/labels.ts';
import { type BatchOptions, Samples } from '../models/samples/samples.ts';
import { fitScaler, type Scaler } from '../models/samples/scaler.ts';
import { partOf, returnsReader, type SampleMarket, sampleMarket } from './sample-market.ts';

const rule = { label: { price: 'CLOSE', lag: 1, horizon: 2 }, universe: 'MEMBER' } as const;
const reach = 8;
const near = partOf('near', 2, [2, 1, 0]);
const far = partOf('far', 4, [4, 0]);
const seeds = fc.integer({ min: 0, max: 1000 });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

interface Given {
  readonly read?: readonly number[];
  readonly limit?: number;
  readonly styles?: { values: Float32Array; count: number };
  readonly scalers?: readonly [Scaler, Scaler];
}

const plainScaler = (channels: number): Scaler => ({
  mean: Float32Array.from({ length: channels }, (_, c) => 0.01 * c),
  deviation: Float32Array.from({ length: channels }, (_, c) => 0.05 + 0.01 * c),
});

function samplesOf(market: SampleMarket, { read, limit = 0, styles, scalers }: Given = {}): Samples {
  const [first, second] = scalers ?? [plainScaler(2), plainScaler(4)];
  return new Samples({
    parts: [
      { part: near, reader: returnsReader(market, 2), scaler: first },
      { part: far, reader: returnsReader(market, 4), scaler: second, read },
    ],
    labels: trainingLabels(market, rule),
    symbols: market.symbols,
    limit,
    styles,
  });
}

/** A batch's rows as `date:symbol`. */
const rowsOf = ({ sections, symbols }: Batch): string[] =>
  sections.flatMap(({ date, from, to }) => [...symbols.subarray(from, to)].map((n) => `${date}:${n}`));

/** What a part of a row should hold before it is scaled. */
function numbers(market: SampleMarket, { channels, lags }: typeof near, t: number, n: number): number[] {
  const close = (date: number) =>
    date < 0 ? Number.NaN : (market.field('CLOSE')[date * market.symbols + n] as number);
  return lags.flatMap((lag) => channels.map((_, c) => Math.fround(close(t - lag) / close(t - lag - c - 1) - 1)));
}

/** Rows there should be on some dates, said the plain way. */
function expected(market: SampleMarket, dates: readonly number[], labels: Float32Array | undefined): string[] {
  const rows: string[] = [];
  for (const t of dates) {
    for (let n = 0; n < market.symbols; n++) {
      const all = [...numbers(market, near, t, n), ...numbers(market, far, t, n)];
      const known = all.filter((x) => !Number.isNaN(x)).length;
      const label = labels ? labels[t * market.symbols + n] : 0;
      if (known >= all.length / 2 && !Number.isNaN(label)) rows.push(`${t}:${n}`);
    }
  }
  return rows;
}

const options = fc.record({ whole: fc.boolean(), seed: fc.option(seeds) });
const optionsOf = ({ whole, seed }: { whole: boolean; seed: number | null }): BatchOptions =>
  seed === null ? { whole } : { whole, shuffle: stream(seed, 7, 7) };
const sizes = fc.integer({ min: 1, max: 60 });

describe('an epoch', () => {
  test('has every row once: those with a label and half of their numbers', () => {
    fc.assert(
      fc.property(seeds, sizes, options, (seed, size, how) => {
        const market = sampleMarket({ dates: 30, symbols: 13, seed });
        const samples = samplesOf(market);
        const dates = range(0, 30).filter((t) => t % 3 !== 1);
        const rows = [...samples.batches(dates, size, optionsOf(how))].flatMap(rowsOf);
        const all = expected(market, dates, trainingLabels(market, rule));
        if (how.seed === null) expect(rows).toEqual(all);
        expect(rows.sort()).toEqual(all.sort());
        const counts = samples.count(dates);
        expect(counts).toEqual({
          rows: rows.length,
          dates: new Set(rows.map((row) => row.split(':')[0])).size,
          tooFewKnown: labelCounts(market, rule, dates).labelled - rows.length,
        });
      }),
      { numRuns: 60 },
    );
    // Symbols without a past have a label and too few numbers.
    expect(
      samplesOf(sampleMarket({ dates: 30, symbols: 13, seed: 1 })).count(range(0, 30)).tooFewKnown,
    ).toBeGreaterThan(9);
  });

  test('is the same by the same stream, and another by another', () => {
    fc.assert(
      fc.property(seeds, sizes, fc.boolean(), (seed, size, whole) => {
        const market = sampleMarket({ dates: 30, symbols: 13, seed });
        const epoch = (by: number, samples: Samples) => [
          ...samples.batches(range(reach, 27), size, { whole, shuffle: stream(by, 0, 0) }),
        ];
        const samples = samplesOf(market);
        const once = epoch(1, samples);
        expect(epoch(1, samples)).toEqual(once);
        expect(epoch(1, samplesOf(market))).toEqual(once);
        expect(epoch(2, samples)).not.toEqual(once);
      }),
      { numRuns: 15 },
    );
  });

  test('comes in batches of the size or less, unless they are of one date or one piece of it', () => {
    fc.assert(
      fc.property(seeds, sizes, options, (seed, size, how) => {
        const market = sampleMarket({ dates: 24, symbols: 40, seed });
        const samples = samplesOf(market);
        const dates = range(reach, 22);
        const batches = [...samples.batches(dates, size, optionsOf(how))];
        for (const [b, { rows, sections, symbols, labels }] of batches.entries()) {
          expect(rows).toBeGreaterThan(0);
          expect([symbols.length, labels.length, sections.at(-1)?.to]).toEqual([rows, rows, rows]);
          if (sections.length > 1) expect(rows).toBeLessThanOrEqual(size);
          else if (!how.whole && size > 2) expect(rows).toBeLessThanOrEqual(1.5 * size);
          // It ends because the next piece would not fit.
          const next = batches[b + 1]?.sections[0];
          if (next) expect(rows + next.to - next.from).toBeGreaterThan(size);
          for (const [s, { from, to }] of sections.entries()) {
            expect(from).toBe(s === 0 ? 0 : sections[s - 1]?.to);
            const own = [...symbols.subarray(from, to)];
            expect(own).toEqual([...own].sort((a, c) => a - c));
          }
        }
        const pieces = new Map<number, number[]>();
        for (const { date, from, to } of batches.flatMap(({ sections }) => sections)) {
          pieces.set(date, [...(pieces.get(date) ?? []), to - from]);
        }
        for (const lengths of pieces.values()) {
          const all = lengths.reduce((a, b) => a + b, 0);
          if (how.whole || all <= 1.5 * size) expect(lengths).toHaveLength(1);
          else {
            expect(lengths).toHaveLength(Math.round(all / size));
            expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('says of pieces of a date which label is in the middle of the date', () => {
    const samples = samplesOf(sampleMarket({ dates: 30, symbols: 40, seed: 3 }));
    const [whole] = samples.batches([20], 10, { whole: true });
    const sorted = [...(whole as Batch).labels].sort((a, b) => a - b);
    const pieces = [...samples.batches([20], 10, { whole: false })].flatMap(({ sections }) => sections);
    expect(pieces.length).toBeGreaterThan(1);
    for (const { middle } of pieces) expect(middle).toBe(sorted[Math.ceil(sorted.length / 2) - 1]);
    expect(whole?.sections[0]).not.toHaveProperty('middle');
  });

  test('shuffled cuts dates otherwise than the next one', () => {
    const samples = samplesOf(sampleMarket({ dates: 30, symbols: 40, seed: 3 }));
    const first = (seed: number) => {
      const batches = samples.batches([20], 10, { whole: false, shuffle: stream(seed, 0, 0) });
      return rowsOf(batches.next().value as Batch).join();
    };
    expect(new Set(range(0, 10).map(first)).size).toBe(10);
  });
});

describe('a row', () => {
  test('holds numbers scaled and drawn in, 0 for what is missing, and its label', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(0, 1), fc.subarray([0, 1, 2, 3], { minLength: 1 }), (seed, limit, read) => {
        const market = sampleMarket({ dates: 26, symbols: 11, seed });
        const labels = trainingLabels(market, rule);
        const samples = samplesOf(market, { limit, read });
        const batches = [...samples.batches(range(0, 24), 30, { whole: false, shuffle: stream(seed, 1, 1) })];
        for (const batch of batches) {
          for (const [r, row] of rowsOf(batch).entries()) {
            const [t, n] = row.split(':').map(Number) as [number, number];
            expect(batch.labels[r]).toBe(labels[t * market.symbols + n]);
            for (const [part, chosen] of [
              [near, [0, 1]],
              [far, read],
            ] as const) {
              const scaler = plainScaler(part.channels.length);
              const all = numbers(market, part, t, n);
              const scaled = part.lags.flatMap((_, step) =>
                chosen.map((c) => {
                  const x = all[step * part.channels.length + c] as number;
                  const z = (x - (scaler.mean[c] as number)) / (scaler.deviation[c] as number);
                  if (Number.isNaN(z)) return 0;
                  return limit > 0 ? Math.max(-limit, Math.min(limit, z)) : z;
                }),
              );
              const inputs = batch.inputs.get(part.name) as Float32Array;
              expect(inputs.length).toBe(batch.rows * scaled.length);
              const off = scaled.map(
                (z, i) => Math.abs((inputs[r * scaled.length + i] as number) - z) / (1 + Math.abs(z)),
              );
              expect(off.every((x) => x < 1e-6)).toBe(true);
            }
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  test('is there or not whatever a network reads of it', () => {
    const market = sampleMarket({ dates: 26, symbols: 30, seed: 9 });
    const rows = (read?: readonly number[]) =>
      [...samplesOf(market, { ...(read && { read }) }).batches(range(0, 24), 50, { whole: true })].flatMap(rowsOf);
    expect(rows([3])).toEqual(rows());
  });
});

describe('what is predicted', () => {
  test('is every symbol with half of its numbers, labelled or not, as training would see it', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 25 }), (seed, t) => {
        const market = sampleMarket({ dates: 26, symbols: 11, seed });
        const samples = samplesOf(market);
        const section = samples.section(t);
        const rows = rowsOf(section);
        expect(rows).toEqual(expected(market, [t], undefined));
        expect(section.labels.every(Number.isNaN)).toBe(true);
        expect(section.sections).toEqual(rows.length > 0 ? [{ date: t, from: 0, to: rows.length }] : []);
        for (const taught of samples.batches([t], 100, { whole: true })) {
          for (const [r, row] of rowsOf(taught).entries()) {
            for (const [name, inputs] of taught.inputs) {
              const width = inputs.length / taught.rows;
              const other = rows.indexOf(row);
              expect(section.inputs.get(name)?.subarray(other * width, (other + 1) * width)).toEqual(
                inputs.subarray(r * width, (r + 1) * width),
              );
            }
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test('is nothing where nothing is known', () => {
    const section = samplesOf(sampleMarket({ dates: 20, symbols: 5, seed: 1 })).section(0);
    expect(section).toMatchObject({ rows: 0, sections: [] });
    expect([...section.inputs].map(([name, values]) => [name, values.length])).toEqual([
      ['near', 0],
      ['far', 0],
    ]);
  });
});

describe('nothing that was not known', () => {
  const folded: FoldRule = { ...rule, history: 24, every: 1, validShare: 0.3, retrainMonths: 1, reach };

  /** All that the first fold's networks see, and its scalers. */
  function seen(market: SampleMarket, from: string) {
    const [fold] = foldsOf(market.market.manifest.calendar, { ...folded, from });
    const { train, valid, predict } = fold as NonNullable<typeof fold>;
    const labels = trainingLabels(market, rule);
    const scalerOf = ({ channels: { length } }: typeof near): Scaler =>
      fitScaler(returnsReader(market, length), { channels: length, dates: train, labels });
    const scalers = [scalerOf(near), scalerOf(far)] as const;
    const samples = samplesOf(market, { scalers });
    return {
      predict,
      scalers,
      counts: [samples.count(train), samples.count(valid)],
      train: [...samples.batches(train, 20, { whole: false, shuffle: stream(5, 0, 0) })],
      valid: [...samples.batches(valid, 20, { whole: true })],
      before: samples.section(predict.from - 1),
    };
  }

  test('is in labels, scalers or batches of a fold: all fields change on the first date it predicts and later', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 36, max: 58 }), (seed, p) => {
        const size = { dates: 60, symbols: 12, seed };
        const market = sampleMarket(size);
        const from = market.market.manifest.calendar[p] as string;
        const known = seen(market, from);
        expect(known.predict.from).toBe(p);
        expect(known.train.length).toBeGreaterThan(0);
        expect(seen(sampleMarket({ ...size, otherFrom: p }), from)).toEqual(known);
        // The date before is read: it is the last that a label of valid needs.
        const other = seen(sampleMarket({ ...size, otherFrom: p - 1 }), from);
        expect(other.valid).not.toEqual(known.valid);
        expect(other.train).toEqual(known.train);
      }),
      { numRuns: 20 },
    );
  });

  test('of valid is in train: all fields change on the first date of valid and later', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const size = { dates: 60, symbols: 12, seed };
        const market = sampleMarket(size);
        const from = market.market.manifest.calendar[50] as string;
        const [fold] = foldsOf(market.market.manifest.calendar, { ...folded, from });
        const first = fold?.valid[0] as number;
        const [known, other] = [seen(market, from), seen(sampleMarket({ ...size, otherFrom: first }), from)];
        expect(other.train).toEqual(known.train);
        expect(other.scalers).toEqual(known.scalers);
        expect(other.valid).not.toEqual(known.valid);
      }),
      { numRuns: 10 },
    );
  });
});

test('records that are not of the size promised are refused', () => {
  const market = sampleMarket({ dates: 20, symbols: 5, seed: 1 });
  const part = { part: near, reader: returnsReader(market, 3), scaler: plainScaler(2) };
  const labels = trainingLabels(market, rule);
  const samples = new Samples({ parts: [part], labels, symbols: 5, limit: 0 });
  expect(() => samples.section(9)).toThrow('a record of 15 numbers for 5 symbols and 2 channels');
  expect(() => new Samples({ parts: [{ ...part, scaler: plainScaler(3) }], labels, symbols: 5, limit: 0 })).toThrow(
    'a scaler of 3 channels for the 2 of near',
  );
});
