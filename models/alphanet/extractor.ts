/** From raw pictures to what a network reads: in place of kept channels, where extraction is to be part of the graph. */
import * as tf from '@tensorflow/tfjs-core';
import type { InputTensors } from '../graph/network.ts';
import type { Reads } from '../inputs.ts';
import { extractInGraph } from './extract-in-graph.ts';
import { isKnown } from './mark.ts';
import type { AlphaNet } from './versions.ts';

/** Of every channel of a part: what is taken off, and what the rest is divided by. */
export interface Scale {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/**
 * Pictures are [rows, dates, fields], missing NaN. Channels are scaled as kept ones are, and 0 where missing; without a
 * scale they stay as they are.
 */
export function extractor(
  { windows, operators }: Pick<AlphaNet, 'windows' | 'operators'>,
  reads: Reads,
  scales: ReadonlyMap<string, Scale> = new Map(),
): (picture: tf.Tensor3D) => InputTensors {
  return (picture) =>
    new Map(
      windows.map((window) => {
        const name = `d${window}`;
        const raw = extractInGraph(picture, { window, stride: window }, operators);
        const all = scaled(raw, scales.get(name));
        const places = reads.get(name);
        return [name, places ? columns(all, places) : all];
      }),
    );
}

function scaled(raw: tf.Tensor3D, scale: Scale | undefined): tf.Tensor3D {
  const x = scale ? tf.div(tf.sub(raw, tf.tensor1d(scale.mean)), tf.tensor1d(scale.deviation)) : raw;
  return tf.where(isKnown(x), x, tf.zeros(x.shape)) as tf.Tensor3D;
}

/** Run by run: the gradient of a gather has no kernel on the WebAssembly backend. */
function columns(x: tf.Tensor3D, places: readonly number[]): tf.Tensor3D {
  const [rows, steps] = x.shape;
  const starts = places.filter((place, i) => i === 0 || places[i - 1] !== place - 1);
  const runs = starts.map((start) => {
    let end = start;
    while (places.includes(end)) end++;
    return tf.slice(x, [0, 0, start], [rows, steps, end - start]);
  });
  return tf.concat(runs, 2);
}
