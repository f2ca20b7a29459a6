/** The parts AlphaNet reads: its data picture's channels by window, and mined factors. */
import { EvolveError } from '../../core/failure.ts';
import type { Stream } from '../../core/random.ts';
import type { FeatureName } from '../graph/network.ts';
import type { Channel, InputPart, Reads } from '../inputs.ts';
import type { TrainingRule } from '../training-rule.ts';
import { channelsOf, channelsRead, type ExtractionName, type PictureRow, rowsBehind } from './channels.ts';
import { drawPairRows } from './draw-pairs.ts';

/** Of the picture: as many dates as all windows of each part cover together. */
export const pictureDates = 30;

const factorsName = 'factors';

/** Channels over windows of so many dates, next to each other. */
export const picturePart = (
  rows: readonly PictureRow[],
  window: number,
  operators: readonly ExtractionName[],
): InputPart => ({
  name: `d${window}`,
  channels: channelsOf(rows, window, operators),
  lags: Array.from({ length: pictureDates / window }, (_, step) => pictureDates - (step + 1) * window),
});

/** Factors are of any scale, and only their order on a date is known to mean something. */
export const factorsPart = (factors: readonly Channel[]): InputPart => ({
  name: factorsName,
  channels: factors.map(({ name, expression }) => ({ name, expression: `cs_norm(${expression})` })),
  lags: [0],
});

/** Parts as a network has them: those of the picture with the places of the channels it reads, and the factors'. */
export interface Seen {
  readonly picture: readonly PartSeen[];
  readonly factors?: InputPart | undefined;
}

export interface PartSeen {
  readonly name: string;
  readonly lags: readonly number[];
  /** Those it reads. */
  readonly channels: readonly Channel[];
  /** Their places; left out when it reads all. */
  readonly places?: readonly number[];
}

/** Every part has the same rows of the picture, so what is drawn holds for all of them. */
export function see(
  parts: readonly InputPart[],
  operators: readonly ExtractionName[],
  { pairFields = 0 }: Pick<TrainingRule, 'pairFields'>,
  fresh: Stream,
): Seen {
  const ofPicture = parts.filter(({ name }) => name !== factorsName);
  const rows = rowsBehind((ofPicture[0] as InputPart).channels.length, operators);
  const drawn = pairFields > 0 && pairFields < rows ? drawPairRows(fresh, rows, pairsOf(pairFields)) : undefined;
  const places = drawn && channelsRead(rows, operators, drawn);
  return {
    picture: ofPicture.map(({ name, lags, channels }) =>
      places ? { name, lags, places, channels: places.map((i) => channels[i] as Channel) } : { name, lags, channels },
    ),
    factors: parts.find(({ name }) => name === factorsName),
  };
}

function pairsOf(pairFields: number): number {
  if (pairFields >= 2) return pairFields;
  throw new EvolveError('bad-argument', 'A network needs at least 2 rows of the data picture for a pair, not 1.');
}

export const readsOf = ({ picture }: Seen): Reads =>
  new Map(picture.flatMap(({ name, places }) => (places ? [[name, places] as const] : [])));

/** Of a part's normalised channels, step after step, as they lie in a row. */
export const stepNames = ({ channels, lags }: PartSeen): FeatureName[] =>
  lags.flatMap((lag) => channels.map(({ name }) => ({ name: `BN(${name})`, feature: `BN(${name})`, lag })));
