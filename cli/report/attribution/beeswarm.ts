/**
 * Where the points of a beeswarm stand beside its middle. They fall into bins as wide as a point and are stacked in
 * each to both sides, in an order that is drawn: what came first has no better place. Where the fullest stack is
 * higher than the room, all are pressed.
 */
import type { Stream } from '../../../core/random.ts';

export function beeswarm(along: readonly number[], size: number, room: number, jitter: Stream): number[] {
  const off = new Array<number>(along.length).fill(0);
  const filled = new Map<number, number>();
  for (const i of shuffled(along.length, jitter)) {
    const bin = Math.floor((along[i] as number) / size);
    const height = filled.get(bin) ?? 0;
    filled.set(bin, height + 1);
    off[i] = Math.ceil(height / 2) * (height % 2 === 0 ? 1 : -1);
  }
  const highest = off.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  const step = highest > 0 ? Math.min(size, room / highest) : 0;
  return off.map((each) => each * step);
}

function shuffled(count: number, random: Stream): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [order[i], order[other]] = [order[other] as number, order[i] as number];
  }
  return order;
}
