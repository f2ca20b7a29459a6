/** Small trainings on a small market that never was, through the calls that `evolve train` and its kin make. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesise } from '../data/synth/synthesise.ts';
import { loadWeights } from '../models/graph/weights-file.ts';
import { modelNamed } from '../models/models.ts';
import type { ModelResults } from '../models/training/model-manifest.ts';
import { type TrainOptions, trainModel } from '../models/training/train-model.ts';
import type { TrainingRule } from '../models/training-rule.ts';

export interface Trainings {
  readonly place: string;
  readonly market: string;
  readonly at: (name: string) => string;
  readonly remove: () => void;
}

const marketSize = { stocks: 30, days: 240, minutes: 0, seed: 11 };

/** What is cached goes into the place as well, not to the user's. */
export async function trainings(size = marketSize): Promise<Trainings> {
  const place = mkdtempSync(join(tmpdir(), 'evolve-training-'));
  process.env.EVOLVE_CACHE = join(place, 'cache');
  const market = join(place, 'market');
  await synthesise(market, size);
  const remove = () => rmSync(place, { recursive: true });
  return { place, market, at: (name) => join(place, name), remove };
}

/** The model's own settings, but little of everything. */
export const smallRule = (model: string, changes: Partial<TrainingRule> = {}): TrainingRule => ({
  ...modelNamed(model).rule,
  ...{ history: 110, retrainMonths: 3, networks: 2, units: 4, epochs: 3, batch: 200, learningRate: 0.01 },
  ...changes,
});

/** Of three rows of the data picture: a network then trains in a quarter of a second. */
export const smallTraining = (
  { market, at }: Trainings,
  out: string,
  more: Partial<TrainOptions> = {},
): TrainOptions => ({
  model: 'alphanet-v2',
  data: market,
  out: at(out),
  rule: more.rule ?? smallRule(more.model ?? 'alphanet-v2'),
  fields: ['OPEN', 'CLOSE', 'VOLUME'],
  backend: 'wasm',
  workers: 2,
  ...more,
});

export const trained = (world: Trainings, out: string, more: Partial<TrainOptions> = {}) =>
  trainModel(smallTraining(world, out, more));

/** By path in the model's folder. */
export function weightsOf(folder: string): Record<string, string> {
  const names = readdirSync(join(folder, 'folds'), { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    names
      .filter((name) => name.endsWith('weights.bin'))
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, 'folds', name)))
          .digest('hex'),
      ]),
  );
}

/** By path in the model's folder, what the networks learned: of another training it may be the same. */
export function learnedIn(folder: string): Record<string, string> {
  const names = Object.keys(weightsOf(folder));
  return Object.fromEntries(
    names.map((name) => {
      const content = createHash('sha256');
      for (const [of, { values }] of loadWeights(join(folder, 'folds', name))) content.update(of).update(values);
      return [name, content.digest('hex')];
    }),
  );
}

/** What came of a training but for the time it took, which is another one every time, and the digest of all. */
export const timeless = (folder: string): ModelResults =>
  JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'), (key, value) =>
    key === 'seconds' || key === 'sha256' ? undefined : value,
  );
