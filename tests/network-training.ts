/** One network trained on rows in memory, with all that can be seen of it from one epoch to the next. */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { stream } from '../core/random.ts';
import type { Network } from '../models/graph/network.ts';
import type { InputPart } from '../models/inputs.ts';
import { modelNamed } from '../models/models.ts';
import { networkSamples } from '../models/training/network-samples.ts';
import { trainingStream } from '../models/training/streams.ts';
import { trainNetwork } from '../models/training/train-network.ts';
import type { KeptNetwork } from '../models/training/trained-network.ts';
import type { EpochRecord } from '../models/training/training-progress.ts';
import { withKernels } from '../models/training/with-kernels.ts';
import type { TrainingRule } from '../models/training-rule.ts';
import { day, minute } from './series-networks.ts';
import { smallRule } from './trainings.ts';

export const symbols = 10;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
export const trainDates = range(20, 36);
export const validDates = range(36, 46);
const dates = 46;

/** As many channels as a data picture of two rows has, or small series; their names are never looked at. */
function partsOf(model: string): readonly InputPart[] {
  if (model.startsWith('rnn')) return [day];
  if (model.startsWith('gru-15m')) return [minute];
  if (model.startsWith('gru')) return [day, minute];
  return (model === 'alphanet-v3' ? ['d10', 'd5'] : ['d10']).map((name) => ({
    name,
    channels: Array.from({ length: model === 'alphanet-v1' ? 12 : 10 }, (_, c) => ({ name: `${c}`, expression: '' })),
    lags: [20, 10, 0],
  }));
}

/** Labels are the first number of a row, and chance. */
export function given(channels: number) {
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

export interface Watched {
  /** Undefined when it was left. */
  readonly kept: KeptNetwork | undefined;
  readonly records: readonly EpochRecord[];
  /** After each epoch. */
  readonly tensors: readonly number[];
  readonly bytes: readonly number[];
}

export interface Changes {
  /** In the place of the model's own. */
  readonly network?: (own: Network, epochs: () => number) => Network;
  /** Of the labels, where they are not returns themselves. */
  readonly returns?: (labels: Float32Array) => Float32Array;
  /** Whether to leave, after so many epochs. */
  readonly due?: (epochs: number) => boolean;
  /** When its checkpoint is written. */
  readonly onEpoch?: (record: EpochRecord) => void;
}

/** Where it is kept is a folder of the place. */
export async function watched(
  [place, folder]: readonly [string, string],
  model: string,
  rule: Partial<TrainingRule>,
  changes: Changes = {},
): Promise<Watched> {
  const whole = smallRule(model, { units: 2, batch: 100, patience: 1000, ...rule });
  const parts = partsOf(model);
  const each = parts.map(({ channels }) => given(channels.length));
  const labels = each[0]?.labels as Float32Array;
  const returns = changes.returns?.(labels);
  const name = { seed: 1, fold: 0, network: 0 };
  const own = modelNamed(model).network(parts, whole, trainingStream(name, 'fresh'));
  const readers = each.map(({ reader }) => reader);
  const scalers = each.map(({ scaler }) => scaler);
  const records: EpochRecord[] = [];
  const network = changes.network?.(own, () => records.length) ?? own;
  const [tensors, bytes]: [number[], number[]] = [[], []];
  try {
    const kept = await withKernels(1, () =>
      trainNetwork({
        ...{
          name,
          training: 'this one',
          network,
          rule: whole,
          train: trainDates,
          valid: validDates,
        },
        ...networkSamples({ parts, readers, scalers, symbols, labels, returns, limit: 0 }, network.reads),
        folder: join(place, folder),
        due: () => changes.due?.(records.length) ?? false,
        onEpoch: (record) => {
          records.push(record);
          tensors.push(tf.memory().numTensors);
          bytes.push(tf.memory().numBytes);
          changes.onEpoch?.(record);
        },
      }),
    );
    return { kept, records, tensors, bytes };
  } finally {
    network.dispose();
  }
}
