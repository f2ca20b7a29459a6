/**
 * AlphaNet v1: channels of the windows, and their mean, largest and smallest over the windows, all normalised, into a
 * hidden layer. The report has a normalisation after each operator; channels have their own statistics, so one over
 * all of them is the same.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Stream } from '../../core/random.ts';
import { BatchNorm } from '../graph/layers/batch-norm.ts';
import { Dense } from '../graph/layers/dense.ts';
import { dropout } from '../graph/layers/dropout.ts';
import type { Explained, FeatureName, InputTensors, Network, Pass } from '../graph/network.ts';
import { pool } from '../graph/ops/pool.ts';
import { Variables } from '../graph/variables.ts';
import type { TrainingRule } from '../training-rule.ts';
import { FactorInputs } from './factor-inputs.ts';
import { readsOf, type Seen, stepNames } from './picture-parts.ts';

const poolings = ['ts_mean', 'ts_max', 'ts_min'] as const; // as `pool` gives them

export function pooledNetwork(seen: Seen, rule: Pick<TrainingRule, 'units' | 'dropout'>, fresh: Stream): Network {
  const [part] = seen.picture as [Seen['picture'][number]];
  const { channels, lags } = part;
  const variables = new Variables();
  const norm = new BatchNorm(variables, `${part.name}/norm`, channels.length);
  const pooledNorms = poolings.map((pooling) => new BatchNorm(variables, `${pooling}/norm`, channels.length));
  const factors = seen.factors && new FactorInputs(variables, seen.factors);
  const flattened = stepNames(part);
  const pooledNames: FeatureName[] = poolings.flatMap((pooling) =>
    channels.map(({ name }) => {
      const feature = `BN(${pooling}(BN(${name}),${lags.length}))`;
      return { name: feature, feature };
    }),
  );
  const names = [...flattened, ...pooledNames, ...(factors?.names ?? [])];
  const init = 'truncated-normal';
  const hidden = new Dense(
    variables,
    'hidden',
    { inputs: names.length, outputs: rule.units, init, activation: 'relu' },
    fresh,
  );
  const output = new Dense(variables, 'output', { inputs: rule.units, outputs: 1, init }, fresh);

  function features(inputs: InputTensors, pass: Pass): tf.Tensor2D {
    const normalised = norm.run(inputs.get(part.name) as tf.Tensor3D, pass);
    const pooled = pool(normalised).map((x, i) => (pooledNorms[i] as BatchNorm).run(x, pass));
    const flat = tf.reshape(normalised, [normalised.shape[0], flattened.length]);
    return tf.concat2d([flat as tf.Tensor2D, ...pooled, ...(factors ? [factors.run(inputs, pass)] : [])], 1);
  }

  const explained: Explained = {
    names,
    features: (inputs) => features(inputs, { kind: 'inference' }),
    predict: (x) => output.run(hidden.run(x)),
  };
  return {
    variables: variables.all,
    reads: readsOf(seen),
    run: (inputs, pass) => output.run(dropout(hidden.run(features(inputs, pass)), rule.dropout, pass)),
    explained,
    dispose: () => variables.dispose(),
  };
}
