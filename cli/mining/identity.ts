/** What makes a run this run: the same name, the same result. */
import { createHash } from 'node:crypto';
import { EvolveError } from '../../core/failure.ts';
import { packageVersion } from '../../core/package-root.ts';
import type { MarketManifest } from '../../data/market.ts';
import { namedFactors, seedFactors } from '../../evaluation/named-factors.ts';
import { print } from '../../program/print.ts';
import type { MineOptions } from './mine-options.ts';
import { type OptionName, optionNames, type SearchConfig, searchConfig } from './search-options.ts';

export interface Identity {
  readonly name: string;
  readonly config: SearchConfig;
  readonly given: Given;
  readonly warmStart: readonly Formula[];
  readonly beside: readonly Formula[];
  readonly improve: string | undefined;
  readonly refused: readonly string[];
}

export interface Formula {
  readonly name: string;
  readonly expression: string;
}

type Given = ReadonlySet<OptionName>;

export async function identity(options: MineOptions, manifest: MarketManifest): Promise<Identity> {
  const config = searchConfig(options);
  if (options.improve !== undefined) await namedFactors([options.improve], manifest);
  const read = async (path: string | undefined) =>
    path === undefined ? { accepted: [], refused: [] } : await seedFactors(path, manifest);
  const seeds = await read(options.warmStart);
  if (options.warmStart !== undefined && seeds.accepted.length === 0) {
    throw new EvolveError('bad-library', `${options.warmStart} holds no factor to begin with.`, {
      details: seeds.refused,
    });
  }
  const had = await read(options.beside);
  if (had.refused.length > 0) {
    throw new EvolveError('bad-library', `${options.beside} cannot be compared with: ${had.refused[0]}`, {
      details: had.refused.slice(1),
    });
  }
  if (config.novelty > 0 && had.accepted.length === 0) {
    throw new EvolveError('bad-argument', '--novelty needs --beside: a file of the factors to keep away from.');
  }
  const formulas = (factors: typeof seeds.accepted): Formula[] =>
    factors.map(({ name, expression }) => ({ name, expression: print(expression) }));
  const decisive = {
    config,
    warmStart: formulas(seeds.accepted),
    beside: formulas(had.accepted),
    improve: options.improve,
  };
  const hash = createHash('sha256')
    .update(JSON.stringify([decisive, manifest.hash, packageVersion]))
    .digest('hex');
  return {
    ...decisive,
    name: `${manifest.name}-${hash.slice(0, 8)}`,
    given: new Set(optionNames.filter((name) => options[name] !== undefined)),
    refused: seeds.refused,
  };
}
