import type { Variable } from '@tensorflow/tfjs-core';

/** What learns of a layer, until it is frozen: then training leaves it as it is. */
export class Freezable {
  readonly #learning: readonly Variable[];
  #frozen = false;

  constructor(learning: readonly Variable[]) {
    this.#learning = learning;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  set frozen(frozen: boolean) {
    this.#frozen = frozen;
    for (const variable of this.#learning) variable.trainable = !frozen;
  }
}
