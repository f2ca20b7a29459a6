/** What a user wants judged: formulas, libraries, runs and files of scores, as factors on a market. */
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import { printable, printableName } from '../../core/printable.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readScores } from '../../data/scores.ts';
import { namedFactors } from '../../evaluation/named-factors.ts';
import type { JudgedFactor } from '../../evaluation/tear-sheet/factor-values.ts';
import type { SheetRule } from '../../evaluation/tear-sheet/rule.ts';
import { type FactorLibrary, readLibrary } from '../../runs/library.ts';
import { droppedNotes } from '../dropped-notes.ts';
import { isObject, readJson } from '../libraries/formula-file.ts';

export interface JudgedSources {
  readonly factors: readonly JudgedFactor[];
  /** The only library among them: the parts, label and signs are its own. */
  readonly library?: FactorLibrary;
  readonly libraries: readonly FactorLibrary[];
  /** A sentence for each thing that was left out. */
  readonly notes: readonly string[];
}

const scoresFile = /\.(csv|csv\.gz|tsv|parquet|arrow|feather)$/i;

export async function judgedSources(sources: readonly string[], manifest: MarketManifest): Promise<JudgedSources> {
  const factors: SourceFactor[] = [];
  const libraries: FactorLibrary[] = [];
  const notes: string[] = [];
  for (const source of sources) {
    if (scoresFile.test(source)) {
      const { names, values, dropped } = await readScores(source, manifest);
      for (const [i, name] of names.entries()) {
        const cells = values[i] as Float32Array;
        factors.push({ name, file: source, group: groupOf(source, names.length), source: { kind: 'scores', cells } });
      }
      notes.push(...droppedNotes(source, { dropped }));
      continue;
    }
    const path = fileOf(source);
    const library = path !== undefined && isLibrary(path) ? readLibrary(path) : undefined;
    if (library) libraries.push(library);
    const signs = new Map(library?.factors.map(({ name, sign }) => [printableName(name), sign]));
    if (library?.factors.length === 0) throw new EvolveError('bad-library', `${path} holds no factor.`);
    const found = await namedFactors([path ?? source], manifest);
    for (const { name, expression } of found) {
      const group = groupOf(library?.name ?? source, found.length);
      factors.push({ name, group, source: { kind: 'program', program: expression }, sign: signs.get(name) });
    }
  }
  const named = namedApart(factors);
  sameNames(named);
  const [library, another] = libraries;
  if (library && library.market.hash !== manifest.hash) {
    notes.push(
      `${library.name} was found on another market, ${library.market.name}: its parts are taken by their dates.`,
    );
  }
  if (another) {
    notes.push(
      `Of ${libraries.length} libraries neither parts nor label are taken, they are the usual ones: judge each by itself, or give --parts and --horizon.`,
    );
  }
  return { factors: named, ...(library && !another && { library }), libraries, notes: notes.map(printable) };
}

/** Factors that come together are called after what they come from; one alone has a name of its own. */
const groupOf = (source: string, factors: number): string | undefined =>
  factors > 1
    ? printableName(
        basename(source)
          .replace(scoresFile, '')
          .replace(/\.json$/i, ''),
      )
    : undefined;

/** A factor, and the file of scores it comes from. */
type SourceFactor = JudgedFactor & { readonly file?: string };

/** Models call their scores alike: a column that several files have is called after its file, by its path where need be. */
function namedApart(factors: readonly SourceFactor[]): JudgedFactor[] {
  const alike = (name: string): string[] =>
    factors.flatMap((other) => (other.name === name && other.file !== undefined ? [other.file] : []));
  return factors.map(({ file, ...factor }) => {
    const files = alike(factor.name);
    if (file === undefined || files.length < 2) return factor;
    const stem = (path: string): string => basename(path).replace(scoresFile, '');
    const unique = files.filter((other) => stem(other) === stem(file)).length === 1;
    return { ...factor, name: printableName(`${unique ? stem(file) : file}: ${factor.name}`) };
  });
}

/** A sentence for each library that has seen dates of a part which is not called its training. */
export function seenBefore(
  libraries: readonly FactorLibrary[],
  { split, part }: Pick<SheetRule, 'split' | 'part'>,
  calendar: readonly string[],
): string[] {
  if (split === 'train' || split === 'all') return [];
  const judged = calendar.slice(part.from, part.to);
  return libraries.flatMap(({ name, split: { train } }) => {
    const [first, last] = train;
    const seen = judged.filter((date) => date >= first && date <= last).length;
    if (seen === 0) return [];
    return [
      `${printableName(name)} was made on ${first} to ${last}: it has seen ${seen} of the ${judged.length} dates judged.`,
    ];
  });
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
