/** AlphaNet v2 and v3: each part's channels, normalised, through a recurrent layer, normalised again, into the output. */
import * as tf from '@tensorflow/tfjs-core';
import type { Stream } from '../../core/random.ts';
import { BatchNorm } from '../graph/layers/batch-norm.ts';
import { Dense } from '../graph/layers/dense.ts';
import { dropout } from '../graph/layers/dropout.ts';
import { NormalisedRecurrent } from '../graph/layers/normalised-recurrent.ts';
import type { Explained, InputTensors, Network, Pass } from '../graph/network.ts';
import { Variables } from '../graph/variables.ts';
import type { Cell } from '../kernels/layer.ts';
import type { TrainingRule } from '../training-rule.ts';
import { FactorInputs } from './factor-inputs.ts';
import { readsOf, type Seen, stepNames } from './picture-parts.ts';

const inference: Pass = { kind: 'inference' };

export function recurrentNetwork(
  seen: Seen,
  cell: Cell,
  rule: Pick<TrainingRule, 'units' | 'dropout'>,
  fresh: Stream,
): Network {
  const { units } = rule;
  const variables = new Variables();
  const branches = seen.picture.map((part) => ({
    part,
    names: stepNames(part),
    recurrent: new NormalisedRecurrent(variables, part.name, { cell, inputs: part.channels.length, units }, fresh),
    norm: new BatchNorm(variables, `${part.name}/stateNorm`, units),
  }));
  type Branch = (typeof branches)[number];
  const factors = seen.factors && new FactorInputs(variables, seen.factors);
  const width = units * branches.length + (factors?.names.length ?? 0);
  const output = new Dense(variables, 'output', { inputs: width, outputs: 1, init: 'glorot-uniform' }, fresh);

  const inputOf = ({ part }: Branch, inputs: InputTensors) => inputs.get(part.name) as tf.Tensor3D;
  const head = (joined: tf.Tensor2D[]): tf.Tensor2D => output.run(tf.concat2d(joined, 1));

  function run(inputs: InputTensors, pass: Pass): tf.Tensor2D {
    const states = branches.map((branch) => {
      const state = branch.recurrent.run(inputOf(branch, inputs), pass) as tf.Tensor2D;
      return dropout(branch.norm.run(state, pass), rule.dropout, pass);
    });
    return head(factors ? [...states, factors.run(inputs, pass)] : states);
  }

  const explained: Explained = {
    names: [...branches.flatMap(({ names }) => names), ...(factors?.names ?? [])],
    features: (inputs) => {
      const flat = branches.map((branch) => {
        const x = inputOf(branch, inputs);
        return tf.reshape(branch.recurrent.normalised(x), [x.shape[0], branch.names.length]) as tf.Tensor2D;
      });
      return tf.concat2d(factors ? [...flat, factors.run(inputs, inference)] : flat, 1);
    },
    predict: (features) => {
      const rows = features.shape[0];
      let at = 0;
      const take = (count: number): tf.Tensor2D => {
        at += count;
        return tf.slice(features, [0, at - count], [rows, count]);
      };
      const states = branches.map(({ part, names, recurrent, norm }) => {
        const x = tf.reshape(take(names.length), [rows, part.lags.length, part.channels.length]);
        return norm.run(recurrent.afterNorm(x as tf.Tensor3D) as tf.Tensor2D, inference);
      });
      return head(factors ? [...states, take(factors.names.length)] : states);
    },
  };

  return { variables: variables.all, reads: readsOf(seen), run, explained, dispose: () => variables.dispose() };
}
