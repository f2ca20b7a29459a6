/** What a user wants judged: formulas, libraries, runs and files of scores, as factors on a market. */
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readScores } from '../../data/scores.ts';
import { namedFactors } from '../../evaluation/named-factors.ts';
import type { JudgedFactor } from '../../evaluation/tear-sheet/factor-values.ts';
import { type FactorLibrary, readLibrary } from '../../runs/library.ts';
import { isObject, readJson } from '../libraries/formula-file.ts';

export interface JudgedSources {
  readonly factors: readonly JudgedFactor[];
  /** The only library among them: the parts, label and signs are its own. */
  readonly library?: FactorLibrary;
  /** A sentence for each thing that was left out. */
  readonly notes: readonly string[];
}

const scoresFile = /\.(csv|csv\.gz|tsv|parquet|arrow|feather)$/i;

export async function judgedSources(sources: readonly string[], manifest: MarketManifest): Promise<JudgedSources> {
  const factors: JudgedFactor[] = [];
  const libraries: FactorLibrary[] = [];
  const notes: string[] = [];
  for (const source of sources) {
    if (scoresFile.test(source)) {
      const { names, values, dropped } = await readScores(source, manifest);
      for (const [i, name] of names.entries()) {
        factors.push({ name, source: { kind: 'scores', cells: values[i] as Float32Array } });
      }
      for (const { reason, rows, example } of dropped)
        notes.push(`${source}: ${rows} left out, ${reason}, such as ${example}.`);
      continue;
    }
    const path = fileOf(source);
    const library = path !== undefined && isLibrary(path) ? readLibrary(path) : undefined;
    if (library) libraries.push(library);
    const signs = new Map(library?.factors.map(({ name, sign }) => [name, sign]));
    if (library?.factors.length === 0) throw new EvolveError('bad-library', `${path} holds no factor.`);
    for (const { name, expression } of await namedFactors([path ?? source], manifest)) {
      factors.push({ name, source: { kind: 'program', program: expression }, sign: signs.get(name) });
    }
  }
  sameNames(factors);
  const [library, another] = libraries;
  if (library && library.market.hash !== manifest.hash) {
    notes.push(
      `${library.name} was found on another market, ${library.market.name}: its parts are taken by their dates.`,
    );
  }
  return { factors, ...(library && !another && { library }), notes };
}

/** A run stands for its library; undefined for a formula. */
function fileOf(source: string): string | undefined {
  if (/\.json$/i.test(source)) return source;
  if (!existsSync(source) || !statSync(source).isDirectory()) return undefined;
  const library = join(source, 'library.json');
  if (existsSync(library)) return library;
  throw new EvolveError(
    'bad-run',
    `${source} has no library (yet). See how far the run is with: evolve top ${basename(source)}`,
  );
}

function isLibrary(path: string): boolean {
  if (!existsSync(path)) return false;
  const parsed = readJson(path);
  return isObject(parsed) && 'schema' in parsed;
}

function sameNames(factors: readonly JudgedFactor[]): void {
  const names = new Set<string>();
  for (const { name } of factors) {
    if (names.has(name)) {
      throw new EvolveError('bad-argument', `There are two factors called ${name}. Each needs its own name.`);
    }
    names.add(name);
  }
}
