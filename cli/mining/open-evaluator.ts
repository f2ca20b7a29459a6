/** The market and the workers of a search. */
import { join } from 'node:path';
import { cacheFolder } from '../../data/embedded.ts';
import { Evaluator } from '../../evaluation/evaluator.ts';
import type { MarketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';

export function openEvaluator(
  { label }: MarketSearch,
  data: string,
  options: MineOptions,
  placebo: number | undefined,
  tell: (progress: MineProgress) => void,
): Promise<Evaluator> {
  return Evaluator.open(data, {
    workers: options.workers,
    memory: options.memory,
    label,
    placebo,
    valueFolder: join(cacheFolder(), 'values'),
    onMinutes: (done, total) => tell({ kind: 'stage', label: 'Reading minute bars', done, total }),
  });
}
