/**
 * How long a step of training takes: our networks on kept channels, beside the same layers of stock tfjs, and beside
 * these with the extraction in their graph, which is how the reports have it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Stream, stream } from '../../core/random.ts';
import type { Batch } from '../batch.ts';
import { chooseBackend } from '../graph/backend.ts';
import { gradients } from '../graph/gradients.ts';
import { inputTensor } from '../graph/input-tensor.ts';
import { useKernels } from '../graph/kernels.ts';
import { loss } from '../graph/loss.ts';
import type { InputTensors, Network } from '../graph/network.ts';
import { Optimiser } from '../graph/optimiser.ts';
import type { InputPart, Reads } from '../inputs.ts';
import { PlainKernels } from '../kernels/plain-kernels.ts';
import { Recurrent } from '../kernels/recurrent.ts';
import { extractor } from './extractor.ts';
import { layeredNetwork } from './layered-network.ts';
import { pictureDates, picturePart } from './picture-parts.ts';
import { useStockWasm } from './stock-wasm.ts';
import { type AlphaNet, alphaNets } from './versions.ts';

export interface AlphaNetTiming {
  readonly model: string;
  readonly kernels: 'ours' | 'stock';
  readonly features: 'kept' | 'in the graph';
  /** Forward, back and the optimiser's step. The fastest of several. */
  readonly batchMs: number;
}

/** Of stock steps, each of which takes long. */
const stockRepetitions = 3;

export const timedAlphaNets = ['alphanet-v1', 'alphanet-v2', 'alphanet-v2.1', 'alphanet-v3'] as const;

/** Three for each model: ours on kept channels, stock on kept channels, stock with extraction in the graph. */
export async function* timeAlphaNet(
  threads: number,
  repetitions: number,
  rows = 1000,
): AsyncGenerator<AlphaNetTiming, void, void> {
  await chooseBackend('wasm');
  const recurrent = new Recurrent({ threads });
  useKernels({ recurrent, plain: new PlainKernels() });
  try {
    for (const model of timedAlphaNets) {
      const version = alphaNets.find(({ name }) => name === model) as AlphaNet;
      const trained = version.network(partsOf(version), version.rule, stream(1, 0, 1));
      const ours = await fastest(stepOf(version, trained, rows, keptInputs), repetitions);
      trained.dispose();
      yield { model, kernels: 'ours', features: 'kept', batchMs: ours };
      const leave = await useStockWasm();
      try {
        const stock = layeredNetwork(version, partsOf(version), stream(1, 0, 1));
        const kept = await fastest(stepOf(version, stock, rows, keptInputs), stockRepetitions);
        yield { model, kernels: 'stock', features: 'kept', batchMs: kept };
        const inGraph = await fastest(stepOf(version, stock, rows, graphInputs), stockRepetitions);
        yield { model, kernels: 'stock', features: 'in the graph', batchMs: inGraph };
        stock.dispose();
      } finally {
        await leave();
      }
    }
  } finally {
    recurrent.close();
  }
}

type Trained = Pick<Network, 'variables' | 'reads' | 'run'>;
type MakeInputs = (version: AlphaNet, reads: Reads, rows: number, random: Stream) => () => InputTensors;

/** A batch comes to the graph as samples give it, as arrays. */
function stepOf(version: AlphaNet, network: Trained, rows: number, makeInputs: MakeInputs): () => void {
  const random = stream(1, 0, 0);
  const { rule } = version;
  const optimiser = new Optimiser(rule);
  const inputs = makeInputs(version, network.reads, rows, random);
  const batch: Batch = {
    rows,
    sections: [{ date: 0, from: 0, to: rows }],
    inputs: new Map(),
    labels: Float32Array.from({ length: rows }, () => random.normal()),
    symbols: new Int32Array(rows),
  };
  return () =>
    tf.tidy(() => {
      const forward = () => loss(rule.loss, network.run(inputs(), { kind: 'training', dropout: random }), batch);
      const { value, gradients: found } = gradients(forward, network.variables);
      optimiser.step(found, network.variables);
      value.dataSync();
    });
}

/** What the extraction is over decides nothing here but counts. */
const partsOf = ({ windows, fields, operators }: AlphaNet): InputPart[] =>
  windows.map((window) =>
    picturePart(
      fields.map((name) => ({ name, expression: name })),
      window,
      operators,
    ),
  );

const keptInputs: MakeInputs = (version, reads, rows, random) => {
  const kept = partsOf(version).map(({ name, lags, channels }) => {
    const shape: [number, number, number] = [rows, lags.length, reads.get(name)?.length ?? channels.length];
    const cells = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => random.normal());
    return { name, shape, cells };
  });
  return () => new Map(kept.map(({ name, shape, cells }) => [name, inputTensor(cells, shape)]));
};

const graphInputs: MakeInputs = (version, reads, rows, random) => {
  const shape: [number, number, number] = [rows, pictureDates, version.fields.length];
  const cells = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => 1 + 0.1 * random.normal());
  const extract = extractor(version, reads);
  return () => extract(inputTensor(cells, shape));
};

async function fastest(take: () => void, repetitions: number): Promise<number> {
  take(); // Kernels begin in the engine's quick compiler.
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repetitions; i++) {
    const start = performance.now();
    take();
    best = Math.min(best, performance.now() - start);
    // Whoever watches gets a word in.
    await new Promise((resume) => setImmediate(resume));
  }
  return best;
}
