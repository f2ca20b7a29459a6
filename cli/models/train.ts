/** `evolve train`: a model trained on a market, with mined factors beside its own inputs, and the picture of its losses. */
import { join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import { whole } from '../../core/value-checks.ts';
import { marketFolder } from '../../data/embedded.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { checkWorkers } from '../../evaluation/check-workers.ts';
import type { BackendWish } from '../../models/graph/backend.ts';
import type { SeriesChoice } from '../../models/model.ts';
import { modelNamed } from '../../models/models.ts';
import { type ModelManifest, modelIn } from '../../models/training/model-manifest.ts';
import { type TrainedModel, trainModel } from '../../models/training/train-model.ts';
import type { TrainingProgress } from '../../models/training/training-progress.ts';
import { factorInputs } from './factor-inputs.ts';
import { lastJudged } from './last-judged.ts';
import { type GivenOptions, trainingRule } from './training-options.ts';
import { writeLosses } from './write-losses.ts';

export interface TrainOptions extends GivenOptions {
  /** As in the table of models: `alphanet-v2`. */
  readonly model: string;
  /** A market folder; the embedded market without. */
  readonly data?: string | undefined;
  /** Rows of the data picture instead of the model's own: fields or formulas. */
  readonly fields?: readonly string[] | undefined;
  /** What a model of recurrent factor units learns from: day, ms or l2. */
  readonly dataset?: string | undefined;
  /** Minutes of a bar, of a model that reads bars; 15 without. */
  readonly barMinutes?: number | undefined;
  /** A library, another .json file of formulas, or a run: read beside the model's own inputs. */
  readonly factors?: string | undefined;
  /** First and last date predicted. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** The model's folder; models/ and the model's name without. */
  readonly out?: string | undefined;
  /** Go on with the training where it stopped; begin it when there is none. */
  readonly resume?: boolean | undefined;
  readonly backend?: BackendWish | undefined;
  readonly workers?: number | undefined;
  /** Bytes, for making features. */
  readonly memory?: number | undefined;
  /** Ends after this batch; what was learned up to the last epoch is kept. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

export interface Trained extends TrainedModel {
  /** The market's folder. */
  readonly data: string;
  /** The picture of the losses, once a network is done. */
  readonly losses?: string;
  /** The market's last date whose return is over, if there is one. */
  readonly lastJudged?: string;
}

export async function train(options: TrainOptions): Promise<Trained> {
  const { backend, workers, memory, signal, resume, onProgress } = options;
  if (workers !== undefined) checkWorkers(workers);
  const model = modelNamed(options.model);
  const out = options.out ?? join('models', model.name);
  if (out === '')
    throw new EvolveError('bad-argument', "The model's folder has no name. Name one, such as --out model.");
  const begun = resume ? modelIn(out) : undefined;
  const rule = trainingRule(begun?.rule ?? model.rule, options);
  const data = await marketFolder(options.data, (label, done, total) =>
    onProgress?.({ kind: 'stage', label, done, total }),
  );
  const market = await readManifest(data);
  const inputs = await inputsOf(options, begun, market);
  const trained = await trainModel({
    ...{ model: model.name, data, out, rule, ...inputs },
    ...{ backend, workers, memory, resume, signal, onProgress },
  });
  const losses = await writeLosses(trained);
  const last = lastJudged(market.calendar, rule.label);
  return {
    ...{ ...trained, data },
    ...(losses !== undefined && { losses }),
    ...(last !== undefined && { lastJudged: last }),
  };
}

type Inputs = Pick<ModelManifest, 'fields' | 'series' | 'factors' | 'factorLibrary'> &
  Pick<TrainOptions, 'from' | 'to'>;

/** Who goes on with a model they name need not say again what it was begun with. */
async function inputsOf(
  options: TrainOptions,
  begun: ModelManifest | undefined,
  market: MarketManifest,
): Promise<Inputs> {
  const { fields, factors, from, to } = options;
  const rows = fields ?? begun?.fields;
  const series = { ...begun?.series, ...seriesOf(options) };
  const library = begun?.factorLibrary;
  const kept = { factors: begun?.factors ?? [], ...(library && { factorLibrary: library }) };
  return {
    ...(rows && { fields: rows }),
    ...(Object.keys(series).length > 0 && { series }),
    ...(factors === undefined ? kept : await factorInputs(factors, market)),
    from: from ?? begun?.folds[0]?.predict.from,
    to: to ?? begun?.folds.at(-1)?.predict.to,
  };
}

function seriesOf({ dataset, barMinutes }: TrainOptions): SeriesChoice {
  const wrong = barMinutes === undefined ? undefined : whole(1)(barMinutes);
  if (wrong !== undefined) {
    throw new EvolveError('bad-argument', `--bar-minutes should be ${wrong}, not ${barMinutes}.`);
  }
  return { ...(dataset !== undefined && { dataset }), ...(barMinutes !== undefined && { barMinutes }) };
}
