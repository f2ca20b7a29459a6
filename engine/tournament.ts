import type { Stream } from '../core/random.ts';
import { compare, type Individual } from './individual.ts';

/** The fittest of k drawn at random, with replacement; the first drawn of equals. */
export function tournament<G>(stream: Stream, individuals: readonly Individual<G>[], k: number): Individual<G> {
  let best = stream.pick(individuals);
  for (let i = 1; i < k; i++) {
    const other = stream.pick(individuals);
    if (compare(other, best) < 0) best = other;
  }
  return best;
}
