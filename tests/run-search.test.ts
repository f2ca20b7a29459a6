/** A search in its folder, left in the middle of its first population and gone on with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runSearch, type SearchOutcome } from '../cli/mining/run-search.ts';
import type { Problem } from '../engine/problem.ts';
import { RunFolder } from '../runs/run-folder.ts';
import { Bits, smallRule } from './engine-toys.ts';
import { eventsOf } from './mining.ts';
import { runManifest } from './small-library.ts';

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'evolve-search-'));
});
afterAll(() => rmSync(place, { recursive: true }));

let runs = 0;
const newFolder = (): string => {
  const out = join(place, `run-${runs++}`);
  RunFolder.create(out, runManifest).close();
  return out;
};
const seeds = ['1'.repeat(10) + '0'.repeat(12)];

/** Goes on until the signal comes with the so-many-th question to the problem. */
async function session(out: string, problem: Bits, questions: number, reuse = true): Promise<SearchOutcome<string>> {
  const controller = new AbortController();
  let asked = 0;
  const watched: Problem<string> = {
    stages: problem.stages,
    key: (genome) => problem.key(genome),
    size: () => problem.size(),
    write: (genome) => problem.write(genome),
    read: (text) => problem.read(text),
    fresh: (random) => problem.fresh(random),
    vary: (parent, random) => problem.vary(parent, random),
    likeness: (genomes, random) => problem.likeness(genomes, random),
    judge: (genomes, terms) => {
      if (++asked >= questions) controller.abort();
      return problem.judge(genomes, terms);
    },
  };
  const folder = RunFolder.open(out);
  try {
    return await runSearch({
      folder,
      recovered: folder.recover(),
      problem: watched,
      rule: smallRule,
      stop: { rounds: 5 },
      seeds,
      reuse,
      signal: controller.signal,
    });
  } finally {
    folder.close();
  }
}

const roundsOf = (out: string): string[] => eventsOf(out, 'round').map((event) => JSON.stringify(event));

test('however often its first population is left, it is the same search and nothing is asked twice', async () => {
  const whole = newFolder();
  const once = new Bits();
  await session(whole, once, Number.POSITIVE_INFINITY);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }), async (stops) => {
      const out = newFolder();
      const problem = new Bits();
      const first = await session(out, problem, stops[0] as number);
      expect(first).toMatchObject({ stopped: 'interrupted', round: -1 });
      expect(first.tried).toBeGreaterThan(0);
      expect(first.tried).toBeLessThan(smallRule.population);
      expect(eventsOf(out, 'round')).toEqual([]);
      for (const questions of stops.slice(1)) await session(out, problem, questions);
      await session(out, problem, Number.POSITIVE_INFINITY);
      expect(roundsOf(out)).toEqual(roundsOf(whole));
      expect(problem.judgements).toBe(once.judgements);
    }),
    { numRuns: 12 },
  );
});

test('what was answered with verdicts remembered is no use to a search without', async () => {
  const out = newFolder();
  const problem = new Bits({ coding: 4 });
  expect(await session(out, problem, 2)).toMatchObject({ round: -1 });
  expect(await session(out, problem, Number.POSITIVE_INFINITY, false)).toMatchObject({ stopped: 'rounds', round: 5 });
  const whole = newFolder();
  await session(whole, new Bits({ coding: 4 }), Number.POSITIVE_INFINITY, false);
  expect(roundsOf(out)).toEqual(roundsOf(whole));
});
