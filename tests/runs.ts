/** Runs of numbered rounds, of which anybody can tell what is missing. */
import type { RunEvent } from '../runs/event-log.ts';
import type { RunManifest } from '../runs/manifest.ts';
import type { Recovered } from '../runs/run-folder.ts';

export const manifest: RunManifest = {
  schema: 1,
  name: 'test',
  engineVersion: '0.1.0',
  created: '2024-01-31T12:00:00.000Z',
  command: 'mine',
  config: { seed: 7, population: 50, fields: ['CLOSE', 'VOLUME'] },
  market: { name: 'small', hash: 'abc', folder: 'markets/small' },
  backend: 'wasm',
};

export const round = (i: number): RunEvent => ({ kind: 'round', i, text: '"é"\n'.repeat(i % 3) });

/** How many rounds are there, in the state and after it. Throws unless they are the first ones, each once. */
export function rounds({ state, events }: Pick<Recovered, 'events'> & { readonly state?: unknown }): number {
  const done = (state as { done: number } | undefined)?.done ?? 0;
  events.forEach((event, k) => {
    if (event.i !== done + k) throw new Error(`round ${event.i} stands where ${done + k} should`);
  });
  return done + events.length;
}
