/** Factors as a user names them: formulas, and JSON files of formulas, checked against the market they are meant for. */
import { readFile } from 'node:fs/promises';
import { EvolveError, fileProblem } from '../core/failure.ts';
import { printableName } from '../core/printable.ts';
import type { MarketManifest } from '../data/market.ts';
import { bind } from '../program/bind.ts';
import { asFactor } from '../program/build.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import { marketVocabulary } from './evaluator.ts';
import { priceVolumeFactors } from './tear-sheet/price-volume.ts';

export interface NamedFactor {
  /** A formula without a name is called what it prints as. */
  readonly name: string;
  readonly expression: Expression;
}

interface Entry {
  readonly name?: string | undefined;
  readonly text: string;
  /** `lib.json, factor 2 "momentum"`; nothing for a formula of the command line. */
  readonly where?: string;
  /** The market it was found on, if that is another one. */
  readonly foreign?: string | undefined;
}

/**
 * Each source is a formula, a file ending in .json that holds some, or the name of the set that comes with evolve. A
 * factor need not be a plain ratio here.
 */
export async function namedFactors(sources: readonly string[], manifest: MarketManifest): Promise<NamedFactor[]> {
  if (sources.length === 0) throw new EvolveError('bad-argument', 'Name a formula or a .json file of formulas.');
  const factors: NamedFactor[] = [];
  const names = new Set<string>();
  for (const source of sources) {
    for (const entry of await entries(source, manifest)) {
      const expression = checked(entry, manifest);
      const name = entry.name ?? print(expression);
      if (names.has(name)) {
        const at = entry.where ? `${entry.where}: there` : 'There';
        throw new EvolveError('bad-argument', `${at} is a factor called ${name} already. Each needs its own name.`);
      }
      names.add(name);
      factors.push({ name, expression });
    }
  }
  return factors;
}

/** What the common price-volume factors are called together. */
const priceVolumeSet = 'price-volume';

async function entries(source: string, manifest: MarketManifest): Promise<Entry[]> {
  if (source === priceVolumeSet) return commonFactors(manifest);
  return /\.json$/i.test(source) ? library(source, manifest) : [{ text: source }];
}

function commonFactors(manifest: MarketManifest): Entry[] {
  const { factors, leftOut } = priceVolumeFactors(manifest);
  if (factors.length === 0) {
    const reasons = [...new Set(leftOut.map(({ reason }) => reason))].join('; ');
    throw new EvolveError('missing-field', `The market has the fields of no ${priceVolumeSet} factor: ${reasons}.`);
  }
  return factors.map(({ name, expression }) => ({ name, text: expression, where: `${priceVolumeSet}, ${name}` }));
}

export interface SeedFactors {
  readonly accepted: readonly NamedFactor[];
  /** Why each of the others is none, in a sentence that names it. */
  readonly refused: readonly string[];
}

/** The plain ratios of a file, to begin a search with: what is wrong with one entry is no matter of the others. */
export async function seedFactors(path: string, manifest: MarketManifest): Promise<SeedFactors> {
  const accepted: NamedFactor[] = [];
  const refusals: string[] = [];
  const given =
    path === priceVolumeSet
      ? commonFactors(manifest).map(({ name, text, where = '' }) => ({
          item: { name, expression: text },
          place: where,
          foreign: undefined,
        }))
      : await items(path, manifest);
  for (const { item, place, foreign } of given) {
    try {
      const entry = entryOf(item, place, foreign);
      const expression = checked(entry, manifest);
      const factor = asFactor(expression);
      if (factor.kind === 'refused')
        throw refusal(`${entry.where}: ${print(expression)} is no factor: ${factor.reason}`);
      accepted.push({ name: entry.name ?? print(expression), expression });
    } catch (error) {
      if (!(error instanceof EvolveError)) throw error;
      refusals.push(error.message);
    }
  }
  return { accepted, refused: refusals };
}

function checked({ text, where, foreign }: Entry, manifest: MarketManifest): Expression {
  try {
    const vocabulary = marketVocabulary(manifest);
    const parsed = parse(text, vocabulary);
    const bound = bind(parsed, vocabulary, manifest.minute);
    if (bound.kind === 'refused') throw refusal(`${print(parsed)} has no value on this market: ${bound.reason}`);
    const factor = asFactor(bound);
    if (factor.kind === 'refused' && factor.rule === 'kind')
      throw refusal(`${print(parsed)} is no factor: ${factor.reason}`);
    return bound;
  } catch (error) {
    if (!(error instanceof EvolveError) || !where) throw error;
    const from = foreign === undefined ? '' : ` It was found on another market, ${foreign}.`;
    throw new EvolveError(error.code, `${where}: ${error.message}${from}`, { details: error.details, cause: error });
  }
}

const refusal = (sentence: string): EvolveError => new EvolveError('bad-expression', `${sentence}.`);

interface Item {
  readonly item: unknown;
  readonly place: string;
  readonly foreign: string | undefined;
}

/** What a library says of its market, if that is not the one at hand. */
function otherMarket({ market }: Readonly<Record<string, unknown>>, manifest: MarketManifest): string | undefined {
  if (!isObject(market) || typeof market.hash !== 'string' || market.hash === manifest.hash) return undefined;
  return typeof market.name === 'string' ? market.name : undefined;
}

/** A list of formulas, or of objects with `name` and `expression`; or an object that holds such a list as `factors`. */
async function items(path: string, manifest: MarketManifest): Promise<readonly Item[]> {
  const parsed = await json(path);
  const list = Array.isArray(parsed) ? parsed : isObject(parsed) ? parsed.factors : undefined;
  if (!Array.isArray(list)) {
    throw broken(
      `${path} should hold a list such as [{"name": "base", "expression": "..."}], or an object with one as "factors"`,
    );
  }
  if (list.length === 0) throw broken(`${path} holds no factor`);
  const foreign = isObject(parsed) ? otherMarket(parsed, manifest) : undefined;
  return list.map((item: unknown, i) => ({ item, place: `${path}, factor ${i + 1}`, foreign }));
}

const library = async (path: string, manifest: MarketManifest): Promise<Entry[]> =>
  (await items(path, manifest)).map(({ item, place, foreign }) => entryOf(item, place, foreign));

function entryOf(item: unknown, place: string, foreign: string | undefined): Entry {
  if (typeof item === 'string') return { text: item, where: place, foreign };
  if (!isObject(item)) throw broken(`${place} should be a formula, or an object with "name" and "expression"`);
  const { name, expression } = item;
  if (name !== undefined && (typeof name !== 'string' || name.trim() === '')) {
    throw broken(`${place} has a "name" that is not a text`);
  }
  const where = name === undefined ? place : `${place} "${name}"`;
  if (typeof expression !== 'string') throw broken(`${where} has no "expression"`);
  return { name: name && printableName(name), text: expression, where, foreign };
}

async function json(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const sentence = absent ? `There is no file ${path}.` : `Cannot read ${path}: ${fileProblem(cause)}.`;
    throw new EvolveError('missing-file', sentence, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EvolveError('bad-library', `${path} is not valid JSON: ${fileProblem(cause)}.`, { cause });
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const broken = (sentence: string): EvolveError => new EvolveError('bad-library', `${sentence}.`);
