/** What recurrent units learn from: data sets of daily series, each a part of its own. */
import { EvolveError } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';
import type { MarketManifest, MinuteGrid } from '../../data/market.ts';
import { dailySeries, refuseWithoutFields, type SeriesRequest } from '../daily-series.ts';
import type { InputPart } from '../inputs.ts';
import { lagsOf } from '../lags.ts';
import { type DatasetName, datasetNames } from './dataset-names.ts';
import { dayFields, daySeries } from './day-series.ts';
import { minuteSeries, minuteSeriesOf } from './minute-series.ts';
import { instead, type SeriesRow } from './series-row.ts';

export interface Dataset {
  readonly name: DatasetName;
  /** One sentence, for help and docs. */
  readonly doc: string;
  /** The rows of its table, for a market of such bars; none where the user brings them. */
  readonly table?: (grid: MinuteGrid) => readonly SeriesRow[];
  /** A market that lacks what they are made of is the user's mistake, said with a remedy. */
  readonly series: (manifest: MarketManifest) => readonly SeriesRow[];
}

export const datasets: readonly Dataset[] = [
  {
    name: 'day',
    doc: `${daySeries.length} series of daily bars: each field beside another, so that none has a trend.`,
    table: () => daySeries,
    series: (manifest) => {
      refuseWithoutFields(manifest, dayFields, instead);
      return daySeries;
    },
  },
  {
    name: 'ms',
    doc: 'What the minute bars of a day say of it in 22 numbers: of its moves, its path and its volume.',
    table: minuteSeriesOf,
    series: minuteSeries,
  },
];

/** The data set that the user brings. */
const brought: DatasetName = 'l2';

type DatasetOptions = Pick<SeriesRequest, 'fields'>;

/** Dates a row reads, its own the last: a quarter's. */
const steps = 60;

/** One sample a date, in numbers drawn in to what is usual in training. */
export const datasetPart = (name: string, manifest: MarketManifest, { fields }: DatasetOptions = {}): InputPart => ({
  name,
  channels: seriesOf(name, manifest, fields),
  lags: lagsOf(steps),
  scaling: 'robust',
});

function seriesOf(name: string, manifest: MarketManifest, fields: DatasetOptions['fields']): InputPart['channels'] {
  if (name === brought) {
    if (fields) return dailySeries(manifest, fields);
    throw new EvolveError(
      'bad-argument',
      `The data set ${brought} is what you bring; name its series with --fields, such as --fields CLOSE,VOLUME.`,
    );
  }
  const dataset = datasets.find((known) => known.name === name);
  if (!dataset) {
    const meant = nearest(name, datasetNames);
    const remedy = meant ? `did you mean "${meant}"?` : `there are ${datasetNames.join(', ')}.`;
    throw new EvolveError('bad-argument', `There is no data set "${name}"; ${remedy}`);
  }
  if (fields) {
    throw new EvolveError(
      'bad-argument',
      `The data set ${name} has series of its own; leave --fields out, or bring yours with ${instead}.`,
    );
  }
  return dataset.series(manifest).map(({ name: series, expression }) => ({ name: series, expression }));
}
