/** A part's series through a GRU, whose state is normalised. */
import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { Stream } from '../../core/random.ts';
import { AttendedRecurrentLayer } from '../graph/layers/attended-recurrent-layer.ts';
import { BatchNorm } from '../graph/layers/batch-norm.ts';
import { dropout } from '../graph/layers/dropout.ts';
import { RecurrentLayer } from '../graph/layers/recurrent-layer.ts';
import type { InputTensors, Pass } from '../graph/network.ts';
import type { Variables } from '../graph/variables.ts';
import type { InputPart } from '../inputs.ts';
import { SeriesInput } from '../series/series-input.ts';
import type { TrainingRule } from '../training-rule.ts';

export interface BranchShape {
  readonly part: InputPart;
  /** Read beside the part's series. */
  readonly factors?: InputPart | undefined;
  /** Whether the states of all steps are attended to, beside the last. */
  readonly attention?: boolean;
}

export class Branch {
  /** Of what it gives. */
  readonly width: number;
  readonly #input: SeriesInput;
  readonly #recurrent: RecurrentLayer | AttendedRecurrentLayer;
  readonly #norm: BatchNorm;
  readonly #rate: number;

  constructor(
    variables: Variables,
    { part, factors, attention = false }: BranchShape,
    { units, dropout: rate }: Pick<TrainingRule, 'units' | 'dropout'>,
    fresh: Stream,
  ) {
    this.#input = new SeriesInput(part, factors);
    this.#rate = rate;
    this.width = attention ? 2 * units : units;
    const shape = { cell: 'gru-reset-after', inputs: this.#input.channels, units } as const;
    const Layer = attention ? AttendedRecurrentLayer : RecurrentLayer;
    this.#recurrent = new Layer(variables, part.name, shape, fresh);
    this.#norm = new BatchNorm(variables, `${part.name}/stateNorm`, this.width);
  }

  get frozen(): boolean {
    return this.#recurrent.frozen;
  }

  set frozen(frozen: boolean) {
    this.#recurrent.frozen = frozen;
    this.#norm.frozen = frozen;
  }

  /** [rows, width]. Frozen, it drops nothing either. */
  run(inputs: InputTensors, pass: Pass): Tensor2D {
    const state = this.#recurrent.run(this.#input.of(inputs)) as Tensor2D;
    return dropout(this.#norm.run(state, pass), this.frozen ? 0 : this.#rate, pass);
  }
}
