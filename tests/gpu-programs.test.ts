/** Whole programs on a device beside the SIMD kernels: on this processor always, on a graphics device where one answers. */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Evaluator, type EvaluatorOptions } from '../evaluation/evaluator.ts';
import { defaultFitness } from '../evaluation/fitness.ts';
import type { Judged, JudgeOptions } from '../evaluation/judge.ts';
import type { DailyScores } from '../evaluation/task.ts';
import { operatorNames, operatorOf } from '../operators/table.ts';
import { asFactor } from '../program/build.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { absentDevice } from './absent-device.ts';
import { type TestMarket, troubledMarket } from './markets.ts';

const size = { rows: 150, columns: 37, bars: 4, seed: 5 };
let market: TestMarket;
let kernels: Evaluator;
beforeAll(async () => {
  market = await troubledMarket(size);
  kernels = await Evaluator.open(market.folder, { workers: 1 });
});
afterAll(async () => {
  await kernels?.close();
  await rm(dirname(market.folder), { recursive: true });
});

const parsed = (texts: readonly string[]): Expression[] => texts.map((text) => parse(text, kernels.vocabulary));

/** An example of every operator that is one of a factor on this market, and what a plan has besides operators. */
function programs(): Expression[] {
  const examples = operatorNames.flatMap((name) => {
    try {
      const factor = asFactor(parse(operatorOf(name).example, kernels.vocabulary));
      return factor.kind === 'refused' ? [] : [factor as Expression];
    } catch {
      return []; // of a field that is not here
    }
  });
  const more = [
    'TURN',
    'ts_mean(close, 4) / CLOSE',
    'ts_mean(CLOSE, 5) / CLOSE + ts_mean(CLOSE, 5) / OPEN',
    'ts_corr(ts_mean(CLOSE, 5), ts_mean(CLOSE, 5) * TURN, 10)',
    'cs_rank(2 - TURN) * 3',
    'learn_ic(ts_mean(TURN, 3), 20) * TURN',
    'ts_std(ts_mean(ts_delay(TURN, 20), 20), 20)',
    'ts_mean(TURN, 100000)',
    'TURN * power(TURN, -1)',
  ];
  return [...examples, ...parsed(more)];
}

interface Apart {
  /** The largest difference of two daily correlations, and of two means of them. */
  readonly dates: number;
  readonly means: number;
}

/** Counts and missing dates must be the same. */
function apart(given: readonly DailyScores[], expected: readonly DailyScores[], names: readonly Expression[]): Apart {
  let [dates, means] = [0, 0];
  for (const [i, { ic, counts }] of expected.entries()) {
    const one = given[i] as DailyScores;
    expect(one.counts, names[i]?.key).toEqual(counts);
    expect([...one.ic].map(Number.isNaN), names[i]?.key).toEqual([...ic].map(Number.isNaN));
    const differences = one.ic.map((value, t) => value - (ic[t] as number)).filter((value) => !Number.isNaN(value));
    dates = Math.max(dates, ...differences.map(Math.abs));
    means = Math.max(
      means,
      Math.abs(differences.reduce((sum, value) => sum + value, 0) / Math.max(1, differences.length)),
    );
  }
  return { dates, means };
}

const judgement: JudgeOptions = {
  stages: [
    [{ from: 40, to: 60 }],
    [{ from: 60, to: 90 }],
    [
      { from: 0, to: 40 },
      { from: 90, to: 148 },
    ],
  ],
  rule: { ...defaultFitness, coverage: 0.05, turnover: 0.01, novelty: 0.1 },
  hurdles: [0, 0],
  known: () => false,
};

const fails = (reason: string): never => {
  throw new Error(`the device was lost: ${reason}`);
};

async function withDevice<T>(options: EvaluatorOptions, use: (evaluator: Evaluator) => Promise<T>): Promise<T> {
  const evaluator = await Evaluator.open(market.folder, { workers: 1, onDeviceLost: fails, ...options });
  try {
    return await use(evaluator);
  } finally {
    await evaluator.close();
  }
}

for (const mode of ['webasm', 'webgpu'] as const) {
  const reason = await absentDevice(mode);
  if (reason !== undefined) {
    test(mode, ({ skip }) => skip(reason));
    test(`${mode} is refused with the reason`, async () => {
      await expect(Evaluator.open(market.folder, { workers: 1, device: { mode } })).rejects.toThrow(reason);
    });
    continue;
  }
  describe(mode, () => {
    test.each(['pearson', 'rank'] as const)('scores are those of the kernels, %s', async (method) => {
      const all = programs();
      expect(all.length).toBeGreaterThan(40);
      const expected = await kernels.score(all, { method });
      await withDevice({ device: { mode } }, async (evaluator) => {
        const given = await evaluator.score(all, { method });
        // Float32 throughout. Of 37 symbols, two that are as good as equal change places and move a date's ranks by 1%.
        const { dates, means } = apart(given, expected, all);
        expect(dates).toBeLessThan(method === 'rank' ? 2e-2 : 2e-5);
        expect(means).toBeLessThan(method === 'rank' ? 5e-4 : 2e-6);
        expect((await evaluator.deviceState())?.peakBytes).toBeGreaterThan(0);
        // Alone, again, or on some dates: the same bits.
        const some = [3, 17, all.length - 2].map((i) => all[i] as Expression);
        expect(await evaluator.score(some, { method })).toEqual(some.map((program) => given[all.indexOf(program)]));
        const part = await evaluator.score(all, { method, from: 61, to: 99 });
        expect(part.map(({ ic }) => ic)).toEqual(given.map(({ ic }) => ic.slice(61, 99)));
      });
    });

    test('what no matrix of the device holds at once is computed in stretches, to the same bits', async () => {
      const all = programs().filter(({ key }, i) => i % 4 === 0 && !key.includes('100000'));
      const judged = async (evaluator: Evaluator) => {
        const against = await evaluator.values(parsed(['ts_mean(TURN, 3)', 'CLOSE / OPEN']));
        return evaluator.judge(all, { ...judgement, against });
      };
      const both = (options: EvaluatorOptions) =>
        withDevice(options, async (evaluator) => [await evaluator.score(all), await judged(evaluator)] as const);
      const whole = await both({ device: { mode } });
      const stretches = await both({ device: { mode, largestBytes: 4 * 320 * 90 } });
      expect(stretches).toEqual(whole);
      const expected = await judged(kernels);
      for (const [i, one] of whole[1].entries()) {
        const other = expected[i] as Judged;
        expect(one.kind, all[i]?.key).toBe(other.kind);
        expect(one.scores?.length, all[i]?.key).toBe(other.scores?.length);
        for (const [k, score] of (one.scores ?? []).entries())
          expect(score).toBeCloseTo(other.scores?.[k] as number, 5);
        if (one.kind === 'rejected') expect(one.reason).toBe((other as typeof one).reason);
      }
    });

    test('what looks back on more dates than the device holds is computed by the workers', async () => {
      const far = parsed(['ts_mean(TURN, 120)', 'TURN']);
      await withDevice({ device: { mode, largestBytes: 4 * 320 * 100 } }, async (evaluator) => {
        const [one] = await evaluator.score([far[0] as Expression], { from: 130, to: 148 });
        expect(one).toEqual((await kernels.score([far[0] as Expression], { from: 130, to: 148 }))[0]);
        expect(await evaluator.deviceState()).toBeDefined();
      });
    });

    test('a device that takes too long is given up, and the process lives', async () => {
      const all = programs();
      const lost: string[] = [];
      // Its kernels are not compiled yet.
      const options = { device: { mode, taskLimitMs: 60 }, onDeviceLost: (why: string) => lost.push(why) };
      await withDevice(options, async (evaluator) => {
        expect(await evaluator.score(all)).toEqual(await kernels.score(all));
        expect(lost).toEqual(['it did not answer for 0.06 s']);
      });
    });

    test('a released factor is forgotten, also when another one takes its place', async () => {
      await withDevice({ device: { mode } }, async (evaluator) => {
        for (const had of ['TURN', '-TURN']) {
          const against = await evaluator.values(parsed([had]));
          const [judged] = await evaluator.judge(parsed(['ts_mean(TURN, 2)']), { ...judgement, against });
          const [other] = await kernels.judge(parsed(['ts_mean(TURN, 2)']), {
            ...judgement,
            against: await kernels.values(parsed([had])),
          });
          expect(judged?.scores?.at(-1)).toBeCloseTo(other?.scores?.at(-1) as number, 6);
          for (const { address } of against) evaluator.arena.release(address);
        }
      });
    });

    test('an evaluator can be closed while its device computes', async () => {
      const all = programs();
      const evaluator = await Evaluator.open(market.folder, { workers: 1, device: { mode }, onDeviceLost: fails });
      const scores = evaluator.score(all).then(
        () => 'scored',
        (error: unknown) => String(error),
      );
      await new Promise((resolve) => setTimeout(resolve, 300));
      await evaluator.close();
      expect(await scores).toMatch(/scored|closed/);
    });

    test.each([
      ['is lost', undefined],
      ['ends its thread', 4 * 320 * 1000],
    ])('a device that %s is given up once, and the workers go on', async (_, largestBytes) => {
      const all = programs();
      const lost: string[] = [];
      const workerFile = fileURLToPath(new URL('./faulty-device.mjs', import.meta.url));
      const options = { device: { mode, workerFile, largestBytes }, onDeviceLost: (why: string) => lost.push(why) };
      await withDevice(options, async (evaluator) => {
        const first = await evaluator.score(all);
        const [second] = [await evaluator.score(all)];
        expect(lost).toEqual([expect.stringContaining(largestBytes === undefined ? 'destroyed' : 'exit code 3')]);
        expect(await evaluator.deviceState()).toBeUndefined();
        const expected = await kernels.score(all);
        expect(second).toEqual(expected);
        expect(apart(first, expected, all).dates).toBeLessThan(2e-5);
      });
    });
  });
}
