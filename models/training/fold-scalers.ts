/** The scalers of a fold on disk, one for each part: fitted on its training dates, used ever after. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../core/atomic-file.ts';
import { EvolveError } from '../../core/failure.ts';
import { writing } from '../../core/writing.ts';
import { readWeights, writeWeights } from '../graph/weights-file.ts';
import type { InputPart } from '../inputs.ts';
import type { Scaler } from '../samples/scaler.ts';
import { foldFolder } from './model-manifest.ts';
import { type Origin, stamp, strangerIn } from './origin.ts';

const path = (folder: string, fold: string): string => join(foldFolder(folder, fold), 'scalers.bin');

export function writeScalers(
  folder: string,
  fold: string,
  origin: Origin,
  parts: readonly InputPart[],
  scalers: readonly Scaler[],
): void {
  const place = foldFolder(folder, fold);
  writing(place, () => makeFolder(place));
  const arrays = parts.flatMap(({ name }, i) => {
    const { mean, deviation, bounds } = scalers[i] as Scaler;
    return Object.entries({ mean, deviation, ...bounds }).map(
      ([what, values]) => [`${name}/${what}`, { shape: [values.length], values }] as const,
    );
  });
  writeWeights(new Map(arrays), path(folder, fold), stamp(origin));
}

export function readScalers(folder: string, fold: string, origin: Origin, parts: readonly InputPart[]): Scaler[] {
  const file = path(folder, fold);
  const { weights: arrays, extra } = readable(file);
  const stranger = strangerIn(extra, origin);
  if (stranger) throw unusable(file, `are those of ${stranger}`);
  return parts.map(({ name, channels, scaling }) => {
    const of = (what: string): Float32Array | undefined => {
      const values = arrays.get(`${name}/${what}`)?.values;
      return values?.length === channels.length ? values : undefined;
    };
    const [mean, deviation, low, high] = ['mean', 'deviation', 'low', 'high'].map(of);
    const bounds = low && high && { low, high };
    if (mean && deviation && (bounds || scaling !== 'robust')) return { mean, deviation, ...(bounds && { bounds }) };
    throw unusable(file, 'are not those of this model');
  });
}

/** Otherwise they are fitted again. */
export function areScalersKept(folder: string, fold: string, origin: Origin, parts: readonly InputPart[]): boolean {
  try {
    readScalers(folder, fold, origin, parts);
    return true;
  } catch (error) {
    if (error instanceof EvolveError) return false;
    throw error;
  }
}

function readable(file: string): ReturnType<typeof readWeights> {
  try {
    return readWeights(file);
  } catch (cause) {
    if (!(cause instanceof EvolveError)) throw cause;
    throw unusable(file, existsSync(file) ? 'are damaged' : 'are not there', cause);
  }
}

const unusable = (file: string, what: string, cause?: unknown): EvolveError =>
  new EvolveError(
    'bad-model',
    `The numbers in ${file}, which inputs are scaled by, ${what}. Go on with evolve train and --resume: they are then made again.`,
    { cause },
  );
