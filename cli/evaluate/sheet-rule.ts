/** From what a user asks for to a rule that can be carried out on the market, or a sentence why it cannot. */
import { EvolveError } from '../../core/failure.ts';
import type { LabelRule, MarketManifest } from '../../data/market.ts';
import { defaultSplit, embargoOf, type Split, type SplitRule, splitCalendar } from '../../data/splits.ts';
import { calendarStretch } from '../../evaluation/calendar-stretch.ts';
import type { Dates } from '../../evaluation/task.ts';
import type { SheetRule } from '../../evaluation/tear-sheet/rule.ts';
import { parseWinsorisation } from '../../evaluation/tear-sheet/winsorise.ts';
import type { FactorLibrary } from '../../runs/library.ts';
import { knownField } from '../known-field.ts';
import { splitRule } from '../mining/split-text.ts';
import { count, countOf } from '../print/number.ts';
import { againstNames, defaults, type EvaluateOptions, mostShuffles, presets } from './evaluate-options.ts';
import type { JudgedSources } from './judged-sources.ts';

export function sheetRule(
  options: EvaluateOptions,
  manifest: MarketManifest,
  { library, libraries }: Pick<JudgedSources, 'library' | 'libraries'>,
): SheetRule {
  const preset = options.preset && presets[options.preset];
  const usual = { ...defaults, ...(library && labelOf(library)), ...preset };
  const fields = new Set(manifest.fields.map(({ name }) => name));
  const price = pricedBy('price', options.price ?? usual.price, fields);
  const label: LabelRule = {
    price,
    lag: whole('lag', options.lag ?? usual.lag, 1),
    horizon: whole('horizon', options.horizon ?? usual.horizon, 1),
  };
  const usualTrade = fields.has('VWAP') ? 'VWAP' : 'CLOSE';
  const trade = pricedBy('trade', options.trade ?? preset?.trade ?? usualTrade, fields);
  const every = whole('every', options.every ?? label.horizon, 1);
  const layers = whole('layers', options.layers ?? usual.layers, 0);
  if (layers === 1) throw new EvolveError('bad-argument', '--layers 1 is no division; give 2 or more, or 0 for none.');
  const { length: symbols } = manifest.symbols;
  if (options.layers !== undefined && layers > symbols) {
    throw new EvolveError('bad-argument', `--layers ${layers} are more than the market's ${symbols} symbols.`);
  }
  const ofLayers =
    layers === 0 && (['rebalance', 'trade', 'cost'] as const).find((name) => options[name] !== undefined);
  if (ofLayers) {
    throw new EvolveError(
      'bad-argument',
      `--${ofLayers} ${options[ofLayers]} is about layers, and there are none with --layers 0. Leave one of them out.`,
    );
  }
  const neutralise = [...new Set(options.neutralise)];
  if (options.weightedBy !== undefined && neutralise.length === 0) {
    throw new EvolveError(
      'bad-argument',
      `--weighted-by ${options.weightedBy} weights regressions, and there is none without --neutralise.`,
    );
  }
  const cost = share('cost', options.cost ?? usual.cost);
  const { name: split, part, train } = partOf(options, manifest, library, label);
  withLabels(manifest.calendar, part, label);
  return {
    split,
    part,
    train,
    label,
    universe: knownField('universe', options.universe, manifest),
    every,
    layers,
    rebalance: whole('rebalance', options.rebalance ?? label.horizon, 1),
    trade,
    cost: { buy: cost, sell: cost },
    shortCost: usual.shortCost,
    preset: options.preset,
    preparation: {
      winsorise: parseWinsorisation(options.winsorise ?? usual.winsorise),
      standardise: options.standardise ?? true,
    },
    neutralise,
    weightedBy: knownField('weighted-by', options.weightedBy, manifest),
    against: against(options.against),
    shuffles: whole('shuffles', options.shuffles ?? usual.shuffles, 0, mostShuffles),
    datesPerYear: datesPerYear(options.datesPerYear ?? manifest.datesPerYear),
    tried: libraries.length > 0 ? libraries.reduce((sum, { tried }) => sum + tried.programs, 0) : undefined,
  };
}

/** What a library was mined for is what it is judged by. */
function labelOf({ label: { price, lag, horizon } }: FactorLibrary): LabelRule {
  return { price: price as LabelRule['price'], lag, horizon };
}

function partOf(
  { split, parts, from, to }: EvaluateOptions,
  manifest: MarketManifest,
  library: FactorLibrary | undefined,
  label: LabelRule,
): { name: string; part: Dates; train: Dates | undefined } {
  const { calendar } = manifest;
  if (from !== undefined || to !== undefined) {
    if (split !== undefined) throw new EvolveError('bad-argument', 'Give --split, or --from and --to, not both.');
    withoutParts(parts, '--from and --to are dates of your own');
    const part = range(calendar, from, to);
    return { name: `${calendar[part.from]} to ${calendar[part.to - 1]}`, part, train: undefined };
  }
  const all = { from: 0, to: calendar.length };
  const name = split ?? defaults.split;
  if (name === 'all') {
    withoutParts(parts, '--split all takes every date');
    return { name, part: all, train: undefined };
  }
  const rule = parts !== undefined ? splitRule(parts, 'parts') : library ? splitOf(library) : defaultSplit;
  const found = ofOtherMarket(parts === undefined ? library : undefined, manifest, () =>
    splitCalendar(calendar, rule, embargoOf(label)),
  );
  return { name, part: datesOf(found[name]), train: datesOf(found.train) };
}

/** Parts of a library whose dates are those of another market may be none here. */
function ofOtherMarket(library: FactorLibrary | undefined, { hash }: MarketManifest, parts: () => Split): Split {
  try {
    return parts();
  } catch (error) {
    if (!library || library.market.hash === hash || !(error instanceof EvolveError)) throw error;
    const { name, market } = library;
    throw new EvolveError(
      error.code,
      `${error.message} The parts are those of ${name}, which was found on another market, ${market.name}: give --parts, or --from and --to.`,
      { cause: error },
    );
  }
}

/** Without a single label there is nothing to hold a factor against. */
function withLabels(calendar: readonly string[], part: Dates, { lag, horizon }: LabelRule): void {
  if (part.from + lag + horizon < calendar.length) return;
  const [first, last] = [calendar[part.from], calendar[part.to - 1]];
  throw new EvolveError(
    'bad-argument',
    `No return entered ${countOf(lag, 'date')} after ${first === last ? first : `a date of ${first} to ${last}`} and held ${countOf(horizon, 'date')} is over by the market's last date, ${calendar.at(-1)}: shorten --horizon or --lag, or judge earlier dates.`,
  );
}

function withoutParts(parts: string | undefined, why: string): void {
  if (parts === undefined) return;
  throw new EvolveError('bad-argument', `--parts ${parts} would say nothing: ${why}. Leave it out.`);
}

const datesOf = ({ first, end }: Split['train']): Dates => ({ from: first, to: end });

const splitOf = ({ split: { train, valid, test } }: FactorLibrary): SplitRule => ({
  kind: 'dates',
  train,
  valid,
  test,
});

function range(calendar: readonly string[], from: string | undefined, to: string | undefined): Dates {
  const found = calendarStretch(calendar, { from, to });
  if (found) return found;
  throw new EvolveError(
    'bad-argument',
    `The market has no date from ${from ?? 'its first'} to ${to ?? 'its last'}; its dates are ${calendar[0]} to ${calendar.at(-1)}.`,
  );
}

function pricedBy(flag: string, price: string, fields: ReadonlySet<string>): LabelRule['price'] {
  const prices = ['CLOSE', 'OPEN', 'VWAP'] as const;
  const known = prices.find((one) => one === price);
  if (!known) throw new EvolveError('bad-argument', `--${flag} should be CLOSE, OPEN or VWAP, not ${price}.`);
  if (fields.has(known)) return known;
  const others = prices.filter((one) => fields.has(one));
  throw new EvolveError('missing-field', `The market has no ${known}; give --${flag} ${others.join(' or ')}.`);
}

function against(names: readonly string[] | undefined): SheetRule['against'] {
  const chosen = names ?? againstNames;
  const wrong = chosen.find((name) => name !== 'none' && !(againstNames as readonly string[]).includes(name));
  if (wrong !== undefined) {
    throw new EvolveError('bad-argument', `--against ${wrong}: known are ${againstNames.join(', ')} and none.`);
  }
  return { priceVolume: chosen.includes('price-volume'), styles: chosen.includes('styles') };
}

function whole(flag: string, value: number, least: number, most = Number.POSITIVE_INFINITY): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most < Number.POSITIVE_INFINITY ? `from ${least} to ${count(most)}` : `from ${least} on`;
  throw new EvolveError('bad-argument', `--${flag} should be a whole number ${range}, not ${value}.`);
}

function datesPerYear(value: number): number {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new EvolveError('bad-argument', `--dates-per-year should be a number above 0, not ${value}.`);
}

function share(flag: string, value: number): number {
  if (value >= 0 && value <= 0.5) return value;
  throw new EvolveError('bad-argument', `--${flag} should be a share from 0 to 0.5, such as 0.002, not ${value}.`);
}
