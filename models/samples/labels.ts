/**
 * What a model learns to predict: forward returns, standardised on each date over the symbols that could be bought then,
 * where asked with what industries and other exposures explain of them taken off before.
 *
 * Whether an entry could be bought is known `lag` dates after the date, when the order is placed. That decides only what
 * teaches, and the label is known later still; what is predicted is asked nothing of the kind.
 */
import type { Matrix } from '../../core/arena.ts';
import { EvolveError } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';
import { stream } from '../../core/random.ts';
import { forwardReturns, labelFields } from '../../data/labels.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { Evaluator } from '../../evaluation/evaluator.ts';
import { lacksExposure } from '../../evaluation/tear-sheet/exposure-rows.ts';
import type { Section } from '../../evaluation/tear-sheet/section.ts';
import type { TrainingRule } from '../training-rule.ts';
import { type LabelCounts, type LabelReason, labelReasons } from './label-counts.ts';
import { LabelExposures } from './label-exposures.ts';
import { shuffle } from './shuffle.ts';
import { standardLabels } from './standard-labels.ts';

/** A market in memory. */
export interface LabelledMarket extends Pick<Evaluator, 'market' | 'arena'> {
  /** Of a rule that neutralises labels. */
  readonly exposures?: LabelExposures | undefined;
}

export type LabelRules = Pick<TrainingRule, 'label' | 'universe' | 'placebo' | 'neutraliseLabels'>;

/** Those masks that a market may have and do without. */
const masks = ['CAN_BUY', 'ST', 'SUSPENDED'] as const;

/** Names of the fields labels are made of on this market. */
export function trainingLabelFields(manifest: MarketManifest, rule: LabelRules): string[] {
  const { label, universe } = rule;
  const has = (name: string): boolean => manifest.fields.some((field) => field.name === name);
  if (universe !== undefined) refuseNoUniverse(manifest, universe);
  const members = universe === undefined ? [] : [universe];
  return [...labelFields(label), ...masks.filter(has), ...members, ...LabelExposures.fields(manifest, rule)];
}

/** A universe is a daily number for each symbol. */
function refuseNoUniverse({ name: market, fields }: MarketManifest, universe: string): void {
  const there = fields.find(({ name }) => name === universe);
  if (there?.kind === 'm') return;
  const fit = fields.flatMap(({ name, kind }) => (kind === 'm' ? [name] : []));
  const meant = there ? undefined : nearest(universe, fit);
  const remedy = meant === undefined ? `It has ${fit.join(', ')}.` : `Did you mean ${meant}?`;
  throw there
    ? new EvolveError(
        'bad-argument',
        `${universe} is ${kindWords[there.kind]}, and --universe takes a daily field with a number for each symbol. The market ${market} has ${fit.join(', ')}.`,
      )
    : new EvolveError(
        'missing-field',
        `The market ${market} has no ${universe}, which is to say who belongs to the universe. ${remedy}`,
      );
}

const kindWords = { g: 'a grouping', v: 'one number of a date for all symbols', b: 'a minute field' } as const;

/** Of these, those that the market knows of one day only: taken for every date, they know the future of earlier ones. */
export function undatedFields(manifest: MarketManifest, rule: LabelRules): string[] {
  const names = new Set(trainingLabelFields(manifest, rule));
  return manifest.fields.flatMap(({ name, snapshot }) => (snapshot && names.has(name) ? [name] : []));
}

/**
 * [dates][symbols], NaN without a label, in memory that threads share. Of every date the mean is 0 and the population
 * deviation 1. With a placebo, each label is another symbol's of the same date: all symbols stand in a ring, the same on
 * all dates, and each has the label of the next one with a label. So labels keep what they have in common from one
 * date to the next, and chance has as much room as it has in the true ones.
 */
export function trainingLabels(market: LabelledMarket, rule: LabelRules): Float32Array {
  const { calendar, symbols } = market.market.manifest;
  const cells = calendar.length * symbols.length;
  const labels = new Float32Array(new SharedArrayBuffer(4 * cells)).fill(Number.NaN);
  const ring = rule.placebo === undefined ? undefined : ringOf(symbols.length, rule.placebo);
  for (const { date, section } of judged(market, rule, calendar.keys())) {
    const row = labels.subarray(date * symbols.length, (date + 1) * symbols.length);
    row.set(section);
    if (ring) passOn(row, ring);
  }
  return labels;
}

/**
 * Returns as they are, of those with a label: what labels freed from something are judged by. With a placebo, returns are
 * passed on as labels are.
 */
export function labelledReturns(
  { market, arena }: LabelledMarket,
  { label, placebo }: LabelRules,
  labels: Float32Array,
): Float32Array {
  const { calendar, symbols } = market.manifest;
  const returns = new Float32Array(new SharedArrayBuffer(labels.byteLength)).fill(Number.NaN);
  const ring = placebo === undefined ? undefined : ringOf(symbols.length, placebo);
  const forward = forwardReturns(market, label, arena);
  try {
    for (let date = 0; date < calendar.length; date++) {
      const row = returns.subarray(date * symbols.length, (date + 1) * symbols.length);
      const of = arena.row(forward, date);
      for (let n = 0; n < row.length; n++) {
        if (!Number.isNaN(labels[date * symbols.length + n])) row[n] = of[n] as number;
      }
      if (ring) passOn(row, ring);
    }
  } finally {
    arena.release(forward.address);
  }
  return returns;
}

/** What became of all symbols on some dates. */
export function labelCounts(market: LabelledMarket, rule: LabelRules, dates: Iterable<number>): LabelCounts {
  const counts = new Array<number>(labelReasons.length + 1).fill(0);
  for (const { verdicts } of judged(market, rule, dates)) {
    for (const verdict of verdicts) counts[verdict] = (counts[verdict] as number) + 1;
  }
  const because = Object.fromEntries(labelReasons.map((reason, r) => [reason, counts[r]])) as Record<
    LabelReason,
    number
  >;
  return { ...because, labelled: counts[labelled] as number };
}

/** A verdict is a reason's place, or this. */
const labelled = labelReasons.length;
const verdictOf = Object.fromEntries(labelReasons.map((reason, place) => [reason, place])) as Record<
  LabelReason,
  number
>;

/** Its arrays are valid until the next date. */
interface JudgedDate {
  readonly date: number;
  /** Labels before any placebo. */
  readonly section: Section;
  readonly verdicts: Uint8Array;
}

function* judged(
  { market, arena, exposures }: LabelledMarket,
  rule: LabelRules,
  dates: Iterable<number>,
): Generator<JudgedDate, void, undefined> {
  const { manifest, daily } = market;
  const names = trainingLabelFields(manifest, rule);
  const loaded = (name: string): Matrix | undefined => {
    if (!names.includes(name)) return undefined;
    const matrix = daily.get(name);
    if (!matrix) throw new RangeError(`${name} was not loaded`);
    return matrix;
  };
  if (!exposures && rule.neutraliseLabels && rule.neutraliseLabels.length > 0) {
    throw new RangeError('what labels are freed from was not loaded');
  }
  const [canBuy, st, suspended] = masks.map(loaded);
  const universe = rule.universe === undefined ? undefined : loaded(rule.universe);
  const forward = forwardReturns(market, rule.label, arena);
  try {
    const last = manifest.calendar.length - 1;
    const verdicts = new Uint8Array(manifest.symbols.length);
    const section = new Float64Array(verdicts.length);
    for (const date of dates) {
      const at = (matrix: Matrix | undefined, row = date) => matrix && arena.row(matrix, row);
      const returns = arena.row(forward, date);
      const [member, halted, special] = [at(universe), at(suspended), at(st)];
      // The last dates have no return, whoever can be bought.
      const open = at(canBuy, Math.min(date + rule.label.lag, last));
      for (let n = 0; n < verdicts.length; n++) {
        verdicts[n] = verdict(
          returns[n] as number,
          member?.[n] ?? 1,
          halted?.[n] ?? 0,
          special?.[n] ?? 0,
          open?.[n] ?? 1,
        );
      }
      for (let n = 0; n < section.length; n++) {
        section[n] = verdicts[n] === labelled ? (returns[n] as number) : Number.NaN;
      }
      const exposed = exposures?.at(date);
      standardLabels(section, exposed);
      for (let n = 0; n < section.length; n++) {
        if (verdicts[n] !== labelled || !Number.isNaN(section[n])) continue;
        verdicts[n] = exposed && lacksExposure(exposed, n) ? verdictOf.noExposure : verdictOf.sameForAll;
      }
      yield { date, section, verdicts };
    }
  } finally {
    arena.release(forward.address);
  }
}

function verdict(value: number, member: number, suspended: number, st: number, canBuy: number): number {
  if (!(member > 0)) return verdictOf.outsideUniverse;
  if (!Number.isFinite(value)) return verdictOf.noReturn;
  if (suspended > 0) return verdictOf.suspended;
  if (st > 0) return verdictOf.st;
  return canBuy === 1 ? labelled : verdictOf.notBuyable;
}

/** All symbols in a random order. */
function ringOf(symbols: number, seed: number): Int32Array {
  const random = stream(seed, symbols, 0x72696e67);
  const ring = Int32Array.from({ length: symbols }, (_, n) => n);
  shuffle(ring, random);
  return ring;
}

/** Everybody with a label gets that of the next one in the ring. */
function passOn(row: Float32Array, ring: Int32Array): void {
  const among = ring.filter((n) => !Number.isNaN(row[n]));
  const first = row[among[0] ?? 0] as number;
  for (let i = 0; i + 1 < among.length; i++) row[among[i] as number] = row[among[i + 1] as number] as number;
  if (among.length > 0) row[among.at(-1) as number] = first;
}
