/**
 * Scores of a model: at every date by the networks trained last before it, on the market they were trained on or another
 * one that has its fields. The file is one that `evaluate` takes.
 */
import { availableParallelism } from 'node:os';
import { dayNumber } from '../../core/date.ts';
import { EvolveError } from '../../core/failure.ts';
import { pauses } from '../../core/pause.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { calendarStretch } from '../../evaluation/calendar-stretch.ts';
import { checkWorkers } from '../../evaluation/check-workers.ts';
import { FactorFile } from '../../evaluation/factor-file.ts';
import { type BackendChoice, type BackendWish, chooseBackend } from '../graph/backend.ts';
import { Ensemble, unitNames } from './ensemble.ts';
import { type ModelManifest, readModel, refuseUnfinished } from './model-manifest.ts';
import { openReaders } from './open-readers.ts';
import { trainingKey } from './origin.ts';
import { refuseOtherBars } from './refuse-other-bars.ts';
import { featurePlaces } from './training-inputs.ts';
import { withKernels } from './with-kernels.ts';

export interface PredictOptions {
  /** A model's folder. */
  readonly model: string;
  /** Market folder. */
  readonly data: string;
  /** A file ending in .arrow, .parquet or .csv: a row for each date and symbol. */
  readonly out: string;
  /** First and last date; all that the model predicts without. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly backend?: BackendWish | undefined;
  readonly workers?: number | undefined;
  readonly memory?: number | undefined;
  /** A column for each unit of each network too, of a model whose networks have some. */
  readonly units?: boolean | undefined;
  readonly overwrite?: boolean | undefined;
  readonly onProgress?: ((stage: string, done: number, total: number) => void) | undefined;
}

export interface Predicted {
  readonly model: string;
  readonly out: string;
  readonly format: string;
  readonly bytes: number;
  readonly backend: BackendChoice;
  readonly from: string;
  readonly to: string;
  readonly dates: number;
  readonly symbols: number;
  /** Cells with a score. */
  readonly known: number;
  /** Names of the columns beside the score: of the units, when they were asked for. */
  readonly units: readonly string[];
  /** Whether it is the market the model was trained on. */
  readonly sameMarket: boolean;
  /** Which networks predicted when. */
  readonly folds: readonly {
    readonly name: string;
    readonly from: string;
    readonly to: string;
    readonly dates: number;
  }[];
}

/** Dates [from, to) that one fold predicts. */
interface Turn {
  readonly number: number;
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export async function predictModel(options: PredictOptions): Promise<Predicted> {
  const { model: folder, data, out, workers = availableParallelism(), memory, onProgress = () => {} } = options;
  checkWorkers(workers);
  const manifest = readModel(folder);
  refuseUnfinished(folder, manifest);
  const market = await readManifest(data);
  refuseOtherBars(market, manifest);
  const turns = turnsOf(folder, manifest, market, options);
  const { parts, rule } = manifest;
  const units = options.units ? unitsOf(manifest) : 0;
  const names = units > 0 ? unitNames(rule) : [];
  const [from, to] = [turns[0]?.from as number, turns.at(-1)?.to as number];
  const file = await FactorFile.create({
    path: out,
    shape: 'long',
    factors: [manifest.model, ...names],
    symbols: market.symbols,
    overwrite: options.overwrite ?? false,
    inputs: [folder, data],
  });
  try {
    const back = Math.max(...parts.flatMap(({ lags }) => lags));
    const span = { from: Math.max(0, from - back), to };
    const places = await featurePlaces({ data, parts, ...span, workers, memory }, onProgress);
    const backend = await chooseBackend(options.backend ?? manifest.backend.name);
    const readers = openReaders(places, memory);
    const symbols = market.symbols.length;
    const source = { folder, model: manifest.model, training: trainingKey(manifest), rule, parts, symbols };
    let known = 0;
    try {
      await withKernels(workers, async () => {
        const pause = pauses();
        for (const turn of turns) {
          const ensemble = Ensemble.open({ ...source, readers }, turn);
          try {
            for (let date = turn.from; date < turn.to; date++) {
              onProgress('Predicting dates', date - from, to - from);
              const { scores, units: columns } = await ensemble.predictAll(date, units);
              for (const score of scores) if (!Number.isNaN(score)) known++;
              file.write(Int32Array.of(dayNumber(market.calendar[date] as string)), [scores, ...columns]);
              await pause();
            }
          } finally {
            ensemble.close();
          }
        }
      });
    } finally {
      for (const reader of readers) reader.close();
    }
    file.finish();
    const at = (date: number): string => market.calendar[date] as string;
    return {
      ...{ model: manifest.model, out, format: file.format, bytes: file.bytes, backend },
      from: at(from),
      to: at(to - 1),
      dates: to - from,
      ...{ symbols, known, units: names },
      sameMarket: market.hash === manifest.market.hash,
      folds: turns.map(({ name, ...dates }) => ({
        name,
        from: at(dates.from),
        to: at(dates.to - 1),
        dates: dates.to - dates.from,
      })),
    };
  } catch (error) {
    file.abandon();
    throw error;
  }
}

function unitsOf({ model, rule: { factorUnits = 1 } }: ModelManifest): number {
  if (factorUnits > 1) return factorUnits;
  throw new EvolveError(
    'bad-argument',
    `The networks of ${model} have no units beside their score. Leave --units out.`,
  );
}

/** A fold predicts from its first date until the next one's. */
function turnsOf(
  folder: string,
  { folds }: ModelManifest,
  { calendar, name: market }: MarketManifest,
  { from, to }: Pick<PredictOptions, 'from' | 'to'>,
): Turn[] {
  const asked = calendarStretch(calendar, { from, to });
  const turns = folds.flatMap(({ name }, number): Turn[] => {
    const next = folds[number + 1]?.name;
    const first = calendar.findIndex((date) => date >= name);
    const end = next === undefined ? calendar.length : calendar.findIndex((date) => date >= next);
    const turn = {
      ...{ number, name },
      from: Math.max(first < 0 ? calendar.length : first, asked?.from ?? 0),
      to: Math.min(end < 0 ? calendar.length : end, asked?.to ?? 0),
    };
    return turn.from < turn.to ? [turn] : [];
  });
  if (turns.length > 0) return turns;
  throw new EvolveError(
    'bad-argument',
    `${folder} predicts from ${folds[0]?.name} on, what it was trained on lies before, and ${market} has no such date${from !== undefined || to !== undefined ? ' among those asked for' : `: it ends on ${calendar.at(-1)}`}.`,
  );
}
