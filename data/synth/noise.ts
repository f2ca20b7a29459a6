/**
 * Noise from additions and products alone. Math.log, exp and cos may differ in their last digit from one engine to
 * the next; with these the same seed is the same market to the last bit everywhere.
 */
import { type Stream, stream } from '../../core/random.ts';

/** Every use of chance has a stream of its own, so that drawing more of one changes nothing in another. */
const purposes = ['stock', 'list', 'market', 'day', 'bars'] as const;

export const chance = (seed: number, purpose: (typeof purposes)[number], t: number, n: number): Stream =>
  stream(seed * purposes.length + purposes.indexOf(purpose), t, n);

/**
 * Close to standard normal: four uniforms of 16 bits, from two draws. Ends at ±3.46; the fat tails of returns come
 * from volatility that changes.
 */
export function bell(random: Stream): number {
  const first = random.next() * 65536;
  const second = random.next() * 65536;
  const [a, b] = [Math.floor(first), Math.floor(second)];
  return ((a + b) / 65536 + (first - a) + (second - b) - 2) * Math.sqrt(3);
}

/** e^x to three digits for small x: (1 + x/1024)^1024. */
export function growth(x: number): number {
  let y = 1 + x / 1024;
  for (let i = 0; i < 10; i++) y *= y;
  return y;
}
