/**
 * What a mutation can put into a program: the market's fields, constants, and the operators that are not left out,
 * by the kinds they take. Worked out once per set of options, as the grammar of random programs is.
 */
import { sameUnit, type Unit } from '../../core/units.ts';
import type { Kind } from '../../operators/define.ts';
import { type OperatorName, operatorNames, operatorOf } from '../../operators/table.ts';
import type { Call, Expression } from '../expression.ts';
import type { Grammar, GrowOptions } from '../grammar.ts';
import { type Pattern, patterns, variants } from '../patterns.ts';
import { grammarOf } from '../random-program.ts';
import { Weighted } from '../weighted.ts';

/**
 * What may come to stand at a place. A window counts bars over a minute value and dates over any other, so a place
 * never changes from one to the other under its readers; the root is a factor.
 */
export type Standing = 'minute' | 'daily' | 'grouping' | 'factor';

/** What stands above a place: it takes one unit alone, or is open to any. */
export interface Demand {
  readonly standing: Standing;
  readonly open: boolean;
}

type Measured = Pick<Expression, 'kind' | 'unit'>;

const kindsAt: Readonly<Record<Standing, readonly Kind[]>> = {
  minute: ['b'],
  daily: ['m', 'v'],
  grouping: ['g'],
  factor: ['m'],
};

/** An operator, and the kinds it takes and gives. */
export interface Form extends Pattern {
  readonly operator: OperatorName;
  /** Where the value stands that was there before; 0 when all of them were. */
  readonly at: number;
}

/** Operators drawn by the weights of the options, each in its forms. */
export class Forms {
  readonly #operators: Weighted<Weighted<Form>>;

  constructor(forms: readonly Form[], weights: GrowOptions['operators']) {
    const byOperator = operatorNames
      .map((operator) => forms.filter((form) => form.operator === operator))
      .filter((some) => some.length > 0);
    this.#operators = new Weighted(
      byOperator.map((some) => new Weighted(some, ({ weight }) => weight)),
      (some) => weights?.[(some.items[0] as Form).operator] ?? 1,
    );
  }

  get any(): boolean {
    return this.#operators.items.length > 0;
  }

  /** `draw` gives uniform numbers in [0, 1). */
  pick(draw: () => number): Form | undefined {
    return this.#operators.pick(draw())?.pick(draw());
  }
}

export class Supply {
  readonly options: GrowOptions;
  readonly grammar: Grammar;
  /** Operators no mutation brings in. */
  readonly leftOut: ReadonlySet<OperatorName>;
  /** Of fields and constants, by kind. */
  readonly #units: ReadonlyMap<Kind, readonly Unit[]>;
  readonly #forms: readonly Form[];
  readonly #known = new Map<string, Forms>();
  readonly #leaves = new Map<Kind, readonly Expression[]>();

  constructor(options: GrowOptions) {
    this.options = options;
    this.grammar = grammarOf(options);
    this.leftOut = new Set(operatorNames.filter((name) => (options.operators?.[name] ?? 1) <= 0));
    this.#units = new Map(kinds.map((kind) => [kind, distinct(this.leaves(kind).map(({ unit }) => unit))]));
    this.#forms = operatorNames
      .filter((operator) => this.grammar.offers(operator))
      .flatMap((operator) => patterns(operatorOf(operator)).map((pattern) => ({ ...pattern, operator, at: 0 })));
  }

  /** Fields and constants of a kind. */
  leaves(kind: Kind): readonly Expression[] {
    let leaves = this.#leaves.get(kind);
    if (!leaves) {
      leaves = this.grammar.leaves.filter((_, state) => this.grammar.kindOf(state) === kind).flat();
      this.#leaves.set(kind, leaves);
    }
    return leaves;
  }

  /** Fields and constants of a kind and unit. */
  leavesMeasured(kind: Kind, unit: Unit): readonly Expression[] {
    const state = this.grammar.state(kind, unit);
    return state === undefined ? [] : (this.grammar.leaves[state] as readonly Expression[]);
  }

  /** Whether any operator takes a value of this kind and may stand where it stood. */
  takes(kind: Kind, standing: Standing): boolean {
    return this.#select(`${kind} ${standing}`, standing, (form) => (form.inputs.includes(kind) ? [form] : [])).any;
  }

  /**
   * Operators that take this value, and others beside it, and may stand where it stood; `alike` tells whether there
   * is another value of its kind and unit to stand beside it.
   */
  taking({ kind, unit }: Measured, { standing, open }: Demand, alike: boolean): Forms {
    const name = `${kind} ${unit.price} ${unit.shares} ${standing} ${open} ${alike}`;
    return this.#select(name, standing, (form) =>
      form.inputs.flatMap((input, at) => {
        if (input !== kind) return [];
        const units = form.inputs.map((other, place) => {
          if (place === at) return [unit];
          const known = this.#units.get(other) as readonly Unit[];
          if (other !== kind) return known;
          return [...known.filter((one) => !sameUnit(one, unit)), ...(alike ? [unit] : [])];
        });
        const fits = tuples(units).some((tuple) => gives(form.operator, tuple, open ? undefined : unit));
        return fits ? [{ ...form, at }] : [];
      }),
    );
  }

  /** Whether any other operator takes values of these kinds and may stand where this one stood. */
  replaces({ operator, inputs }: Call, standing: Standing): boolean {
    let name = `${operator} ${standing}`;
    for (const { kind } of inputs) name += kind;
    return this.#select(name, standing, (form) => (isOther(form, operator, inputs) ? [form] : [])).any;
  }

  /** Other operators that take exactly these inputs, and may stand where this one stood. */
  insteadOf({ operator, inputs, unit }: Call, { standing, open }: Demand): Forms {
    let name = `${operator} ${standing}`;
    for (const { kind, unit } of inputs) name += ` ${kind} ${unit.price} ${unit.shares}`;
    if (!open) name += ` ${unit.price} ${unit.shares}`;
    const units = inputs.map((input) => input.unit);
    return this.#select(name, standing, (form) =>
      isOther(form, operator, inputs) && gives(form.operator, units, open ? undefined : unit) ? [form] : [],
    );
  }

  #select(name: string, standing: Standing, choose: (form: Form) => Form[]): Forms {
    let forms = this.#known.get(name);
    if (!forms) {
      const fitting = this.#forms.filter(({ kind }) => kindsAt[standing].includes(kind));
      forms = new Forms(fitting.flatMap(choose), this.options.operators);
      if (this.#known.size >= mostKnown) this.#known.clear();
      this.#known.set(name, forms);
    }
    return forms;
  }
}

/** Programs meet the same few units again and again; one with units of its own must not fill the memory. */
const mostKnown = 10_000;

const isOther = (form: Form, operator: OperatorName, inputs: readonly Expression[]): boolean =>
  form.operator !== operator &&
  form.inputs.length === inputs.length &&
  form.inputs.every((kind, at) => kind === inputs[at]?.kind);

const kinds: readonly Kind[] = ['s', 'v', 'm', 'b', 'g'];

const distinct = (units: readonly Unit[]): Unit[] =>
  units.filter((unit, i) => units.findIndex((other) => sameUnit(other, unit)) === i);

/** Every choice of one from each. */
const tuples = <T>(choices: readonly (readonly T[])[]): T[][] =>
  choices.reduce<T[][]>((tuples, some) => tuples.flatMap((tuple) => some.map((next) => [...tuple, next])), [[]]);

/** Whether some form of the operator gives the unit, or any unit at all where none is wanted. */
function gives(operator: OperatorName, units: readonly Unit[], wanted: Unit | undefined): boolean {
  return variants(operatorOf(operator)).some(({ unit }) => {
    const given = unit(units);
    return given !== undefined && (!wanted || sameUnit(given, wanted));
  });
}

const supplies = new WeakMap<GrowOptions, Supply>();
/** Options are kept by identity: make them once, not for every mutation. */
export function supplyOf(options: GrowOptions): Supply {
  let supply = supplies.get(options);
  if (!supply) {
    supply = new Supply(options);
    supplies.set(options, supply);
  }
  return supply;
}
