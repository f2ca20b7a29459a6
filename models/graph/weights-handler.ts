/** Our files of weights as tfjs saves to and loads from: what else tfjs has to say of a model goes to the header. */
import type { io } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { readWeights, type Weight, writeWeights } from './weights-file.ts';

export function weightsHandler(path: string): io.IOHandler {
  return { save: async (artifacts) => save(path, artifacts), load: async () => load(path) };
}

function save(path: string, artifacts: io.ModelArtifacts): io.SaveResult {
  const { weightSpecs = [], weightData, getWeightStream: _, ...described } = artifacts;
  const bytes = tf.io.CompositeArrayBuffer.join(weightData);
  const weights = new Map<string, Weight>();
  let from = 0;
  for (const { name, shape, dtype, quantization } of weightSpecs) {
    if (dtype !== 'float32' || quantization) throw new Error(`${name} is not of plain float32 numbers.`);
    const to = from + 4 * shape.reduce((size, side) => size * side, 1);
    weights.set(name, { shape, values: new Float32Array(bytes.slice(from, to)) });
    from = to;
  }
  writeWeights(weights, path, { artifacts: described });
  return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
}

function load(path: string): io.ModelArtifacts {
  const { weights, extra } = readWeights(path);
  return {
    ...(extra.artifacts as Partial<io.ModelArtifacts> | undefined),
    weightSpecs: [...weights].map(([name, { shape }]) => ({ name, shape: [...shape], dtype: 'float32' })),
    weightData: tf.io.CompositeArrayBuffer.join(
      [...weights.values()].map(({ values }) => values.buffer as ArrayBuffer),
    ),
  };
}
