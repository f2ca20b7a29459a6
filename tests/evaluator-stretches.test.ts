/** Programs that look far back, asked for few dates: the bits are those of the whole history. */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Evaluator } from '../evaluation/evaluator.ts';
import { parse } from '../program/parse.ts';
import { type TestMarket, troubledMarket } from './markets.ts';

const rows = 260;
let market: TestMarket;
let evaluator: Evaluator;

beforeAll(async () => {
  market = await troubledMarket({ rows, columns: 17, bars: 2, seed: 11 });
  evaluator = await Evaluator.open(market.folder, { workers: 2 });
});
afterAll(async () => {
  await evaluator.close();
  await rm(dirname(market.folder), { recursive: true });
});

const programsOf = (texts: readonly string[]) => texts.map((text) => parse(text, evaluator.vocabulary));

test('a learned vector takes in the blocks before its own first date', async () => {
  const programs = programsOf([
    'learn_beta(ts_mean(TURN, 5), 30) * TURN',
    'learn_ic(ts_return(CLOSE, 5), 200) * TURN',
    'learn_ic(TURN, 150) * TURN',
    'ts_mean(learn_ic(ts_mean(TURN, 3), 40) * TURN, 7)',
    'learn_ic(learn_ic(TURN, 20) * TURN, 90) * TURN',
  ]);
  const whole = await evaluator.score(programs);
  for (const [from, to] of [
    [70, 110],
    [165, 175],
    [255, rows],
    [259, rows],
  ] as const) {
    const part = await evaluator.score(programs, { from, to });
    for (const [i, { ic }] of part.entries()) expect(ic, programs[i]?.key).toEqual(whole[i]?.ic.slice(from, to));
  }
});

test('a window longer than the history is missing everywhere, and takes no room', async () => {
  const programs = programsOf([
    'ts_mean(ts_mean(CLOSE, 100000), 100000) / CLOSE',
    'ts_corr(CLOSE * TURN, VOLUME * TURN, 100000)',
    'ts_delay(-CLOSE, 100000) / CLOSE',
    'learn_ic(TURN, 100000) * TURN',
    `ts_rank(-CLOSE, ${rows + 1})`,
  ]);
  for (const matrix of await evaluator.values(programs)) {
    for (let t = 0; t < rows; t++) expect(evaluator.arena.row(matrix, t).every(Number.isNaN)).toBe(true);
    evaluator.arena.release(matrix.address);
  }
});

test('no dates are no scores, and dates outside the calendar are refused', async () => {
  const programs = programsOf(['TURN', 'learn_ic(TURN, 5) * TURN']);
  const used = evaluator.arena.used;
  const [scores] = await evaluator.score(programs, { from: 40, to: 40 });
  expect(scores?.ic.length).toBe(0);
  for (const stretch of [{ to: rows + 1 }, { from: -1 }, { from: 9, to: 8 }, { from: 0.5 }]) {
    await expect(evaluator.score(programs, stretch)).rejects.toThrow(RangeError);
    await expect(evaluator.values(programs, stretch)).rejects.toThrow(RangeError);
  }
  expect(evaluator.arena.used).toBe(used);
});
