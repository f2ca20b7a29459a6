import { packageVersion } from '../../core/package-root.ts';
import type { RoundRecord } from '../../engine/record.ts';
import type { Expression } from '../../program/expression.ts';
import { print } from '../../program/print.ts';
import { libraryText } from '../../runs/library.ts';
import { barren, rejections } from './barren.ts';
import { choose } from './choose.ts';
import type { KeptRun } from './kept-run.ts';
import { lineage } from './lineage.ts';
import type { MarketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';
import type { MineReport } from './mine-report.ts';
import { minedLibrary } from './mined-library.ts';
import { openEvaluator } from './open-evaluator.ts';
import { placeboSearch } from './placebo-search.ts';
import { backendsOf } from './recorded-backends.ts';
import { recordedRounds } from './recorded-rounds.ts';
import type { SearchOutcome } from './run-search.ts';
import type { SearchBackend } from './search-backend.ts';
import { factorOf, formulas, storedFormulas } from './stored-formulas.ts';
import { writeReport } from './write-report.ts';

/** From a search that is over to its library. */
export async function conclude(
  run: KeptRun,
  real: SearchOutcome<Expression>,
  search: MarketSearch,
  data: string,
  options: MineOptions,
  backend: SearchBackend,
  tell: (progress: MineProgress) => void,
): Promise<MineReport> {
  const { folder, config, refused } = run;
  const { name, hash } = folder.manifest.market;
  const report = () => ({
    run: folder.path,
    market: { folder: data, name, hash },
    rounds: Math.max(0, real.round),
    tried: real.tried,
    evaluations: real.evaluations,
    seconds: real.seconds,
    stopped: real.stopped,
    best: bestOf(real),
    refused,
    backend: backendsOf(folder.path),
  });
  const unfinished = (): MineReport => {
    folder.append({ kind: 'stopped', reason: 'interrupted', round: real.round });
    return { ...report(), stopped: 'interrupted' };
  };
  if (real.stopped === 'interrupted') return unfinished();

  const placebo = config.placebo ? await placeboSearch(run, search, data, options, backend, real, tell) : undefined;
  if (placebo?.stopped === 'interrupted') return unfinished();

  const stored = storedFormulas(run);
  const evaluator = await openEvaluator(search, data, options, tell);
  try {
    const about = report();
    const had = formulas(stored.beside, evaluator);
    const { hall } = real.search;
    tell({ kind: 'stage', label: 'Choosing the library', done: 0, total: 1 });
    const placeboBest = placebo && (bestOf(placebo)?.fitness ?? 0);
    const choice = await choose(search, evaluator, hall, { tried: real.tried, placeboBest, had });
    if (options.signal?.aborted) return unfinished();
    // From here on nobody stops in order: test dates that were looked at for nothing would have to be looked at again.
    folder.append({ kind: 'test-opened', time: new Date().toISOString(), factors: choice.chosen.length });
    const library = await minedLibrary(search, evaluator, choice, {
      name: folder.manifest.name,
      engineVersion: packageVersion,
      config: { ...config, warmStart: stored.warmStart, beside: stored.beside },
      ...(about.backend !== 'wasm' && { backend: about.backend }),
      tried: { programs: real.tried, evaluations: real.evaluations, rounds: real.round },
    });
    const line =
      stored.improve === undefined
        ? undefined
        : await lineage(search, evaluator, real.search, factorOf(stored.improve, evaluator));
    folder.write('library.json', libraryText(library));
    const rounds = recordedRounds(folder.path);
    await writeReport(run, about.backend, rounds, library, real.stopped, placebo !== undefined, line);
    const why = barren(rounds);
    const { candidates, failed, thresholds } = choice;
    const result: MineReport = {
      ...about,
      library,
      choice: {
        candidates,
        failed,
        thresholds,
        rejected: Object.fromEntries(rejections(rounds)),
        audit: auditOf(rounds),
      },
      ...(line && { lineage: line.steps, ...(line.unfit !== undefined && { unfit: line.unfit }) }),
      ...(why !== undefined && { barren: why }),
    };
    folder.append({ kind: 'finished', ...result, library: undefined, config: { ...config } });
    return result;
  } finally {
    await evaluator.close();
  }
}

function bestOf({ search }: SearchOutcome<Expression>): MineReport['best'] {
  const [best] = search.hall;
  if (best?.verdict.kind !== 'scored') return null;
  return { expression: print(best.genome), fitness: best.verdict.scores.at(-1) as number };
}

function auditOf(rounds: readonly RoundRecord[]): { audited: number; missed: number } {
  const sums = { audited: 0, missed: 0 };
  for (const { judged } of rounds) {
    sums.audited += judged.audited;
    sums.missed += judged.missed;
  }
  return sums;
}
