/**
 * Why a model predicts what it does: SHAP values of the networks of one fold, averaged as their predictions are, for
 * rows of the dates they predict against rows of the dates they learned from. Rows are drawn evenly over the dates.
 *
 * Networks whose loss does not see scale (own-scale.ts) are each divided by the deviation of their predictions over the
 * explained rows before the mean: SHAP values then add up to a mean of predictions in deviations. Scores are standardised
 * date by date, which no sum of features could follow.
 */
import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { EvolveError } from '../../core/failure.ts';
import { stream } from '../../core/random.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { calendarStretch } from '../../evaluation/calendar-stretch.ts';
import { checkWorkers } from '../../evaluation/check-workers.ts';
import type { Batch } from '../batch.ts';
import { type BackendChoice, type BackendWish, chooseBackend } from '../graph/backend.ts';
import type { FeatureName } from '../graph/network.ts';
import { shuffle } from '../samples/shuffle.ts';
import { Ensemble, type Member } from '../training/ensemble.ts';
import { foldNamed, type ModelManifest, readModel, refuseUnfinished } from '../training/model-manifest.ts';
import { openReaders } from '../training/open-readers.ts';
import { trainingKey } from '../training/origin.ts';
import { deviationOf, hasOwnScale } from '../training/own-scale.ts';
import { inputTensors } from '../training/predict-batch.ts';
import { refuseOtherBars } from '../training/refuse-other-bars.ts';
import { featurePlaces } from '../training/training-inputs.ts';
import { withKernels } from '../training/with-kernels.ts';
import type { Attribution } from './attribution.ts';
import { type ExpectedGradients, expectedGradients } from './expected-gradients.ts';

export interface ExplainOptions {
  /** A model's folder. */
  readonly model: string;
  /** Market folder. */
  readonly data: string;
  /** First date a fold predicts; the last fold without. */
  readonly fold?: string | undefined;
  /** First and last date explained, of those the fold predicts. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Rows explained: 300 without, or 100 of a model of series. */
  readonly rows?: number | undefined;
  /** Rows of the training dates each is held against: 100 without, or 30. */
  readonly background?: number | undefined;
  readonly backend?: BackendWish | undefined;
  readonly workers?: number | undefined;
  readonly memory?: number | undefined;
  readonly onProgress?: ((stage: string, done: number, total: number) => void) | undefined;
}

export interface Explanation extends Attribution {
  readonly model: string;
  readonly fold: string;
  readonly networks: number;
  readonly backend: BackendChoice;
  /** How many rows were to be explained: there may be fewer. */
  readonly asked: number;
  /** Which rows are explained. */
  readonly rows: readonly RowName[];
}

export interface RowName {
  readonly date: string;
  readonly symbol: string;
}

/** Places of a row in the market. */
interface Place {
  readonly date: number;
  readonly symbol: number;
}

/** Rows of one date at least, so that a hundred rows need not read a hundred dates. */
const fewestPerDate = 5;

export async function explainModel(options: ExplainOptions): Promise<Explanation> {
  const { data, workers = availableParallelism(), memory, onProgress = () => {} } = options;
  checkWorkers(workers);
  for (const flag of ['rows', 'background'] as const) {
    const count = options[flag];
    if (count === undefined || (Number.isInteger(count) && count > 0)) continue;
    throw new EvolveError('bad-argument', `--${flag} should be a whole number above 0, not ${count}.`);
  }
  const manifest = readModel(options.model);
  refuseUnfinished(options.model, manifest);
  const market = await readManifest(data);
  refuseOtherBars(market, manifest);
  const { parts } = manifest;
  const fold = foldNamed(options.model, manifest, options.fold);
  const explained = predictedDates(manifest, fold.number, market, options);
  const { train } = manifest.folds[fold.number] as ModelManifest['folds'][number];
  const learned = calendarStretch(market.calendar, train);
  if (!learned) throw noDates(market, `from ${train.from} to ${train.to}, from which the background is drawn`);
  const back = Math.max(...parts.flatMap(({ lags }) => lags));
  const span = {
    from: Math.max(0, Math.min(learned.from, explained.from) - back),
    to: Math.max(learned.to, explained.to),
  };
  const places = await featurePlaces({ data, parts, ...span, workers, memory }, onProgress);
  const backend = await chooseBackend(options.backend ?? manifest.backend.name);
  const readers = openReaders(places, memory);
  try {
    return await withKernels(workers, async () => {
      const training = trainingKey(manifest);
      const source = { folder: options.model, model: manifest.model, training, rule: manifest.rule, parts, readers };
      const ensemble = Ensemble.open({ ...source, symbols: market.symbols.length }, fold);
      try {
        const first = ensemble.members[0] as Member;
        const without = first.network.explained.series ? fewer : usual;
        const asked = options.rows ?? without.rows;
        const rows = drawn(first, explained, asked, 1);
        const background = drawn(first, learned, options.background ?? without.background, 2);
        if (rows.length === 0 || background.length === 0) {
          throw noDates(market, 'on which the fields of the model are known');
        }
        const attribution = await together(ensemble.members, rows, background, hasOwnScale(manifest.rule), onProgress);
        return {
          ...attribution,
          model: manifest.model,
          fold: fold.name,
          networks: ensemble.members.length,
          backend,
          asked,
          background: background.length,
          rows: rows.map(({ date, symbol }) => ({
            date: market.calendar[date] as string,
            symbol: market.symbols[symbol] as string,
          })),
        };
      } finally {
        ensemble.close();
      }
    });
  } finally {
    for (const reader of readers) reader.close();
  }
}

const usual = { rows: 300, background: 100 };
/** Half a minute for a network on two cores. All of the usual rows and pairs move 3% of what features share. */
const fewer: typeof usual = { rows: 100, background: 30 };

const noDates = ({ name }: MarketManifest, which: string): EvolveError =>
  new EvolveError('bad-argument', `${name} has no dates ${which}. Explain the model on the market it was trained on.`);

function predictedDates(
  { folds }: ModelManifest,
  number: number,
  market: MarketManifest,
  { from, to }: ExplainOptions,
): { readonly from: number; readonly to: number } {
  const { predict } = folds[number] as ModelManifest['folds'][number];
  const latest = [predict.from, from ?? ''].sort().at(-1) as string;
  const earliest = [predict.to, to ?? '9999-12-31'].sort()[0] as string;
  const dates = latest <= earliest ? calendarStretch(market.calendar, { from: latest, to: earliest }) : undefined;
  if (dates) return dates;
  throw noDates(market, `that the fold predicts (${predict.from} to ${predict.to}) among those asked for`);
}

/** So many rows, the same number from each of some evenly spaced dates. */
function drawn(
  { samples }: Member,
  { from, to }: { readonly from: number; readonly to: number },
  count: number,
  purpose: number,
): Place[] {
  const dates = Math.max(1, Math.min(to - from, Math.floor(count / fewestPerDate)));
  const places: Place[] = [];
  for (let k = 0; k < dates; k++) {
    const date = from + Math.floor(((k + 0.5) * (to - from)) / dates);
    const symbols = shuffle(samples.section(date).symbols.slice(), stream(purpose, date, 0));
    const here = Math.round(((k + 1) * count) / dates) - Math.round((k * count) / dates);
    for (const symbol of symbols.subarray(0, here).sort()) places.push({ date, symbol });
  }
  return places;
}

/** Networks that draw what they read have columns of their own: a feature adds nothing to one that does not read it. */
async function together(
  members: readonly Member[],
  rows: readonly Place[],
  background: readonly Place[],
  inDeviations: boolean,
  onProgress: (stage: string, done: number, total: number) => void,
): Promise<Omit<Attribution, 'background'>> {
  const names: FeatureName[] = [];
  const places = new Map<string, number>();
  for (const { network } of members) {
    for (const name of network.explained.names) {
      const key = `${name.name}@${name.lag}`;
      if (!places.has(key)) {
        places.set(key, names.length);
        names.push(name);
      }
    }
  }
  const sum = new Together(names.length, rows.length);
  for (const [k, { network, samples, shapes }] of members.entries()) {
    const { explained } = network;
    const columns = explained.names.length;
    const featuresOf = (wanted: readonly Place[]) => features({ network, samples, shapes }, wanted);
    const own = await featuresOf(rows);
    const found = await expectedGradients(explained, own, await featuresOf(background), {
      columns,
      onProgress: (done, of) => onProgress('Explaining rows', k * of + done, members.length * of),
    });
    const columnOf = explained.names.map(({ name, lag }) => places.get(`${name}@${lag}`) as number);
    sum.add(inDeviations ? scaled(found) : found, own, columnOf);
  }
  return { names, ...sum.mean(members.length) };
}

/** By the deviation of its predictions; of a network that predicts the same for all nothing is left. */
function scaled(found: ExpectedGradients): ExpectedGradients {
  const deviation = deviationOf(found.predictions);
  const by = (value: number): number => (deviation > 0 ? value / deviation : 0);
  return { ...found, values: found.values.map(by), predictions: found.predictions.map(by), base: by(found.base) };
}

class Together {
  readonly #columns: number;
  readonly #values: Float64Array;
  readonly #features: Float32Array;
  readonly #predictions: Float64Array;
  #base = 0;
  #nodes = 0;
  #additivity = { mean: 0, worst: 0 };

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#values = new Float64Array(rows * columns);
    this.#features = new Float32Array(rows * columns).fill(Number.NaN);
    this.#predictions = new Float64Array(rows);
  }

  /** A feature's values are those of the first network that reads it: the others' differ in scale alone. */
  add(found: ExpectedGradients, features: Float32Array, columnOf: readonly number[]): void {
    const width = columnOf.length;
    for (let row = 0; row < this.#predictions.length; row++) {
      for (const [j, column] of columnOf.entries()) {
        const at = row * this.#columns + column;
        this.#values[at] = (this.#values[at] as number) + (found.values[row * width + j] as number);
        if (Number.isNaN(this.#features[at])) this.#features[at] = features[row * width + j] as number;
      }
      this.#predictions[row] = (this.#predictions[row] as number) + (found.predictions[row] as number);
    }
    this.#base += found.base;
    this.#nodes = Math.max(this.#nodes, found.nodes);
    const { mean, worst } = found.additivity;
    this.#additivity = { mean: this.#additivity.mean + mean, worst: Math.max(this.#additivity.worst, worst) };
  }

  mean(networks: number): Omit<Attribution, 'names' | 'background'> {
    return {
      values: Float32Array.from(this.#values, (value) => value / networks),
      features: this.#features,
      base: this.#base / networks,
      predictions: Float32Array.from(this.#predictions, (value) => value / networks),
      nodes: this.#nodes,
      additivity: { mean: this.#additivity.mean / networks, worst: this.#additivity.worst },
    };
  }
}

/** [rows][features] of one network, date by date. */
async function features({ network, samples, shapes }: Member, places: readonly Place[]): Promise<Float32Array> {
  const columns = network.explained.names.length;
  const out = new Float32Array(places.length * columns);
  let batch: Batch | undefined;
  let values = new Float32Array(0);
  for (const [i, { date, symbol }] of places.entries()) {
    if (batch?.sections[0]?.date !== date) {
      const section = samples.section(date);
      batch = section;
      const found = tf.tidy(() => network.explained.features(inputTensors(section, shapes)));
      values = (await found.data()) as Float32Array<ArrayBuffer>;
      found.dispose();
    }
    const row = batch.symbols.indexOf(symbol);
    out.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  }
  return out;
}
