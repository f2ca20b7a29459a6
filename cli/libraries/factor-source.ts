/** Where factors are taken from: a run, the library of one, or a file of formulas in our language. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import { readManifest as readMarket } from '../../data/store/manifest.ts';
import { marketVocabulary } from '../../evaluation/evaluator.ts';
import { standardVocabulary, type Vocabulary } from '../../program/vocabulary.ts';
import { type FactorLibrary, type LibraryFactor, readLibrary } from '../../runs/library.ts';
import { manifestName } from '../../runs/manifest.ts';
import { readRun } from '../../runs/read-run.ts';
import { isObject, readFormulas, readJson } from './formula-file.ts';
import { topFactors } from './top-factors.ts';

export interface FactorSource {
  /** What the factors are, in a line. */
  readonly about: string;
  readonly factors: readonly SourceFactor[];
  /** Absent when there is none (yet). */
  readonly library?: FactorLibrary;
  /** The words of the market they were found on, if that is still there. */
  readonly words: Vocabulary;
}

export interface SourceFactor {
  readonly name: string;
  readonly expression: string;
  readonly sign?: 1 | -1;
  readonly metrics?: LibraryFactor['metrics'];
}

/** `data`: the market whose fields the formulas use. */
export async function factorSource(path: string, data: string | undefined): Promise<FactorSource> {
  const there = statSync(path, { throwIfNoEntry: false });
  if (!there) throw new EvolveError('missing-file', `There is no run or file ${path}.`);
  const words = await wordsOf(there.isDirectory() ? path : dirname(path), data);
  if (there.isDirectory()) return { ...ofRun(path), words };
  const parsed = /\.json$/i.test(path) ? readJson(path) : undefined;
  if (isObject(parsed) && 'schema' in parsed) return { ...ofLibrary(path), words };
  return { about: `Factors of ${path}`, factors: listed(path), words };
}

function listed(path: string): SourceFactor[] {
  const names = new Set<string>();
  return readFormulas(path).map(({ name = '', text, where }) => {
    // As `evolve eval` calls it.
    const called = name || text;
    if (names.has(called)) {
      throw new EvolveError('bad-library', `${path}, ${where}: there is a factor called ${called} already.`);
    }
    names.add(called);
    return { name: called, expression: text };
  });
}

function ofRun(path: string): Omit<FactorSource, 'words'> {
  const file = join(path, 'library.json');
  const { manifest } = readRun(path);
  if (existsSync(file)) return ofLibrary(file);
  const { factors, asOf } = topFactors(path, Number.MAX_SAFE_INTEGER);
  if (asOf === null) {
    throw new EvolveError('bad-run', `${path} has found no factor yet. See how far it is with: evolve top ${path}`);
  }
  return {
    about: `${manifest.name} on ${manifest.market.name}, not finished: the fittest after round ${asOf}, on training dates only`,
    factors: factors.map(({ expression }, i) => ({ name: `factor_${i + 1}`, expression })),
  };
}

function ofLibrary(path: string): Omit<FactorSource, 'words'> {
  const library = readLibrary(path);
  const { name, market, engineVersion } = library;
  return {
    about: `${name}, found on ${market.name} (${market.dates.join(' to ')}) by evolve ${engineVersion}`,
    factors: library.factors,
    library,
  };
}

async function wordsOf(folder: string, data: string | undefined): Promise<Vocabulary> {
  if (data !== undefined) return marketVocabulary(await readMarket(data));
  if (!existsSync(join(folder, manifestName))) return standardVocabulary;
  const { market } = readRun(folder).manifest;
  try {
    const manifest = await readMarket(market.folder);
    return manifest.hash === market.hash ? marketVocabulary(manifest) : standardVocabulary;
  } catch (error) {
    // The market has been moved: most formulas use fields that every market has.
    if (error instanceof EvolveError) return standardVocabulary;
    throw error;
  }
}
