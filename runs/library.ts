/** A factor library: what a search leaves to others. The format is published as library.schema.json. */
import { readFileSync } from 'node:fs';
import { EvolveError, fileProblem } from '../core/failure.ts';
import { laidOut, violations } from './library-schema.ts';
import { spread } from './spread.ts';

export interface FactorLibrary {
  readonly schema: 1;
  readonly name: string;
  readonly engineVersion: string;
  /** What computed the search's scores, where it was not the SIMD kernels alone. */
  readonly backend?: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly market: {
    readonly name: string;
    readonly hash: string;
    readonly dates: Dates;
    readonly symbols: number;
  };
  readonly split: { readonly train: Dates; readonly valid: Dates; readonly test: Dates };
  readonly label: { readonly price: string; readonly lag: number; readonly horizon: number };
  readonly tried: { readonly programs: number; readonly evaluations: number; readonly rounds: number };
  readonly thresholds: { readonly train: number; readonly how: string; readonly placeboBest?: number };
  /** About the IC of the equally weighted sum of the standardised factors, signs applied; absent without factors. */
  readonly combined?: { readonly train: number; readonly valid: number; readonly test: number };
  readonly factors: readonly LibraryFactor[];
}

/** First and last. */
type Dates = readonly [string, string];

export interface LibraryFactor {
  readonly name: string;
  readonly expression: string;
  readonly program: {
    readonly setup: readonly string[];
    readonly learn: readonly string[];
    readonly predict: readonly string[];
  };
  readonly unit: string;
  readonly size: number;
  /** Locked on the training dates. */
  readonly sign: 1 | -1;
  readonly fitness: number;
  readonly metrics: { readonly train: SplitMetrics; readonly valid: SplitMetrics; readonly test?: SplitMetrics };
  /** The most correlated other member. */
  readonly nearest?: { readonly name: string; readonly correlation: number };
  /** Oldest first, itself last. */
  readonly ancestry: readonly { readonly expression: string; readonly move: string; readonly fitness: number }[];
}

/** NaN where there is no such number. */
export interface SplitMetrics {
  readonly ic: number;
  readonly icStd: number;
  readonly icir: number;
  /** Newey-West. */
  readonly t: number;
  readonly rankIc: number;
  readonly rankIcir: number;
  /** Newey-West, of the rank correlations; absent in libraries of earlier versions. */
  readonly rankT?: number;
  /** Share of dates. */
  readonly positive: number;
  readonly dates: number;
  readonly coverage: number;
  readonly turnover: number;
}

/** The same text for the same library, whoever put its objects together. */
export function libraryText(library: FactorLibrary): string {
  const laid = laidOut(library, (place, value) => {
    throw new RangeError(`${place} is ${value}, which a library cannot hold`);
  });
  return `${spread(laid)}\n`;
}

export function readLibrary(path: string): FactorLibrary {
  const parsed = json(path);
  const broken = violations(parsed);
  const problems = broken.length > 0 ? broken : sharedNames((parsed as FactorLibrary).factors);
  const refuse = (first: string, others: readonly string[] = []) => {
    const details = others.length > shownProblems ? [...others.slice(0, shownProblems), '...'] : others;
    throw new EvolveError('bad-library', `${path} is no factor library: ${first}.`, { details });
  };
  const [first, ...others] = problems;
  if (first !== undefined) refuse(first, others);
  return laidOut(parsed, (place) => refuse(`${place} is too large a number`)) as FactorLibrary;
}

const shownProblems = 10;

function sharedNames(factors: readonly LibraryFactor[]): string[] {
  const names = new Set<string>();
  return factors.flatMap(({ name }, i) => {
    if (names.has(name)) return [`factor ${i + 1} "${name}" has the name of another one`];
    names.add(name);
    return [];
  });
}

function json(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
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
