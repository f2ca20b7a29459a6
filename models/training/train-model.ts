/**
 * A model trained as a desk would have had to: at every date it predicts, from what was known before. Networks of all
 * folds and seeds are trained side by side; one that is done is kept, one that is not goes on from its last epoch.
 */
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isPartial, makeFolder, removePartials } from '../../core/atomic-file.ts';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { lockName, takeLock } from '../../core/lock.ts';
import { packageVersion } from '../../core/package-root.ts';
import { writing } from '../../core/writing.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { checkWorkers } from '../../evaluation/check-workers.ts';
import { type BackendChoice, type BackendWish, chooseBackend } from '../graph/backend.ts';
import { refuseWrongRule } from '../rule-checks.ts';
import { undatedFields } from '../samples/labels.ts';
import type { TrainingRule } from '../training-rule.ts';
import {
  type FactorLibraryName,
  type ModelManifest,
  type ModelResults,
  modelIn,
  type TaughtDates,
  writeModel,
} from './model-manifest.ts';
import { trainedBefore, trainFolds } from './train-folds.ts';
import { type TrainingInputs, type TrainingRequest, trainingInputs } from './training-inputs.ts';
import type { TrainingProgress } from './training-progress.ts';

export interface TrainOptions extends TrainingRequest {
  /** The model's folder. */
  readonly out: string;
  readonly factorLibrary?: FactorLibraryName | undefined;
  readonly backend?: BackendWish | undefined;
  /** Go on with what the folder has; begin where it has nothing. */
  readonly resume?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

export interface TrainedModel {
  readonly folder: string;
  readonly manifest: ModelManifest;
  readonly results: ModelResults;
}

/** What is trained when the signal comes goes on from its last epoch another time. */
export async function trainModel(options: TrainOptions): Promise<TrainedModel> {
  const {
    out,
    signal,
    memory,
    resume = false,
    workers = availableParallelism(),
    onProgress: tell = () => {},
  } = options;
  checkWorkers(workers);
  refuseWrongRule(options.rule);
  // What cannot be trained leaves nothing behind: the folder is made when all is there.
  const before = begunIn(out, resume);
  // Dates, fields and names of another market would be the first to be stumbled over.
  if (before) refuseElsewhere(before, await readManifest(options.data), out);
  const backend = await chooseBackend(options.backend ?? before?.backend.name ?? 'auto');
  const inputs = await trainingInputs(options, (label, done, total) => tell({ kind: 'stage', label, done, total }));
  const asked = manifestOf(options, inputs, backend);
  const done = before && trainedBefore({ folder: out, manifest: before });
  if (before && done) {
    // Nothing is written: the folder may be on a disk that can only be read.
    refuseOther(before, asked, out);
    const networks = before.folds.length * before.rule.networks;
    tell({ kind: 'begun', manifest: before, networks, done: networks });
    return { folder: out, manifest: before, results: done };
  }
  const release = writing(out, () => {
    makeFolder(out);
    return takeLock(out, out);
  });
  try {
    writing(out, () => removePartials(out));
    // Another process may have been at it since.
    const begun = begunIn(out, resume);
    if (begun) {
      refuseElsewhere(begun, inputs.market, out);
      refuseOther(begun, asked, out);
    } else writeModel(out, asked);
    const manifest = begun ?? asked;
    const results = await trainFolds({ folder: out, manifest, inputs, workers, memory, signal, tell });
    return { folder: out, manifest, results };
  } finally {
    release();
  }
}

/** What the folder has already; undefined where a training can begin. */
function begunIn(out: string, resume: boolean): ModelManifest | undefined {
  const begun = modelIn(out);
  if (begun) {
    if (resume) return begun;
    throw new EvolveError('exists', `${out} has a model already. Go on with it by --resume, or give another --out.`);
  }
  if (namesIn(out).some((name) => name !== lockName && !isPartial(name))) {
    throw new EvolveError('exists', `${out} is a folder with something else in it. Give another --out.`);
  }
  return undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new EvolveError('exists', `${fileIn(folder)} is a file. Give another --out.`);
    throw new EvolveError('unwritable', `${folder} cannot be used: ${fileProblem(error)}. Give another --out.`, {
      cause: error,
    });
  }
}

/** Of a path that leads through a file, that one. */
function fileIn(path: string): string {
  const above = dirname(path);
  return above === path || existsSync(path) ? path : fileIn(above);
}

function manifestOf(options: TrainOptions, inputs: TrainingInputs, backend: BackendChoice): ModelManifest {
  const { model, rule, fields, factors = [], factorLibrary, series } = options;
  const { market, parts, styles, folds, labels, unknown, constant } = inputs;
  const { calendar, symbols, name, hash } = market;
  const undated = undatedFields(market, rule);
  const at = (date: number): string => calendar[date] as string;
  const taught = (dates: readonly number[]): TaughtDates => ({
    from: at(dates[0] as number),
    to: at(dates.at(-1) as number),
    dates: dates.length,
    rows: labelled(labels, dates, symbols.length),
  });
  return {
    schema: 1,
    version: packageVersion,
    model,
    created: new Date().toISOString(),
    rule,
    market: { name, hash, symbols: symbols.length },
    ...(fields && { fields }),
    ...(series && { series }),
    factors,
    ...(factorLibrary && { factorLibrary }),
    parts,
    backend,
    ...(styles && { styles: { names: styles.names, leftOut: styles.leftOut } }),
    labels: inputs.labelled,
    ...(undated.length > 0 && { undated }),
    folds: folds.map(({ number, train, valid, predict }) => ({
      name: at(predict.from),
      train: taught(train),
      valid: taught(valid),
      predict: { from: at(predict.from), to: at(predict.to - 1), dates: predict.to - predict.from },
      ...(unknown[number]?.length && { unknownChannels: unknown[number] }),
      ...(constant[number]?.length && { constantChannels: constant[number] }),
    })),
  };
}

function labelled(labels: Float32Array, dates: readonly number[], symbols: number): number {
  let rows = 0;
  for (const date of dates) {
    for (const label of labels.subarray(date * symbols, (date + 1) * symbols)) if (!Number.isNaN(label)) rows++;
  }
  return rows;
}

/** A training goes on by the evolve and on the market it was begun with. */
function refuseElsewhere({ version, market }: ModelManifest, given: MarketManifest, folder: string): void {
  if (version !== packageVersion) {
    throw new EvolveError('bad-model', `${folder} was begun by evolve ${version}; go on with that one.`);
  }
  if (market.hash === given.hash) return;
  throw new EvolveError(
    'changed-market',
    given.name === market.name
      ? `${folder} was begun on another market, or the market ${given.name} has changed since. Give another --out.`
      : `${folder} was begun on the market ${market.name}, and ${given.name} is another market. Give its own by --data, or another --out.`,
  );
}

/** A training goes on as it began, or it would be another one. */
function refuseOther(begun: ModelManifest, asked: ModelManifest, folder: string): void {
  const rules = Object.keys({ ...begun.rule, ...asked.rule }) as (keyof TrainingRule)[];
  const predicted = ({ folds }: ModelManifest) => folds.map(({ predict }) => predict);
  const differ = [
    ...rules.filter((name) => differs(begun.rule[name], asked.rule[name])),
    ...(['model', 'fields', 'series', 'factors', 'factorLibrary', 'parts', 'styles'] as const).filter((name) =>
      differs(begun[name], asked[name]),
    ),
    ...(begun.backend.name === asked.backend.name ? [] : ['backend']),
    ...(differs(predicted(begun), predicted(asked)) ? ['dates to predict'] : []),
  ];
  if (differ.length === 0) return;
  throw new EvolveError(
    'bad-model',
    `${folder} was begun with other settings (${differ.join(', ')}). Go on with the same ones, or give another --out.`,
  );
}

/** As JSON has it, which knows no undefined; the order of names is nobody's. */
function differs(begun: unknown, asked: unknown): boolean {
  const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
  return !isDeepStrictEqual(plain(begun), plain(asked));
}
