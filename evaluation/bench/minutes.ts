/** The pass over minute bars against plain reading of the same files: how much of the disk's speed is left for the bars. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '../../program/parse.ts';
import { Evaluator } from '../evaluator.ts';
import { fieldsOf } from '../minute-reduction.ts';

export interface MinuteTiming {
  readonly workers: number;
  readonly reductions: number;
  readonly dates: number;
  readonly symbols: number;
  readonly bars: number;
  /** Of the minute fields read, each once. */
  readonly bytes: number;
  readonly plainSeconds: number;
  readonly passSeconds: number;
  /** Of plain reading's speed. */
  readonly share: number;
  readonly peakRss: number;
  readonly panelBytes: number;
}

/** What a round of the search asks of the bars: sums, moments, correlations, intervals, and values made bar by bar. */
const usualReductions = (bars: number): string[] => [
  `ts_mean(close, ${bars})`,
  `ts_std(close, ${bars})`,
  `ts_corr(high, volume, ${bars})`,
  `ts_max(volume, ${bars})`,
  `ts_skew(bar_return(close, 1), ${bars - 1})`,
  `ts_std(bar_return(close, 1), ${bars - 1})`,
  `interval(volume, sum, 9:30, 10:00)`,
  `interval(close, last, 9:30, 10:00)`,
];

/** With the first so many of the usual reductions. */
export async function timeMinutes(folder: string, workers: number, reductions: number): Promise<MinuteTiming> {
  const evaluator = await Evaluator.open(folder, { workers, fields: ['CLOSE', 'VOLUME'] });
  try {
    const { calendar, symbols, minute } = evaluator.market.manifest;
    const bars = minute?.starts.length ?? 0;
    const programs = usualReductions(bars)
      .slice(0, reductions)
      .map((text) => parse(text, evaluator.vocabulary));
    const fields = [...fieldsOf(programs, 'minute')];
    // The kernels reach full speed on something else, and the files are in the page cache for both or for neither.
    await release(evaluator, await evaluator.values([parse('ts_mean(open, 2)', evaluator.vocabulary)]));
    plainRead(folder, fields);
    let [bytes, plainSeconds] = [0, Number.POSITIVE_INFINITY];
    for (let i = 0; i < 3; i++) {
      const plain = performance.now();
      bytes = plainRead(folder, fields);
      plainSeconds = Math.min(plainSeconds, (performance.now() - plain) / 1000);
    }
    const started = performance.now();
    await release(evaluator, await evaluator.values(programs));
    const passSeconds = (performance.now() - started) / 1000;
    return {
      workers,
      reductions: programs.length,
      dates: calendar.length,
      symbols: symbols.length,
      bars,
      bytes,
      plainSeconds,
      passSeconds,
      share: plainSeconds / passSeconds,
      peakRss: process.resourceUsage().maxRSS * 1024,
      panelBytes: evaluator.panelBytes,
    };
  } finally {
    await evaluator.close();
  }
}

async function release(evaluator: Evaluator, matrices: readonly { address: number }[]): Promise<void> {
  for (const { address } of matrices) evaluator.arena.release(address);
}

/** Reads every file of the fields from front to back; returns the bytes. */
function plainRead(folder: string, fields: readonly string[]): number {
  const chunk = new Uint8Array(4 * 1024 ** 2);
  let bytes = 0;
  for (const name of readdirSync(join(folder, 'minute'))) {
    if (!fields.some((field) => name.startsWith(`${field}-`))) continue;
    const file = openSync(join(folder, 'minute', name), 'r');
    for (let read = -1; read !== 0; bytes += read) read = readSync(file, chunk, 0, chunk.length, null);
    closeSync(file);
  }
  return bytes;
}
