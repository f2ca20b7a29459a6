/** One network on rows in memory: nothing is left behind from one epoch to the next, and numbers that run off end it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import type { Network } from '../models/graph/network.ts';
import type { InputPart } from '../models/inputs.ts';
import { modelNamed } from '../models/models.ts';
import { networkSamples } from '../models/training/network-samples.ts';
import { trainingStream } from '../models/training/streams.ts';
import { trainNetwork } from '../models/training/train-network.ts';
import { type KeptNetwork, keptNetwork } from '../models/training/trained-network.ts';
import type { EpochRecord } from '../models/training/training-progress.ts';
import { withKernels } from '../models/training/with-kernels.ts';
import type { TrainingRule } from '../models/training-rule.ts';
import { smallRule } from './trainings.ts';

const place = mkdtempSync(join(tmpdir(), 'evolve-network-'));
beforeAll(() => chooseBackend('wasm'));
afterAll(() => rmSync(place, { recursive: true }));

const [symbols, dates] = [10, 46];
/** As many channels as a data picture of two rows has; their names are never looked at. */
const partsOf = (model: string): InputPart[] =>
  (model === 'alphanet-v3' ? ['d10', 'd5'] : ['d10']).map((name) => ({
    name,
    channels: Array.from({ length: model === 'alphanet-v1' ? 12 : 10 }, (_, c) => ({ name: `${c}`, expression: '' })),
    lags: [20, 10, 0],
  }));

/** Labels are the first number of a row, and chance. */
function given(channels: number) {
  const random = stream(1, dates, symbols);
  const width = symbols * channels;
  const cells = Float32Array.from({ length: dates * width }, () => random.normal());
  const labels = Float32Array.from({ length: dates * symbols }, (_, at) => {
    return 0.5 * (cells[at * channels] as number) + random.normal();
  });
  const reader = { record: (date: number) => cells.subarray(date * width, (date + 1) * width), close: () => {} };
  const scaler = { mean: new Float32Array(channels), deviation: new Float32Array(channels).fill(1) };
  return { labels, reader, scaler };
}

interface Trained {
  readonly kept: KeptNetwork | undefined;
  readonly records: readonly EpochRecord[];
  /** After each epoch. */
  readonly tensors: readonly number[];
  readonly bytes: readonly number[];
}

interface Changes {
  /** In the place of the model's own. */
  readonly network?: (own: Network, epochs: () => number) => Network;
  readonly due?: (epochs: number) => boolean;
  readonly folder?: string;
}

async function train(model: string, rule: Partial<TrainingRule>, changes: Changes = {}): Promise<Trained> {
  const whole = smallRule(model, { units: 2, batch: 100, patience: 1000, ...rule });
  const parts = partsOf(model);
  const { labels, reader, scaler } = given(parts[0]?.channels.length as number);
  const name = { seed: 1, fold: 0, network: 0 };
  const own = modelNamed(model).network(parts, whole, trainingStream(name, 'fresh'));
  const source = { parts, readers: parts.map(() => reader), scalers: parts.map(() => scaler), symbols, labels };
  const records: EpochRecord[] = [];
  const network = changes.network?.(own, () => records.length) ?? own;
  const [tensors, bytes]: [number[], number[]] = [[], []];
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  try {
    const kept = await trainNetwork({
      ...{ name, network, rule: whole, train: range(20, 36), valid: range(36, 46) },
      ...networkSamples({ ...source, limit: 0 }, network.reads),
      folder: join(place, changes.folder ?? `${model}-${JSON.stringify(rule)}`.replace(/[^\w.-]/g, '')),
      due: () => changes.due?.(records.length) ?? false,
      onEpoch: (record) => {
        records.push(record);
        tensors.push(tf.memory().numTensors);
        bytes.push(tf.memory().numBytes);
      },
    });
    return { kept, records, tensors, bytes };
  } finally {
    network.dispose();
  }
}

test.each([
  ['alphanet-v1', 200],
  ['alphanet-v3', 60],
])(
  '%s holds, after %i epochs, no more tensors than after one, and none when the network is gone',
  async (model, epochs) => {
    const before = tf.memory().numTensors;
    const { records, tensors, bytes } = await withKernels(1, () => train(model, { epochs }));
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
  const valid = labels.subarray(36 * symbols, 46 * symbols);
  const { kept: mse } = await withKernels(1, () => train('alphanet-v2', { epochs: 1 }));
  expect(mse?.result.nothingLoss).toBeCloseTo(valid.reduce((sum, label) => sum + label * label, 0) / valid.length, 6);
  const ic = { kind: 'ic', neutral: false, topWeight: 1 } as const;
  const { kept } = await withKernels(1, () => train('alphanet-v2', { epochs: 1, loss: ic }));
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
    const { kept, records } = await withKernels(1, () =>
      train('alphanet-v2', rule, { network: silent(2), folder: 'silent' }),
    );
    const ranks = records.map(({ validRankIc }) => validRankIc);
    expect(ranks.slice(0, 2)).toEqual([Number.NaN, Number.NaN]);
    expect(ranks.slice(2).every(Number.isFinite)).toBe(true);
    const best = 1 + ranks.indexOf(Math.max(...ranks.slice(2)));
    expect(kept?.result).toMatchObject({ bestEpoch: best, validRankIc: ranks[best - 1] });
    expect(keptNetwork(join(place, 'silent'))?.history).toEqual(records);
  });

  test('the same when it is left after the first of them and gone on with', async () => {
    const whole = await withKernels(1, () => train('alphanet-v2', rule, { network: silent(1), folder: 'whole' }));
    const first = await withKernels(1, () =>
      train('alphanet-v2', rule, { network: silent(1), folder: 'halves', due: (epochs) => epochs === 1 }),
    );
    expect(first.kept).toBeUndefined();
    expect(first.records).toEqual(whole.records.slice(0, 1));
    const { kept, records } = await withKernels(1, () => train('alphanet-v2', rule, { folder: 'halves' }));
    expect(records).toEqual(whole.records.slice(1));
    expect(kept?.history).toEqual(whole.records);
    expect(kept?.result.bestEpoch).toBe(whole.kept?.result.bestEpoch);
  });

  test('ends when its patience does where it never has one', async () => {
    const { kept, records } = await withKernels(1, () =>
      train('alphanet-v2', { ...rule, patience: 2 }, { network: silent(99), folder: 'never' }),
    );
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
  const training = withKernels(1, () => train(model, { epochs: 10, learningRate: 1e6 }));
  await expect(training).rejects.toMatchObject({
    code: 'bad-argument',
    message: expect.stringMatching(
      `^The network of \\S+ diverged: ${why}\\. Use a smaller --learning-rate, --clip-norm 1, or draw inputs in by --limit 5\\.$`,
    ),
  });
});
