/**
 * The AlphaNets with every layer written out after the other, as the reports have them: the same variables, values and
 * gradients as the networks that are trained, which fold layers into each other. What these are timed against.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Stream } from '../../core/random.ts';
import { BatchNorm } from '../graph/layers/batch-norm.ts';
import { Dense } from '../graph/layers/dense.ts';
import { dropout } from '../graph/layers/dropout.ts';
import { RecurrentLayer } from '../graph/layers/recurrent-layer.ts';
import type { Network, Pass } from '../graph/network.ts';
import { pool } from '../graph/ops/pool.ts';
import { Variables } from '../graph/variables.ts';
import type { InputPart } from '../inputs.ts';
import { type PartSeen, readsOf, see } from './picture-parts.ts';
import { poolings } from './pooled-features.ts';
import type { AlphaNet } from './versions.ts';

type Layers = (x: tf.Tensor3D, pass: Pass) => tf.Tensor2D;

export function layeredNetwork(
  version: AlphaNet,
  parts: readonly InputPart[],
  fresh: Stream,
): Pick<Network, 'variables' | 'reads' | 'run' | 'dispose'> {
  const { rule, operators, cell } = version;
  const variables = new Variables();
  const seen = see(parts, operators, rule, fresh);
  const branches = seen.picture.map((part) => ({
    name: part.name,
    layers: cell ? recurrentLayers(part) : pooledLayers(part),
  }));
  const init = cell ? 'glorot-uniform' : 'truncated-normal';
  const width = rule.units * branches.length;
  const output = new Dense(variables, 'output', { inputs: width, outputs: 1, init }, fresh);

  function recurrentLayers({ name, channels }: PartSeen): Layers {
    const { units } = rule;
    const norm = new BatchNorm(variables, `${name}/norm`, channels.length);
    const shape = { cell: cell as NonNullable<AlphaNet['cell']>, inputs: channels.length, units };
    const recurrent = new RecurrentLayer(variables, name, shape, fresh);
    const stateNorm = new BatchNorm(variables, `${name}/stateNorm`, units);
    return (x, pass) => stateNorm.run(recurrent.run(norm.run(x, pass)) as tf.Tensor2D, pass);
  }

  function pooledLayers({ name, channels, lags }: PartSeen): Layers {
    const norm = new BatchNorm(variables, `${name}/norm`, channels.length);
    const norms = poolings.map((pooling) => new BatchNorm(variables, `${pooling}/norm`, channels.length));
    const inputs = channels.length * (lags.length + poolings.length);
    const shape = { inputs, outputs: rule.units, init: 'truncated-normal', activation: 'relu' } as const;
    const hidden = new Dense(variables, 'hidden', shape, fresh);
    return (x, pass) => {
      const y = norm.run(x, pass);
      const pooled = pool(y).map((of, i) => (norms[i] as BatchNorm).run(of, pass));
      const flat = tf.reshape(y, [x.shape[0], channels.length * lags.length]) as tf.Tensor2D;
      return hidden.run(tf.concat2d([flat, ...pooled], 1));
    };
  }

  return {
    variables: variables.all,
    reads: readsOf(seen),
    run: (inputs, pass) => {
      const states = branches.map(({ name, layers }) =>
        dropout(layers(inputs.get(name) as tf.Tensor3D, pass), rule.dropout, pass),
      );
      return output.run(tf.concat2d(states, 1));
    },
    dispose: () => variables.dispose(),
  };
}
