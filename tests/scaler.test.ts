/** Means and deviations of channels: of training's dates alone, to float32's last digits. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import type { RecordReader } from '../models/samples/record-reader.ts';
import { fitScaler } from '../models/samples/scaler.ts';
import { returnsReader, sampleMarket } from './sample-market.ts';

const none = Number.NaN;

/** Of records of one symbol or more, [symbols][channels]. */
const readerOf = (...records: readonly (readonly number[])[]): RecordReader => ({
  record: (date) => Float32Array.from(records[date] as readonly number[]),
  close: () => {},
});

test('a scaler is the mean and the population deviation of all that is known on its dates', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), fc.boolean(), (seed, masked) => {
      const [symbols, channels] = [11, 3];
      const market = sampleMarket({ dates: 25, symbols, seed });
      const random = stream(seed, 1, 1);
      const labels = Float32Array.from({ length: 25 * symbols }, () => (random.next() < 0.4 ? none : 0));
      const dates = [2, 3, 7, 12, 20];
      const reader = returnsReader(market, channels);
      const { mean, deviation, unknown } = fitScaler(reader, { channels, dates, ...(masked && { labels }) });
      expect(reader.read).toEqual(dates);
      expect(unknown).toEqual([]);
      for (let c = 0; c < channels; c++) {
        const all = dates.flatMap((t) =>
          [...reader.record(t)].filter((x, i) => {
            const counts = !masked || !Number.isNaN(labels[t * symbols + Math.floor(i / channels)]);
            return i % channels === c && counts && !Number.isNaN(x);
          }),
        );
        const average = all.reduce((a, b) => a + b, 0) / all.length;
        const spread = Math.sqrt(all.reduce((a, b) => a + (b - average) ** 2, 0) / all.length);
        expect(mean[c]).toBeCloseTo(average, 6);
        expect((deviation[c] as number) / spread).toBeCloseTo(1, 6);
      }
    }),
    { numRuns: 40 },
  );
});

test('numbers on other dates change nothing of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 24 }), (seed, from) => {
      const dates = Array.from({ length: from }, (_, t) => t);
      const of = (otherFrom?: number) =>
        fitScaler(returnsReader(sampleMarket({ dates: 25, symbols: 6, seed, otherFrom }), 4), { channels: 4, dates });
      expect(of(from)).toEqual(of());
    }),
    { numRuns: 30 },
  );
});

describe('a scaler keeps', () => {
  test('the deviation of numbers far from 0', () => {
    const random = stream(1, 2, 3);
    // float32 tells 2^20 from its next neighbour by an eighth.
    const cells = Array.from({ length: 4000 }, () => 2 ** 20 + Math.round(8 * random.normal()) / 8);
    const { mean, deviation } = fitScaler(readerOf(cells.slice(0, 1000), cells.slice(1000)), {
      channels: 1,
      dates: [0, 1],
    });
    const average = cells.reduce((a, b) => a + b, 0) / cells.length;
    const spread = Math.sqrt(cells.reduce((a, b) => a + (b - average) ** 2, 0) / cells.length);
    expect(Math.abs((mean[0] as number) - average)).toBeLessThanOrEqual(2 ** -4); // half of that eighth
    expect((deviation[0] as number) / spread).toBeCloseTo(1, 6);
  });

  test('both when the first number is nothing like the others', () => {
    const random = stream(4, 5, 6);
    const cells = [3e9, ...Array.from({ length: 999 }, () => random.normal())];
    const { mean, deviation } = fitScaler(readerOf(cells), { channels: 1, dates: [0] });
    expect(mean[0]).toBe(Math.fround(cells.reduce((a, b) => a + b, 0) / 1000));
    expect((deviation[0] as number) / (3e6 * Math.sqrt(999))).toBeCloseTo(1, 6);
  });

  test('a deviation of 1 for constants, also for those that are one but for rounding', () => {
    const record = [0.25, -7, 3e20, 0, 0.75, -7, 3e20, 0];
    const { mean, deviation, unknown } = fitScaler(readerOf(record, record), { channels: 4, dates: [0, 1] });
    expect([...mean]).toEqual([0.5, -7, 3e20, 0].map(Math.fround));
    expect([...deviation]).toEqual([0.25, 1, 1, 1]);
    expect(unknown).toEqual([]);
    const almost = Math.fround(1.1);
    const next = almost + 2 ** -23;
    expect(fitScaler(readerOf([almost, next]), { channels: 1, dates: [0] }).deviation[0]).toBe(1);
  });

  test('channels without a number as they are, and names them', () => {
    const reader = readerOf([1, none, none, 3, none, 5], [none, none, none, 5, none, none]);
    const { mean, deviation, unknown } = fitScaler(reader, { channels: 3, dates: [0, 1] });
    expect([...mean]).toEqual([3, 0, 5]);
    expect([...deviation]).toEqual([Math.sqrt(8 / 3), 1, 1].map(Math.fround));
    expect(unknown).toEqual([1]);
  });
});
