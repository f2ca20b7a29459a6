import type { Stream } from '../../core/random.ts';

/** In place, every order as likely as another (Fisher and Yates). */
export function shuffle(items: Int32Array, random: Stream): Int32Array {
  for (let left = items.length; left > 1; left--) {
    const other = random.below(left);
    const last = items[left - 1] as number;
    items[left - 1] = items[other] as number;
    items[other] = last;
  }
  return items;
}
