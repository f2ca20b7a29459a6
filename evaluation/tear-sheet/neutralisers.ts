/** What a user asks factors to be freed from, as fields and programs of a market. */
import { EvolveError } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';
import type { MarketManifest } from '../../data/market.ts';
import { bind } from '../../program/bind.ts';
import type { Expression } from '../../program/expression.ts';
import { parse } from '../../program/parse.ts';
import { marketVocabulary } from '../evaluator.ts';

export interface Neutraliser {
  readonly name: string;
  readonly source:
    | { readonly kind: 'groups'; readonly field: string }
    | { readonly kind: 'field'; readonly field: string; readonly log: boolean }
    | { readonly kind: 'program'; readonly program: Expression };
}

/** Known by a word, over the label's horizon of dates. The reports neutralise by all five. */
const words = {
  industry: () => ({ kind: 'groups', field: 'INDUSTRY' }),
  size: () => ({ kind: 'field', field: 'CAP', log: true }),
  return: (horizon: number) => `ts_return(CLOSE, ${horizon})`,
  volatility: (horizon: number) => `ts_std(RETURN1, ${Math.max(2, horizon)})`,
  turnover: (horizon: number) => `ts_mean(TURN, ${horizon})`,
} as const satisfies Record<string, (horizon: number) => Neutraliser['source'] | string>;

const neutraliserWords = Object.keys(words) as readonly (keyof typeof words)[];
/** All of them at once. */
const fiveFactor = 'five-factor';

/** Words, fields and formulas; each at most once. `flag` is what the user gave them by. */
export function neutralisers(
  names: readonly string[],
  manifest: MarketManifest,
  horizon: number,
  flag = 'neutralise',
): Neutraliser[] {
  const all = names.flatMap((name): readonly string[] => (name === fiveFactor ? neutraliserWords : [name]));
  const found = [...new Set(all)].map((name) => ({ name, source: sourceOf(name, manifest, horizon, flag) }));
  const groupings = new Map(
    found.flatMap(({ name, source }) => (source.kind === 'groups' ? [[source.field, name]] : [])),
  );
  if (groupings.size > 1) {
    throw new EvolveError(
      'bad-argument',
      `--${flag} takes one grouping, not ${[...groupings.values()].join(' and ')}. Leave one of them out.`,
    );
  }
  return found;
}

/** That a word goes by and the market has not. */
export function lackingField(name: string, { fields }: MarketManifest): string | undefined {
  const known = Object.hasOwn(words, name) ? words[name as keyof typeof words](1) : name;
  return typeof known === 'string' || fields.some((field) => field.name === known.field) ? undefined : known.field;
}

function sourceOf(name: string, manifest: MarketManifest, horizon: number, flag: string): Neutraliser['source'] {
  const known = Object.hasOwn(words, name) ? words[name as keyof typeof words](horizon) : name;
  if (typeof known !== 'string') {
    if (lackingField(name, manifest) === undefined) return known;
    throw new EvolveError(
      'missing-field',
      `The market has no ${known.field}, by which ${name} is neutralised. Import it, or leave ${name} out of --${flag}.`,
    );
  }
  const field = manifest.fields.find((one) => one.name === known && one.kind !== 'b');
  if (field?.kind === 'g') return { kind: 'groups', field: field.name };
  if (field) return { kind: 'field', field: field.name, log: false };
  return { kind: 'program', program: program(name, known, manifest, flag) };
}

function program(name: string, text: string, manifest: MarketManifest, flag: string): Expression {
  const vocabulary = marketVocabulary(manifest);
  try {
    const bound = bind(parse(text, vocabulary), vocabulary, manifest.minute);
    if (bound.kind === 'm') return bound;
    const reason = bound.kind === 'refused' ? bound.reason : 'it is not a number for each symbol and date';
    throw new EvolveError('bad-expression', `--${flag} ${name} cannot be used: ${reason}.`);
  } catch (error) {
    if (!(error instanceof EvolveError) || !/^[a-z-]+$/.test(name)) throw error;
    const meant = nearest(name, [...neutraliserWords, fiveFactor]);
    throw new EvolveError(
      'bad-argument',
      text === name
        ? `--${flag} ${name} is no field or formula, nor one of ${[...neutraliserWords, fiveFactor].join(', ')}.${meant ? ` Did you mean ${meant}?` : ''}`
        : `--${flag} ${name} needs what the market lacks: ${error.message}`,
      { cause: error },
    );
  }
}
