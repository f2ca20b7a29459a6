/** Same data, same search, same seed: the same rounds and the same library, to the bit. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mine } from '../cli/mining/mine.ts';
import type { MineOptions } from '../cli/mining/mine-options.ts';
import type { RoundRecord } from '../engine/record.ts';
import type { Tape } from '../engine/tape.ts';
import { eventsOf, type Playground, playground, stoppedAfter, type Told, told } from './mining.ts';

let ground: Playground;
let whole: Told;
let placebo: readonly string[];
beforeAll(async () => {
  ground = await playground();
  const { library } = await mined('whole', { workers: 1, placebo: true });
  const records = eventsOf(join(ground.place, 'whole'), 'round').map(({ record }) => record as RoundRecord);
  const sum = (of: (record: RoundRecord) => number | undefined) =>
    records.reduce((all, one) => all + (of(one) ?? 0), 0);
  // Or there would be little to compare.
  expect(library?.factors.length).toBeGreaterThanOrEqual(2);
  expect(sum(({ judged }) => judged.knownByKey)).toBeGreaterThan(0);
  expect(sum(({ judged }) => judged.stopped[0])).toBeGreaterThan(0);
  expect(sum(({ catastrophe }) => catastrophe?.died)).toBeGreaterThan(0);
  whole = told(join(ground.place, 'whole'));
  placebo = eventsOf(join(ground.place, 'whole', 'placebo'), 'round').map((event) => JSON.stringify(event));
}, 60_000);
afterAll(() => ground.remove());

const mined = (name: string, options: MineOptions) =>
  mine({ ...ground.small, out: join(ground.place, name), ...options });

test.each<[string, MineOptions]>([
  ['2 workers', { workers: 2 }],
  ['8 workers', { workers: 8 }],
  ['little memory', { workers: 2, memory: 64 * 1024 ** 2 }],
])('%s find what one finds', async (name, options) => {
  await mined(name, { ...options, placebo: true });
  expect(told(join(ground.place, name))).toEqual(whole);
});

test('with --no-cache more is asked for, and nothing else differs', async () => {
  await mined('asking', { cache: false, placebo: true });
  const asking = join(ground.place, 'asking');
  const records = (run: string) => eventsOf(run, 'round').map(({ record }) => record);
  expect(records(asking)).toEqual(records(join(ground.place, 'whole')));
  const asked = (run: string) =>
    eventsOf(run, 'round').reduce((sum, { tape }) => sum + (tape as Tape).verdicts.flat().length, 0);
  expect(asked(asking)).toBeGreaterThan(asked(join(ground.place, 'whole')));
  expect(told(asking).library).toBe(whole.library);
});

test('another seed is another search', async () => {
  await mined('other', { seed: 2, placebo: true });
  expect(told(join(ground.place, 'other')).rounds).not.toEqual(whole.rounds);
});

/** One process after the other: how many rounds it does, for how many it was asked, and how it does them. */
const life = fc.record({
  after: fc.integer({ min: 1, max: 9 }),
  rounds: fc.integer({ min: 0, max: 8 }),
  workers: fc.integer({ min: 1, max: 3 }),
  cache: fc.boolean(),
});

test('however a run is cut up, it ends as if it had never stopped', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 2 }), async (lives) => {
      const out = join(ground.place, `cut-${runs++}`);
      let done = 0;
      let remembered = true;
      for (const { after, rounds, workers, cache } of lives) {
        // Less than what is done already is refused, as elsewhere.
        const asked = Math.max(rounds, done);
        remembered &&= cache;
        await stoppedAfter(after, {
          ...ground.small,
          out,
          resume: true,
          rounds: asked,
          workers,
          cache,
          placebo: true,
        });
        done = eventsOf(out, 'round').length - 1;
      }
      await mine({ ...ground.small, out, resume: true, placebo: true });
      const again = told(out);
      const withoutTape = (rounds: readonly string[]) => rounds.map((text) => JSON.parse(text).record);
      expect(withoutTape(again.rounds)).toEqual(withoutTape(whole.rounds));
      const records = eventsOf(join(out, 'placebo'), 'round').map(({ record }) => record);
      expect(records).toEqual(withoutTape(placebo));
      expect(again.library).toBe(whole.library);
      if (remembered) expect(again).toEqual(whole);
      rmSync(out, { recursive: true });
    }),
    { numRuns: 3 },
  );
});
