import type { Tensor1D, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import type { Stream } from '../../../core/random.ts';
import type { Cell } from '../../kernels/layer.ts';
import { initialise } from '../initialisers.ts';
import { type AttentionTensors, attendedRecurrent } from '../ops/attended-recurrent.ts';
import type { Variables } from '../variables.ts';
import { Freezable } from './freezable.ts';
import { RecurrentLayer, type RecurrentShape } from './recurrent-layer.ts';

/** A recurrent layer (`name/...`) and attention over its states (`name/attention/...`): [last state, context]. */
export class AttendedRecurrentLayer extends Freezable {
  readonly #recurrent: RecurrentLayer;
  readonly #attention: AttentionTensors;
  readonly #cell: Cell;

  constructor(variables: Variables, name: string, shape: Omit<RecurrentShape, 'sequences'>, fresh: Stream) {
    const { units, cell } = shape;
    const recurrent = new RecurrentLayer(variables, name, shape, fresh);
    const make = (part: string, dimensions: number[], values: Float32Array): Variable =>
      variables.make(`${name}/attention/${part}`, dimensions, values);
    const kernel = make('kernel', [units, units], initialise('glorot-uniform', units, units, fresh));
    const bias = make('bias', [units], new Float32Array(units));
    const score = make('score', [units], initialise('glorot-uniform', units, 1, fresh));
    super([...(Object.values(recurrent.weights) as Variable[]), kernel, bias, score]);
    this.#recurrent = recurrent;
    this.#attention = { kernel: kernel as Tensor2D, bias: bias as Tensor1D, score: score as Tensor1D };
    this.#cell = cell;
  }

  run(x: Tensor3D): Tensor2D {
    return attendedRecurrent(x, this.#recurrent.weights, this.#attention, this.#cell);
  }
}
