/**
 * Finds the program that ends the worker it is given to: of a group that was lost, each program is tried alone. One that
 * is lost alone twice is in quarantine from then on, and not tried again.
 */

import { allDone } from '../core/all-done.ts';
import type { Expression } from '../program/expression.ts';
import type { Lost } from './lost.ts';

/** What became of the programs not to be tried again, by key. */
export type Quarantine = Map<string, Lost>;

/** Runs what is not in quarantine, and says which places are, or are now, and why. */
export async function runIsolated(
  programs: readonly Expression[],
  places: readonly number[],
  /** The programs of some places together; undefined when they are done. */
  run: (places: readonly number[]) => Promise<Lost | undefined>,
  quarantine: Quarantine,
): Promise<Map<number, Lost>> {
  const keyOf = (place: number): string => (programs[place] as Expression).key;
  const trusted = places.filter((place) => !quarantine.has(keyOf(place)));
  const together = trusted.length > 0 ? await run(trusted) : undefined;
  if (together) {
    const suspects = new Map<string, number[]>();
    for (const place of trusted) suspects.set(keyOf(place), [...(suspects.get(keyOf(place)) ?? []), place]);
    await allDone(
      [...suspects].map(async ([key, same]) => {
        const once = suspects.size === 1 ? together : await run(same);
        const twice = once && (await run(same));
        if (twice) quarantine.set(key, twice);
      }),
    );
  }
  return new Map(
    places.flatMap((place) => {
      const lost = quarantine.get(keyOf(place));
      return lost ? [[place, lost]] : [];
    }),
  );
}
