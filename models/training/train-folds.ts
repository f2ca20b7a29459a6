/** The networks of all folds: those that are done are kept, the others trained; then each fold's ensemble is judged. */
import type { FeatureReader } from '../features/feature-store.ts';
import { fitScaler } from '../samples/scaler.ts';
import { writeScalers } from './fold-scalers.ts';
import { judgeEnsemble } from './judge-ensemble.ts';
import {
  type EnsembleResult,
  type ModelManifest,
  type ModelResults,
  type NetworkResult,
  networkFolder,
  writeResults,
} from './model-manifest.ts';
import { keptNetwork } from './trained-network.ts';
import { openReaders, type TrainingInputs } from './training-inputs.ts';
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
  readonly signal: AbortSignal | undefined;
  readonly tell: (progress: TrainingProgress) => void;
}

/** Unfinished when it was to leave. */
export async function trainFolds(work: FoldsToTrain): Promise<ModelResults> {
  const { folder, manifest, inputs, tell } = work;
  const readers = openReaders(inputs.places);
  try {
    const progress = new FoldProgress(folder, manifest);
    tell({ kind: 'begun', manifest, networks: progress.networks, done: progress.done });
    const trained = await trainMissing(work, readers, progress);
    if (!trained) return progress.results(false);
    await withKernels(work.workers, async () => {
      for (const [i, { name }] of manifest.folds.entries()) {
        tell({ kind: 'stage', label: 'Judging ensembles', done: i, total: manifest.folds.length });
        progress.judged(name, await judgeEnsemble(work, readers, i));
      }
    });
    const results = progress.results(true);
    writeResults(folder, results);
    return results;
  } finally {
    for (const reader of readers) reader.close();
  }
}

async function trainMissing(
  { folder, manifest, inputs, workers, signal, tell }: FoldsToTrain,
  readers: readonly FeatureReader[],
  progress: FoldProgress,
): Promise<boolean> {
  const jobs: TrainingJob[] = [];
  for (const [number, { name }] of manifest.folds.entries()) {
    tell({ kind: 'stage', label: 'Fitting scalers', done: number, total: manifest.folds.length });
    const missing = progress.missing(name);
    if (missing.length > 0) jobs.push(...foldJobs(folder, manifest, inputs, readers, number, missing));
  }
  const leave = new Int32Array(new SharedArrayBuffer(4));
  const onAbort = (): void => void Atomics.store(leave, 0, 1);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    // Networks on one device would only wait for each other.
    const onDevice = manifest.backend.name === 'tensorflow' || manifest.backend.name === 'webgpu';
    const threads = Math.max(1, Math.min(onDevice ? 1 : workers, jobs.length));
    const setting = settingOf(manifest, inputs, Math.max(1, Math.floor(workers / threads)), leave);
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
  { rule, parts, folds }: ModelManifest,
  { folds: dates, labels }: TrainingInputs,
  readers: readonly FeatureReader[],
  fold: number,
  missing: readonly number[],
): TrainingJob[] {
  const { name } = folds[fold] as ModelManifest['folds'][number];
  const { train, valid } = dates[fold] as TrainingInputs['folds'][number];
  const scalers = parts.map(({ channels }, i) =>
    fitScaler(readers[i] as FeatureReader, { channels: channels.length, dates: train, labels }),
  );
  writeScalers(folder, name, parts, scalers);
  return missing.map((number) => ({
    name: { seed: rule.seed, fold, network: number - 1 },
    ...{ train, valid, scalers },
    folder: networkFolder(folder, name, number),
  }));
}

function settingOf(
  { model, rule, parts, backend }: ModelManifest,
  { places, market, labels, styles }: TrainingInputs,
  threads: number,
  leave: Int32Array,
): TrainingSetting {
  return {
    ...{ model, rule, parts, places, threads, leave },
    symbols: market.symbols.length,
    labels,
    ...(styles && { styles: { values: styles.values, count: styles.count } }),
    backend: backend.name,
  };
}

/** What is done so far. */
class FoldProgress {
  readonly #numbers: readonly number[];
  readonly #networks = new Map<string, Map<number, NetworkResult>>();
  readonly #ensembles = new Map<string, EnsembleResult>();

  constructor(folder: string, { folds, rule }: ModelManifest) {
    this.#numbers = Array.from({ length: rule.networks }, (_, k) => k + 1);
    for (const { name } of folds) {
      const kept = this.#numbers.map((number) => keptNetwork(networkFolder(folder, name, number))?.result);
      const results = kept.filter((result) => result !== undefined);
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
