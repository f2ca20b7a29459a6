import { EvolveError } from '../core/failure.ts';
import { nearest } from '../core/nearest.ts';
import { alphaNets } from './alphanet/versions.ts';
import { grus } from './gru/versions.ts';
import type { Model } from './model.ts';
import { rnns } from './rnn/versions.ts';

/** Every kind of model there is. */
export const models: readonly Model[] = [...alphaNets, ...grus, ...rnns];

export function modelNamed(name: string): Model {
  const found = models.find((model) => model.name === name.toLowerCase());
  if (found) return found;
  const names = models.map((model) => model.name);
  const meant = nearest(name, names);
  const remedy = meant ? `Did you mean "${meant}"?` : `There are ${names.join(', ')}.`;
  throw new EvolveError('bad-argument', `There is no model "${name}". ${remedy}`);
}
