/** What a recurrent layer is: its cell, its sizes, and the shapes of its weights, as Keras and tfjs lay them out. */

/**
 * `gru` multiplies the state by the reset gate before its candidate's product (tfjs; Keras with reset_after false);
 * `gru-reset-after` multiplies what comes out of it, which has a bias of its own (PyTorch; Keras by default).
 */
export type Cell = 'gru' | 'gru-reset-after' | 'lstm';

export interface Layer {
  readonly cell: Cell;
  readonly inputs: number;
  readonly units: number;
}

/** Sequences side by side. Their numbers are batch-major: [batch][steps][inputs]. */
export interface Size {
  readonly batch: number;
  readonly steps: number;
}

/**
 * Columns are gates, each `units` wide: z r n of a GRU, i f g o of an LSTM.
 * `bias` has a second row, the state's, when reset comes after.
 */
export interface Weights<Numbers extends ArrayLike<number> = Float32Array> {
  /** [inputs][gates * units] */
  readonly kernel: Numbers;
  /** [units][gates * units] */
  readonly recurrentKernel: Numbers;
  /** [gates * units] or [2][gates * units] */
  readonly bias: Numbers;
}

/** How many numbers each of the weights has. */
export function weightCounts({ cell, inputs, units }: Layer): { [Name in keyof Weights]: number } {
  const columns = (cell === 'lstm' ? 4 : 3) * units;
  return {
    kernel: inputs * columns,
    recurrentKernel: units * columns,
    bias: cell === 'gru-reset-after' ? 2 * columns : columns,
  };
}
