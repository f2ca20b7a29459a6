/** Follows one planted signal through the calendar: what to add to returns, and what it turned out to be worth. */
import type { PlantedSignal } from '../market.ts';
import { knownCorrelation, standardised } from './statistics.ts';

/** Known at the close of T, it moves the return from the close of T+1 to that of T+2. */
const delay = 2;

type About = Pick<PlantedSignal, 'name' | 'expression' | 'kind'>;

export class SignalRecord {
  readonly #about: About;
  readonly #strength: (place: number) => number;
  readonly #dates: number;
  /** The values of the last three dates, by date modulo 3. */
  readonly #values: Float64Array[] = [];
  readonly #ics: number[] = [];

  constructor(row: About & { readonly strength: (place: number) => number }, dates: number) {
    const { name, expression, kind } = row;
    this.#about = { name, expression, kind };
    this.#strength = row.strength;
    this.#dates = dates;
  }

  /** What the signal adds to the returns of date t, in cross-sectional standard deviations of them; 0 where missing. */
  effect(t: number): Float64Array | undefined {
    const values = t < delay ? undefined : this.#values[(t - delay) % 3];
    const strength = this.#strength((t - delay) / this.#dates);
    return values && standardised(values).map((z) => (Number.isNaN(z) ? 0 : z * strength));
  }

  know(t: number, values: Float64Array): void {
    this.#values[t % 3] = values;
  }

  /** The returns of date t over the date before: the label of date t - 2. */
  meet(t: number, returns: Float64Array): void {
    const values = t < delay ? undefined : this.#values[(t - delay) % 3];
    if (values) this.#ics[t - delay] = knownCorrelation(values, returns);
  }

  planted(): PlantedSignal {
    const middle = Math.floor(this.#dates / 2);
    return {
      ...this.#about,
      ic: meanKnown(this.#ics),
      icFirstHalf: meanKnown(this.#ics.slice(0, middle)),
      icSecondHalf: meanKnown(this.#ics.slice(middle)),
    };
  }
}

/** Six digits: what is realised is known no better than that. Without any date of known IC there is none, so 0. */
function meanKnown(ics: readonly number[]): number {
  const known = ics.filter((ic) => !Number.isNaN(ic));
  return known.length === 0 ? 0 : Math.round((known.reduce((sum, ic) => sum + ic, 0) / known.length) * 1e6) / 1e6;
}
