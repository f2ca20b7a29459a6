/**
 * The fittest individuals ever judged on all data, no two of which behave alike. Age takes everybody from the population;
 * what a library is chosen from must outlive it, and must not be one discovery in two hundred spellings.
 */
import type { Individual } from './individual.ts';
import { fitnessOf } from './problem.ts';

export interface HallRule {
  readonly size: number;
  /** Two whose behaviour has at least this |cosine| are one, and the fitter stands for both, or of two as fit the smaller. */
  readonly likeness: number;
}

interface Seat<G> {
  readonly individual: Individual<G>;
  readonly fitness: number;
  /** Of length 1; undefined when the problem gives no behaviour. */
  readonly behaviour: Float64Array | undefined;
}

export class Hall<G> {
  readonly #rule: HallRule;
  readonly #stages: number;
  /** Fittest first, the earlier first of equals. */
  #seats: Seat<G>[] = [];

  constructor(rule: HallRule, stages: number, individuals: Iterable<Individual<G>> = []) {
    this.#rule = rule;
    this.#stages = stages;
    for (const individual of individuals) this.admit(individual);
  }

  get individuals(): Individual<G>[] {
    return this.#seats.map(({ individual }) => individual);
  }

  get best(): Individual<G> | undefined {
    return this.#seats[0]?.individual;
  }

  admit(individual: Individual<G>): boolean {
    const fitness = fitnessOf(individual.verdict, this.#stages);
    if (fitness === undefined) return false;
    const full = this.#seats.length >= this.#rule.size;
    if (full && fitness <= (this.#seats.at(-1) as Seat<G>).fitness) return false;
    const seat = { individual, fitness, behaviour: behaviourOf(individual) };
    const alike = this.#seats.filter((other) => this.#alike(seat, other));
    const better = (other: Seat<G>): boolean =>
      other.fitness > fitness || (other.fitness === fitness && other.individual.size <= individual.size);
    if (alike.some(better)) return false;
    this.#seats = this.#seats.filter((other) => !alike.includes(other));
    const place = this.#seats.findIndex((other) => other.fitness < fitness);
    this.#seats.splice(place < 0 ? this.#seats.length : place, 0, seat);
    if (this.#seats.length > this.#rule.size) this.#seats.pop();
    return true;
  }

  #alike(a: Seat<G>, b: Seat<G>): boolean {
    if (a.individual.key === b.individual.key) return true;
    if (!a.behaviour || a.behaviour.length !== b.behaviour?.length) return false;
    let cosine = 0;
    for (let i = 0; i < a.behaviour.length; i++) cosine += (a.behaviour[i] as number) * (b.behaviour[i] as number);
    return Math.abs(cosine) >= this.#rule.likeness;
  }
}

function behaviourOf({ verdict }: Individual<unknown>): Float64Array | undefined {
  if (verdict.kind !== 'scored' || verdict.behaviour === undefined) return undefined;
  const bytes = Float64Array.from(new Int8Array(Buffer.from(verdict.behaviour, 'base64')));
  const length = Math.sqrt(bytes.reduce((sum, x) => sum + x * x, 0));
  return length > 0 ? bytes.map((x) => x / length) : undefined;
}
