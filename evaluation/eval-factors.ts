/** `evolve eval`: the values of factors on a market, into a file or summed up. */
import { join } from 'node:path';
import { strideFor } from '../core/arena.ts';
import { dayNumber } from '../core/date.ts';
import { EvolveError } from '../core/failure.ts';
import { pauses } from '../core/pause.ts';
import { unitName } from '../core/units.ts';
import { cacheFolder, marketFolder } from '../data/embedded.ts';
import { defaultLabel, labelFields } from '../data/labels.ts';
import type { MarketManifest } from '../data/market.ts';
import { readManifest } from '../data/store/manifest.ts';
import { canonical, type Interned } from '../program/canonical.ts';
import type { Expression } from '../program/expression.ts';
import { print } from '../program/print.ts';
import { calendarStretch } from './calendar-stretch.ts';
import { type CellSummary, CellTally } from './cell-tally.ts';
import { checkWorkers } from './check-workers.ts';
import { Evaluator } from './evaluator.ts';
import { FactorFile, type FactorShape } from './factor-file.ts';
import { fieldsOf } from './minute-reduction.ts';
import { type NamedFactor, namedFactors } from './named-factors.ts';
import type { Dates } from './task.ts';

export interface EvalOptions {
  /** Formulas, and .json files of formulas. */
  readonly factors: readonly string[];
  /** A market folder; the embedded market without. */
  readonly data?: string | undefined;
  /** A file to write, ending in .arrow, .parquet or .csv. Without, the factors are scored against the label instead. */
  readonly out?: string | undefined;
  readonly shape?: FactorShape | undefined;
  /** First and last date wanted, as 2024-01-31. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly workers?: number | undefined;
  /** Bytes beside those of the fields. */
  readonly memory?: number | undefined;
  readonly overwrite?: boolean | undefined;
  /** The file these were read from, which is not written over. */
  readonly config?: string | undefined;
  readonly onProgress?: ((stage: string, done: number, total: number) => void) | undefined;
}

export interface EvalReport {
  readonly market: { readonly folder: string; readonly name: string; readonly hash: string };
  readonly from: string;
  readonly to: string;
  readonly dates: number;
  readonly symbols: number;
  readonly factors: readonly FactorReport[];
  readonly file?: WrittenFile;
}

export interface FactorReport extends CellSummary {
  readonly name: string;
  readonly expression: string;
  readonly unit: string;
  /** Daily correlation with the return from T+1 to T+2; absent when a file was written. */
  readonly ic?: MeanIc;
  readonly rankIc?: MeanIc;
}

export interface MeanIc {
  /** NaN without a date. */
  readonly mean: number;
  /** Mean over its standard error, dates taken as independent. */
  readonly t: number;
  /** Dates that have a correlation. */
  readonly dates: number;
}

export interface WrittenFile {
  readonly path: string;
  readonly format: string;
  readonly shape: FactorShape;
  readonly rows: number;
  readonly bytes: number;
}

const gibibyte = 1024 ** 3;

export async function evalFactors(options: EvalOptions): Promise<EvalReport> {
  const { out, shape = 'long', workers, onProgress } = options;
  checkWorkers(workers);
  const folder = await marketFolder(options.data, onProgress);
  const manifest = await readManifest(folder);
  const dates = datesWanted(manifest.calendar, options);
  const factors = await namedFactors(options.factors, manifest);
  const file =
    out === undefined
      ? undefined
      : await FactorFile.create({
          path: out,
          shape,
          factors: factors.map(({ name }) => name),
          symbols: manifest.symbols,
          overwrite: options.overwrite ?? false,
          inputs: [folder, options.config, ...options.factors],
        });
  try {
    const reports = await evaluate(folder, manifest, factors, dates, file, options);
    file?.finish();
    return {
      market: { folder, name: manifest.name, hash: manifest.hash },
      from: manifest.calendar[dates.from] as string,
      to: manifest.calendar[dates.to - 1] as string,
      dates: dates.to - dates.from,
      symbols: manifest.symbols.length,
      factors: reports,
      ...(out !== undefined && file && { file: written(out, shape, file) }),
    };
  } catch (error) {
    file?.abandon();
    throw error;
  }
}

const written = (path: string, shape: FactorShape, { format, rows, bytes }: FactorFile): WrittenFile => ({
  path,
  format,
  shape,
  rows,
  bytes,
});

function datesWanted(calendar: readonly string[], { from, to }: EvalOptions): Dates {
  const found = calendarStretch(calendar, { from, to });
  if (found) return found;
  if (from !== undefined && to !== undefined && from > to) {
    throw new EvolveError('bad-argument', `--from ${from} is after --to ${to}.`);
  }
  throw new EvolveError(
    'bad-argument',
    `The market has no date ${[from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(' ')}; its dates are ${calendar[0]} to ${calendar.at(-1)}.`,
  );
}

async function evaluate(
  folder: string,
  manifest: MarketManifest,
  factors: readonly NamedFactor[],
  dates: Dates,
  file: FactorFile | undefined,
  { workers, memory, onProgress }: EvalOptions,
): Promise<FactorReport[]> {
  const interned: Interned = new Map();
  const programs = factors.map(({ expression }) => canonical(expression, interned));
  const fields = fieldsOf(programs, 'daily');
  const fileDates = file?.blockDates ?? 64;
  const plan = budget(manifest, programs.length, fields, dates, fileDates, memory);
  // Two more times for the correlations.
  const evaluations = (plan.blocks + (file ? 0 : 2)) * programs.length;
  let before = 0;
  const evaluator = await Evaluator.open(folder, {
    workers,
    fields,
    memory: plan.forEvaluator,
    // Bars are read again for the correlations, unless what is made of them is kept, which is made of every date.
    cache: !file && plan.blockDates >= manifest.calendar.length,
    valueFolder: join(cacheFolder(), 'values'),
    onMinutes: (done, total) => onProgress?.('Reading minute bars', done, total),
    onPrograms: (done) => onProgress?.('Evaluating factors', before + done, evaluations),
  });
  try {
    const tallies = factors.map(() => new CellTally(manifest.symbols.length));
    const take = (first: number, last: number, cells: readonly Float32Array[]): void => {
      for (const [i, tally] of tallies.entries()) tally.add(cells[i] as Float32Array, first);
      if (!file) return;
      file.write(Int32Array.from(manifest.calendar.slice(first, last), dayNumber), cells);
      onProgress?.('Writing dates', last - dates.from, dates.to - dates.from);
    };
    for (let { from } = dates; from < dates.to; from += plan.blockDates) {
      const to = Math.min(dates.to, from + plan.blockDates);
      await evaluateBlock(evaluator, programs, { from, to }, fileDates, take);
      before += programs.length;
    }
    const ics = async (method: 'pearson' | 'rank'): Promise<MeanIc[]> => {
      const scores = await evaluator.score(programs, { ...dates, method });
      before += programs.length;
      return scores.map(({ ic }) => meanIc(ic));
    };
    const correlations = file ? undefined : { ic: await ics('pearson'), rankIc: await ics('rank') };
    return factors.map(({ name, expression }, i) => ({
      name,
      expression: print(expression),
      unit: unitName(expression.unit),
      ...(tallies[i] as CellTally).summary(manifest.calendar),
      ...(correlations && { ic: correlations.ic[i] as MeanIc, rankIc: correlations.rankIc[i] as MeanIc }),
    }));
  } finally {
    await evaluator.close();
  }
}

/**
 * Values of all factors on as many dates as a quarter of the memory holds, whole blocks of the file: what is written
 * does not depend on the memory.
 */
function budget(
  { symbols, calendar }: MarketManifest,
  programs: number,
  fields: ReadonlySet<string>,
  dates: Dates,
  fileDates: number,
  memory = 4 * gibibyte,
): { blockDates: number; blocks: number; forEvaluator: number } {
  const stride = strideFor(symbols.length);
  const wanted = dates.to - dates.from;
  const fit = Math.floor(memory / 4 / (programs * stride * fileDates));
  const blockDates = Math.min(wanted, fileDates * Math.max(1, fit));
  // The fields and the label are in the same address space.
  const panel = (new Set([...fields, ...labelFields(defaultLabel)]).size + 2) * stride * calendar.length;
  const values = programs * stride * blockDates;
  const forEvaluator = Math.min(memory, 4 * gibibyte - panel - 64 * 1024 ** 2) - values;
  return { blockDates, blocks: Math.ceil(wanted / blockDates), forEvaluator };
}

/** Values of the dates from..to, given on a few at a time. */
async function evaluateBlock(
  evaluator: Evaluator,
  programs: readonly Expression[],
  block: Dates,
  atOnce: number,
  take: (from: number, to: number, values: readonly Float32Array[]) => void,
): Promise<void> {
  const columns = evaluator.market.manifest.symbols.length;
  const pause = pauses();
  const matrices = await evaluator.values(programs, block);
  try {
    for (let from = block.from; from < block.to; from += atOnce) {
      const to = Math.min(block.to, from + atOnce);
      const values = matrices.map((matrix) => {
        const cells = new Float32Array((to - from) * columns);
        for (let t = from; t < to; t++) {
          cells.set(evaluator.arena.row(matrix, t - block.from), (t - from) * columns);
        }
        return cells;
      });
      take(from, to, values);
      await pause();
    }
  } finally {
    for (const { address } of matrices) evaluator.arena.release(address);
  }
}

function meanIc(daily: Float64Array): MeanIc {
  const known = daily.filter((ic) => !Number.isNaN(ic));
  const mean = known.reduce((sum, ic) => sum + ic, 0) / known.length;
  const variance = known.reduce((sum, ic) => sum + (ic - mean) ** 2, 0) / (known.length - 1);
  return { mean, t: mean / Math.sqrt(variance / known.length), dates: known.length };
}
