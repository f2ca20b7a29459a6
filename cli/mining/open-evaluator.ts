/** The market and the workers of a search. */
import { join } from 'node:path';
import { cacheFolder } from '../../data/embedded.ts';
import { Evaluator } from '../../evaluation/evaluator.ts';
import { NoDevice } from '../../operators/gpu/dawn.ts';
import type { RunFolder } from '../../runs/run-folder.ts';
import type { MarketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';
import type { SearchBackend } from './search-backend.ts';

interface More {
  readonly placebo?: number | undefined;
  /** Without, the SIMD kernels compute, which a library's figures are always of. */
  readonly backend?: SearchBackend | undefined;
  /** Where it is written down that a device is lost; undefined before a run has one. */
  readonly folder?: () => RunFolder | undefined;
}

export async function openEvaluator(
  { label }: MarketSearch,
  data: string,
  options: MineOptions,
  tell: (progress: MineProgress) => void,
  { placebo, backend, folder }: More = {},
): Promise<Evaluator> {
  const giveUp = (reason: string): void => {
    backend?.lose();
    folder?.()?.append({ kind: 'backend', backend: 'wasm', reason });
    tell({ kind: 'note', sentence: `The device is given up and wasm goes on: ${reason}.` });
  };
  const open = (): Promise<Evaluator> =>
    Evaluator.open(data, {
      workers: options.workers,
      memory: options.memory,
      label,
      placebo,
      valueFolder: join(cacheFolder(), 'values'),
      device: backend?.device,
      onDeviceLost: giveUp,
      onMinutes: (done, total) => tell({ kind: 'stage', label: 'Reading minute bars', done, total }),
    });
  try {
    return await open();
  } catch (error) {
    const gone = error instanceof NoDevice;
    // The placebo's comes when the search is done, which is not to be lost for want of it.
    if (!gone || !backend?.device || (backend.insisted && placebo === undefined)) throw error;
    giveUp(error.reason);
    return await open();
  }
}
