/**
 * Random streams, named by where they are used: (seed, round, slot).
 *
 * Never by which worker asked, or when: that is why a run on 64 workers repeats a run on one.
 * Take a Stream as your first argument. Math.random has no seed.
 */
export interface Stream {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
  /** One of the items; throws on an empty list, which is always a bug of the caller. */
  pick<T>(items: readonly T[]): T;
  /** Standard normal. */
  normal(): number;
}

export function stream(seed: number, round: number, slot: number): Stream {
  // sfc32. The name is its whole starting state, so no two names share a stream.
  let a = seed | 0;
  let b = round | 0;
  let c = slot | 0;
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next(); // neighbouring names start out alike; stir
  // Biased by n / 2³² at most: nothing for choosing parents. Not for sampling ticks.
  const below = (n: number) => Math.floor(next() * n);
  return {
    next,
    below,
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new RangeError('pick from an empty list');
      return items[below(items.length)] as T;
    },
    // Box-Muller, one of the pair: keeping the other would make a draw depend on the draws before it.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
