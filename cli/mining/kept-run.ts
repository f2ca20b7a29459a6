/** The folder a search is kept in: a new one, or that of a run to go on with. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import { packageVersion } from '../../core/package-root.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { RoundRecord } from '../../engine/record.ts';
import { Stopping, type StopReason } from '../../engine/stopping.ts';
import type { RunEvent } from '../../runs/event-log.ts';
import { manifestName, type RunManifest } from '../../runs/manifest.ts';
import { readRun } from '../../runs/read-run.ts';
import { type Recovered, RunFolder } from '../../runs/run-folder.ts';
import type { Identity } from './identity.ts';
import type { MineOptions } from './mine-options.ts';
import { flagOf, type OptionName, optionNames, type SearchConfig, stopNames, stopRule } from './search-options.ts';

export const isRun = (path: string): boolean => existsSync(join(path, manifestName));

export interface KeptRun {
  readonly folder: RunFolder;
  readonly recovered: Recovered;
  readonly config: SearchConfig;
  /** Warm-start entries that were refused when it was begun, and why. */
  readonly refused: readonly string[];
  /** The newest event that was there already. */
  readonly last?: RunEvent | undefined;
}

export function begun(path: string, asked: Identity, manifest: MarketManifest, data: string, backend: string): KeptRun {
  const { config, warmStart, beside, improve } = asked;
  const about: RunManifest = {
    schema: 1,
    name: asked.name,
    engineVersion: packageVersion,
    created: new Date().toISOString(),
    command: improve === undefined ? 'mine' : 'improve',
    config: { ...config, warmStart, beside, ...(improve !== undefined && { improve }) },
    market: { name: manifest.name, hash: manifest.hash, folder: data },
    backend,
  };
  const folder = RunFolder.create(path, about);
  folder.append({ kind: 'begin', time: new Date().toISOString(), refused: [...asked.refused] });
  return { folder, recovered: { state: undefined, events: [], problems: [] }, config, refused: asked.refused };
}

/** The stop rules may be new: a search goes the same way however far it goes. Everything else must be as it was. */
export function resumed(path: string, options: MineOptions, asked: Identity, manifest: MarketManifest): KeptRun {
  const folder = RunFolder.open(path);
  try {
    refuseOther(folder, options, asked, manifest);
    const recovered = folder.recover();
    const past = pastOf(path);
    const asks = (name: OptionName): boolean => stopNames.includes(name as StopReason) && asked.given.has(name);
    const before: Readonly<Record<string, unknown>> = { ...folder.manifest.config, ...past.stop };
    const config = Object.fromEntries(
      optionNames.map((name) => [name, asks(name) ? asked.config[name] : before[name]]),
    ) as unknown as SearchConfig;
    if (optionNames.some(asks)) refusePassed(path, config, past.rounds);
    return { folder, recovered, config, refused: past.refused, last: past.last };
  } catch (error) {
    folder.close();
    throw error;
  }
}

/** To be noted when a run goes on, so that whoever goes on with it later need not say again how far. */
export const goesOn = ({ config }: KeptRun, backend: string): RunEvent => ({
  kind: 'resume',
  backend,
  time: new Date().toISOString(),
  stop: Object.fromEntries(stopNames.map((name) => [name, config[name]])),
});

interface Past {
  readonly rounds: readonly RoundRecord[];
  /** As the newest of those who went on with it asked. */
  readonly stop: Partial<SearchConfig>;
  readonly refused: readonly string[];
  readonly last: RunEvent | undefined;
}

function pastOf(path: string): Past {
  const rounds: RoundRecord[] = [];
  let [stop, refused, last]: [Past['stop'], Past['refused'], Past['last']] = [{}, [], undefined];
  for (const event of readRun(path).events) {
    if (event.kind === 'begin') refused = event.refused as readonly string[];
    if (event.kind === 'resume') stop = event.stop as Partial<SearchConfig>;
    if (event.kind === 'round') rounds.push(event.record as RoundRecord);
    last = event;
  }
  return { rounds, stop, refused, last };
}

function refuseOther(folder: RunFolder, options: MineOptions, asked: Identity, manifest: MarketManifest): void {
  const { path } = folder;
  const { config: stored, market, engineVersion } = folder.manifest;
  if (stored.shuffled !== undefined) {
    throw new EvolveError(
      'bad-run',
      `${path} is the placebo of a run, on shuffled labels; go on with the run it lies in.`,
    );
  }
  if (market.hash !== manifest.hash) {
    throw new EvolveError(
      'changed-market',
      `${path} was begun on ${market.name} with the hash ${market.hash.slice(0, 12)}, and ${manifest.name} has ${manifest.hash.slice(0, 12)}: name the market it was begun on with --data, or start a new run with another --out.`,
    );
  }
  if (engineVersion !== packageVersion) {
    throw new EvolveError(
      'bad-run',
      `${path} was begun by evolve ${engineVersion} and this is ${packageVersion}, which may search otherwise; go on with that version, or start a new run.`,
    );
  }
  for (const name of optionNames) {
    if (stopNames.includes(name as StopReason) || !asked.given.has(name) || asked.config[name] === stored[name])
      continue;
    throw otherwise(path, `--${flagOf(name)} ${shown(stored[name])}`, shown(asked.config[name]));
  }
  for (const [name, flag, given] of [
    ['warmStart', '--warm-start', options.warmStart],
    ['beside', '--beside', options.beside],
    ['improve', 'formula', options.improve],
  ] as const) {
    if (given !== undefined && JSON.stringify(asked[name]) !== JSON.stringify(stored[name]))
      throw otherwise(path, `another ${flag}`, given);
  }
}

const shown = (value: unknown): string => (value === '' ? '""' : String(value));

/** A library of fewer rounds than were done would not be that of a search told so from the beginning. */
function refusePassed(path: string, config: SearchConfig, rounds: readonly RoundRecord[]): void {
  // Minutes are no promise: the same search is done sooner elsewhere.
  const stopping = new Stopping({ ...stopRule(config), minutes: undefined });
  for (const record of rounds.slice(0, -1)) {
    stopping.note(record);
    const reason = stopping.after(record, 0);
    if (reason === undefined) continue;
    throw new EvolveError(
      'bad-argument',
      `${path} is at round ${rounds.length - 1}, and with --${reason} ${config[reason]} it would have been over at round ${record.round}: ask for more, or name another --out.`,
    );
  }
}

const otherwise = (path: string, before: string, now: string): EvolveError =>
  new EvolveError(
    'bad-argument',
    `${path} was begun with ${before}, not ${now}: leave that out to go on with it, or name another --out.`,
  );
