import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evolve } from './evolve.ts';

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'evolve-data-'));
});
afterAll(() => rm(place, { recursive: true }));

const synth = ['data', 'synth', '--stocks', '20', '--days', '40', '--minutes', '8', '--seed', '3'];

test('a synthetic market is made, shown and found sound', async () => {
  const made = await evolve([...synth, '--out', 'market'], { cwd: place });
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toContain('market: 20 stocks, 40 days, 8 bars a day');
  expect(made.stdout).toContain('neg(ts_norm(CLOSE, 10))');

  const info = await evolve(['data', 'info', 'market'], { cwd: place });
  expect(info).toMatchObject({ code: 0, stderr: '' });
  expect(info.stdout).toMatch(/dates +40, 2018-01-02 to 2018-03-05, 244 a year/);
  expect(info.stdout).toMatch(/CLOSE +daily +price +[\d.]+% +2018-01-02 to/);

  const json = JSON.parse((await evolve(['data', 'info', 'market', '--json'], { cwd: place })).stdout);
  expect(json).toMatchObject({ dates: 40, symbols: 20, bars: 8 });
  expect(json.planted).toHaveLength(6);

  const check = await evolve(['data', 'check', 'market'], { cwd: place });
  expect(check).toMatchObject({ code: 0, stdout: 'market is sound.\n', stderr: '' });
});

test('a market that is there, and one that is broken, are answered with a sentence and exit 1', async () => {
  await evolve([...synth, '--out', 'broken'], { cwd: place });
  const again = await evolve([...synth, '--out', 'broken'], { cwd: place });
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toBe('broken is already a market. Add --overwrite to replace it, or name another folder.\n');
  expect(await evolve([...synth, '--out', 'broken', '--overwrite'], { cwd: place })).toMatchObject({ code: 0 });

  await truncate(join(place, 'broken', 'minute', 'close-2018.arrow'), 5000);
  const check = await evolve(['data', 'check', 'broken'], { cwd: place });
  expect(check.code).toBe(1);
  expect(check.stdout).toMatch(/close-2018\.arrow has 5000 bytes where market\.json expects \d+/);
  const json = await evolve(['data', 'check', 'broken', '--json'], { cwd: place });
  expect(JSON.parse(json.stdout).problems).toHaveLength(1);
  expect(await evolve(['data', 'info', 'broken'], { cwd: place })).toMatchObject({ code: 1, stdout: '' });
});

test('nothing is left of a market that could not be finished', async () => {
  const refused = await evolve(['data', 'synth', '--minutes', '3', '--out', 'refused'], { cwd: place });
  expect(refused.code).toBe(1);
  expect((await readdir(place)).filter((name) => name.includes('refused'))).toEqual([]);
});
