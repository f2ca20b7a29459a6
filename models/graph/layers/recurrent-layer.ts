import type { Tensor, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import type { Stream } from '../../../core/random.ts';
import type { Cell } from '../../kernels/layer.ts';
import { initialise, orthogonal } from '../initialisers.ts';
import { recurrent, type WeightTensors } from '../ops/recurrent.ts';
import type { Variables } from '../variables.ts';
import { Freezable } from './freezable.ts';

export interface RecurrentShape {
  readonly cell: Cell;
  readonly inputs: number;
  readonly units: number;
  /** The state after every step instead of the last. */
  readonly sequences?: boolean;
}

/** Fresh as Keras makes it: Glorot for the inputs, orthogonal for the state, biases 0 but for an LSTM's forget gate, 1. */
export class RecurrentLayer extends Freezable {
  readonly weights: WeightTensors;
  readonly #shape: RecurrentShape;

  constructor(variables: Variables, name: string, shape: RecurrentShape, fresh: Stream) {
    const { cell, inputs, units } = shape;
    const columns = (cell === 'lstm' ? 4 : 3) * units;
    const make = (part: string, dimensions: number[], values: Float32Array): Variable =>
      variables.make(`${name}/${part}`, dimensions, values);
    const weights = {
      kernel: make('kernel', [inputs, columns], initialise('glorot-uniform', inputs, columns, fresh)),
      recurrentKernel: make('recurrentKernel', [units, columns], orthogonal(units, columns, fresh)),
      bias:
        cell === 'gru-reset-after'
          ? make('bias', [2, columns], new Float32Array(2 * columns))
          : make('bias', [columns], freshBias(cell, units, columns)),
    };
    super(Object.values(weights));
    this.weights = weights;
    this.#shape = shape;
  }

  run(x: Tensor3D): Tensor {
    return this.runWith(x, this.weights);
  }

  /** As if it had these weights. */
  runWith(x: Tensor3D, weights: WeightTensors): Tensor {
    const { cell, sequences = false } = this.#shape;
    return recurrent(x, weights, cell, { sequences });
  }
}

function freshBias(cell: Cell, units: number, columns: number): Float32Array {
  const bias = new Float32Array(columns);
  return cell === 'lstm' ? bias.fill(1, units, 2 * units) : bias;
}
