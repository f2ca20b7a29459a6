/** Small searches on a small market with signals in it, and what of a run must be the same however it came about. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mine } from '../cli/mining/mine.ts';
import type { MineOptions } from '../cli/mining/mine-options.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import type { RunEvent } from '../runs/event-log.ts';
import { readRun } from '../runs/read-run.ts';

export interface Playground {
  readonly place: string;
  readonly market: string;
  /** Options for `mine`, with seeds that are in the market's returns: a library is found in a second. */
  readonly small: MineOptions;
  /** The same as a command line, with other values where there are some. */
  readonly line: (options: MineOptions) => string[];
  readonly env: Readonly<Record<string, string>>;
  readonly remove: () => void;
}

const seeds = ['-ts_norm(CLOSE, 10)', '-interval(volume, sum, 9:30, 10:00) / VOLUME', '-ts_corr(close, volume, 8)'];

const numbers = {
  // Few and small, so that programs come back.
  fields: 'CLOSE,OPEN,VOLUME,close,volume',
  size: 3,
  initialSize: 2,
  population: 40,
  children: 10,
  elites: 10,
  catastropheEvery: 3,
  sampleDates: 5,
  // So that there are hurdles on so few dates.
  probeDates: 40,
  rounds: 8,
  validT: 0,
  workers: 2,
} as const;

/** What is cached goes into the playground as well, not to the user's. */
export async function playground(): Promise<Playground> {
  const place = mkdtempSync(join(tmpdir(), 'evolve-mine-'));
  const market = join(place, 'market');
  await synthesise(market, { stocks: 60, days: 300, minutes: 8, seed: 3 });
  const warmStart = join(place, 'seeds.json');
  writeFileSync(warmStart, JSON.stringify(seeds));
  const env = { EVOLVE_CACHE: join(place, 'cache') };
  Object.assign(process.env, env);
  const small = { ...numbers, data: market, warmStart };
  const line = (options: MineOptions): string[] =>
    Object.entries({ ...small, ...options }).map(
      ([name, value]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${value}`,
    );
  return { place, market, small, line, env, remove: () => rmSync(place, { recursive: true }) };
}

export const eventsOf = (run: string, kind: string): RunEvent[] =>
  [...readRun(run).events].filter((event) => event.kind === kind);

export interface Told {
  readonly library: string;
  readonly rounds: readonly string[];
}

/** Its library and its rounds, to the bit. What carries times is left out. */
export function told(run: string): Told {
  return {
    library: readFileSync(join(run, 'library.json'), 'utf8'),
    rounds: eventsOf(run, 'round').map((event) => JSON.stringify(event)),
  };
}

/** Mines, but stops in order after so many rounds, those of a placebo among them; true when it did. */
export async function stoppedAfter(rounds: number, options: MineOptions): Promise<boolean> {
  const controller = new AbortController();
  let done = 0;
  const report = await mine({
    ...options,
    signal: controller.signal,
    onProgress: ({ kind }) => {
      if (kind === 'round' && ++done >= rounds) controller.abort();
    },
  });
  return report.stopped === 'interrupted';
}
