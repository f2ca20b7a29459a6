import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Matrix } from '../core/arena.ts';
import { stream } from '../core/random.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { rank } from '../operators/reference/cross-section.ts';
import { correlation } from '../operators/reference/rolling.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { randomProgram, standardWindows } from '../program/random-program.ts';
import { evaluateReference } from '../program/reference-program.ts';
import { type TestMarket, troubledMarket } from './markets.ts';

const size = { rows: 110, columns: 37, bars: 16, seed: 3 };
let market: TestMarket;
let evaluator: Evaluator;

beforeAll(async () => {
  market = await troubledMarket(size);
  evaluator = await Evaluator.open(market.folder, { workers: 2 });
});
afterAll(async () => {
  await evaluator.close();
  await rm(dirname(market.folder), { recursive: true });
});

function cells(matrix: Matrix): Float32Array {
  const out = new Float32Array(matrix.rows * matrix.columns);
  for (let t = 0; t < matrix.rows; t++) out.set(evaluator.arena.row(matrix, t), t * matrix.columns);
  evaluator.arena.release(matrix.address);
  return out;
}

/** The first cell where the two differ by more than a part in 10⁴ of the largest size, as a sentence. */
function difference(actual: Float32Array, expected: Float64Array): string | undefined {
  const scale = expected.reduce((most, value) => Math.max(most, Number.isNaN(value) ? 0 : Math.abs(value)), 0);
  for (let at = 0; at < expected.length; at++) {
    const [a, e] = [actual[at] as number, expected[at] as number];
    if (Number.isNaN(a) && Number.isNaN(e)) continue;
    if (!(Math.abs(a - e) <= 1e-4 * scale)) {
      return `row ${Math.floor(at / size.columns)} column ${at % size.columns}: ${a} where the reference has ${e}`;
    }
  }
  return undefined;
}

const written = [
  'ts_mean(close, 16) / CLOSE',
  'ts_norm(cs_norm(HIGH), 20)',
  'ts_max(ts_min(interval(volume, sum, 9:30, 10:00) / VOLUME, 2) + ts_corr(high, volume, 16), 5)',
  'ts_max(ts_min(cs_norm(VOLUME), 2) + ts_corr(high, volume, 16), 2)',
  'ts_skew(bar_return(close, 1), 15)',
  'interval(close, last, 10:00, 11:00) / interval(close, first, 10:00, 11:00)',
  'interval(bar_diff(close, 2) / close, max, 10:00, 12:00)',
  'ts_return(close, 16) - ts_return(CLOSE, 1)',
  'group_rank(VOLUME, INDUSTRY) * MKT_RETURN',
  'ts_corr(ts_return(CLOSE, 1), MKT_RETURN, 10)',
  'learn_ic(ts_return(CLOSE, 5), 20) * ts_return(CLOSE, 5)',
  'learn_beta(ts_mean(TURN, 5), 10) * TURN',
  'where(gt(CLOSE, ts_mean(CLOSE, 5)), cs_rank(VOLUME), 0.5)',
  '2 * ts_std(CLOSE, 10) / CLOSE - TURN',
  'TURN',
];

describe('values equal the reference interpreter', () => {
  test.each(written)('%s', async (text) => {
    const expression = parse(text, evaluator.vocabulary);
    const [matrix] = await evaluator.values([expression]);
    expect(difference(cells(matrix as Matrix), evaluateReference(expression, market.plain))).toBeUndefined();
  });
});

const random = (count: number, salt: number): Expression[] =>
  Array.from({ length: count }, (_, slot) =>
    randomProgram(stream(7, salt, slot), {
      vocabulary: evaluator.vocabulary,
      windows: standardWindows,
      minuteWindows: [5, 16],
      minuteGrid: { starts: market.plain.starts, barMinutes: 15 },
      maxSize: 12,
      maxDepth: 6,
    }),
  );

test('a batch gives each program the bits it has alone', async () => {
  const programs = random(60, 1);
  const together = (await evaluator.values(programs)).map(cells);
  for (const [i, program] of programs.entries()) {
    const [alone] = (await evaluator.values([program])).map(cells);
    expect(
      together[i]?.findIndex((value, at) => !Object.is(value, alone?.[at])),
      program.key,
    ).toBe(-1);
  }
});

test('any stretch of dates is scored as in the whole', async () => {
  const programs = [...random(20, 2), ...written.map((text) => parse(text, evaluator.vocabulary))];
  const whole = await evaluator.score(programs);
  const part = await evaluator.score(programs, { from: 37, to: 71 });
  for (const [i, { ic, counts }] of part.entries()) {
    expect(ic, programs[i]?.key).toEqual(whole[i]?.ic.slice(37, 71));
    expect(counts).toEqual(whole[i]?.counts.slice(37, 71));
  }
});

test('minute reductions are made once, kept in memory and on disk, to the bit', async () => {
  const valueFolder = join(dirname(market.folder), 'values');
  const programs = [...random(30, 3), ...written.map((text) => parse(text, evaluator.vocabulary))];
  const expected = (await evaluator.values(programs)).map(cells);
  const open = () => Evaluator.open(market.folder, { workers: 1, valueFolder });
  const [first, second] = [await open(), await open()];
  try {
    const scores = await first.score(programs);
    const { made } = first.minuteValues;
    expect(made).toBeGreaterThan(10);
    expect(await first.score(programs)).toEqual(scores);
    expect(first.minuteValues).toMatchObject({ made, fromDisk: 0 });
    expect(await second.score(programs)).toEqual(scores);
    expect(second.minuteValues).toMatchObject({ made: 0, fromDisk: made });
    const again = await second.values(programs);
    for (const [i, matrix] of again.entries()) {
      const values = Float32Array.from({ length: size.rows * size.columns }, (_, at) => {
        return second.arena.row(matrix, Math.floor(at / size.columns))[at % size.columns] as number;
      });
      expect(values.findIndex((value, at) => !Object.is(value, expected[i]?.[at]))).toBe(-1);
    }
  } finally {
    await first.close();
    await second.close();
  }
});

test('a budget that holds few reductions gives the same scores in several passes', async () => {
  const programs = random(80, 4);
  const small = await Evaluator.open(market.folder, { workers: 1, memory: 8 * 1024 ** 2 });
  try {
    expect(await small.score(programs)).toEqual(await evaluator.score(programs));
  } finally {
    await small.close();
  }
});

test('rank correlation is Pearson correlation of the ranks', async () => {
  const programs = ['cs_rank(TURN)', 'TURN', 'ts_mean(close, 16) / CLOSE'].map((text) =>
    parse(text, evaluator.vocabulary),
  );
  const scores = await evaluator.score(programs, { method: 'rank' });
  const { rows, columns, label } = market.plain;
  for (const [i, program] of programs.entries()) {
    const values = evaluateReference(program, market.plain);
    for (let t = 0; t < rows; t++) {
      const both = Array.from({ length: columns }, (_, c) => t * columns + c).filter(
        (at) => !Number.isNaN(values[at]) && !Number.isNaN(label?.[at]),
      );
      expect(scores[i]?.counts[t]).toBe(both.length);
      if (both.length < 3) continue;
      const ranks = (of: Float64Array) => {
        const row = Float64Array.from(both, (at) => of[at] as number);
        const out = new Float64Array(row.length);
        rank(row, row, 0, out);
        return out;
      };
      const expected = correlation(ranks(values), ranks(label as Float64Array));
      if (Number.isNaN(expected)) expect(scores[i]?.ic[t]).toBeNaN();
      else expect(scores[i]?.ic[t]).toBeCloseTo(expected, 5);
    }
  }
});

test('calls that overlap give what they give one after another', async () => {
  const fresh = await Evaluator.open(market.folder, { workers: 2 });
  try {
    const programs = random(20, 5);
    const [a, b, c] = await Promise.all([fresh.score(programs), fresh.score(programs), fresh.score(programs)]);
    const alone = await evaluator.score(programs);
    for (const scores of [a, b, c]) expect(scores).toEqual(alone);
  } finally {
    await fresh.close();
  }
});
