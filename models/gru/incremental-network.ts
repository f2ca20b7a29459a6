/**
 * `gru-incremental`: what the minutes say beyond the days. First the daily branch learns to predict by itself. Then it stays
 * as it is, its statistics too, and the minute branch learns what is to be added to it. That begins with nothing: the second
 * stage starts from the very predictions the first came to.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Stream } from '../../core/random.ts';
import { Dense } from '../graph/layers/dense.ts';
import type { InputTensors, Network, Pass } from '../graph/network.ts';
import { Variables } from '../graph/variables.ts';
import type { InputPart } from '../inputs.ts';
import { explainedByInputs } from '../series/explained-by-inputs.ts';
import type { TrainingRule } from '../training-rule.ts';
import { Branch } from './branch.ts';
import { branchesOf } from './series-parts.ts';

export function incrementalNetwork(
  parts: readonly InputPart[],
  rule: Pick<TrainingRule, 'units' | 'dropout'>,
  fresh: Stream,
): Network {
  const variables = new Variables();
  const [day, minute] = branchesOf(parts, ['day', 'minute']).map((shape) => {
    const branch = new Branch(variables, shape, rule, fresh);
    const { name } = shape.part;
    const init = name === 'day' ? 'glorot-uniform' : 'zeros';
    const dense = { inputs: branch.width, outputs: 1, init } as const;
    return { branch, output: new Dense(variables, `${name}/output`, dense, fresh) };
  }) as [Half, Half];
  // Until a stage is entered it is the whole network, as it predicts once it is trained.
  let whole = true;

  const run = (inputs: InputTensors, pass: Pass): tf.Tensor2D => {
    const predictions = (whole ? [day, minute] : [day]).map(({ branch, output }) =>
      output.run(branch.run(inputs, pass)),
    );
    return predictions.reduce((sum, prediction) => tf.add(sum, prediction));
  };

  return {
    variables: variables.all,
    reads: new Map(),
    stages: 2,
    enter(stage) {
      whole = stage > 0;
      freeze(day, whole);
      freeze(minute, !whole);
    },
    run,
    explained: explainedByInputs(parts, run),
    dispose: () => variables.dispose(),
  };
}

interface Half {
  readonly branch: Branch;
  readonly output: Dense;
}

function freeze({ branch, output }: Half, frozen: boolean): void {
  branch.frozen = frozen;
  output.frozen = frozen;
}
