/** The networks of all folds: those that are done are kept, the others trained; then each fold's ensemble is judged. */
import { pauses } from '../../core/pause.ts';
import type { RecordReader } from '../samples/record-reader.ts';
import { fitScaler } from '../samples/scaler.ts';
import { removeCheckpoint } from './checkpoint.ts';
import { areScalersKept, writeScalers } from './fold-scalers.ts';
import { judgeEnsemble } from './judge-ensemble.ts';
import {
  type EnsembleResult,
  finishedResults,
  type ModelManifest,
  type ModelResults,
  type NetworkResult,
  networkFolder,
  writeResults,
} from './model-manifest.ts';
import { openReaders } from './open-readers.ts';
import { trainingKey } from './origin.ts';
import { doneNetwork } from './trained-network.ts';
import type { TrainingInputs } from './training-inputs.ts';
import type { TrainingJob, TrainingSetting } from './training-job.ts';
import type { TrainingProgress } from './training-progress.ts';
import { trainOnThreads } from './training-threads.ts';
import { withKernels } from './with-kernels.ts';

export interface FoldsToTrain {
  /** Of the model. */
  readonly folder: string;
  readonly manifest: ModelManifest;
  readonly inputs: TrainingInputs;
  readonly workers: number;
  readonly memory: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly tell: (progress: TrainingProgress) => void;
}

/** What came of a training that is at its end and lacks nothing. */
export function trainedBefore(work: Pick<FoldsToTrain, 'folder' | 'manifest'>): ModelResults | undefined {
  const { folder, manifest } = work;
  const { done, networks } = new FoldProgress(folder, manifest);
  const whole = done === networks && manifest.folds.every((_, fold) => areScaled(work, fold));
  return whole ? finishedResults(folder, manifest) : undefined;
}

/** Unfinished when it was to leave. */
export async function trainFolds(work: FoldsToTrain): Promise<ModelResults> {
  const { folder, manifest, tell } = work;
  const progress = new FoldProgress(folder, manifest);
  tell({ kind: 'begun', manifest, networks: progress.networks, done: progress.done });
  const before = trainedBefore(work);
  if (before) return before;
  const jobs = await missingJobs(work, progress);
  const trained = jobs !== undefined && (await trainMissing(work, jobs, progress));
  if (!(trained && (await judged(work, progress)))) return progress.results(false);
  const results = progress.results(true);
  writeResults(folder, results);
  return results;
}

/** Whether the fold has its scalers. */
const areScaled = ({ folder, manifest }: Pick<FoldsToTrain, 'folder' | 'manifest'>, fold: number): boolean =>
  areScalersKept(
    folder,
    manifest.folds[fold]?.name as string,
    { training: trainingKey(manifest), fold },
    manifest.parts,
  );

/** Memory of the records is the threads' while they train, so it is given back in between. */
async function withReaders<Answer>(
  { inputs, memory }: FoldsToTrain,
  work: (readers: readonly RecordReader[]) => Promise<Answer>,
): Promise<Answer> {
  const readers = openReaders(inputs.places, memory);
  try {
    return await work(readers);
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** Undefined when it was to leave. */
const missingJobs = (work: FoldsToTrain, progress: FoldProgress): Promise<TrainingJob[] | undefined> =>
  withReaders(work, async (readers) => {
    const { folder, manifest, inputs, signal, tell } = work;
    const jobs: TrainingJob[] = [];
    const pause = pauses();
    for (const [number, { name }] of manifest.folds.entries()) {
      tell({ kind: 'stage', label: 'Fitting scalers', done: number, total: manifest.folds.length });
      await pause();
      if (signal?.aborted) return undefined;
      const missing = progress.missing(name);
      if (missing.length > 0 || !areScaled(work, number))
        jobs.push(...foldJobs(folder, manifest, inputs, readers, number, missing));
    }
    return jobs;
  });

/** False when it was to leave. */
const judged = (work: FoldsToTrain, progress: FoldProgress): Promise<boolean> =>
  withReaders(work, (readers) =>
    withKernels(work.workers, async () => {
      const { folds } = work.manifest;
      for (const [i, { name }] of folds.entries()) {
        work.tell({ kind: 'stage', label: 'Judging ensembles', done: i, total: folds.length });
        const result = await judgeEnsemble(work, readers, i);
        if (!result) return false;
        progress.judged(name, result);
      }
      return true;
    }),
  );

/** False when it was to leave. */
async function trainMissing(
  { folder, manifest, inputs, workers, memory, signal, tell }: FoldsToTrain,
  jobs: readonly TrainingJob[],
  progress: FoldProgress,
): Promise<boolean> {
  const leave = new Int32Array(new SharedArrayBuffer(4));
  const onAbort = (): void => void Atomics.store(leave, 0, 1);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    // Networks on one device would only wait for each other.
    const onDevice = manifest.backend.name === 'tensorflow' || manifest.backend.name === 'webgpu';
    const threads = Math.max(1, Math.min(onDevice ? 1 : workers, jobs.length));
    const each = Math.max(1, Math.floor(workers / threads));
    const setting = { ...settingOf(manifest, inputs), threads: each, crew: threads, memory, leave };
    return await trainOnThreads(threads, setting, jobs, ({ name }, news) => {
      const fold = manifest.folds[name.fold]?.name as string;
      if (news.kind === 'epoch') {
        tell({ kind: 'epoch', fold, network: name.network + 1, record: news.record, bestEpoch: news.bestEpoch });
        return;
      }
      const { result } = news.kept;
      progress.trained(fold, result);
      writeResults(folder, progress.results(false));
      tell({ kind: 'network', fold, result, done: progress.done, networks: progress.networks });
    });
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** For the networks of a fold that are missing, with the scalers all of them share. */
function foldJobs(
  folder: string,
  manifest: ModelManifest,
  { folds: dates, labels }: TrainingInputs,
  readers: readonly RecordReader[],
  fold: number,
  missing: readonly number[],
): TrainingJob[] {
  const { rule, parts } = manifest;
  const { name } = manifest.folds[fold] as ModelManifest['folds'][number];
  const { train, valid } = dates[fold] as TrainingInputs['folds'][number];
  const scalers = parts.map(({ channels, scaling }, i) =>
    fitScaler(readers[i] as RecordReader, { channels: channels.length, dates: train, labels, scaling }),
  );
  writeScalers(folder, name, { training: trainingKey(manifest), fold }, parts, scalers);
  return missing.map((number) => ({
    name: { seed: rule.seed, fold, network: number - 1 },
    ...{ train, valid, scalers },
    folder: networkFolder(folder, name, number),
  }));
}

function settingOf(
  manifest: ModelManifest,
  { places, market, labels, returns, styles }: TrainingInputs,
): Omit<TrainingSetting, 'threads' | 'crew' | 'memory' | 'leave'> {
  const { model, rule, parts, backend } = manifest;
  return {
    ...{ model, training: trainingKey(manifest), rule, parts, places },
    symbols: market.symbols.length,
    labels,
    ...(returns && { returns }),
    ...(styles && { styles: { values: styles.values, count: styles.count } }),
    backend: backend.name,
  };
}

/** What is done so far. */
class FoldProgress {
  readonly #numbers: readonly number[];
  readonly #networks = new Map<string, Map<number, NetworkResult>>();
  readonly #ensembles = new Map<string, EnsembleResult>();

  constructor(folder: string, manifest: ModelManifest) {
    const { folds, rule } = manifest;
    const training = trainingKey(manifest);
    this.#numbers = Array.from({ length: rule.networks }, (_, k) => k + 1);
    for (const [fold, { name }] of folds.entries()) {
      const results = this.#numbers.flatMap((number) => {
        const place = networkFolder(folder, name, number);
        const kept = doneNetwork(place, { training, fold, network: number - 1 });
        // Killed between the two, a training leaves both.
        if (kept) removeCheckpoint(place);
        return kept ? [kept.result] : [];
      });
      this.#networks.set(name, new Map(results.map((result) => [result.network, result])));
    }
  }

  get networks(): number {
    return this.#networks.size * this.#numbers.length;
  }

  get done(): number {
    return [...this.#networks.values()].reduce((sum, { size }) => sum + size, 0);
  }

  missing(fold: string): number[] {
    return this.#numbers.filter((number) => !this.#networks.get(fold)?.has(number));
  }

  trained(fold: string, result: NetworkResult): void {
    this.#networks.get(fold)?.set(result.network, result);
  }

  judged(fold: string, result: EnsembleResult): void {
    this.#ensembles.set(fold, result);
  }

  results(finished: boolean): ModelResults {
    const folds = [...this.#networks].map(([name, networks]) => {
      const ensemble = this.#ensembles.get(name);
      const ordered = [...networks.values()].sort((a, b) => a.network - b.network);
      return { name, networks: ordered, ...(ensemble && { ensemble }) };
    });
    return { schema: 1, finished, folds };
  }
}
