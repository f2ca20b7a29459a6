/**
 * A model on disk: model.json says what was asked for and is written once; results.json says what came of it so far.
 * Beside them, folds/<first date it predicts>/ has the scalers and a folder for each network.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../core/atomic-file.ts';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { writing } from '../../core/writing.ts';
import type { BackendChoice } from '../graph/backend.ts';
import type { Channel, InputPart } from '../inputs.ts';
import type { SeriesChoice } from '../model.ts';
import type { LabelCounts } from '../samples/label-counts.ts';
import type { TrainingRule } from '../training-rule.ts';
import { type EpochRecord, nullIsMissing } from './training-progress.ts';

export interface ModelManifest {
  readonly schema: 1;
  /** Of evolve. */
  readonly version: string;
  readonly model: string;
  /** ISO time, for people. */
  readonly created: string;
  readonly rule: TrainingRule;
  readonly market: { readonly name: string; readonly hash: string; readonly symbols: number };
  /** Rows of the data picture, where they are not the model's own. */
  readonly fields?: readonly string[];
  readonly series?: SeriesChoice;
  readonly factors: readonly Channel[];
  readonly factorLibrary?: FactorLibraryName;
  readonly parts: readonly InputPart[];
  readonly backend: BackendChoice;
  /** Of a neutral loss. */
  readonly styles?: {
    readonly names: readonly string[];
    readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  };
  /** Of the cells, dates times symbols, of all dates that teach: those with a label, and why others have none. */
  readonly labels: LabelCounts;
  /** Fields behind the labels that the market knows of one day only: which rows teach knows the future by them. */
  readonly undated?: readonly string[];
  readonly folds: readonly FoldDates[];
}

/** Which file the factors came from, and what was in it. */
export interface FactorLibraryName {
  readonly file: string;
  readonly sha256: string;
  /** The last date whose prices chose them, where the file says: scores up to it know the future. */
  readonly chosenBy?: string;
}

export interface FoldDates {
  /** The first date it predicts. */
  readonly name: string;
  readonly train: TaughtDates;
  readonly valid: TaughtDates;
  readonly predict: { readonly from: string; readonly to: string; readonly dates: number };
  /** Inputs without one number on the training dates: nothing is learned of them, and they count as they come later. */
  readonly unknownChannels?: readonly string[];
  /** Inputs that are the same number wherever there is one on the training dates. */
  readonly constantChannels?: readonly string[];
}

export interface TaughtDates {
  readonly from: string;
  readonly to: string;
  /** That teach, between the two. */
  readonly dates: number;
  /** Symbols with a label on them. */
  readonly rows: number;
}

export interface ModelResults {
  readonly schema: 1;
  readonly finished: boolean;
  readonly folds: readonly FoldResult[];
}

export interface FoldResult {
  readonly name: string;
  readonly networks: readonly NetworkResult[];
  /** Of the mean of the networks, on the validation dates: once all are trained. */
  readonly ensemble?: EnsembleResult;
}

export interface NetworkResult extends Omit<EpochRecord, 'epoch'> {
  /** From 1. */
  readonly network: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  /**
   * Validation loss of predicting 0 for all, or where outputs are standardised of a prediction that knows nothing; where
   * that has one. A network that is not below has learned nothing.
   */
  readonly nothingLoss?: number;
  readonly seconds: number;
}

export interface EnsembleResult {
  readonly dates: number;
  readonly validIc: number;
  readonly validRankIc: number;
  /** Of the mean rank correlation; labels that overlap are allowed for. */
  readonly rankIcError: number;
}

const manifestName = 'model.json';
const resultsName = 'results.json';

export const foldFolder = (folder: string, fold: string): string => join(folder, 'folds', fold);
/** Networks are counted from 1, as people do. */
export const networkFolder = (folder: string, fold: string, network: number): string =>
  join(foldFolder(folder, fold), `network-${network}`);

export function writeModel(folder: string, manifest: ModelManifest): void {
  write(join(folder, manifestName), manifest);
}

export function writeResults(folder: string, results: ModelResults): void {
  write(join(folder, resultsName), results);
}

/** With a digest, so that nobody takes what was edited for what was written. */
function write(path: string, content: object): void {
  const text = JSON.stringify({ ...content, sha256: digest(content) }, null, 2);
  writing(path, () => writeAtomically(path, `${text}\n`));
}

/** Undefined where there is none. */
export function modelIn(folder: string): ModelManifest | undefined {
  const path = join(folder, manifestName);
  const text = textOf(path);
  if (text === undefined) return undefined;
  const { sha256, ...manifest } = parsed<ModelManifest & { readonly sha256?: string }>(path, text);
  if (sha256 !== digest(manifest)) throw damaged(path);
  if (manifest.schema !== 1) {
    throw new EvolveError('bad-model', `${path} was written by evolve ${manifest.version}; use that one.`);
  }
  return manifest;
}

export function readModel(folder: string): ModelManifest {
  const manifest = modelIn(folder);
  if (manifest) return manifest;
  throw new EvolveError(
    'missing-file',
    `There is no model in ${folder}: a model is a folder with a ${manifestName}, made by evolve train.`,
  );
}

/** What came of a training that is at its end; undefined where it is not, or where that cannot be read: it is made again. */
export function finishedResults(folder: string, { folds, rule }: ModelManifest): ModelResults | undefined {
  const results = resultsIn(folder);
  const whole =
    results?.finished &&
    results.folds.length === folds.length &&
    results.folds.every((fold, i) => {
      return fold.name === folds[i]?.name && fold.networks.length === rule.networks && fold.ensemble;
    });
  return whole ? results : undefined;
}

function resultsIn(folder: string): ModelResults | undefined {
  try {
    return readResults(folder);
  } catch (error) {
    if (error instanceof EvolveError) return undefined;
    throw error;
  }
}

function readResults(folder: string): ModelResults {
  const path = join(folder, resultsName);
  const text = textOf(path);
  if (text === undefined) return { schema: 1, finished: false, folds: [] };
  const { sha256, ...results } = contentOf(path, text);
  if (sha256 === digest(results)) return results;
  throw unlikeWritten(path);
}

function contentOf(path: string, text: string): ModelResults & { readonly sha256?: string } {
  try {
    return parsed(path, text, nullIsMissing);
  } catch (cause) {
    throw unlikeWritten(path, cause);
  }
}

const unlikeWritten = (path: string, cause?: unknown): EvolveError =>
  new EvolveError(
    'bad-model',
    `${path} is damaged: its content is not what was written. Go on with evolve train and --resume: it is then made again.`,
    { cause },
  );

export function refuseUnfinished(folder: string, { folds, rule }: ModelManifest): void {
  const { finished, folds: done } = readResults(folder);
  if (finished) return;
  const trained = done.reduce((sum, { networks }) => sum + networks.length, 0);
  throw new EvolveError(
    'bad-model',
    `${folder} is not trained to its end: it has ${trained} of ${folds.length * rule.networks} networks. Go on with evolve train and --resume; where it diverged, train with other settings and another --out.`,
  );
}

/** The last one without a name. */
export function foldNamed(
  folder: string,
  { folds }: ModelManifest,
  fold: string | undefined,
): { readonly number: number; readonly name: string } {
  const number = fold === undefined ? folds.length - 1 : folds.findIndex(({ name }) => name === fold);
  const found = folds[number];
  if (found) return { number, name: found.name };
  throw new EvolveError(
    'bad-argument',
    `${folder} has no fold ${fold}. It has ${folds.map(({ name }) => name).join(', ')}.`,
  );
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new EvolveError('bad-model', `Cannot read ${path}: ${fileProblem(cause)}.`, { cause });
  }
}

function parsed<T extends object>(path: string, text: string, revive?: (key: string, value: unknown) => unknown): T {
  try {
    const value: unknown = JSON.parse(text, revive);
    if (typeof value === 'object' && value !== null) return value as T;
  } catch (cause) {
    throw damaged(path, cause);
  }
  throw damaged(path);
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const damaged = (path: string, cause?: unknown): EvolveError =>
  new EvolveError('bad-model', `${path} is damaged: its content is not what was written. Train the model again.`, {
    cause,
  });
