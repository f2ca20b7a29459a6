/** How fast a search goes with its default settings: hurdles and both memories on, daily correlations included. */
import { readManifest } from '../../data/store/manifest.ts';
import { Search } from '../../engine/search.ts';
import { Evaluator } from '../../evaluation/evaluator.ts';
import { marketProblem, marketSearch } from './market-search.ts';
import { searchConfig } from './search-options.ts';

export interface MiningTiming {
  readonly workers: number;
  readonly dates: number;
  readonly symbols: number;
  readonly rounds: number;
  /** Distinct programs given a verdict, a stop at a hurdle being one. */
  readonly programs: number;
  readonly seconds: number;
  /** Programs x dates x symbols a second. */
  readonly cellsPerSecond: number;
  /** Of the programs asked about: known by key, known by behaviour, stopped at a hurdle, judged on all dates. */
  readonly knownByKey: number;
  readonly knownByBehaviour: number;
  readonly stopped: number;
  readonly complete: number;
  /** Resident memory after a tenth of the rounds, and at the end, in bytes. */
  readonly rssEarly: number;
  readonly rss: number;
  readonly panelBytes: number;
}

/** All but a few dates are training dates: the figure is about them. */
const split = '0.98,0.01,0.01';

export async function timeMining(folder: string, workers: number, rounds: number): Promise<MiningTiming> {
  const manifest = await readManifest(folder);
  const search = marketSearch(searchConfig({ rounds, split }), manifest);
  const evaluator = await Evaluator.open(folder, { workers, label: search.label });
  try {
    // Kernels begin in the engine's quick compiler; another search brings them to full speed.
    const warm = new Search(marketProblem(search, evaluator), { ...search.rule, seed: 2, population: 200 });
    for (let i = 0; i < 4; i++) await warm.next();
    const engine = new Search(marketProblem(search, evaluator), search.rule);
    const sums = { asked: 0, knownByKey: 0, knownByBehaviour: 0, stopped: 0, complete: 0 };
    let rssEarly = 0;
    const started = performance.now();
    for (let round = 0; round <= rounds; round++) {
      const { judged } = await engine.next();
      sums.asked += judged.asked;
      sums.knownByKey += judged.knownByKey;
      sums.knownByBehaviour += judged.knownByBehaviour;
      sums.complete += judged.complete;
      sums.stopped += judged.stopped.reduce((a, b) => a + b, 0);
      if (round === Math.ceil(rounds / 10)) rssEarly = process.memoryUsage.rss();
    }
    const seconds = (performance.now() - started) / 1000;
    const dates = search.train.to - search.train.from;
    const symbols = manifest.symbols.length;
    const share = (n: number): number => n / sums.asked;
    return {
      workers,
      dates,
      symbols,
      rounds,
      programs: engine.tried,
      seconds,
      cellsPerSecond: (engine.tried * dates * symbols) / seconds,
      knownByKey: share(sums.knownByKey),
      knownByBehaviour: share(sums.knownByBehaviour),
      stopped: share(sums.stopped),
      complete: share(sums.complete),
      rssEarly,
      rss: process.memoryUsage.rss(),
      panelBytes: evaluator.panelBytes,
    };
  } finally {
    await evaluator.close();
  }
}
