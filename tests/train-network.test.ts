/** One network on rows in memory: nothing is left behind from one epoch to the next, and numbers that run off end it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseBackend } from '../models/graph/backend.ts';
import { keptNetwork } from '../models/training/trained-network.ts';
import type { TrainingRule } from '../models/training-rule.ts';
import { type Changes, given, symbols, validDates, watched } from './network-training.ts';

const place = mkdtempSync(join(tmpdir(), 'evolve-network-'));
beforeAll(() => chooseBackend('wasm'));
afterAll(() => rmSync(place, { recursive: true }));

const train = (
  model: string,
  rule: Partial<TrainingRule>,
  folder = `${model}-${rule.epochs}-${rule.learningRate}`,
  changes?: Changes,
) => watched([place, folder], model, rule, changes);

test.each([
  ['alphanet-v1', 200],
  ['alphanet-v3', 60],
])(
  '%s holds, after %i epochs, no more tensors than after one, and none when the network is gone',
  async (model, epochs) => {
    const before = tf.memory().numTensors;
    const { records, tensors, bytes } = await train(model, { epochs });
    expect(tensors).toHaveLength(epochs);
    expect(new Set(tensors.slice(1)).size).toBe(1);
    expect(new Set(bytes.slice(1)).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
    const losses = records.map(({ trainLoss }) => trainLoss);
    expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] as number));
  },
);

test('what predicting nothing would cost is kept with a network, where it has a loss', async () => {
  const { labels } = given(10);
  const valid = labels.subarray((validDates[0] as number) * symbols);
  const { kept: mse } = await train('alphanet-v2', { epochs: 1 });
  expect(mse?.result.nothingLoss).toBeCloseTo(valid.reduce((sum, label) => sum + label * label, 0) / valid.length, 6);
  const ic = { kind: 'ic', neutral: false, topWeight: 1 } as const;
  const { kept } = await train('alphanet-v2', { epochs: 1, loss: ic }, 'ic');
  expect(kept?.result).toMatchObject({ bestEpoch: 1 });
  expect(kept?.result).not.toHaveProperty('nothingLoss');
});

describe('a network that is stopped by rank correlation, and has none after its first epochs', () => {
  /** Says the same of all until so many epochs are over. */
  const silent =
    (until: number): NonNullable<Changes['network']> =>
    (own, epochs) => ({
      ...own,
      run: (inputs, pass) => {
        const out = own.run(inputs, pass);
        return pass.kind === 'inference' && epochs() < until ? tf.zerosLike(out) : out;
      },
    });
  const rule = { stopBy: 'rank-ic', epochs: 6, patience: 4 } as const;

  test('goes by the first that has one, and by the best of them', async () => {
    const { kept, records } = await train('alphanet-v2', rule, 'silent', { network: silent(2) });
    const ranks = records.map(({ validRankIc }) => validRankIc);
    expect(ranks.slice(0, 2)).toEqual([Number.NaN, Number.NaN]);
    expect(ranks.slice(2).every(Number.isFinite)).toBe(true);
    const best = 1 + ranks.indexOf(Math.max(...ranks.slice(2)));
    expect(kept?.result).toMatchObject({ bestEpoch: best, validRankIc: ranks[best - 1] });
    expect(keptNetwork(join(place, 'silent'))?.history).toEqual(records);
  });

  test('the same when it is left after the first of them and gone on with', async () => {
    const whole = await train('alphanet-v2', rule, 'whole', { network: silent(1) });
    const first = await train('alphanet-v2', rule, 'halves', { network: silent(1), due: (epochs) => epochs === 1 });
    expect(first.kept).toBeUndefined();
    expect(first.records).toEqual(whole.records.slice(0, 1));
    const { kept, records } = await train('alphanet-v2', rule, 'halves');
    expect(records).toEqual(whole.records.slice(1));
    expect(kept?.history).toEqual(whole.records);
    expect(kept?.result.bestEpoch).toBe(whole.kept?.result.bestEpoch);
  });

  test('ends when its patience does where it never has one', async () => {
    const { kept, records } = await train('alphanet-v2', { ...rule, patience: 2 }, 'never', { network: silent(99) });
    expect(records).toHaveLength(3);
    expect(kept?.result).toMatchObject({ bestEpoch: 1, validRankIc: Number.NaN });
  });
});

// Adam's steps are bounded, so that v2 and v3 end up far away without ever overflowing.
test.each([
  ['alphanet-v1', 'the gradient of [a-z0-9/]+ is no finite number'],
  [
    'alphanet-v2',
    'its loss on the dates that validate is [0-9.]+e\\+[0-9]+ at best, and predicting nothing has 1\\.[0-9]+',
  ],
  [
    'alphanet-v3',
    'its loss on the dates that validate is [0-9.]+e\\+[0-9]+ at best, and predicting nothing has 1\\.[0-9]+',
  ],
])('a learning rate that is far too large ends a training of %s with a sentence', async (model, why) => {
  const training = train(model, { epochs: 10, learningRate: 1e6 });
  await expect(training).rejects.toMatchObject({
    code: 'bad-argument',
    message: expect.stringMatching(
      `^The network of \\S+ diverged: ${why}\\. Use a smaller --learning-rate, --clip-value 1, or draw inputs in by --limit 5, and give another --out or delete the model first: it goes on as it began\\.$`,
    ),
  });
});

test('a weight of likeness that is far too large is named too', async () => {
  const loss = { kind: 'mse', neutral: false, topWeight: 1, orthogonality: 1e30 } as const;
  await expect(train('rnn-64', { epochs: 3, loss, factorUnits: 3 })).rejects.toMatchObject({
    code: 'bad-argument',
    message: expect.stringMatching(/ diverged: .* Use a smaller --learning-rate or --orthogonality, --clip-value 1, /),
  });
});
