/** What makes a run this run: the same name, the same search; and as far as both go, the same result. */
import { createHash } from 'node:crypto';
import { EvolveError } from '../../core/failure.ts';
import { packageVersion } from '../../core/package-root.ts';
import type { MarketManifest } from '../../data/market.ts';
import { type NamedFactor, namedFactors, seedFactors } from '../../evaluation/named-factors.ts';
import { asFactor } from '../../program/build.ts';
import { print } from '../../program/print.ts';
import type { MineOptions } from './mine-options.ts';
import {
  type GivenOptions,
  type OptionName,
  optionNames,
  type SearchConfig,
  searchConfig,
  stopNames,
} from './search-options.ts';

export interface Identity {
  readonly name: string;
  readonly config: SearchConfig;
  readonly given: ReadonlySet<OptionName>;
  readonly warmStart: readonly Formula[];
  readonly beside: readonly Formula[];
  readonly improve: string | undefined;
  readonly refused: readonly string[];
}

export interface Formula {
  readonly name: string;
  readonly expression: string;
}

/** `before`: what a run was begun with, where somebody goes on with one. What they leave out is as it was then. */
export async function identity(
  options: MineOptions,
  manifest: MarketManifest,
  before?: GivenOptions,
): Promise<Identity> {
  const given = optionNames.filter((name) => options[name] !== undefined);
  const stays: GivenOptions = options.improve === undefined ? {} : { origin: 'seeds' };
  const config = searchConfig({
    ...stays,
    ...before,
    ...Object.fromEntries(given.map((name) => [name, options[name]])),
  });
  const improve = options.improve === undefined ? undefined : await improvable(options.improve, manifest);
  const read = async (path: string | undefined) =>
    path === undefined ? { accepted: [], refused: [] } : await seedFactors(path, manifest);
  const seeds = await read(options.warmStart);
  if (options.warmStart !== undefined && seeds.accepted.length === 0) {
    throw new EvolveError('bad-library', `${options.warmStart} holds no factor to begin with.`, {
      details: seeds.refused,
    });
  }
  const room = config.population - (options.improve === undefined ? 0 : 1);
  if (seeds.accepted.length > room) {
    throw new EvolveError(
      'bad-argument',
      `${options.warmStart} holds ${seeds.accepted.length} factors, too many for --population ${config.population}; raise it, or shorten the file.`,
    );
  }
  const had = await read(options.beside);
  if (had.refused.length > 0) {
    throw new EvolveError('bad-library', `${options.beside} cannot be compared with: ${had.refused[0]}`, {
      details: had.refused.slice(1),
    });
  }
  if (config.novelty > 0 && had.accepted.length === 0 && !before) {
    throw new EvolveError('bad-argument', '--novelty needs --beside: a file of the factors to keep away from.');
  }
  const formulas = (factors: typeof seeds.accepted): Formula[] =>
    factors.map(({ name, expression }) => ({ name, expression: print(expression) }));
  const decisive = {
    config,
    warmStart: formulas(seeds.accepted),
    beside: formulas(had.accepted),
    improve,
  };
  // How far it goes is not in the name: going on for longer is the same search.
  const endless = Object.fromEntries(stopNames.map((name) => [name, undefined]));
  const hash = createHash('sha256')
    .update(JSON.stringify([{ ...decisive, config: { ...config, ...endless } }, manifest.hash, packageVersion]))
    .digest('hex');
  return {
    ...decisive,
    name: `${manifest.name}-${hash.slice(0, 8)}`,
    given: new Set(given),
    refused: seeds.refused,
  };
}

/** A formula as we write it, so that its spelling makes no other run. */
async function improvable(text: string, manifest: MarketManifest): Promise<string> {
  if (/\.json$/i.test(text)) {
    throw new EvolveError(
      'bad-argument',
      `A formula is improved, not a file such as ${text}: to begin with several, use --warm-start.`,
    );
  }
  const [{ expression }] = (await namedFactors([text], manifest)) as [NamedFactor];
  const factor = asFactor(expression);
  if (factor.kind !== 'refused') return print(expression);
  throw new EvolveError('bad-expression', `${print(expression)} is no factor: ${factor.reason}.`);
}
