/** The scalers of a fold on disk, one for each part: fitted on its training dates, used ever after. */
import { join } from 'node:path';
import { makeFolder } from '../../core/atomic-file.ts';
import { EvolveError } from '../../core/failure.ts';
import { loadWeights, writeWeights } from '../graph/weights-file.ts';
import type { InputPart } from '../inputs.ts';
import type { Scaler } from '../samples/scaler.ts';
import { foldFolder } from './model-manifest.ts';

const path = (folder: string, fold: string): string => join(foldFolder(folder, fold), 'scalers.bin');

export function writeScalers(
  folder: string,
  fold: string,
  parts: readonly InputPart[],
  scalers: readonly Scaler[],
): void {
  makeFolder(foldFolder(folder, fold));
  const arrays = parts.flatMap(({ name }, i) => {
    const { mean, deviation, bounds } = scalers[i] as Scaler;
    return Object.entries({ mean, deviation, ...bounds }).map(
      ([what, values]) => [`${name}/${what}`, { shape: [values.length], values }] as const,
    );
  });
  writeWeights(new Map(arrays), path(folder, fold));
}

export function readScalers(folder: string, fold: string, parts: readonly InputPart[]): Scaler[] {
  const file = path(folder, fold);
  const arrays = loadWeights(file);
  return parts.map(({ name, channels, scaling }) => {
    const of = (what: string): Float32Array | undefined => {
      const values = arrays.get(`${name}/${what}`)?.values;
      return values?.length === channels.length ? values : undefined;
    };
    const [mean, deviation, low, high] = ['mean', 'deviation', 'low', 'high'].map(of);
    const bounds = low && high && { low, high };
    if (mean && deviation && (bounds || scaling !== 'robust')) return { mean, deviation, ...(bounds && { bounds }) };
    throw new EvolveError('bad-model', `${file} is not the scaler of this model. Train the model again.`);
  });
}
