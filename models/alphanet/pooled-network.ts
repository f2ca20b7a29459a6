/**
 * AlphaNet v1: channels of the windows, and their mean, largest and smallest over the windows, all normalised, into a
 * hidden layer. The report has a normalisation after each operator; channels have their own statistics, so one over
 * all of them is the same.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Stream } from '../../core/random.ts';
import { Dense } from '../graph/layers/dense.ts';
import { dropout } from '../graph/layers/dropout.ts';
import type { Explained, FeatureSums, InputTensors, Network, Pass } from '../graph/network.ts';
import { Variables } from '../graph/variables.ts';
import type { TrainingRule } from '../training-rule.ts';
import { FactorInputs } from './factor-inputs.ts';
import { type PartSeen, readsOf, type Seen } from './picture-parts.ts';
import { PooledFeatures } from './pooled-features.ts';

export function pooledNetwork(seen: Seen, rule: Pick<TrainingRule, 'units' | 'dropout'>, fresh: Stream): Network {
  const [part] = seen.picture as [PartSeen];
  const variables = new Variables();
  const pooled = new PooledFeatures(variables, part);
  const factors = seen.factors && new FactorInputs(variables, seen.factors);
  const names = [...pooled.names, ...(factors?.names ?? [])];
  const init = 'truncated-normal';
  const hidden = new Dense(variables, 'hidden', { inputs: names.length, outputs: rule.units, init }, fresh);
  const output = new Dense(variables, 'output', { inputs: rule.units, outputs: 1, init }, fresh);
  const inputOf = (inputs: InputTensors) => inputs.get(part.name) as tf.Tensor3D;

  function run(inputs: InputTensors, pass: Pass): tf.Tensor2D {
    const { kernel, bias } = hidden.weights;
    const fromPicture = pooled.through(inputOf(inputs), kernel, bias, pass);
    const sums = factors ? tf.add(fromPicture, factors.through(inputs, kernel, pass)) : fromPicture;
    return output.run(dropout(tf.relu(sums) as tf.Tensor2D, rule.dropout, pass));
  }

  const sums: FeatureSums = {
    of: (features) => hidden.run(features),
    predict: (x) => output.run(tf.relu(x)),
  };
  const explained: Explained = {
    names,
    sums,
    features: (inputs) => {
      const picture = pooled.features(inputOf(inputs));
      return factors ? tf.concat2d([picture, factors.run(inputs, { kind: 'inference' })], 1) : picture;
    },
    predict: (features) => sums.predict(sums.of(features)),
  };

  return { variables: variables.all, reads: readsOf(seen), run, explained, dispose: () => variables.dispose() };
}
