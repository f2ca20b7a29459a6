/** The market and the workers of a search. */
import { join } from 'node:path';
import { cacheFolder } from '../../data/embedded.ts';
import { Evaluator } from '../../evaluation/evaluator.ts';
import type { RunFolder } from '../../runs/run-folder.ts';
import type { MarketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';
import type { SearchBackend } from './search-backend.ts';

export function openEvaluator(
  { label }: MarketSearch,
  data: string,
  options: MineOptions,
  tell: (progress: MineProgress) => void,
  more: {
    readonly placebo?: number | undefined;
    /** Without, the SIMD kernels compute, which a library's figures are always of. */
    readonly backend?: SearchBackend | undefined;
    /** Where it is written down that a device is lost. */
    readonly folder?: () => RunFolder | undefined;
  } = {},
): Promise<Evaluator> {
  const { placebo, backend, folder } = more;
  return Evaluator.open(data, {
    workers: options.workers,
    memory: options.memory,
    label,
    placebo,
    valueFolder: join(cacheFolder(), 'values'),
    device: backend?.device,
    onDeviceLost: (reason) => {
      backend?.lose();
      folder?.()?.append({ kind: 'backend', backend: 'wasm', reason });
      tell({ kind: 'note', sentence: `The device is given up and wasm goes on: ${reason}.` });
    },
    onMinutes: (done, total) => tell({ kind: 'stage', label: 'Reading minute bars', done, total }),
  });
}
