import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../core/atomic-file.ts';
import { writing } from '../../core/writing.ts';
import { networkFolder } from '../../models/training/model-manifest.ts';
import type { TrainedModel } from '../../models/training/train-model.ts';
import { keptNetwork } from '../../models/training/trained-network.ts';

const name = 'losses.svg';

/** How the losses of a model's networks went, into its folder; undefined as long as no network is done. */
export async function writeLosses({ folder, manifest }: TrainedModel): Promise<string | undefined> {
  const numbers = Array.from({ length: manifest.rule.networks }, (_, k) => k + 1);
  const folds = manifest.folds.map((fold) => ({
    name: fold.name,
    networks: numbers.flatMap((number) => keptNetwork(networkFolder(folder, fold.name, number)) ?? []),
  }));
  if (folds.every(({ networks }) => networks.length === 0)) return undefined;
  const { lossesChart } = await import('../report/losses-chart.ts');
  const { picture } = await import('../report/picture.ts');
  const path = join(folder, name);
  const drawn = await picture(lossesChart(manifest.model, manifest.rule.loss, folds));
  // Where nothing was left to train the disk may be one that can only be read.
  if (existsSync(path) && readFileSync(path, 'utf8') === drawn) return path;
  writing(path, () => writeAtomically(path, drawn));
  return path;
}
