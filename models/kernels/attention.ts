/** The weights of attention over the states of a recurrent layer: a small layer and what it makes of it, a score for a step. */
export interface AttentionWeights<Numbers extends ArrayLike<number> = Float32Array> {
  /** [units][hidden] */
  readonly kernel: Numbers;
  /** [hidden] */
  readonly bias: Numbers;
  /** [hidden]: what a score makes of the layer. */
  readonly score: Numbers;
}

/** How many numbers each of the weights has. */
export function attentionCounts(units: number, hidden: number): { [Name in keyof AttentionWeights]: number } {
  return { kernel: units * hidden, bias: hidden, score: hidden };
}
