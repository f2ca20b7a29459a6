/** `evolve` and `evolve improve`: a search on a market, from its options to the library it leaves. */
import { join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import { stream } from '../../core/random.ts';
import { marketFolder } from '../../data/embedded.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import type { Expression } from '../../program/expression.ts';
import { mutate } from '../../program/mutate.ts';
import { randomProgram } from '../../program/random-program.ts';
import { readLibrary } from '../../runs/library.ts';
import { checkRuntime } from './check-runtime.ts';
import { conclude } from './conclude.ts';
import { identity } from './identity.ts';
import { begun, goesOn, isRun, type KeptRun, resumed } from './kept-run.ts';
import { type MarketSearch, marketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';
import type { MineReport } from './mine-report.ts';
import { openEvaluator } from './open-evaluator.ts';
import { backendsOf, recordedBackends } from './recorded-backends.ts';
import { manifestOf, marketOf, marketOfRun } from './run-market.ts';
import type { SearchOutcome } from './run-search.ts';
import { SearchBackend } from './search-backend.ts';
import { searchKept } from './search-kept.ts';
import type { SearchConfig } from './search-options.ts';

export async function mine(options: MineOptions = {}): Promise<MineReport> {
  checkRuntime(options);
  const tell = options.onProgress ?? (() => {});
  const before = manifestOf(options);
  const data = await marketFolder(options.data ?? marketOf(before), (label, done, total) =>
    tell({ kind: 'stage', label, done, total }),
  );
  const manifest =
    options.data === undefined && before ? await marketOfRun(before, data, options) : await readManifest(data);
  const asked = await identity(options, manifest, before?.config);
  const path = options.out ?? join('runs', asked.name);
  let run = options.resume && isRun(path) ? resumed(path, options, asked, manifest) : undefined;
  try {
    for (const sentence of run?.recovered.problems ?? []) tell({ kind: 'note', sentence });
    const finished = run && finishedBefore(run, data, tell);
    if (finished) return finished;
    const search = searchable(run?.config ?? asked.config, manifest);
    // Whatever is wrong with the market or with this machine shows before a folder is made.
    const backend = await SearchBackend.choose(search, data, options, run && recordedBackends(path).at(-1), tell);
    const evaluator = await openEvaluator(search, data, options, tell, { backend, folder: () => run?.folder });
    let real: SearchOutcome<Expression>;
    try {
      if (run) run.folder.append(goesOn(run, backend.name));
      else {
        run = begun(path, asked, manifest, data, backend.name);
        for (const sentence of run.refused) tell({ kind: 'note', sentence });
      }
      tell({ kind: 'kept', run: path });
      real = await searchKept(search, evaluator, run, options, 'factors', tell);
    } finally {
      await evaluator.close();
    }
    return await conclude(run, real, search, data, options, backend, tell);
  } finally {
    run?.folder.close();
  }
}

/** A config as a search that can be made on this market. */
function searchable(config: SearchConfig, manifest: MarketManifest): MarketSearch {
  const search = marketSearch(config, manifest);
  if (!manifest.fields.some(({ name }) => name === config.price)) {
    throw new EvolveError(
      'missing-field',
      `--price ${config.price}: the market ${manifest.name} has no field ${config.price}.`,
    );
  }
  const random = stream(config.seed, 0, 0);
  mutate(random, randomProgram(random, search.fresh), search.mutation);
  return search;
}

/** The report of a run that is over, unless it is to go further now. */
function finishedBefore(run: KeptRun, data: string, tell: (progress: MineProgress) => void): MineReport | undefined {
  const { folder, config, last } = run;
  if (last?.kind !== 'finished' || JSON.stringify(last.config) !== JSON.stringify(config)) return undefined;
  const { kind: _, config: __, ...report } = last as unknown as MineReport & Record<'kind' | 'config', unknown>;
  try {
    const library = readLibrary(join(folder.path, 'library.json'));
    return {
      ...report,
      backend: backendsOf(folder.path),
      run: folder.path,
      market: { ...report.market, folder: data },
      library,
    };
  } catch (error) {
    if (!(error instanceof EvolveError)) throw error;
    tell({ kind: 'note', sentence: `${error.message} It is made again.` });
    return undefined;
  }
}
