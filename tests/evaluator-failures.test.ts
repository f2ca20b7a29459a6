/** What goes wrong in the middle is one sentence, leaves nothing held, and the evaluator goes on. */
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { parse } from '../program/parse.ts';
import { type TestMarket, troubledMarket } from './markets.ts';

let market: TestMarket;
beforeEach(async () => {
  market = await troubledMarket({ rows: 90, columns: 17, bars: 4, seed: 12 });
});
afterEach(async () => {
  await rm(dirname(market.folder), { recursive: true });
});

const damage = {
  truncated: (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2)),
  deleted: (path: string) => rmSync(path),
};

test.each(Object.entries(damage))('minute files %s behind an open evaluator', async (_, spoil) => {
  const evaluator = await Evaluator.open(market.folder, { workers: 2 });
  try {
    const texts = ['ts_mean(close, 4) / CLOSE', 'ts_corr(high, volume, 4)', 'TURN'];
    const programs = texts.map((text) => parse(text, evaluator.vocabulary));
    const used = evaluator.arena.used;
    const folder = join(market.folder, 'minute');
    const files = readdirSync(folder).filter((name) => name.startsWith('close'));
    const whole = files.map((name) => ({ path: join(folder, name), bytes: readFileSync(join(folder, name)) }));
    for (const { path } of whole) spoil(path);
    await expect(evaluator.score(programs)).rejects.toThrow(EvolveError);
    await expect(evaluator.values(programs)).rejects.toMatchObject({ code: 'bad-market' });
    expect(evaluator.arena.used).toBe(used);
    expect(await evaluator.score(programs.slice(2))).toHaveLength(1);
    for (const { path, bytes } of whole) writeFileSync(path, bytes);
    expect(await evaluator.score(programs)).toHaveLength(3);
  } finally {
    await evaluator.close();
  }
});

test('a reduction that a budget had no room to fill is not taken for a value', async () => {
  const evaluator = await Evaluator.open(market.folder, { workers: 1 });
  const budget = scratchOf(evaluator) + 20_000; // two reductions of 90 dates, each of 90 * 192 bytes, and no third
  const small = await Evaluator.open(market.folder, { workers: 1, memory: budget });
  try {
    const many = parse('ts_mean(close, 4) / ts_mean(high, 4) + ts_mean(low, 4) / ts_mean(open, 4)', small.vocabulary);
    const one = [parse('ts_mean(close, 4) / CLOSE', small.vocabulary)];
    await expect(small.score([many])).rejects.toMatchObject({ code: 'out-of-memory' });
    expect(await small.score(one)).toEqual(await evaluator.score(one));
  } finally {
    await evaluator.close();
    await small.close();
  }
});

/** What the one worker's scratch takes of the arena, beside the panel. */
const scratchOf = ({ arena, panelBytes, market }: Evaluator): number => {
  const slack = 64 * (market.daily.size + 2);
  return Math.floor((arena.used - panelBytes - slack) / 65536) * 65536;
};

test('a closed evaluator starts no more threads', async () => {
  const evaluator = await Evaluator.open(market.folder, { workers: 1 });
  const program = parse('TURN', evaluator.vocabulary);
  const running = [evaluator.score([program]), evaluator.score([program])].map((batch) => batch.catch(() => 'stopped'));
  await evaluator.close();
  await Promise.all(running);
  await expect(evaluator.score([program])).rejects.toThrow('the evaluator is closed');
});
