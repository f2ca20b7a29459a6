/** `evolve predict`: scores of a trained model on a market, the embedded one when none is named. */
import { marketFolder } from '../../data/embedded.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { type FactorLibraryName, readModel } from '../../models/training/model-manifest.ts';
import { type Predicted, type PredictOptions as PredictOn, predictModel } from '../../models/training/predict-model.ts';
import type { TrainingRule } from '../../models/training-rule.ts';
import { lastJudged } from './last-judged.ts';

export interface PredictOptions extends Omit<PredictOn, 'data'> {
  /** Market folder; the embedded market without. */
  readonly data?: string | undefined;
}

export interface Predictions extends Predicted {
  /** What the model was to predict. */
  readonly rule: Pick<TrainingRule, 'label' | 'universe'>;
  /** Where its mined factors came from. */
  readonly factorLibrary?: FactorLibraryName;
  /** The market's last date whose return is over, if there is one. */
  readonly lastJudged?: string;
}

export async function predict(options: PredictOptions): Promise<Predictions> {
  const { rule, factorLibrary } = readModel(options.model);
  const { onProgress } = options;
  const data = await marketFolder(options.data, onProgress);
  const last = lastJudged((await readManifest(data)).calendar, rule.label);
  return {
    ...(await predictModel({ ...options, data })),
    rule,
    ...(factorLibrary && { factorLibrary }),
    ...(last !== undefined && { lastJudged: last }),
  };
}
