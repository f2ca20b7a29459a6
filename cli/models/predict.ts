/** `evolve predict`: scores of a trained model on a market, the embedded one when none is named. */
import { marketFolder } from '../../data/embedded.ts';
import { type FactorLibraryName, readModel } from '../../models/training/model-manifest.ts';
import { type Predicted, type PredictOptions as PredictOn, predictModel } from '../../models/training/predict-model.ts';
import type { TrainingRule } from '../../models/training-rule.ts';

export interface PredictOptions extends Omit<PredictOn, 'data'> {
  /** Market folder; the embedded market without. */
  readonly data?: string | undefined;
}

export interface Predictions extends Predicted {
  /** What the model was to predict. */
  readonly rule: Pick<TrainingRule, 'label' | 'universe'>;
  /** Where its mined factors came from. */
  readonly factorLibrary?: FactorLibraryName;
}

export async function predict(options: PredictOptions): Promise<Predictions> {
  const { rule, factorLibrary } = readModel(options.model);
  const { onProgress } = options;
  const data = await marketFolder(options.data, onProgress);
  return { ...(await predictModel({ ...options, data })), rule, ...(factorLibrary && { factorLibrary }) };
}
