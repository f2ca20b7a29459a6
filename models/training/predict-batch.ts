import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../batch.ts';
import { inputTensor } from '../graph/input-tensor.ts';
import type { InputTensors, Network } from '../graph/network.ts';
import type { PartShape } from '../inputs.ts';

/** In the caller's tidy. */
export const inputTensors = ({ rows, inputs }: Batch, shapes: ReadonlyMap<string, PartShape>): InputTensors =>
  new Map(
    [...inputs].map(([name, values]) => {
      const { steps, channels } = shapes.get(name) as PartShape;
      return [name, inputTensor(values, [rows, steps, channels])];
    }),
  );

/** [rows][outputs]. Some backends cannot be waited for: their numbers come later. */
export async function predictBatch(
  network: Network,
  batch: Batch,
  shapes: ReadonlyMap<string, PartShape>,
): Promise<Float32Array> {
  if (batch.rows === 0) return new Float32Array(0);
  const out = tf.tidy(() => network.run(inputTensors(batch, shapes), { kind: 'inference' }));
  try {
    return (await out.data()) as Float32Array;
  } finally {
    out.dispose();
  }
}

/** The predictions, of what a network gives beside its units. */
export function firstColumn(outputs: Float32Array, rows: number): Float32Array {
  const columns = outputs.length / rows;
  return columns === 1 || rows === 0
    ? outputs
    : Float32Array.from({ length: rows }, (_, row) => outputs[row * columns] as number);
}
