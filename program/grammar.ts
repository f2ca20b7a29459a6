/**
 * Everything random programs can be grown from, worked out once per set of options: for every kind and unit, which
 * operators give it, from inputs of which kinds and units, and how small each of those can be made.
 *
 * It asks the rows forwards ("what unit would these inputs give?") over the units a market's fields and their
 * products and quotients have, so a new operator needs no inverse rule.
 */
import { ratio, sameUnit, times, type Unit } from '../core/units.ts';
import type { Kind } from '../operators/define.ts';
import type { Reduction } from '../operators/reference/interval.ts';
import { type OperatorName, operatorNames, operatorOf } from '../operators/table.ts';
import type { Session } from './bind.ts';
import { field, leastWindow, literal } from './build.ts';
import type { Expression } from './expression.ts';
import { patterns, variants } from './patterns.ts';
import type { Vocabulary, Word } from './vocabulary.ts';
import { Weighted } from './weighted.ts';

export interface GrowOptions {
  readonly vocabulary: Vocabulary;
  /** Windows over days, and steps of bar_* operators. */
  readonly windows: readonly number[];
  /** Windows over a day's bars. */
  readonly minuteWindows: readonly number[];
  /** Operator nodes. */
  readonly maxSize: number;
  readonly maxDepth: number;
  /** Additions a cell, as program/cost.ts counts them; any without. */
  readonly maxCost?: number;
  /** Without it there is no `interval`, and the day is taken to be as long as the longest minute window. */
  readonly minuteGrid?: Session;
  /** How often an operator is drawn, 1 unless told; 0 leaves it out. */
  readonly operators?: { readonly [name in OperatorName]?: number };
}

/** A kind and a unit: what a place in a program asks for. */
export type State = number;

/** One way to make a state: this operator on inputs of those states. */
export interface Production {
  readonly operator: OperatorName;
  readonly result: State;
  readonly inputs: readonly State[];
  /** The constant that decides the unit; others are drawn when the production is used. */
  readonly exponent?: number;
  readonly reduction?: Reduction;
  readonly weight: number;
}

const constants = [0.1, 0.5, 1, 2, 3, 5, 10];
/** No operator needs more bars than this. */
export const mostNeeded = Math.max(...operatorNames.map(leastWindow));
/** Intervals begin and end on the half hour, as people's do, where the bars do. */
const roundMinutes = 30;

const kinds: readonly Kind[] = ['s', 'v', 'm', 'b', 'g'];

export class Grammar {
  readonly options: GrowOptions;
  /** Bars of a day; 0 without minute fields. */
  readonly bars: number;
  /** Round times at which a bar begins or ends. */
  readonly edges: readonly number[];
  readonly leaves: readonly (readonly Expression[])[];
  readonly #units: readonly Unit[];
  readonly #productions: readonly (readonly Production[])[];
  /** By depth, then state: operator nodes of the smallest value that deep at most. */
  readonly #smallest: readonly (readonly number[])[];
  readonly #choices = new Map<number, Choices>();

  constructor(options: GrowOptions) {
    this.options = options;
    this.#units = unitsOf(options.vocabulary);
    this.bars = options.minuteGrid?.starts.length ?? Math.max(0, ...options.minuteWindows);
    const { starts = [], barMinutes = 0 } = options.minuteGrid ?? {};
    const times = new Set(starts.flatMap((start) => [start, start + barMinutes]));
    this.edges = [...times].filter((time) => time % roundMinutes === 0);
    // A day too short for every window is as good as no minute fields.
    const words = [...options.vocabulary.values()].filter(({ kind }) => kind !== 'b' || this.bars >= mostNeeded);
    this.leaves = kinds.flatMap((kind) => this.#units.map((unit) => leavesOf(kind, unit, words)));
    const all = operatorNames.filter((name) => this.offers(name)).flatMap((name) => this.#productionsOf(name));
    this.#productions = this.leaves.map((_, state) => all.filter((production) => production.result === state));
    this.#smallest = this.#sizes();
  }

  /** Whether the operator may be used at all: it is not left out, and the windows leave it something to look at. */
  offers(operator: OperatorName): boolean {
    return (this.options.operators?.[operator] ?? 1) > 0 && this.#hasWindows(operator);
  }

  /** Undefined for a unit that no field, product or quotient of two fields has. */
  state(kind: Kind, unit: Unit): State | undefined {
    const at = this.#units.findIndex((known) => sameUnit(known, unit));
    return at < 0 ? undefined : this.#state(kind, at);
  }

  /** Every state of a kind that can be made within the bounds. */
  statesOf(kind: Kind, size: number, depth: number): State[] {
    return this.#units.map((_, at) => this.#state(kind, at)).filter((state) => this.smallest(state, depth) <= size);
  }

  smallest(state: State, depth: number): number {
    return this.#smallest[Math.max(0, Math.min(depth, this.options.maxDepth))]?.[state] as number;
  }

  kindOf(state: State): Kind {
    return kinds[Math.floor(state / this.#units.length)] as Kind;
  }

  /** What can make a state from at most `size` operator nodes, `depth` deep. */
  choices(state: State, size: number, depth: number): Choices {
    const { maxSize, maxDepth, operators } = this.options;
    const name = (state * (maxSize + 1) + size) * (maxDepth + 1) + depth;
    let choices = this.#choices.get(name);
    if (!choices) {
      const fits = ({ inputs }: Production) => 1 + this.#sum(inputs, depth - 1) <= size;
      choices = new Choices(
        depth > 0 ? (this.#productions[state] ?? []).filter(fits) : [],
        operators,
        (production) =>
          // Inputs that have to be made rather than read are rare, or most programs would be conversions of units.
          production.weight * 4 ** -this.#sum(production.inputs, maxDepth),
      );
      this.#choices.set(name, choices);
    }
    return choices;
  }

  #state(kind: Kind, unit: number): State {
    return kinds.indexOf(kind) * this.#units.length + unit;
  }

  #sum(inputs: readonly State[], depth: number): number {
    return inputs.reduce((sum, input) => sum + this.smallest(input, depth), 0);
  }

  #sizes(): number[][] {
    let sizes = this.leaves.map((leaves) => (leaves.length > 0 ? 0 : Number.POSITIVE_INFINITY));
    const byDepth = [sizes];
    for (let depth = 1; depth <= this.options.maxDepth; depth++) {
      const below = sizes;
      sizes = below.map((size, state) =>
        (this.#productions[state] ?? []).reduce(
          (least, { inputs }) =>
            Math.min(
              least,
              inputs.reduce((sum, input) => sum + (below[input] as number), 1),
            ),
          size,
        ),
      );
      byDepth.push(sizes);
    }
    return byDepth;
  }

  #productionsOf(operator: OperatorName): Production[] {
    const row = operatorOf(operator);
    const places = this.#units.map((_, at) => at);
    const tuples = Array.from({ length: row.arity }).reduce<number[][]>(
      (tuples) => tuples.flatMap((tuple) => places.map((at) => [...tuple, at])),
      [[]],
    );
    const forms = patterns(row);
    return variants(row).flatMap(({ exponent, reduction, unit }) =>
      tuples.flatMap((tuple) => {
        const given = unit(tuple.map((at) => this.#units[at] as Unit));
        const result = given && this.#units.findIndex((known) => sameUnit(known, given));
        if (result === undefined || result < 0) return [];
        return forms
          .filter(({ inputs }) => inputs.every((kind, i) => !plainKinds.has(kind) || tuple[i] === 0))
          .map(({ inputs, kind, weight }) => ({
            operator,
            result: this.#state(kind, result),
            inputs: inputs.map((kind, i) => this.#state(kind, tuple[i] as number)),
            weight,
            ...(exponent !== undefined && { exponent }),
            ...(reduction && { reduction }),
          }));
      }),
    );
  }

  /** Leaves out what would have no window to use, or could lose every bar of the day. */
  #hasWindows(operator: OperatorName): boolean {
    const row = operatorOf(operator);
    const { windows, minuteGrid, maxDepth } = this.options;
    if (row.shape === 'interval') return minuteGrid !== undefined && this.bars >= mostNeeded;
    if (row.shape === 'bar') return this.bars >= mostNeeded + maxDepth;
    return !row.parameters.some(({ type }) => type === 'window') || windows.some((s) => s >= leastWindow(operator));
  }
}

/** Productions by operator, each drawn by its weight. */
export class Choices {
  readonly #operators: Weighted<Weighted<Production>>;

  constructor(
    productions: readonly Production[],
    weights: GrowOptions['operators'],
    weigh: (production: Production) => number,
  ) {
    const byOperator = new Map<OperatorName, Production[]>();
    for (const production of productions) {
      const known = byOperator.get(production.operator);
      if (known) known.push(production);
      else byOperator.set(production.operator, [production]);
    }
    this.#operators = new Weighted(
      [...byOperator.values()].map((some) => new Weighted(some, weigh)),
      (some) => weights?.[some.items[0]?.operator as OperatorName] ?? 1,
    );
  }

  /** `draw` gives uniform numbers in [0, 1). */
  pick(draw: () => number): Production | undefined {
    return this.#operators.pick(draw())?.pick(draw());
  }
}

/** Every triple of units is asked about once; a market with many units of its own gets fewer derived ones. */
const mostUnits = 24;

/** A plain ratio first, then the fields' units, their products and their quotients. */
function unitsOf(vocabulary: Vocabulary): Unit[] {
  const units = [ratio];
  const add = (unit: Unit) => {
    if (!units.some((known) => sameUnit(known, unit))) units.push(unit);
  };
  for (const { unit } of vocabulary.values()) add(unit);
  const own = [...units];
  for (const a of own) {
    for (const b of own) {
      if (units.length >= mostUnits) return units;
      add(times(a, b));
      add(times(a, b, -1));
    }
  }
  return units;
}

function leavesOf(kind: Kind, unit: Unit, words: readonly Word[]): Expression[] {
  if (kind === 's') return sameUnit(unit, ratio) ? constants.map(literal) : [];
  return words.filter((word) => word.kind === kind && sameUnit(word.unit, unit)).map(field);
}

/** Kinds that are measured in nothing. */
const plainKinds: ReadonlySet<Kind> = new Set(['s', 'g']);
