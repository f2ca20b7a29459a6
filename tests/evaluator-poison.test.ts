/** A program that crashes, hangs or exhausts its worker costs itself: the others' results are the same to the bit. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Evaluator, type EvaluatorOptions } from '../evaluation/evaluator.ts';
import { defaultFitness } from '../evaluation/fitness.ts';
import { type Quarantine, runIsolated } from '../evaluation/isolate.ts';
import type { JudgeOptions } from '../evaluation/judge.ts';
import type { Lost } from '../evaluation/lost.ts';
import type { DailyScores, ScoreTask } from '../evaluation/task.ts';
import { taskLimitMs } from '../evaluation/task-limit.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { standardVocabulary } from '../program/vocabulary.ts';
import { type TestMarket, troubledMarket } from './markets.ts';

const workerFile = fileURLToPath(new URL('./faulty-worker.mjs', import.meta.url));

let market: TestMarket;
let notes: string;
beforeAll(async () => {
  market = await troubledMarket({ rows: 90, columns: 17, bars: 4, seed: 12 });
  notes = join(dirname(market.folder), 'notes');
  process.env.FAULTY_WORKER_NOTES = notes;
});
beforeEach(() => rm(notes, { force: true }));
afterAll(() => rm(dirname(market.folder), { recursive: true }));

/** How often a worker was given a program with this number. */
const sights = (number: number): number =>
  existsSync(notes) ? readFileSync(notes, 'utf8').split(`${number}\n`).length - 1 : 0;

/** Of this process, where the system says. */
const threads = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0);

const innocent = [
  'TURN',
  'ts_mean(CLOSE, 5) / CLOSE',
  'cs_rank(VOLUME)',
  'ts_corr(CLOSE, VOLUME, 10)',
  'ts_mean(close, 4) / CLOSE',
  'ts_std(CLOSE, 7) / ts_mean(CLOSE, 7)',
  'ts_return(CLOSE, 3)',
  'ts_rank(AMOUNT, 9)',
  'TURN * 2',
  'cs_rank(TURN + 3)',
];

const judgement: JudgeOptions = {
  stages: [[{ from: 30, to: 50 }], [{ from: 50, to: 88 }]],
  rule: { ...defaultFitness, coverage: 0.1 },
  hurdles: [0],
  known: () => false,
};

async function withEvaluator(options: EvaluatorOptions, use: (evaluator: Evaluator) => Promise<void>): Promise<void> {
  const evaluator = await Evaluator.open(market.folder, { workers: 2, workerFile, ...options });
  try {
    await use(evaluator);
  } finally {
    await evaluator.close();
  }
}

const parsed = (evaluator: Evaluator, texts: readonly string[]): Expression[] =>
  texts.map((text) => parse(text, evaluator.vocabulary));

describe.each([
  { poison: 7001, does: 'ends its thread', reason: 'crashes its worker' },
  { poison: 7002, does: 'throws', reason: 'crashes its worker' },
  { poison: 7003, does: 'loops for ever in JavaScript', reason: 'takes too long', taskLimitMs: 300 },
  { poison: 7004, does: 'loops for ever in WebAssembly', reason: 'takes too long', taskLimitMs: 300 },
  { poison: 7005, does: 'fills the heap', reason: "exhausts its worker's memory" },
  { poison: 7006, does: 'leaves a rejection nobody hears', reason: 'crashes its worker' },
])('a program that $does', ({ poison, reason, taskLimitMs }) => {
  test('costs itself, is tried alone twice, and is not tried again', () =>
    withEvaluator({ taskLimitMs }, async (evaluator) => {
      const good = parsed(evaluator, innocent);
      const [bad] = parsed(evaluator, [`TURN + ${poison}`]) as [Expression];
      const expected = await evaluator.judge(good, judgement);
      expect(expected.map(({ kind }) => kind)).toContain('scored');
      const before = { used: evaluator.arena.used, threads: threads(), workers: evaluator.workers };

      // Twice in a batch, and beside programs that share a subtree with it.
      const all = [...good.slice(0, 4), bad, ...good.slice(4), bad];
      const judged = await evaluator.judge(all, judgement);
      expect(judged.filter((_, place) => all[place] !== bad)).toEqual(expected);
      expect(judged.filter((_, place) => all[place] === bad)).toEqual([1, 2].map(() => ({ kind: 'rejected', reason })));
      const tries = sights(poison);
      expect(tries).toBeGreaterThanOrEqual(2);

      expect(await evaluator.judge(all, judgement)).toEqual(judged);
      await expect(evaluator.score([bad])).rejects.toMatchObject({ code: 'quarantined' });
      await expect(evaluator.values(all)).rejects.toThrow(`add(TURN,${poison}) ${reason}`);
      expect(sights(poison)).toBe(tries);
      expect({ used: evaluator.arena.used, threads: threads(), workers: evaluator.workers }).toEqual(before);
    }));
});

/** By the worker as it is. */
async function plainScores(texts: readonly string[]): Promise<DailyScores[]> {
  const evaluator = await Evaluator.open(market.folder, { workers: 1 });
  try {
    return await evaluator.score(parsed(evaluator, texts));
  } finally {
    await evaluator.close();
  }
}

test('a worker lost once costs no program anything', () =>
  withEvaluator({}, async (evaluator) => {
    const texts = [...innocent, 'TURN + 7007'];
    expect(await evaluator.score(parsed(evaluator, texts))).toEqual(await plainScores(texts));
    expect(sights(7007)).toBe(2);
  }));

test('bars are read once more when a worker is lost', () =>
  withEvaluator({}, async (evaluator) => {
    const [once, always] = ['ts_mean(close * 7007, 4) / CLOSE', 'ts_mean(close * 7001, 4) / CLOSE'] as const;
    expect(await evaluator.score(parsed(evaluator, [once]))).toEqual(await plainScores([once]));
    const used = evaluator.arena.used;
    await expect(evaluator.score(parsed(evaluator, [always]))).rejects.toThrow('a minute task lost its worker twice');
    expect(evaluator.arena.used).toBe(used);
  }));

test('a loop does not keep an evaluator from closing', async () => {
  let running: Promise<unknown> = Promise.resolve();
  await withEvaluator({}, async (evaluator) => {
    running = evaluator.score(parsed(evaluator, ['TURN + 7004'])).catch((error: Error) => error.message);
    await vi.waitUntil(() => sights(7004) > 0, { timeout: 20_000 });
  });
  expect(await running).toBe('the evaluator is closed');
});

test('threads that cannot begin are our bug, and no program is blamed', () =>
  withEvaluator({ workerFile: join(dirname(workerFile), 'no-such-worker.mjs') }, async (evaluator) => {
    const programs = parsed(evaluator, ['TURN']);
    await expect(evaluator.score(programs)).rejects.toThrow('no-such-worker');
    await expect(evaluator.score(programs)).rejects.toThrow('no-such-worker');
  }));

/** A batch in which some programs always lose their worker and some do the first time. */
const batch = fc.record({
  /** Which program stands at each place. */
  places: fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 20 }),
  poisonous: fc.uniqueArray(fc.nat({ max: 9 }), { maxLength: 4 }),
  unlucky: fc.uniqueArray(fc.nat({ max: 9 }), { maxLength: 4 }),
});

test('of a lost group the poisonous are found, tried alone twice at most, and everybody else is done', () =>
  fc.assert(
    fc.asyncProperty(batch, async ({ places, poisonous, unlucky }) => {
      const programs = places.map((n) => parse(`TURN + ${n}`, standardVocabulary));
      const quarantine: Quarantine = new Map();
      const alone = new Map<number, number>();
      const done = new Set<number>();
      const shaky = new Set(unlucky);
      const run = async (some: readonly number[]): Promise<Lost | undefined> => {
        const numbers = new Set(some.map((place) => places[place] as number));
        for (const n of numbers) if (numbers.size === 1) alone.set(n, (alone.get(n) ?? 0) + 1);
        const stumbled = [...numbers].filter((n) => shaky.delete(n));
        if (stumbled.length > 0 || poisonous.some((n) => numbers.has(n))) {
          return { kind: 'lost', why: 'crashed', detail: `${[...numbers]}` };
        }
        for (const place of some) done.add(place);
        return undefined;
      };
      const all = places.map((_, place) => place);
      const bad = all.filter((place) => poisonous.includes(places[place] as number));
      const lost = await runIsolated(programs, all, run, quarantine);
      expect([...lost.keys()]).toEqual(bad);
      expect([...done].sort((a, b) => a - b)).toEqual(all.filter((place) => !bad.includes(place)));
      expect(Math.max(0, ...alone.values())).toBeLessThanOrEqual(2);

      const tries = new Map(alone);
      expect(await runIsolated(programs, bad, run, quarantine)).toEqual(lost);
      expect(alone).toEqual(tries);
    }),
  ));

test('how long a task may take grows with what there is to do', () => {
  const programs = (...texts: string[]) => texts.map((text) => parse(text, standardVocabulary));
  const task = {
    kind: 'score',
    programs: programs('ts_rank(CLOSE, 20) * TURN', 'TURN'),
    available: new Map(),
    label: { address: 0, stride: 0, rows: 2_500, columns: 5_000 },
    labelDelay: 2,
    from: 500,
    to: 2_500,
  } as const satisfies ScoreTask;
  const limit = (change: Partial<ScoreTask> = {}, columns = 5_000): number =>
    taskLimitMs(
      { ...task, ...change },
      {
        memory: new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
        columns,
        vocabulary: standardVocabulary,
      },
    );
  const larger = [
    limit({ to: 2_501 }),
    limit({}, 5_001),
    limit({ programs: [...task.programs, ...programs('TURN')] }),
    limit({ programs: programs('ts_rank(CLOSE, 21) * TURN', 'TURN') }),
    limit({ programs: programs('ts_rank(CLOSE, 20) * (TURN + 1)', 'TURN') }),
  ];
  expect(Math.min(...larger)).toBeGreaterThan(limit());
  expect(limit({ programs: [] })).toBe(120_000);
  expect(limit({ programs: programs(...new Array(2_000).fill('ts_rank(CLOSE, 2000)')) })).toBeLessThan(2 ** 31);
  // No window reads more rows than there are.
  expect(limit({ programs: programs('ts_rank(CLOSE, 100000)') })).toBe(
    limit({ programs: programs('ts_rank(CLOSE, 2500)') }),
  );
});
