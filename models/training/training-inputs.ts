/** What a training reads, made once: features on disk, labels and styles in memory all threads share, dates of the folds. */
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { Evaluator } from '../../evaluation/evaluator.ts';
import { styleFields } from '../../evaluation/tear-sheet/styles.ts';
import { type FeaturePlace, type FeatureReader, makeFeatures } from '../features/feature-store.ts';
import type { Channel, InputPart } from '../inputs.ts';
import type { SeriesChoice } from '../model.ts';
import { modelNamed } from '../models.ts';
import { type Fold, foldsOf } from '../samples/folds.ts';
import type { LabelCounts } from '../samples/label-counts.ts';
import { LabelExposures } from '../samples/label-exposures.ts';
import { labelCounts, labelledReturns, trainingLabelFields, trainingLabels } from '../samples/labels.ts';
import { type StyleExposures, styleExposures } from '../samples/styles.ts';
import type { TrainingRule } from '../training-rule.ts';
import { openReaders } from './open-readers.ts';
import { reachOf } from './reach.ts';
import { refuseWithoutExposures } from './refuse-without-exposures.ts';
import { constantChannels, refuseUnlabelled, refuseUnread, unknownChannels } from './usable-folds.ts';

export interface TrainingRequest {
  /** As in the table of models. */
  readonly model: string;
  /** Market folder. */
  readonly data: string;
  readonly rule: TrainingRule;
  /** Rows of the data picture, or daily series, instead of the model's own: fields or formulas. */
  readonly fields?: readonly string[] | undefined;
  readonly factors?: readonly Channel[] | undefined;
  /** What a model of series reads, where it is not as the model has it. */
  readonly series?: SeriesChoice | undefined;
  /** First and last date predicted. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly workers?: number | undefined;
  /** Bytes, for making features and for holding those that are read. */
  readonly memory?: number | undefined;
}

export interface TrainingInputs {
  readonly market: MarketManifest;
  readonly parts: readonly InputPart[];
  /** Of each part. */
  readonly places: readonly FeaturePlace[];
  /** [dates][symbols], shared. */
  readonly labels: Float32Array;
  /** As labels, of those that are freed from something: what validation judges by. */
  readonly returns?: Float32Array;
  /** Over all dates that teach. */
  readonly labelled: LabelCounts;
  /** Of a neutral loss. */
  readonly styles?: StyleExposures;
  readonly folds: readonly Fold[];
  /** Of each fold, the names of channels without a number on its training dates. */
  readonly unknown: readonly (readonly string[])[];
  /** And of those that are the same number on all of them. */
  readonly constant: readonly (readonly string[])[];
}

export async function trainingInputs(
  request: TrainingRequest,
  onProgress: (stage: string, done: number, total: number) => void,
): Promise<TrainingInputs> {
  const { data, rule, fields, factors = [], series, from, to, workers, memory } = request;
  const market = await readManifest(data);
  const model = modelNamed(request.model);
  const parts = model.parts({ manifest: market, fields, factors, series });
  refuseWithoutExposures(market, model, rule);
  const folds = foldsOf(market.calendar, { ...rule, reach: reachOf(parts, market), from, to });
  const learned = await learnedFrom(data, market, rule, folds, workers);
  const places = await featurePlaces({ data, parts, ...spanOf(parts, folds), workers, memory }, onProgress);
  const readers = openReaders(places, memory);
  try {
    refuseUnread({ market, parts, labels: learned.labels, folds }, readers);
    const those = (which: typeof unknownChannels) =>
      folds.map(({ train }) =>
        parts.flatMap((part, i) => which(part, readers[i] as FeatureReader, train, learned.labels)),
      );
    const [unknown, constant] = [those(unknownChannels), those(constantChannels)];
    return { market, parts, places, folds, unknown, constant, ...learned };
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** Labels, and styles where the loss asks for them. */
async function learnedFrom(
  data: string,
  market: MarketManifest,
  rule: TrainingRule,
  folds: readonly Fold[],
  workers: number | undefined,
): Promise<Pick<TrainingInputs, 'labels' | 'returns' | 'labelled' | 'styles'>> {
  const neutral = rule.loss.neutral;
  const evaluator = await Evaluator.open(data, {
    workers: neutral || rule.neutraliseLabels ? workers : 1,
    fields: [
      ...trainingLabelFields(market, rule),
      ...(neutral ? styleFields.filter((name) => market.fields.some((field) => field.name === name)) : []),
    ],
    label: rule.label,
  });
  try {
    const { market: loaded, arena } = evaluator;
    const exposures = await LabelExposures.of(evaluator, rule);
    const held = { market: loaded, arena, exposures };
    const labels = trainingLabels(held, rule);
    refuseUnlabelled(held, rule, labels, folds);
    const taught = new Set(folds.flatMap(({ train, valid }) => [...train, ...valid]));
    const labelled = labelCounts(held, rule, taught);
    const returns = exposures && labelledReturns(held, rule, labels);
    exposures?.release();
    const styles = neutral
      ? await styleExposures(
          evaluator,
          [...taught].sort((a, b) => a - b),
        )
      : undefined;
    return { labels, ...(returns && { returns }), labelled, ...(styles && { styles }) };
  } finally {
    await evaluator.close();
  }
}

/** Dates [from, to) that any sample reads. */
function spanOf(parts: readonly InputPart[], folds: readonly Fold[]): { from: number; to: number } {
  const back = Math.max(...parts.flatMap(({ lags }) => lags));
  const first = Math.min(...folds.map(({ train }) => train[0] as number));
  return { from: Math.max(0, first - back), to: Math.max(...folds.map(({ predict }) => predict.to)) };
}

interface PlacesWanted {
  readonly data: string;
  readonly parts: readonly InputPart[];
  readonly from: number;
  readonly to: number;
  readonly workers: number | undefined;
  readonly memory: number | undefined;
}

export async function featurePlaces(
  { data, parts, from, to, workers, memory }: PlacesWanted,
  onProgress: (stage: string, done: number, total: number) => void,
): Promise<FeaturePlace[]> {
  const places: FeaturePlace[] = [];
  for (const { channels } of parts) {
    places.push(await makeFeatures({ data, channels, from, to, workers, memory, onProgress }));
  }
  return places;
}
