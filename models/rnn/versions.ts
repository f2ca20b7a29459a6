/** Recurrent factor units, each a row with the report's settings. */
import { EvolveError } from '../../core/failure.ts';
import { factorSeriesPart } from '../gru/day-part.ts';
import type { InputPart } from '../inputs.ts';
import type { Model, PartsRequest } from '../model.ts';
import type { TrainingRule } from '../training-rule.ts';
import { datasetPart } from './datasets.ts';
import { rnnNetwork } from './rnn-network.ts';

/** Ten years to learn from and one to stop by, of 244 dates each. */
const rule: TrainingRule = {
  label: { price: 'CLOSE', lag: 1, horizon: 10 },
  history: 2684,
  every: 1,
  validShare: 1 / 11,
  retrainMonths: 12,
  networks: 3,
  seed: 1,
  batch: 0,
  epochs: 200,
  patience: 20,
  stopBy: 'rank-ic',
  optimiser: 'adam',
  learningRate: 1e-3,
  clipValue: 3,
  loss: { kind: 'mse', neutral: false, topWeight: 1 },
  neutraliseLabels: ['industry', 'size'],
  dropout: 0.1,
  units: 30,
  factorUnits: 1,
  limit: 0,
};

export const rnns: readonly Model[] = [
  {
    name: 'rnn-1',
    doc: 'A data set of daily series, 60 dates of it, through a GRU of 30 into one factor.',
    rule,
    parts,
    network,
  },
  {
    name: 'rnn-64',
    doc: 'The same into 64 factors that are to be unlike each other; their mean is the prediction.',
    rule: { ...rule, factorUnits: 64, loss: { ...rule.loss, orthogonality: 1 } },
    parts,
    network,
  },
];

function network(...[own, its, fresh]: Parameters<Model['network']>) {
  return rnnNetwork(own, its.factorUnits ?? 1, its, fresh);
}

function parts({ manifest, fields, factors, series = {} }: PartsRequest): InputPart[] {
  const { dataset = fields ? 'l2' : 'day', barMinutes } = series;
  if (barMinutes !== undefined) {
    throw new EvolveError(
      'bad-argument',
      '--bar-minutes is for models that read minute bars one by one. Leave it out for the rnn models.',
    );
  }
  const own = datasetPart(dataset, manifest, { ...(fields && { fields }) });
  return factors.length > 0 ? [own, factorSeriesPart(factors, own)] : [own];
}
