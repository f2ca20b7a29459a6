/** Branches side by side into one output: `gru-15m`, the same with attention, and `gru-mixed`. */
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

type Rule = Pick<TrainingRule, 'units' | 'dropout'>;

export const minuteNetwork = (parts: readonly InputPart[], rule: Rule, fresh: Stream): Network =>
  joinedNetwork(parts, ['minute'], false, rule, fresh);

export const attentionNetwork = (parts: readonly InputPart[], rule: Rule, fresh: Stream): Network =>
  joinedNetwork(parts, ['minute'], true, rule, fresh);

export const mixedNetwork = (parts: readonly InputPart[], rule: Rule, fresh: Stream): Network =>
  joinedNetwork(parts, ['day', 'minute'], false, rule, fresh);

function joinedNetwork(
  parts: readonly InputPart[],
  names: readonly ('day' | 'minute')[],
  attention: boolean,
  rule: Rule,
  fresh: Stream,
): Network {
  const variables = new Variables();
  const branches = branchesOf(parts, names).map((shape) => new Branch(variables, { ...shape, attention }, rule, fresh));
  const width = branches.reduce((sum, branch) => sum + branch.width, 0);
  const output = new Dense(variables, 'output', { inputs: width, outputs: 1, init: 'glorot-uniform' }, fresh);
  const run = (inputs: InputTensors, pass: Pass): tf.Tensor2D => {
    const states = branches.map((branch) => branch.run(inputs, pass));
    return output.run(states.length === 1 ? (states[0] as tf.Tensor2D) : tf.concat2d(states, 1));
  };
  return {
    variables: variables.all,
    reads: new Map(),
    run,
    explained: explainedByInputs(parts, run),
    dispose: () => variables.dispose(),
  };
}
