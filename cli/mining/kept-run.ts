/** The folder a search is kept in: a new one, or that of a run to go on with. */
import { EvolveError } from '../../core/failure.ts';
import { packageVersion } from '../../core/package-root.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import { type Recovered, RunFolder } from '../../runs/run-folder.ts';
import type { Identity } from './identity.ts';
import { marketSearch } from './market-search.ts';
import type { MineOptions } from './mine-options.ts';
import { flagOf, optionNames, rowOf, type SearchConfig } from './search-options.ts';

export interface KeptRun {
  readonly folder: RunFolder;
  readonly recovered: Recovered;
  readonly config: SearchConfig;
}

export function begun(path: string, asked: Identity, manifest: MarketManifest, data: string): KeptRun {
  // Whatever is wrong with the config on this market shows before a folder is made.
  marketSearch(asked.config, manifest);
  const { config, warmStart, beside, improve } = asked;
  const about: RunManifest = {
    schema: 1,
    name: asked.name,
    engineVersion: packageVersion,
    created: new Date().toISOString(),
    command: improve === undefined ? 'mine' : 'improve',
    config: { ...config, warmStart, beside, ...(improve !== undefined && { improve }) },
    market: { name: manifest.name, hash: manifest.hash, folder: data },
    backend: 'wasm',
  };
  const folder = RunFolder.create(path, about);
  folder.append({ kind: 'begin', time: new Date().toISOString(), refused: [...asked.refused] });
  return { folder, recovered: { state: undefined, events: [], problems: [] }, config };
}

/** The stop rules may be new: a search goes the same way however far it goes. Everything else must be as it was. */
export function resumed(path: string, options: MineOptions, asked: Identity, manifest: MarketManifest): KeptRun {
  const folder = RunFolder.open(path);
  try {
    const { config: stored, market, engineVersion } = folder.manifest;
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
    const config: Record<string, unknown> = {};
    for (const name of optionNames) {
      const stops = rowOf(name).group === 'stop';
      const differs = asked.given.has(name) && asked.config[name] !== stored[name];
      if (differs && !stops)
        throw otherwise(path, `--${flagOf(name)} ${String(stored[name])}`, String(asked.config[name]));
      config[name] = stops && asked.given.has(name) ? asked.config[name] : stored[name];
    }
    for (const [name, flag, given] of [
      ['warmStart', '--warm-start', options.warmStart],
      ['beside', '--beside', options.beside],
      ['improve', 'the formula', options.improve],
    ] as const) {
      if (given !== undefined && JSON.stringify(asked[name]) !== JSON.stringify(stored[name]))
        throw otherwise(path, `another ${flag}`, given);
    }
    return { folder, recovered: folder.recover(), config: config as SearchConfig };
  } catch (error) {
    folder.close();
    throw error;
  }
}

const otherwise = (path: string, before: string, now: string): EvolveError =>
  new EvolveError(
    'bad-argument',
    `${path} was begun with ${before}, not ${now}: leave the flag out to go on with it, or name another --out.`,
  );
