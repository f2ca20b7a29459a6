import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Stream, stream } from '../core/random.ts';
import { Hurdles } from '../engine/hurdles.ts';
import { Judging, type JudgingCounts, noCounts } from '../engine/judging.ts';
import { fitnessOf, type Problem, type Terms, under, type Verdict } from '../engine/problem.ts';
import { quantile } from '../engine/quantile.ts';
import type { SearchRule } from '../engine/rule.ts';
import { Bits, smallRule } from './engine-toys.ts';

const genomes = (count: number, round = 0, problem = new Bits()): string[] =>
  Array.from({ length: count }, (_, slot) => problem.fresh(stream(5, round, slot)));

const score = fc.integer({ min: 0, max: 20 });

describe('a verdict under hurdles', () => {
  const stages = 3;
  const verdict: fc.Arbitrary<Verdict> = fc.oneof(
    fc.record({ kind: fc.constant('scored' as const), scores: fc.array(score, { minLength: 3, maxLength: 3 }) }),
    fc.record({
      kind: fc.constant('rejected' as const),
      reason: fc.constant('constant'),
      scores: fc.array(score, { maxLength: 2 }),
    }),
  );
  const hurdles = fc.array(score, { minLength: 2, maxLength: 2 });

  test('is that of the first hurdle not cleared, and the same whatever hurdles it came under before', () =>
    fc.assert(
      fc.property(verdict, hurdles, hurdles, (full, before, now) => {
        const known = under(full, before, stages) as Verdict;
        const wanted = under(full, now, stages);
        const again = under(known, now, stages);
        // What is known may not say enough; if it says anything, it says the same.
        if (again) expect(again).toEqual(wanted);
        else expect(known.scores?.length).toBeLessThan(stages);
        const stop = full.scores?.findIndex((value, stage) => value < (now[stage] as number)) ?? -1;
        const cleared = stop < 0 || stop >= now.length;
        expect(wanted?.scores).toEqual(cleared ? full.scores : full.scores?.slice(0, stop + 1));
        expect(wanted?.kind).toBe(cleared ? full.kind : 'scored');
      }),
      { numRuns: 1000 },
    ));
});

describe('hurdles', () => {
  test('are a quantile of the latest scores of each stage, none before there are twenty', () =>
    fc.assert(
      fc.property(
        fc.array(score, { maxLength: 80, size: 'max' }),
        fc.integer({ min: 20, max: 50 }),
        (scores, memory) => {
          const hurdles = new Hurdles({ quantile: 0.75, memory }, 2);
          for (const value of scores) hurdles.note([value, value + 1]);
          const latest = scores.slice(-memory);
          expect(hurdles.heights).toEqual([latest.length < 20 ? Number.NEGATIVE_INFINITY : quantile(latest, 0.75)]);
        },
      ),
    ));

  test('let the share through that they are to', async () => {
    const rule = { ...smallRule, hurdles: { quantile: 0.75, memory: 500 } };
    const judging = new Judging(new Bits({ noise: 0.01 }), rule, true);
    const counts = noCounts(3);
    for (let round = 0; round < 10; round++) await judging.judge(genomes(50, round), noCounts(3), stream(1, 0, 0));
    for (let round = 10; round < 110; round++) await judging.judge(genomes(50, round), counts, stream(1, 0, 0));
    const [first, second] = counts.stopped as [number, number];
    const late = counts.rejected['too few ones'] ?? 0;
    const entered = counts.tried - (counts.rejected['too many ones'] ?? 0);
    const shares = [(entered - first) / entered, (entered - first - second) / (entered - first)];
    for (const share of shares) expect(Math.abs(share - 0.25)).toBeLessThan(0.05);
    expect(counts.complete + late).toBe(entered - first - second);
  });

  test('the q-quantile lies between neighbours', () => {
    expect(quantile([4, 1, 3, 2], 0.75)).toBe(3.25);
    expect(quantile([7], 0.3)).toBe(7);
    expect(quantile([], 0.3)).toBeNaN();
  });
});

describe('judging', () => {
  const judge = (judging: Judging<string>, asked: string[], counts: JudgingCounts = noCounts(3), exempt = false) =>
    judging.judge(asked, counts, stream(1, 0, 0), { exempt });

  test('gives everybody the verdict that the hurdles before the batch leave of the full one', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }), async (sizes) => {
        const problem = new Bits({ coding: 8 });
        const judging = new Judging(problem, { ...smallRule, remembered: 40 }, true);
        for (const [round, size] of sizes.entries()) {
          const { hurdles } = judging;
          const asked = genomes(size, round, problem);
          const wanted = asked.map((genome) => under(problem.verdict(genome), hurdles, 3));
          expect(await judge(judging, asked)).toEqual(wanted);
        }
      }),
    ));

  test('reopens a case when the hurdle has sunk below it', async () => {
    const problem = new Bits({ coding: 8, noise: 0 });
    const worth = (wanted: number): string => {
      for (let i = 0; i < 1024; i++) {
        const genome = i.toString(2).padStart(10, '0');
        const verdict = problem.verdict(genome);
        if (verdict.kind === 'scored' && Math.abs((fitnessOf(verdict, 3) as number) - wanted) < 1e-9) return genome;
      }
      throw new Error(`nobody is worth ${wanted}`);
    };
    const [low, middle, high] = [0.05, 0.1, 0.15].map(worth) as [string, string, string];
    const judging = new Judging(problem, { ...smallRule, hurdles: { quantile: 0.5, memory: 20 } }, true);
    const fill = (genome: string) => judge(judging, new Array(20).fill(genome), noCounts(3), true);

    await fill(high);
    const counts = noCounts(3);
    const [stopped] = await judge(judging, [middle], counts);
    expect(stopped?.scores).toHaveLength(1);
    expect(counts).toMatchObject({ asked: 1, tried: 1, knownByKey: 0, reopened: 0, stopped: [1, 0] });

    await fill(low);
    const [complete] = await judge(judging, [middle], counts);
    expect(complete?.scores).toHaveLength(3);
    expect(counts).toMatchObject({ asked: 2, tried: 1, knownByKey: 0, reopened: 1, stopped: [1, 0], complete: 0 });

    await fill(high);
    const before = problem.judgements;
    const [again] = await judge(judging, [middle], counts);
    expect(again).toEqual(stopped);
    expect(problem.judgements).toBe(before);
    expect(counts).toMatchObject({ asked: 3, tried: 1, knownByKey: 1, reopened: 1 });
  });

  test('asks once for those with one key, and lets the first with a fingerprint speak for the others', async () => {
    const problem = new Bits({ personal: true });
    const judging = new Judging(problem, smallRule, true);
    const a = `${'0110'.repeat(5)}00`;
    const [b, c] = [`${a.slice(0, -2)}01`, `${a.slice(0, -2)}11`];
    const counts = noCounts(3);
    const verdicts = await judge(judging, [a, b, a], counts);
    expect(verdicts).toEqual(new Array(3).fill(problem.verdict(a)));
    expect(problem.verdict(b)).not.toEqual(problem.verdict(a));
    expect(counts).toMatchObject({ asked: 3, tried: 2, knownByKey: 1, knownByBehaviour: 1, complete: 2 });
    const judgedBefore = problem.judgements;
    expect(await judge(judging, [c], counts)).toEqual([problem.verdict(a)]);
    expect(problem.judgements).toBe(judgedBefore + 1);
    expect(counts).toMatchObject({ tried: 3, knownByBehaviour: 2 });
  });

  test.each<[string, Partial<Problem<string>>, string]>([
    ['a score that is no number', answering([0.1, Number.NaN, 0.2]), 'a score is no number'],
    ['a judgement that ends for no reason', answering([0.1]), 'ended before'],
  ])('takes %s for the bug it is', async (_, broken, message) => {
    const judging = new Judging(Object.assign(new Bits(), broken), smallRule, true);
    await expect(judge(judging, genomes(1))).rejects.toThrow(message);
  });

  function answering(scores: number[]): Partial<Problem<string>> {
    return { judge: async (asked) => [...asked].map(() => ({ kind: 'scored', scores })) };
  }
});

describe('the audit', () => {
  /** Judged under fixed hurdles, none of it known before, with what became of everybody. */
  async function audited(rule: Partial<SearchRule>, count: number, elite: number | undefined, random: Stream) {
    const problem = new Bits({ noise: 0.3 });
    const judging = new Judging(problem, { ...smallRule, ...rule }, true);
    await judging.judge(genomes(100, 1), noCounts(3), stream(1, 0, 0));
    const counts = noCounts(3);
    const asked = genomes(count, 2);
    const terms: Terms[] = [];
    const judge = problem.judge.bind(problem);
    problem.judge = (some, term) => {
      terms.push(term);
      return judge(some, term);
    };
    const verdicts = await judging.judge(asked, counts, random, { elite });
    const stopped = asked.filter((_, i) => verdicts[i]?.kind === 'scored' && (verdicts[i]?.scores?.length ?? 0) < 3);
    const missed = stopped.filter((genome) => (fitnessOf(problem.verdict(genome), 3) ?? -1) > (elite ?? 0));
    return { counts, stopped, missed, judging, terms };
  }

  test('of everybody counts exactly those who would have been among the elites', async () => {
    // Somebody's fitness: who has just as much would not have been among them.
    const elite = new Bits().fitness(`${'1001'.repeat(5)}00`);
    const { counts, stopped, missed, terms } = await audited({ audit: 1 }, 400, elite, stream(2, 0, 0));
    expect(stopped.map((genome) => new Bits().fitness(genome))).toContain(elite);
    expect(missed.length).toBeGreaterThan(5);
    expect(counts).toMatchObject({ audited: stopped.length, missed: missed.length });
    expect(stopped.length).toBeGreaterThan(missed.length);
    expect(terms.at(-1)?.hurdles).toEqual([]);
  });

  test('takes its share, whichever', async () => {
    const { counts, stopped } = await audited({ audit: 0.25 }, 2000, 0.3, stream(2, 0, 0));
    expect(Math.abs(counts.audited / stopped.length - 0.25)).toBeLessThan(0.03);
  });

  test('changes nothing, and is left while there are no elites', async () => {
    const all = await audited({ audit: 1 }, 400, 0.3, stream(2, 0, 0));
    const none = await audited({ audit: 1 }, 400, undefined, stream(2, 0, 0));
    const off = await audited({ audit: 0 }, 400, 0.3, stream(2, 0, 0));
    for (const { counts, judging } of [none, off]) {
      expect(counts).toEqual({ ...all.counts, audited: 0, missed: 0 });
      expect(judging.state).toEqual(all.judging.state);
    }
  });
});
