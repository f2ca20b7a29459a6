/** Folds that would have nothing to learn from, or nothing to decide by when to stop, are refused before they begin. */
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { InputPart } from '../inputs.ts';
import type { Fold } from '../samples/folds.ts';
import { unlabelledWords } from '../samples/label-counts.ts';
import { type LabelledMarket, labelCounts } from '../samples/labels.ts';
import type { RecordReader } from '../samples/record-reader.ts';
import type { TrainingRule } from '../training-rule.ts';
import { networkSamples } from './network-samples.ts';

const later = 'predict from a later --from, or take another market';
const capital = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;

/** Before features are computed, which may take hours. */
export function refuseUnlabelled(
  market: LabelledMarket,
  rule: TrainingRule,
  labels: Float32Array,
  folds: readonly Fold[],
): void {
  const { manifest } = market.market;
  const symbols = manifest.symbols.length;
  if (symbols === 1) {
    throw new EvolveError(
      'bad-argument',
      `The market ${manifest.name} has one symbol, ${manifest.symbols[0]}: labels say who does better than others on a date. Take a market of more.`,
    );
  }
  for (const { dates, whose } of stretches(folds, manifest)) {
    const some = dates.some((date) => !labels.subarray(date * symbols, (date + 1) * symbols).every(Number.isNaN));
    if (some) continue;
    const counts = labelCounts(market, rule, dates);
    // A date compares symbols: where all are alike, later ones are no better.
    const remedy = counts.sameForAll > 0 ? 'take a market whose returns differ between symbols' : later;
    throw new EvolveError(
      'bad-argument',
      `No symbol has a label on ${whose}: of its ${dates.length * symbols} cells, dates times symbols, there are ${unlabelledWords(counts).join(', ')}. ${rule.universe === undefined ? capital(remedy) : `Use another --universe, or ${remedy}`}.`,
    );
  }
}

interface Readable {
  readonly market: MarketManifest;
  readonly parts: readonly InputPart[];
  readonly labels: Float32Array;
  readonly folds: readonly Fold[];
}

/** A row needs half of its numbers: where no symbol with a label has them, nothing can be learned. */
export function refuseUnread({ market, parts, labels, folds }: Readable, readers: readonly RecordReader[]): void {
  const symbols = market.symbols.length;
  // Rows are counted before there are scalers, and whatever those would be.
  const scalers = parts.map(({ channels }) => {
    const zeros = new Float32Array(channels.length);
    return { mean: zeros, deviation: zeros };
  });
  const { samples } = networkSamples({ parts, readers, scalers, symbols, limit: 0, labels }, new Map());
  for (const { dates, whose } of stretches(folds, market)) {
    if (dates.some((date) => samples.count([date]).rows > 0)) continue;
    const { tooFewKnown } = samples.count(dates);
    const unknown = parts.flatMap((part, i) => unknownChannels(part, readers[i] as RecordReader, dates, labels));
    const all = parts.reduce((sum, { channels }) => sum + channels.length, 0);
    const such = unknown.length > 0 ? `, and ${unknown.length} of the ${all} have none, such as ${unknown[0]}` : '';
    throw new EvolveError(
      'bad-argument',
      `No symbol has half of its inputs on ${whose}: ${tooFewKnown} labels have too few numbers${such}. Leave fields that are missing out with --fields, or predict from a later --from.`,
    );
  }
}

/** Names of the channels without a number of any symbol with a label on any of the dates. */
export function unknownChannels(
  { channels }: InputPart,
  reader: RecordReader,
  dates: readonly number[],
  labels: Float32Array,
): string[] {
  let unknown = [...channels.keys()];
  // Latest first: what begins late is known by then, and one date is enough for nearly all.
  for (let i = dates.length - 1; i >= 0 && unknown.length > 0; i--) {
    const date = dates[i] as number;
    const record = reader.record(date);
    const symbols = record.length / channels.length;
    const taught = [...Array(symbols).keys()].filter((n) => !Number.isNaN(labels[date * symbols + n]));
    unknown = unknown.filter((c) => taught.every((n) => Number.isNaN(record[n * channels.length + c])));
  }
  return unknown.map((c) => channels[c]?.name as string);
}

/** Names of the channels that are the same number wherever a symbol with a label has one: they tell nobody apart. */
export function constantChannels(
  { channels }: InputPart,
  reader: RecordReader,
  dates: readonly number[],
  labels: Float32Array,
): string[] {
  const only = new Map<number, number>();
  let same = [...channels.keys()];
  for (let i = dates.length - 1; i >= 0 && same.length > 0; i--) {
    const date = dates[i] as number;
    const record = reader.record(date);
    const symbols = record.length / channels.length;
    same = same.filter((c) => {
      for (let n = 0; n < symbols; n++) {
        const value = record[n * channels.length + c] as number;
        if (Number.isNaN(value) || Number.isNaN(labels[date * symbols + n])) continue;
        if (!only.has(c)) only.set(c, value);
        if (value !== only.get(c)) return false;
      }
      return true;
    });
  }
  return same.flatMap((c) => (only.has(c) ? [channels[c]?.name as string] : []));
}

function* stretches(folds: readonly Fold[], { calendar }: MarketManifest) {
  const at = (date: number | undefined): string => calendar[date as number] as string;
  for (const { train, valid, predict } of folds) {
    const networks = `the networks that predict from ${at(predict.from)} on`;
    const purposes = [
      { dates: train, what: `which ${networks} learn from` },
      { dates: valid, what: `which decide when ${networks} stop` },
    ];
    for (const { dates, what } of purposes) {
      yield { dates, whose: `the dates from ${at(dates[0])} to ${at(dates.at(-1))}, ${what}` };
    }
  }
}
