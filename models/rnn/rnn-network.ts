/**
 * Factor units over a dataset's series: a GRU, of whose last state every unit is a sum, standardised over the batch. One
 * unit is the prediction. Of several the prediction is their mean, standardised again, and they stand beside it.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Stream } from '../../core/random.ts';
import { initialise } from '../graph/initialisers.ts';
import { BatchNorm } from '../graph/layers/batch-norm.ts';
import { dropout } from '../graph/layers/dropout.ts';
import { RecurrentLayer } from '../graph/layers/recurrent-layer.ts';
import type { InputTensors, Network, Pass } from '../graph/network.ts';
import { dense } from '../graph/ops/dense.ts';
import { Variables } from '../graph/variables.ts';
import type { InputPart } from '../inputs.ts';
import { explainedByInputs } from '../series/explained-by-inputs.ts';
import { SeriesInput } from '../series/series-input.ts';
import type { TrainingRule } from '../training-rule.ts';

/** A part of series, and mined factors where there are some. */
export function rnnNetwork(
  parts: readonly InputPart[],
  factorUnits: number,
  { units, dropout: rate }: Pick<TrainingRule, 'units' | 'dropout'>,
  fresh: Stream,
): Network {
  const variables = new Variables();
  const part = parts.find(({ name }) => name !== 'factors') as InputPart;
  const input = new SeriesInput(
    part,
    parts.find(({ name }) => name === 'factors'),
  );
  const shape = { cell: 'gru-reset-after', inputs: input.channels, units } as const;
  const recurrent = new RecurrentLayer(variables, part.name, shape, fresh);
  // Without a bias, which the normalisation would take off again.
  const values = initialise('glorot-uniform', units, factorUnits, fresh);
  const kernel = variables.make('units/kernel', [units, factorUnits], values) as tf.Tensor2D;
  const unitNorm = new BatchNorm(variables, 'units/norm', factorUnits, { affine: false });
  const meanNorm = factorUnits > 1 ? new BatchNorm(variables, 'output/norm', 1, { affine: false }) : undefined;

  const run = (inputs: InputTensors, pass: Pass): tf.Tensor2D => {
    const state = dropout(recurrent.run(input.of(inputs)) as tf.Tensor2D, rate, pass);
    const z = unitNorm.run(dense(state, kernel, tf.zeros([factorUnits])), pass);
    if (!meanNorm) return z;
    return tf.concat2d([meanNorm.run(tf.mean<tf.Tensor2D>(z, 1, true), pass), z], 1);
  };
  return {
    variables: variables.all,
    reads: new Map(),
    standard: true,
    run,
    explained: explainedByInputs(parts, run),
    dispose: () => variables.dispose(),
  };
}
