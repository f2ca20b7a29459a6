import { join } from 'node:path';
import type { Expression } from '../../program/expression.ts';
import { RunFolder } from '../../runs/run-folder.ts';
import { isRun, type KeptRun } from './kept-run.ts';
import type { MarketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';
import { openEvaluator } from './open-evaluator.ts';
import type { SearchOutcome } from './run-search.ts';
import type { SearchBackend } from './search-backend.ts';
import { searchKept } from './search-kept.ts';
import { type SearchConfig, stopNames } from './search-options.ts';

/** The same search for as many rounds, on labels dealt out at random, kept in a folder inside the run's. */
export async function placeboSearch(
  run: KeptRun,
  search: MarketSearch,
  data: string,
  options: MineOptions,
  backend: SearchBackend,
  real: SearchOutcome<Expression>,
  tell: (progress: MineProgress) => void,
): Promise<SearchOutcome<Expression>> {
  const path = join(run.folder.path, 'placebo');
  const endless = Object.fromEntries(stopNames.map((name) => [name, null]));
  const config: SearchConfig = { ...run.config, ...endless, rounds: real.round };
  const there = isRun(path);
  const folder = there
    ? RunFolder.open(path)
    : RunFolder.create(path, {
        ...run.folder.manifest,
        config: { ...run.folder.manifest.config, ...config, shuffled: search.rule.seed },
      });
  try {
    const recovered = there ? folder.recover() : { state: undefined, events: [], problems: [] };
    for (const sentence of recovered.problems) tell({ kind: 'note', sentence });
    const evaluator = await openEvaluator(search, data, options, tell, {
      placebo: search.rule.seed,
      backend,
      folder: () => run.folder,
    });
    try {
      const shuffled: KeptRun = { ...run, folder, recovered, config };
      return await searchKept({ ...search, config }, evaluator, shuffled, options, 'placebo', tell);
    } finally {
      await evaluator.close();
    }
  } finally {
    folder.close();
  }
}
