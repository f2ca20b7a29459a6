/** The least curvature: of what has no bound. */
const free = 1e-12;
/** The least a value is kept from its bounds. */
const closest = 1e-15;

/**
 * Values of an interior point that have a lower bound, an upper one, or both, and a price for each: what is left to a bound
 * times its price is a product that goes to 0.
 */
export class Bounded {
  readonly size: number;
  readonly x: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly zl: Float64Array;
  readonly zu: Float64Array;
  /** Curvature of the barrier. */
  readonly theta: Float64Array;
  readonly dx: Float64Array;
  readonly #dzl: Float64Array;
  readonly #dzu: Float64Array;
  /** Products of the predictor's steps. */
  readonly #cl: Float64Array;
  readonly #cu: Float64Array;

  constructor(lower: Float64Array, upper: Float64Array) {
    this.size = lower.length;
    this.lower = lower;
    this.upper = upper;
    const zeros = () => new Float64Array(this.size);
    [this.x, this.zl, this.zu, this.theta, this.dx] = [zeros(), zeros(), zeros(), zeros(), zeros()];
    [this.#dzl, this.#dzu, this.#cl, this.#cu] = [zeros(), zeros(), zeros(), zeros()];
  }

  /** As near to what is wished as leaves room, at prices that make each product mu. */
  start(wish: (k: number) => number, room: number, mu: number): void {
    for (let k = 0; k < this.size; k++) {
      const [l, u] = [this.lower[k] as number, this.upper[k] as number];
      const margin = Math.min(room, 0.4 * (u - l));
      const x = Math.min(u - margin, Math.max(l + margin, wish(k)));
      this.x[k] = x;
      this.zl[k] = l === Number.NEGATIVE_INFINITY ? 0 : mu / (x - l);
      this.zu[k] = u === Number.POSITIVE_INFINITY ? 0 : mu / (u - x);
    }
  }

  /** How many products there are, and their sum. */
  gap(): { sum: number; count: number } {
    let [sum, count] = [0, 0];
    for (let k = 0; k < this.size; k++) {
      const [zl, zu, x] = [this.zl[k] as number, this.zu[k] as number, this.x[k] as number];
      if (zl > 0) {
        sum += zl * (x - (this.lower[k] as number));
        count++;
      }
      if (zu > 0) {
        sum += zu * ((this.upper[k] as number) - x);
        count++;
      }
    }
    return { sum, count };
  }

  curve(): void {
    for (let k = 0; k < this.size; k++) {
      const [zl, zu, x] = [this.zl[k] as number, this.zu[k] as number, this.x[k] as number];
      this.theta[k] = Math.max(
        (zl > 0 ? zl / (x - (this.lower[k] as number)) : 0) + (zu > 0 ? zu / ((this.upper[k] as number) - x) : 0),
        free,
      );
    }
  }

  /** What the barrier adds to the right side: products shall be mu, less those of the predictor. */
  pull(k: number, mu: number): number {
    const [zl, zu, x] = [this.zl[k] as number, this.zu[k] as number, this.x[k] as number];
    return (
      (zl > 0 ? (mu - (this.#cl[k] as number)) / (x - (this.lower[k] as number)) : 0) -
      (zu > 0 ? (mu - (this.#cu[k] as number)) / ((this.upper[k] as number) - x) : 0)
    );
  }

  forget(): void {
    this.#cl.fill(0);
    this.#cu.fill(0);
  }

  /** Steps of the prices for those of x; how far of the way both can go. */
  price(mu: number): number {
    let most = 1;
    for (let k = 0; k < this.size; k++) {
      const [zl, zu, x, dx] = [this.zl[k] as number, this.zu[k] as number, this.x[k] as number, this.dx[k] as number];
      if (zl > 0) {
        const room = x - (this.lower[k] as number);
        const dz = (mu - (this.#cl[k] as number) - zl * dx) / room - zl;
        this.#dzl[k] = dz;
        if (dx < 0) most = Math.min(most, -room / dx);
        if (dz < 0) most = Math.min(most, -zl / dz);
      }
      if (zu > 0) {
        const room = (this.upper[k] as number) - x;
        const dz = (mu - (this.#cu[k] as number) + zu * dx) / room - zu;
        this.#dzu[k] = dz;
        if (dx > 0) most = Math.min(most, room / dx);
        if (dz < 0) most = Math.min(most, -zu / dz);
      }
    }
    return most;
  }

  /** Sum of products after part of the step. */
  after(part: number): number {
    let sum = 0;
    for (let k = 0; k < this.size; k++) {
      const [zl, zu] = [this.zl[k] as number, this.zu[k] as number];
      const x = (this.x[k] as number) + part * (this.dx[k] as number);
      if (zl > 0) sum += (zl + part * (this.#dzl[k] as number)) * (x - (this.lower[k] as number));
      if (zu > 0) sum += (zu + part * (this.#dzu[k] as number)) * ((this.upper[k] as number) - x);
    }
    return sum;
  }

  correct(): void {
    for (let k = 0; k < this.size; k++) {
      this.#cl[k] = (this.#dzl[k] as number) * (this.dx[k] as number);
      this.#cu[k] = -(this.#dzu[k] as number) * (this.dx[k] as number);
    }
  }

  move(part: number): void {
    for (let k = 0; k < this.size; k++) {
      // Rounding must not take a value to its bound.
      const x = (this.x[k] as number) + part * (this.dx[k] as number);
      this.x[k] = Math.min((this.upper[k] as number) - closest, Math.max((this.lower[k] as number) + closest, x));
      if ((this.zl[k] as number) > 0) this.zl[k] = (this.zl[k] as number) + part * (this.#dzl[k] as number);
      if ((this.zu[k] as number) > 0) this.zu[k] = (this.zu[k] as number) + part * (this.#dzu[k] as number);
    }
  }
}
