/** The GRU models of minutes and days, each a row with the report's settings. */
import { EvolveError } from '../../core/failure.ts';
import type { InputPart } from '../inputs.ts';
import type { Model, PartsRequest } from '../model.ts';
import type { TrainingRule } from '../training-rule.ts';
import { dayPart, factorSeriesPart } from './day-part.ts';
import { incrementalNetwork } from './incremental-network.ts';
import { attentionNetwork, minuteNetwork, mixedNetwork } from './joined-network.ts';
import { minutePart } from './minute-part.ts';

/** The report's first training looks back on four years, and those after it on more; here all look back on as many. */
const rule: TrainingRule = {
  label: { price: 'CLOSE', lag: 1, horizon: 10 },
  history: 1000,
  every: 5,
  validShare: 0.2,
  retrainMonths: 6,
  networks: 3,
  seed: 1,
  batch: 5000,
  epochs: 100,
  patience: 10,
  optimiser: 'adam',
  learningRate: 1e-3,
  clipValue: 0,
  loss: { kind: 'ic', neutral: false, topWeight: 1 },
  dropout: 0,
  units: 30,
  limit: 0,
};

export const grus: readonly Model[] = [
  {
    name: 'gru-15m',
    doc: 'The 15-minute bars of 20 dates, 6 series of 320 steps, through a GRU of 30.',
    rule,
    parts: (request) => parts(request, ['minute']),
    network: minuteNetwork,
  },
  {
    name: 'gru-15m-attention',
    doc: 'The same, whose output sees all steps of the GRU beside the last, by attention.',
    rule,
    parts: (request) => parts(request, ['minute']),
    network: attentionNetwork,
  },
  {
    name: 'gru-mixed',
    doc: 'The daily bars of 40 dates and the 15-minute bars of 20, each through a GRU of 30, joined at the output.',
    rule,
    parts: (request) => parts(request, ['day', 'minute']),
    network: mixedNetwork,
  },
  {
    name: 'gru-incremental',
    doc: 'First daily bars alone; then, these frozen, what 15-minute bars add to their prediction.',
    rule,
    parts: (request) => parts(request, ['day', 'minute']),
    network: incrementalNetwork,
  },
];

/** Mined factors join the daily series, or those of the minutes where there are no others. */
function parts(request: PartsRequest, names: readonly ('day' | 'minute')[]): InputPart[] {
  const { manifest, fields, factors, series = {} } = request;
  if (series.dataset !== undefined) {
    throw new EvolveError(
      'bad-argument',
      '--dataset says what the units of rnn models learn from. Leave it out for the GRU models, which read bars.',
    );
  }
  if (fields && !names.includes('day')) {
    throw new EvolveError(
      'bad-argument',
      '--fields are daily series, and this model reads minute bars alone. Leave it out, or take gru-mixed.',
    );
  }
  const { barMinutes } = series;
  const own = names.map((name) =>
    name === 'day' ? dayPart({ manifest, fields }) : minutePart(manifest, { ...(barMinutes && { barMinutes }) }),
  );
  return factors.length > 0 ? [...own, factorSeriesPart(factors, own[0] as InputPart)] : own;
}
