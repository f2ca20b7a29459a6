/** What AlphaNets read, draw, and count, as in the reports. */
import { describe, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { money, price, ratio, shares, times, type Unit } from '../core/units.ts';
import type { FieldInfo, MarketManifest } from '../data/market.ts';
import { marketVocabulary } from '../evaluation/evaluator.ts';
import { drawPairRows } from '../models/alphanet/draw-pairs.ts';
import { alphaNets } from '../models/alphanet/versions.ts';
import type { InputPart } from '../models/inputs.ts';
import type { Model } from '../models/model.ts';
import { modelNamed } from '../models/models.ts';
import { trainingStream } from '../models/training/streams.ts';
import { parse } from '../program/parse.ts';

const units: Record<string, Unit> = {
  RETURN1: ratio,
  ...Object.fromEntries(
    ['OPEN', 'CLOSE', 'HIGH', 'LOW', 'VWAP', 'CLOSE_FREE_TURN', 'OPEN_TURN'].map((n) => [n, price]),
  ),
  ...Object.fromEntries(['TURN', 'FREE_TURN', 'VWAP_HIGH', 'LOW_HIGH', 'VWAP_CLOSE'].map((n) => [n, ratio])),
  VOLUME: shares,
  AMOUNT: money,
  VOLUME_LOW: times(shares, price, -1),
};
function market(without: readonly string[] = []): MarketManifest {
  const field = (name: string, kind: FieldInfo['kind'], unit: Unit): FieldInfo => ({ name, kind, unit, doc: '' });
  const daily = Object.entries(units).map(([name, unit]) => field(name, 'm', unit));
  return {
    schema: 1,
    name: 'small',
    calendar: ['2024-01-02'],
    symbols: ['A'],
    fields: [...daily, field('close', 'b', price), field('ST', 'm', ratio)].filter(
      ({ name }) => !without.includes(name),
    ),
    datesPerYear: 244,
    provenance: {},
    hash: '',
  };
}
const partsOf = (name: string, fields?: readonly string[], manifest = market()): InputPart[] =>
  modelNamed(name).parts({ manifest, fields, factors: [] });
const counts = (parts: readonly InputPart[]) => parts.map(({ name, lags, channels }) => [name, lags, channels.length]);
function sentence(doing: () => unknown): string {
  try {
    doing();
  } catch (error) {
    expect(error).toBeInstanceOf(EvolveError);
    return (error as EvolveError).message;
  }
  throw new Error('nothing was refused');
}

describe('what they read', () => {
  test('is as many channels and steps as in the reports', () => {
    expect(counts(partsOf('alphanet-v1'))).toEqual([['d10', [20, 10, 0], 117]]);
    for (const name of ['alphanet-v2', 'alphanet-v2.1', 'alphanet-v2.2', 'alphanet-v2.3']) {
      expect(counts(partsOf(name))).toEqual([['d10', [20, 10, 0], 270]]);
    }
    expect(counts(partsOf('alphanet-v3'))).toEqual([
      ['d10', [20, 10, 0], 270],
      ['d5', [25, 20, 15, 10, 5, 0], 270],
    ]);
  });

  test('has the names of the reports and our formulas', () => {
    const [part] = partsOf('alphanet-v1') as [InputPart];
    const named = new Map(part.channels.map(({ name, expression }) => [name, expression]));
    expect(named.size).toBe(117);
    expect(named.get('ts_corr(open,high,10)')).toBe('ts_corr(OPEN,HIGH,10)');
    expect(named.get('ts_cov(turn,free_turn,10)')).toBe('ts_cov(TURN,FREE_TURN,10)');
    expect(named.get('ts_stddev(volume,10)')).toBe('ts_std(VOLUME,10)');
    expect(named.get('ts_return(vwap,10)')).toBe('ts_return(VWAP,9)');
    expect(named.get('ts_mean(return1,10)')).toBe('ts_mean(RETURN1,10)');
    expect(partsOf('alphanet-v3')[1]?.channels.at(-15 - 1)?.name).toBe('ts_return(vwap_close,5)');
  });

  test.each(alphaNets.map(({ name }) => name))('are daily values the evaluator can compute: %s', (name) => {
    const words = marketVocabulary(market());
    for (const { channels } of partsOf(name)) {
      for (const { expression } of channels) expect(parse(expression, words).kind).toBe('m');
    }
  });

  test('follows the fields asked for, formulas among them', () => {
    const fields = ['close', 'open', 'RETURN1'].map((name) => name.toUpperCase());
    expect(counts(partsOf('alphanet-v2', [...fields, 'HIGH - LOW']))).toEqual([['d10', [20, 10, 0], 4 * 3 + 4 * 4]]);
    expect(counts(partsOf('alphanet-v1', fields))).toEqual([['d10', [20, 10, 0], 3 * 2 + 5 * 3]]);
    const [part] = partsOf('alphanet-v2', ['HIGH - LOW', 'VOLUME']) as [InputPart];
    expect(part.channels[0]).toEqual({
      name: 'ts_corr(high-low,volume,10)',
      expression: 'ts_corr(HIGH - LOW,VOLUME,10)',
    });
  });

  test('has mined factors beside it, ranked as z-scores of the date', () => {
    const factors = [{ name: 'mine', expression: 'CLOSE / OPEN' }];
    const parts = modelNamed('alphanet-v2').parts({ manifest: market(), factors });
    expect(parts[1]).toEqual({
      name: 'factors',
      lags: [0],
      channels: [{ name: 'mine', expression: 'cs_norm(CLOSE / OPEN)' }],
    });
  });

  test('is refused in a sentence where the market or the wish does not do', () => {
    const poor = market(['TURN', 'FREE_TURN', 'OPEN_TURN', 'CLOSE_FREE_TURN']);
    expect(sentence(() => partsOf('alphanet-v1', undefined, poor))).toBe(
      'The market small has no TURN, FREE_TURN, which the data picture reads; leave them out with --fields RETURN1,OPEN,CLOSE,HIGH,LOW,VOLUME,VWAP.',
    );
    expect(sentence(() => partsOf('alphanet-v3', undefined, poor))).toMatch(
      /no TURN, FREE_TURN, CLOSE_FREE_TURN, OPEN_TURN,/,
    );
    expect(sentence(() => partsOf('alphanet-v2', ['OPEN']))).toMatch(/names only OPEN; name at least 2/);
    expect(sentence(() => partsOf('alphanet-v2', []))).toMatch(/names none; name at least 2/);
    expect(sentence(() => partsOf('alphanet-v2', ['OPEN', 'CLOSE', 'OPEN']))).toMatch(/"OPEN" is in --fields twice/);
    expect(sentence(() => partsOf('alphanet-v2', ['OPEN', 'close']))).toMatch(
      /daily value, and "close" is a minute value; reduce/,
    );
    expect(sentence(() => partsOf('alphanet-v2', ['OPEN', 'CLOSED']))).toMatch(/CLOSE/);
    expect(sentence(() => modelNamed('alphanet-2'))).toBe(
      'There is no model "alphanet-2". Did you mean "alphanet-v2"?',
    );
  });
});

describe('pairs drawn by ten networks', () => {
  const reported = { 6: 78.64, 7: 89.42, 8: 95.52, 9: 98.59, 10: 99.65, 11: 99.94 };
  test.each(Object.entries(reported))('cover, with %s of 15 fields, %s percent of all', (drawn, percent) => {
    const n = Number(drawn);
    let covered = 0;
    for (let simulation = 0; simulation < 1000; simulation++) {
      const seen = new Uint8Array(15 * 15);
      for (let network = 0; network < 10; network++) {
        const rows = drawPairRows(trainingStream({ seed: simulation, fold: 0, network }, 'fresh'), 15, n);
        expect(rows.length).toBe(n);
        for (const [i, a] of rows.entries()) for (const b of rows.slice(i + 1)) seen[a * 15 + b] = 1;
      }
      covered += seen.reduce((sum, one) => sum + one, 0) / 105;
    }
    expect(Math.abs(covered / 10 - percent)).toBeLessThan(0.5);
    const exact = 100 * (1 - (1 - (n * (n - 1)) / (15 * 14)) ** 10);
    expect(Math.abs(covered / 10 - exact)).toBeLessThan(0.3);
  });
});

describe('settings are the report’s', () => {
  const of = (name: string): Model['rule'] => modelNamed(name).rule;
  test('v1', () => {
    expect(of('alphanet-v1')).toMatchObject({
      ...{ label: { price: 'CLOSE', lag: 1, horizon: 10 }, history: 1500, every: 2, validShare: 0.5, retrainMonths: 6 },
      ...{ networks: 10, batch: 1000, patience: 10, optimiser: 'rmsprop', learningRate: 1e-4, dropout: 0.5, units: 30 },
      loss: { kind: 'mse', neutral: false, topWeight: 1 },
    });
  });
  test('what sets the others apart', () => {
    expect(of('alphanet-v2')).toEqual({ ...of('alphanet-v1'), validShare: 0.2, optimiser: 'adam', dropout: 0 });
    expect(of('alphanet-v2.1')).toEqual({ ...of('alphanet-v2'), pairFields: 8 });
    expect(of('alphanet-v2.2').loss).toEqual({ kind: 'mse', neutral: true, topWeight: 1 });
    expect(of('alphanet-v2.3').loss).toEqual({ kind: 'mse', neutral: false, topWeight: 2 });
    expect(of('alphanet-v3')).toEqual(of('alphanet-v2'));
  });
});
