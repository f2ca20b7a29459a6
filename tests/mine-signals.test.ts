/** What ends a run from outside: Ctrl-C, a scheduler, kill -9; and what is left to go on with. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { endInOrder, endingInOrder } from '../cli/interrupt.ts';
import { mine } from '../cli/mining/mine.ts';
import type { MineOptions } from '../cli/mining/mine-options.ts';
import { packageRoot } from '../core/package-root.ts';
import { evolve, type Running, startEvolve } from './evolve.ts';
import { eventsOf, type Playground, playground, type Told, told } from './mining.ts';

let ground: Playground;
let whole: Told;
beforeAll(async () => {
  ground = await playground();
  const out = join(ground.place, 'whole');
  await mine({ ...ground.small, out });
  whole = told(out);
}, 60_000);
afterAll(() => ground.remove());

const start = (options: MineOptions): Running => startEvolve(ground.line(options), { env: ground.env });

const logOf = (run: string): string => {
  const log = join(run, 'record.ndjson');
  return existsSync(log) ? readFileSync(log, 'utf8') : '';
};
const until = (holds: () => boolean): Promise<unknown> => vi.waitUntil(holds, { timeout: 20_000, interval: 2 });

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s finishes the round, keeps everything and says how to go on', async (signal, code) => {
  const out = join(ground.place, signal);
  // Many rounds, so that it is surely met on the way.
  const { kill, outcome } = start({ out, rounds: 1000 });
  await until(() => logOf(out).includes('"kind":"clock"'));
  kill(signal);
  const ended = await outcome;
  expect(ended).toMatchObject({
    code,
    stderr: expect.stringContaining('Finishing this step; press Ctrl-C again to stop at once.'),
    stdout: expect.stringContaining(`Everything is kept in ${out}. To go on: the same command with --resume.`),
  });
  expect(ended.stdout).toContain('the search is stopped');
  const rounds = eventsOf(out, 'round').length;
  expect(eventsOf(out, 'stopped')).toEqual([{ kind: 'stopped', reason: 'interrupted', round: rounds - 1 }]);
  expect(existsSync(join(out, 'snapshot.json'))).toBe(true);
  expect(existsSync(join(out, 'library.json'))).toBe(false);

  const line = ground.line({ out, resume: true, rounds: Math.max(8, rounds - 1) });
  const resumed = await evolve(line, { env: ground.env });
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
  expect(told(out).rounds.slice(0, whole.rounds.length)).toEqual(whole.rounds);
  if (rounds <= whole.rounds.length) expect(told(out)).toEqual(whole);
});

test('Ctrl-C in the first population does not wait for the rest of it', async () => {
  const out = join(ground.place, 'early');
  const { kill, outcome } = start({ out, population: 20_000, size: 12, initialSize: 12 });
  await until(() => logOf(out).includes('"kind":"begin"'));
  kill('SIGINT');
  expect(await outcome).toMatchObject({ code: 130, stdout: expect.stringContaining(`Everything is kept in ${out}.`) });
  expect(eventsOf(out, 'round')).toEqual([]);
  expect(eventsOf(out, 'portion')).toHaveLength(1);
  expect(eventsOf(out, 'stopped')).toEqual([{ kind: 'stopped', reason: 'interrupted', round: -1 }]);
});

test('a second Ctrl-C ends it at once', async () => {
  const out = join(ground.place, 'twice');
  // A first round that takes longer than anybody wants to wait.
  const { kill, heard, outcome } = start({ out, population: 20_000, children: 10_000, size: 12, initialSize: 12 });
  await until(() => logOf(out).includes('"kind":"begin"'));
  kill('SIGINT');
  await until(() => heard.stderr.includes('press Ctrl-C again'));
  kill('SIGINT');
  expect(await outcome).toMatchObject({ code: 130, stdout: '' });
  expect(logOf(out)).not.toContain('"kind":"round"');
});

test('who has begun nothing is ended at once, and who has begun ends in order once', () => {
  let said = 0;
  const { signal, begin, over } = endingInOrder(() => said++);
  expect(endInOrder(130)).toBe(false);
  begin();
  expect([endInOrder(143), endInOrder(130)]).toEqual([true, false]);
  expect([said, signal.aborted, signal.reason]).toEqual([1, true, 143]);
  begin();
  over();
  expect(endInOrder(130)).toBe(false);
});

interface Study {
  readonly kills: number;
  readonly runs: number;
  readonly identical: number;
}

describe('kill -9', () => {
  test('at two moments of a run changes nothing of what it finds', { timeout: 120_000 }, async () => {
    const tool = pathToFileURL(join(packageRoot, 'tools', 'kill-study.mjs')).href;
    const { killStudy } = (await import(tool)) as {
      killStudy: (options: { kills: number; rounds: number }) => Promise<Study>;
    };
    const { kills, runs, identical } = await killStudy({ kills: 2, rounds: 12 });
    expect({ kills, identical }).toEqual({ kills: 2, identical: runs });
  });
});
