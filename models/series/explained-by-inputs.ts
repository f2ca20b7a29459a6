/** Networks over series are explained by what they are given: every series at every step, standardised as it is. */
import * as tf from '@tensorflow/tfjs-core';
import type { Explained, InputTensors, Network } from '../graph/network.ts';
import type { InputPart } from '../inputs.ts';
import { seriesNames, seriesOf } from './series-names.ts';

/** Of a network with units beside its prediction, the prediction alone. */
export function explainedByInputs(parts: readonly InputPart[], run: Network['run']): Explained {
  const cuts = parts.map((part) => {
    const names = seriesNames(part);
    const channels = seriesOf(part);
    return { name: part.name, names, channels, steps: names.length / channels };
  });
  return {
    names: cuts.flatMap(({ names }) => names),
    series: true,
    features: (inputs) =>
      tf.concat2d(
        cuts.map(({ name, names }) => {
          const x = inputs.get(name) as tf.Tensor3D;
          return tf.reshape(x, [x.shape[0], names.length]) as tf.Tensor2D;
        }),
        1,
      ),
    predict: (features) => {
      const rows = features.shape[0];
      let at = 0;
      const inputs: InputTensors = new Map(
        cuts.map(({ name, names, steps, channels }) => {
          const mine = tf.slice(features, [0, at], [rows, names.length]);
          at += names.length;
          return [name, tf.reshape(mine, [rows, steps, channels])];
        }),
      );
      const out = run(inputs, { kind: 'inference' });
      return out.shape[1] === 1 ? out : tf.slice(out, [0, 0], [rows, 1]);
    },
  };
}
