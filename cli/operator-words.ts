/** What an operator row says, in words: for `evolve ops` and docs/operators.md. Everything is read or derived from the row. */
import { price, ratio, shares, type Unit } from '../core/units.ts';
import type { Operator, Shape } from '../operators/define.ts';
import { reductionNames, reductions } from '../operators/reference/interval.ts';
import { type OperatorName, operatorNames, operatorOf } from '../operators/table.ts';
import { signature } from '../program/build.ts';

/** One operator, as `evolve ops NAME --json` prints it. */
export interface OperatorWords {
  readonly name: OperatorName;
  readonly shape: Shape;
  /** `ts_corr(x, y, s)`. */
  readonly signature: string;
  readonly doc: string;
  /** What it accepts and what comes out. */
  readonly kinds: string;
  /** What the result is measured in. */
  readonly unit: string;
  readonly example: string;
  readonly aliases: readonly string[];
  readonly latex: string;
  /** The same operator in other tools, only where the meaning is exactly ours. */
  readonly dialects: Readonly<Record<string, string>>;
}

export function operatorWords(name: OperatorName): OperatorWords {
  const row = operatorOf(name);
  return {
    name,
    shape: row.shape,
    signature: signature(name),
    doc: row.doc,
    kinds: kinds(row),
    unit: unitInWords(row, argumentNames(name)),
    example: row.example,
    aliases: row.aliases ?? [],
    latex: latex(row, argumentNames(name)),
    dialects: { ...row.dialects },
  };
}

export const allOperatorWords = (): readonly OperatorWords[] => operatorNames.map(operatorWords);

/** How each shape is introduced; also the order of the lists. */
export const shapeWords: Readonly<Record<Shape, { readonly title: string; readonly about: string }>> = {
  elementwise: {
    title: 'Cell by cell',
    about:
      'On daily matrices, market vectors and minute matrices alike; a constant or a market vector is repeated to fit the larger argument.',
  },
  rolling: {
    title: 'The last rows of each symbol',
    about:
      "Over the last `s` dates, today's included. Given a minute value, the same function of the last `s` bars of each day, which makes a daily value of it. Missing until the window is full, and wherever a value it reads is missing.",
  },
  'cross-section': {
    title: 'All symbols of one date',
    about: 'Across the symbols of a date, missing ones left out. Never on minute values.',
  },
  interval: {
    title: 'A part of the day',
    about: `A reduction of the minute bars that begin in [start, end). Reductions: ${reductionNames.map((name) => `\`${name}\``).join(', ')}.`,
  },
  bar: {
    title: 'From bar to bar',
    about: 'Minute in, minute out, within one day: the first `s` bars of a day are missing.',
  },
  learn: {
    title: 'Learned from the past',
    about:
      'A market vector learned from labels that are already known at each date: the label of a date enters only after it has been realised.',
  },
};

/** `x`, `y`, `s` of `ts_corr(x, y, s)`. */
const argumentNames = (name: OperatorName): readonly string[] =>
  signature(name)
    .replace(/^.*\(|\)$/g, '')
    .split(', ');

const kindsOfShape: Readonly<Record<Shape, string>> = {
  elementwise: 'daily, market, minute or constant values in; the widest of them out',
  rolling: 'daily in, daily out; market in, market out; minute in, daily out',
  'cross-section': 'daily in, daily out',
  interval: 'minute in, daily out',
  bar: 'minute in, minute out',
  learn: 'daily in, market out',
};

function kinds(row: Operator): string {
  if (row.shape === 'cross-section' && row.grouped) return 'daily and a grouping in, daily out';
  const least = row.shape === 'rolling' && row.least > 1 ? `; s is ${row.least} or more` : '';
  return kindsOfShape[row.shape] + least;
}

/**
 * The unit rule in words, found by asking the rule: with arguments measured differently, then alike, then with the
 * first plain, then with all plain. A rule that changes changes its words.
 */
function unitInWords(row: Operator, names: readonly string[]): string {
  if (row.shape === 'interval') return reductionUnits();
  const all = names.slice(0, row.arity);
  const grouped = row.shape === 'cross-section' && row.grouped;
  const [first = 'x', ...rest] = all;
  const distinct = [price, shares, ratio].slice(0, row.arity);
  const ask = (inputs: readonly Unit[], k = 2): Unit | undefined => row.unit(inputs, [k]);

  const free = ask(distinct);
  if (free) {
    const squared = ask(distinct, 3);
    const scales = squared !== undefined && squared.price !== free.price && row.parameters.length > 0;
    return scales
      ? `the unit of ${first} to the power ${row.parameters[0]?.name}`
      : powers(free, grouped ? [first] : all);
  }
  const alike = ask(distinct.map(() => price));
  if (alike && all.length > 1) return `${listed(all)} must be measured alike; ${kept(alike)}`;
  const branches = ask([ratio, ...rest.map(() => price)]);
  if (branches && rest.length > 0) {
    return `${first} must be a plain ratio, ${listed(rest)} measured alike; ${kept(branches)}`;
  }
  return `${listed(all)} must be a plain ratio; so is the result`;
}

function reductionUnits(): string {
  const byUnit = new Map<string, string[]>();
  for (const name of reductionNames) {
    const words = powers(reductions[name].unit([price], []) ?? ratio, ['x']);
    byUnit.set(words, [...(byUnit.get(words) ?? []), name]);
  }
  return [...byUnit].map(([words, names]) => `${words} (${names.join(', ')})`).join('; ');
}

const kept = (unit: Unit): string => (unit.price === 0 ? 'the result is a plain ratio' : 'so is the result');
const listed = (names: readonly string[]): string => names.join(' and ');

/** The exponents of the first argument (given as a price) and the second (given as a volume). */
function powers(unit: Unit, names: readonly string[]): string {
  const [x = 'x', y = 'y'] = names;
  if (unit.price === 0 && unit.shares === 0) return 'a plain ratio, whatever goes in';
  if (unit.price === 0.5) return `the square root of the unit of ${x}`;
  if (unit.price === -1) return `one over the unit of ${x}`;
  if (unit.price === 2) return `the square of the unit of ${x}`;
  if (unit.shares === 1) return `the unit of ${x} times that of ${y}`;
  if (unit.shares === -1) return `the unit of ${x} over that of ${y}`;
  return `the unit of ${x}`;
}

/** The template with the argument names in place. */
const latex = (row: Operator, names: readonly string[]): string =>
  row.latex.replace(/\{(\d)\}/g, (_whole, i: string) => names[Number(i)] ?? '');
