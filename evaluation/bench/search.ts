/** How fast random programs get their daily correlations on a market: every one in full, no shortcut. */
import { Evaluator } from '../evaluator.ts';
import { randomBatch } from './random-batch.ts';

export interface SearchTiming {
  readonly workers: number;
  /** Minute reductions kept between batches. */
  readonly cache: boolean;
  readonly programs: number;
  readonly dates: number;
  readonly symbols: number;
  /** Making the threads, mapping the market. */
  readonly openSeconds: number;
  /** All programs once, kernels warm; and once more with whatever was kept. */
  readonly seconds: number;
  readonly againSeconds: number;
  /** Distinct programs x dates x symbols, by the first of the two. */
  readonly cellsPerSecond: number;
  /** Of the process so far, in bytes. */
  readonly peakRss: number;
  readonly panelBytes: number;
}

export interface SearchMeasure {
  readonly folder: string;
  readonly programs: number;
  readonly workers: number;
  readonly cache: boolean;
  readonly memory?: number | undefined;
  readonly method?: 'pearson' | 'rank';
  /** Leave minute bars out. */
  readonly dailyOnly?: boolean;
}

export async function timeSearch(measure: SearchMeasure): Promise<SearchTiming> {
  const { folder, workers, cache, memory, method = 'pearson' } = measure;
  const started = performance.now();
  const evaluator = await Evaluator.open(folder, { workers, cache, memory });
  const openSeconds = seconds(started);
  try {
    const { calendar, symbols } = evaluator.market.manifest;
    const programs = randomBatch(evaluator, measure.programs, measure.dailyOnly ?? false, 1);
    // Kernels start in the engine's quick compiler; a batch of other programs brings them to full speed.
    await evaluator.score(randomBatch(evaluator, 60, true, 2), { method });
    const first = performance.now();
    await evaluator.score(programs, { method });
    const taken = seconds(first);
    const second = performance.now();
    await evaluator.score(programs, { method });
    return {
      workers,
      cache,
      programs: programs.length,
      dates: calendar.length,
      symbols: symbols.length,
      openSeconds,
      seconds: taken,
      againSeconds: seconds(second),
      cellsPerSecond: (programs.length * calendar.length * symbols.length) / taken,
      peakRss: process.resourceUsage().maxRSS * 1024,
      panelBytes: evaluator.panelBytes,
    };
  } finally {
    await evaluator.close();
  }
}

const seconds = (since: number): number => (performance.now() - since) / 1000;
