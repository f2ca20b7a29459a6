import { isDeepStrictEqual } from 'node:util';
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest } from '../../data/market.ts';
import { lackingField } from '../../evaluation/tear-sheet/neutralisers.ts';
import type { Model } from '../model.ts';
import type { TrainingRule } from '../training-rule.ts';

/** Who has not said what labels are freed from is told that the model does it, and what to say. */
export function refuseWithoutExposures(
  market: MarketManifest,
  model: Model,
  { neutraliseLabels = [] }: Pick<TrainingRule, 'neutraliseLabels'>,
): void {
  if (!isDeepStrictEqual(neutraliseLabels, model.rule.neutraliseLabels)) return;
  const lacking = neutraliseLabels.filter((name) => lackingField(name, market) !== undefined);
  if (lacking.length === 0) return;
  const rest = neutraliseLabels.filter((name) => !lacking.includes(name));
  const fields = lacking.map((name) => lackingField(name, market)).join(' and no ');
  throw new EvolveError(
    'missing-field',
    `The market ${market.name} has no ${fields}, and ${model.name} takes ${neutraliseLabels.join(' and ')} off its labels where nothing else is said. Import what is missing, or add --neutralise-labels ${rest.length > 0 ? rest.join(',') : 'none'}.`,
  );
}
