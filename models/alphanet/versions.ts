/** The AlphaNets of the reports, each a row with the report's settings. */
import { EvolveError } from '../../core/failure.ts';
import type { Cell } from '../kernels/layer.ts';
import type { Model, PartsRequest } from '../model.ts';
import type { ExtractionName } from './channels.ts';
import { factorsPart, picturePart, see } from './picture-parts.ts';
import { pictureRows } from './picture-rows.ts';
import { pooledNetwork } from './pooled-network.ts';
import { recurrentNetwork } from './recurrent-network.ts';

export interface AlphaNet extends Model {
  /** Rows of the data picture. */
  readonly fields: readonly string[];
  readonly windows: readonly number[];
  readonly operators: readonly ExtractionName[];
  /** What a part's steps go through. Pooled into a hidden layer when left out. */
  readonly cell?: Cell;
}

type Row = Omit<AlphaNet, 'parts' | 'network'>;

const bars = ['RETURN1', 'OPEN', 'CLOSE', 'HIGH', 'LOW', 'VOLUME', 'VWAP', 'TURN', 'FREE_TURN'];
const ratios = ['CLOSE_FREE_TURN', 'OPEN_TURN', 'VOLUME_LOW', 'VWAP_HIGH', 'LOW_HIGH', 'VWAP_CLOSE'];

const operators: readonly ExtractionName[] = [
  'ts_corr',
  'ts_cov',
  'ts_stddev',
  'ts_zscore',
  'ts_return',
  'ts_decaylinear',
];

const v1: Row = {
  name: 'alphanet-v1',
  doc: 'Extracted features and their pooled values into a hidden layer of 30: 9 fields, 702 features.',
  fields: bars,
  windows: [10],
  operators: [...operators, 'ts_mean'],
  rule: {
    label: { price: 'CLOSE', lag: 1, horizon: 10 },
    history: 1500,
    every: 2,
    validShare: 0.5,
    retrainMonths: 6,
    networks: 10,
    seed: 1,
    batch: 1000,
    epochs: 100,
    patience: 10,
    optimiser: 'rmsprop',
    learningRate: 1e-4,
    clipValue: 0,
    loss: { kind: 'mse', neutral: false, topWeight: 1 },
    dropout: 0.5,
    units: 30,
    pairFields: 0,
    limit: 0,
  },
};

const v2: Row = {
  name: 'alphanet-v2',
  doc: 'Extracted features of three windows through an LSTM of 30: 15 fields, 270 features a window.',
  fields: [...bars, ...ratios],
  windows: [10],
  operators,
  rule: { ...v1.rule, validShare: 0.2, optimiser: 'adam', dropout: 0 },
  cell: 'lstm',
};

const rows: readonly Row[] = [
  v1,
  v2,
  {
    ...v2,
    name: 'alphanet-v2.1',
    doc: 'AlphaNet v2 in which each network draws 8 fields whose pairs it looks at: 116 features a window.',
    rule: { ...v2.rule, pairFields: 8 },
  },
  {
    ...v2,
    name: 'alphanet-v2.2',
    doc: 'AlphaNet v2 whose predictions have the styles taken off, date by date, before they meet the returns.',
    rule: { ...v2.rule, loss: { ...v2.rule.loss, neutral: true } },
  },
  {
    ...v2,
    name: 'alphanet-v2.3',
    doc: "AlphaNet v2 in which the better half of each date's returns weighs twice.",
    rule: { ...v2.rule, loss: { ...v2.rule.loss, topWeight: 2 } },
  },
  {
    ...v2,
    name: 'alphanet-v3',
    doc: 'Windows of 10 dates and of 5, each through a GRU of 30, joined at the output.',
    windows: [10, 5],
    cell: 'gru',
  },
];

export const alphaNets: readonly AlphaNet[] = rows.map((row) => ({
  ...row,
  parts(request) {
    refuseSeries(request);
    const picture = pictureRows(request, row.fields);
    const parts = row.windows.map((window) => picturePart(picture, window, row.operators));
    return request.factors.length > 0 ? [...parts, factorsPart(request.factors)] : parts;
  },
  network(parts, rule, fresh) {
    const seen = see(parts, row.operators, rule, fresh);
    return row.cell ? recurrentNetwork(seen, row.cell, rule, fresh) : pooledNetwork(seen, rule, fresh);
  },
}));

function refuseSeries({ series = {} }: PartsRequest): void {
  const given = Object.values(series).some((choice) => choice !== undefined);
  if (!given) return;
  throw new EvolveError(
    'bad-argument',
    '--dataset and --bar-minutes are for models of series. Leave them out for AlphaNets, which read a picture of daily fields.',
  );
}
